import copy

import pytest

from neurodepth import configuration, validation


@pytest.fixture
def study(project):
    """The default study, whose first condition is l5pc, nmda."""
    return validation.read_yaml(project / "config" / "default.yaml")


def test_variants_with_other_input_are_accepted(project, study):
    study["conditions"][0]["test_on"] = ["volleys", "clustered", "no_inhibition", "high_rate", "oscillating"]
    configuration.check(study, project / "models")


def test_an_unknown_variant_is_named_with_its_nearest_neighbour(project, study):
    study["conditions"][0]["test_on"] = ["voleys"]
    with pytest.raises(validation.InvalidFileError, match=r"no variant 'voleys': did you mean 'volleys'"):
        configuration.check(study, project / "models")


def test_a_variant_that_is_another_cell_is_refused(project, study):
    study["conditions"][0]["test_on"] = ["no_sk"]
    message = r"test_on of l5pc/nmda names no_sk: expected .* another input alone, .* differs in channel_scale"
    with pytest.raises(validation.InvalidFileError, match=message):
        configuration.check(study, project / "models")


def test_the_variant_itself_is_refused(project, study):
    study["conditions"][0]["test_on"] = ["nmda"]
    with pytest.raises(validation.InvalidFileError, match="found the variant itself"):
        configuration.check(study, project / "models")


@pytest.mark.parametrize("tuned", [(0,), (1,), (0, 1)])
def test_one_variant_cannot_have_two_input_rates(project, study, tuned):
    """Trained on and tested on it would be the same trials."""
    other = copy.deepcopy(study["conditions"][0]) | {"variant": "volleys"}
    study["conditions"][0]["test_on"] = ["volleys"]
    study["conditions"].insert(1, other)
    configuration.check(study, project / "models")
    for number in tuned:
        study["conditions"][number]["target_output_rate_hz"] = 1
    message = r"test_on of l5pc/nmda names volleys: expected .*input rates.* found .*input rates.*leave it out"
    with pytest.raises(validation.InvalidFileError, match=message):
        configuration.check(study, project / "models")


def test_one_variant_cannot_have_two_numbers_of_test_trials(project, study):
    other = copy.deepcopy(study["conditions"][0]) | {"variant": "volleys"}
    study["conditions"][0]["test_on"] = ["volleys"]
    other["trials"]["test"] += 1
    study["conditions"].insert(0, other)
    with pytest.raises(validation.InvalidFileError, match=r"names volleys: expected 21 test trials.* found 20"):
        configuration.check(study, project / "models")
