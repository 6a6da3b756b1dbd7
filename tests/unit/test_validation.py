import shutil

import pytest
import yaml

from neurodepth import configuration, networks, validation
from neurodepth import project as projects


@pytest.fixture
def default(project):
    return validation.read_yaml(project / "config" / "default.yaml")


SHIPPED = sorted(path for path in (projects.folder() / "config").rglob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_configurations_are_valid(project, path):
    configuration.check(configuration.read([path]), project / "models")


def test_a_condition_takes_what_it_does_not_say_from_the_defaults(tmp_path, project):
    path = tmp_path / "study.yaml"
    path.write_text(
        "condition_defaults: { network: point, updates: 9, trials: { train: 40, validation: 5, test: 5 } }\n"
        "conditions:\n  - { cell: lif, variant: default }\n  - { cell: l5pc, variant: nmda, network: tcn, trials: { test: 7 } }\n"
    )
    study = configuration.read([path])
    configuration.check(study, project / "models")
    trials = {"train": 40, "validation": 5, "test": 5}
    assert study["conditions"] == [
        {"network": "point", "updates": 9, "trials": trials, "cell": "lif", "variant": "default"},
        {"network": "tcn", "updates": 9, "trials": trials | {"test": 7}, "cell": "l5pc", "variant": "nmda"},
    ]


def test_a_misspelt_default_of_conditions_is_named(default, project):
    default["condition_defaults"] = {"update": 9}
    with pytest.raises(validation.InvalidFileError, match=r"condition_defaults\.update.*did you mean 'updates'"):
        configuration.check(default, project / "models")


def test_a_misspelt_key_is_named_with_its_nearest_neighbour(project, default):
    default["simulation"]["duraton_ms"] = default["simulation"].pop("duration_ms")
    with pytest.raises(validation.InvalidFileError, match=r"simulation\.duraton_ms.*did you mean 'duration_ms'"):
        configuration.check(default, project / "models")


def test_an_unknown_cell_is_named_with_its_nearest_neighbour(project, default):
    default["conditions"][0]["cell"] = "l5cp"
    with pytest.raises(validation.InvalidFileError, match=r"no cell 'l5cp': did you mean 'l5pc"):
        configuration.check(default, project / "models")


def test_an_unknown_variant_is_refused(project, default):
    default["conditions"][0]["variant"] = "nmd"
    with pytest.raises(validation.InvalidFileError, match="no variant 'nmd'"):
        configuration.check(default, project / "models")


def test_a_window_that_scores_nothing_is_refused(project, default):
    default["training"]["window_ms"] = 100
    with pytest.raises(validation.InvalidFileError, match=r"training\.window_ms is 100"):
        configuration.check(default, project / "models")


def test_an_unknown_baseline_is_named_with_its_nearest_neighbour(project, default):
    default["conditions"][0]["baselines"] = ["perceptron", "lsmt"]
    with pytest.raises(validation.InvalidFileError, match="no baseline 'lsmt': did you mean 'lstm'"):
        configuration.check(default, project / "models")


def test_a_baseline_that_a_window_does_not_score_is_refused(project, default):
    default["training"]["window_ms"] = 150
    default["conditions"][0]["baselines"] = ["perceptron", "elm"]
    with pytest.raises(
        validation.InvalidFileError, match=r"window_ms is 150, but baseline elm needs 150 ms of the past"
    ):
        configuration.check(default, project / "models")


def test_a_network_without_layers_to_count_is_sent_to_the_baselines(project, default):
    default["conditions"][0]["network"] = "lstm"
    with pytest.raises(validation.InvalidFileError, match=r"of type lstm: expected .* baselines: \[lstm\]"):
        configuration.check(default, project / "models")


def test_more_layers_than_a_receptive_field_has_kernels_for_are_refused(project, default):
    default["depths"] = [1, 100]
    with pytest.raises(validation.InvalidFileError, match=r"depths: depth 100 does not fit .*\(network tcn\)"):
        configuration.check(default, project / "models")


def test_only_a_stack_of_kernels_limits_the_depth(project, default):
    default["conditions"] = [default["conditions"][0] | {"network": "fully_connected"}]
    default["depths"] = [1, 100]
    configuration.check(default, project / "models")


def test_data_sizes_that_coincide_are_refused(project, default):
    default["conditions"][0]["trials"]["train"] = 2
    default["training_fractions"] = [0.9, 1.0]
    with pytest.raises(validation.InvalidFileError, match="do not give different sizes"):
        configuration.check(default, project / "models")


def test_one_data_size_is_refused_because_data_and_depth_cannot_be_told_apart(project, default):
    default["training_fractions"] = [1.0]
    with pytest.raises(validation.InvalidFileError, match="training_fractions"):
        configuration.check(default, project / "models")


def test_a_missing_file_says_what_is_there(project):
    with pytest.raises(validation.InvalidFileError, match=r"default\.yaml"):
        validation.read_yaml(project / "config" / "defualt.yaml")


def test_overlays_merge_mappings_and_replace_lists():
    assert validation.overlay({"a": {"b": 1, "c": 2}, "d": [1, 2]}, {"a": {"b": 3}, "d": [4]}) == {
        "a": {"b": 3, "c": 2},
        "d": [4],
    }


def test_a_full_first_layer_has_no_mixtures_of_synapses(project, tmp_path):
    definition = (project / "models" / "networks" / "tcn_full.yaml").read_text() + "synapse_mixtures: 130\n"
    (tmp_path / "mine.yaml").write_text(definition)
    with pytest.raises(validation.InvalidFileError, match="factorised"):
        networks.read(tmp_path / "mine.yaml")


def test_conditions_whose_figures_would_have_one_name_are_refused(default, project):
    default["conditions"] = [{"cell": "l5pc", "variant": "no_nmda"}, {"cell": "l5pc_no", "variant": "nmda"}]
    found = "\n".join(configuration.faults(default, project / "models"))
    assert "the figures of l5pc/no_nmda and l5pc_no/nmda would both be called l5pc_no_nmda: rename" in found


def test_all_that_is_wrong_is_said_at_once(project, default):
    default["seed"] = -1
    default["training"]["window_ms"] = 100
    default["conditions"][0]["cell"] = "l5cp"
    default["depths"] = [0]
    found = "\n".join(configuration.faults(default, project / "models"))
    for fault in ("seed: expected at least 0", "window_ms is 100", "no cell 'l5cp'", "depths.1st: expected at least 1"):
        assert fault in found


@pytest.mark.parametrize(
    ("number", "ordinal"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (13, "13th"), (21, "21st")]
)
def test_items_of_a_list_are_counted_from_one(default, number, ordinal):
    default["depths"] = [*range(1, number), 0]
    (fault,) = validation.faults(default, "config", "configuration")
    assert fault == f"configuration: depths.{ordinal}: expected at least 1, found 0"


@pytest.mark.parametrize("key", [1, True, 0.5])
def test_a_key_of_a_mapping_is_no_place_in_a_list(project, key):
    cell = validation.read_yaml(project / "models" / "cells" / "l5pc" / "cell.yaml") | {"channel_scale": {key: -1}}
    (fault,) = validation.faults(cell, "cell", "cell.yaml")
    assert fault.startswith(f"cell.yaml: channel_scale.{key}: expected at least 0")


def test_a_morphology_where_fetched_ones_are_put_is_found(project, default, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models" / "cells" / "mine").mkdir(parents=True)
    (tmp_path / "data" / "morphologies").mkdir(parents=True)
    shutil.copy(
        project / "models" / "cells" / "l5pc" / "morphology.swc", tmp_path / "data" / "morphologies" / "mine.swc"
    )
    shipped = (project / "models" / "cells" / "l5pc" / "cell.yaml").read_text()
    written = shipped.replace("path: morphology.swc", "path: mine.swc")
    (tmp_path / "models" / "cells" / "mine" / "cell.yaml").write_text(written)
    default["conditions"] = [default["conditions"][0] | {"cell": "mine"}]
    configuration.check(default, tmp_path / "models")


def test_a_morphology_that_is_not_there_is_named_before_anything_runs(project, default, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "models" / "cells" / "mine"
    own.mkdir(parents=True)
    shipped = (project / "models" / "cells" / "l5pc" / "cell.yaml").read_text()
    (own / "cell.yaml").write_text(shipped.replace("path: morphology.swc", "path: mine.swc"))
    default["conditions"] = [default["conditions"][0] | {"cell": "mine"}]
    with pytest.raises(
        validation.InvalidFileError, match=r"morphology\.path: .*mine\.swc not found\. Put mine\.swc into"
    ):
        configuration.check(default, tmp_path / "models")


def test_a_value_that_the_schema_refuses_is_not_compared_with_others(project, default):
    default["simulation"]["duration_ms"] = "1e3"
    (fault,) = configuration.faults(default, project / "models")
    assert fault.endswith("simulation.duration_ms: expected integer, found '1e3': YAML reads it as text, write 1000")


@pytest.mark.parametrize(
    ("section", "key", "value", "found"),
    [
        ("training", "batch_size", 10.0, "expected integer, found 10.0"),
        ("training", "learning_rate", float("nan"), "expected number, found NaN"),
        ("training", "learning_rate", float("inf"), "expected number, found Infinity"),
        ("simulation", "step_ms", True, "expected number, found true"),
    ],
)
def test_a_number_is_finite_and_an_integer_has_no_point(project, default, section, key, value, found):
    default[section][key] = value
    (fault,) = configuration.faults(default, project / "models")
    assert fault == f"configuration: {section}.{key}: {found}"


def test_text_that_is_a_number_is_one_where_a_number_is_wanted(tmp_path, default):
    """As YAML reads 1e-3, and Snakemake all that `--config` says."""
    given = {"depths": ["1", "3"], "training": {"learning_rate": "1e-3"}, "results_path": "10"}
    given |= {"parallel": {"cores_per_job": "2", "engine": "local"}, "seed": "one"}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(given))
    study = configuration.read([tmp_path / "study.yaml"])
    assert (study["depths"], study["training"]["learning_rate"]) == ([1, 3], 0.001)
    assert (study["parallel"]["cores_per_job"], study["results_path"], study["seed"]) == (2, "10", "one")
    assert isinstance(study["depths"][0], int)


@pytest.mark.parametrize(("path", "found"), [("~/scratch", "~"), ("$SCRATCH/one", "$"), ("results/{cell}", "{")])
def test_a_results_path_that_nothing_expands_is_refused(default, project, path, found):
    default["results_path"] = path
    (fault,) = configuration.faults(default, project / "models")
    assert fault == (
        f"configuration: results_path is '{path}': expected a path as it is, found {found}, which nothing expands: write it out"
    )


def test_a_step_that_does_not_divide_a_millisecond_is_refused(default, project):
    default["simulation"]["step_ms"] = 0.3
    (fault,) = configuration.faults(default, project / "models")
    assert "simulation.step_ms is 0.3: a whole number of steps must fit into 1 ms" in fault


def test_a_recording_that_ends_before_the_study_or_lacks_a_split_is_refused(project, tmp_path):
    recording = {"path": "train.csv", "sha256": "0" * 64, "duration_ms": 60_000}
    cell = validation.read_yaml(project / "models" / "cells" / "lif" / "cell.yaml")
    cell["input"] |= {"replay": {"train": recording, "validation": recording}}
    folder = tmp_path / "models" / "cells" / "recorded"
    folder.mkdir(parents=True)
    (folder / "cell.yaml").write_text(yaml.safe_dump(cell))
    given = {"trials": {"train": 40, "validation": 10, "test": 10}, "network": "point", "updates": 300}
    (tmp_path / "study.yaml").write_text(
        yaml.safe_dump({"conditions": [given | {"cell": "recorded", "variant": "default"}]})
    )
    found = configuration.faults(configuration.read([tmp_path / "study.yaml"]), tmp_path / "models")
    assert {fault.split("recording: ")[1].split(": ")[0] for fault in found} == {
        "expected 240000 ms of it for the 40 trials of the split train, found 60000 ms",
        "expected 60000 ms of it for the 10 trials of the split test, found 0 ms",
    }


@pytest.mark.parametrize("key", ["seed", "depths", "conditions", "training", "parallel", "simulation"])
def test_a_missing_key_is_named_and_the_rest_still_checked(project, default, key):
    del default[key]
    default["search"] = "gird"
    found = configuration.faults(default, project / "models")
    assert any(f"expected the key '{key}'" in fault for fault in found)
    assert any("search: expected grid or sequential, found 'gird'" in fault for fault in found)


def test_of_several_kinds_of_mapping_the_nearest_is_explained(project):
    cell = validation.read_yaml(project / "models" / "cells" / "l5pc" / "cell.yaml")
    channels = cell["regions"]["apical"]["channels_s_per_cm2"]
    del channels["Ca_LVA"]["inside"]
    channels["SK"] = "much"
    missing, not_a_number = validation.faults(cell, "cell", "cell.yaml")
    assert "Ca_LVA: expected the key 'inside'" in missing
    assert not_a_number.endswith("SK: expected number or object or array, found 'much'")


def test_a_cell_of_the_study_comes_before_the_projects_of_the_same_name(project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert projects.find_cell("lif") == project / "models" / "cells" / "lif"
    own = tmp_path / "models" / "cells" / "lif"
    own.mkdir(parents=True)
    assert projects.find_cell("lif").resolve() == own


def test_a_network_with_a_depth_of_its_own_is_a_baseline_alone(default, project):
    default["conditions"][0]["baselines"] = ["one_layer_64"]
    configuration.check(default, project / "models")
    default["conditions"][0]["network"] = "one_layer_64"
    with pytest.raises(
        validation.InvalidFileError, match=r"one_layer_64, which has a depth of its own \(1\).*baselines: \[one"
    ):
        configuration.check(default, project / "models")


def test_a_baseline_has_its_own_depth_or_the_largest_of_the_study_if_it_has_layers():
    def read(name):
        return networks.read(projects.find_network(name))

    depths = [networks.baseline_depth(read(name), [1, 3]) for name in ("one_layer_64", "tcn_full", "elm")]
    assert depths == [1, 3, 0]


def test_a_key_that_stands_twice_is_refused_with_both_lines(tmp_path):
    path = tmp_path / "cell.yaml"
    path.write_text("input: { a: 1 }\nother: 2\ninput: { b: 2 }\n")
    with pytest.raises(validation.InvalidFileError, match=r"'input' stands in line 1 too: keep one.* line 3"):
        validation.read_yaml(path)
    path.write_text("{ a: 1, b: { a: 2, a: 3 } }")
    with pytest.raises(validation.InvalidFileError, match="'a' stands in line 1 too"):
        validation.read_yaml(path)


def test_a_file_in_another_encoding_is_named_with_its_line(tmp_path):
    path = tmp_path / "cell.yaml"
    path.write_bytes("a: 1\nb: Müller\n".encode("latin-1"))
    with pytest.raises(validation.InvalidFileError, match=r"cell\.yaml, line 2: expected UTF-8, found byte 0xfc"):
        validation.read_yaml(path)
