"""Files of a study found again below its results."""

import pytest

from neurodepth import result_files, validation


@pytest.fixture
def study(project):
    study = validation.read_yaml(project / "config" / "default.yaml")
    return study | {"conditions": [study["conditions"][0]], "depths": [1, 3], "training_seeds": [1]}


@pytest.fixture
def results(tmp_path):
    for path in (
        *("example.npz", "tree.npz", "networks/depth_1/trials_12/seed_1.csv", "networks/depth_1/trials_24/seed_1.csv"),
        *("networks/depth_9/trials_24/seed_1.csv", "networks/depth_1/trials_24/seed_7.csv"),
    ):
        file = tmp_path / "l5pc" / "nmda" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return tmp_path


def test_names_that_look_like_numbers_or_like_nothing_stay_names(tmp_path):
    (tmp_path / "table.csv").write_text("cell,variant,auc\nl5pc,10,0.9\nl5pc,None,\n")
    table = result_files.read_table(tmp_path / "table.csv")
    assert table.variant.tolist() == ["10", "None"]
    assert table.auc.isna().tolist() == [False, True]


def test_what_is_there_is_found_and_what_is_not_is_left_out(results, study):
    (found,) = result_files.conditions(results, study)
    assert (found.cell, found.variant) == ("l5pc", "nmda")
    assert found.tree_path == results / "l5pc" / "nmda" / "tree.npz"
    assert found.played_path is None


def test_trainings_that_the_study_does_not_ask_for_are_left_out(results, study):
    (found,) = result_files.conditions(results, study)
    names = [path.relative_to(results / "l5pc/nmda/networks").as_posix() for path in found.history_paths]
    assert names == ["depth_1/trials_12/seed_1.csv", "depth_1/trials_24/seed_1.csv"]


def test_what_an_earlier_study_left_is_not_shown(results, study):
    (results / "l5pc/nmda/out_of_distribution.csv").touch()
    assert result_files.conditions(results, study)[0].unusual_path is None
    study["conditions"][0]["test_on"] = ["volleys"]
    assert result_files.conditions(results, study)[0].unusual_path == results / "l5pc/nmda/out_of_distribution.csv"


def test_a_cell_that_is_no_longer_there_is_found_by_its_results(results, study):
    study["conditions"][0]["cell"] = "mine"
    (found,) = result_files.conditions(results, study)
    assert found.example_path == results / "mine" / "nmda" / "example.npz"
