"""`neurodepth check`: faults that are put in come out, all at once."""

import json
import re
import shutil

import numpy as np
import pytest
import yaml

from neurodepth import checking, dataset, stimulus, validation
from neurodepth.cells.morphology_file import MOST, swc_faults
from neurodepth.cells.trial import Trial
from neurodepth.checking import cells
from neurodepth.checking.shards import shard_faults
from neurodepth.cli.group import PROBLEM
from tests.unit.test_cli import run  # noqa: F401 a fixture
from tests.unit.test_dataset import DESCRIPTION, INPUT, SYNAPSES

SOUND = ["1 1 0 0 0 5 -1", "2 3 5 0 0 1 1", "3 3 15 0 0 1 2", "4 4 0 5 0 1 1", "5 4 0 25 0 1 4"]


@pytest.fixture
def cell(project, tmp_path, monkeypatch):
    """A copy of the layer-5 cell; nothing is compiled or built here."""
    monkeypatch.setattr(cells, "compile_mechanisms", lambda *_, **__: None)
    monkeypatch.setattr(cells, "_building_faults", lambda *_: [])
    return shutil.copytree(project / "models" / "cells" / "l5pc", tmp_path / "mine")


def change(folder, where, value):
    path = folder / "cell.yaml"
    values = validation.read_yaml(path)
    holder = values
    for key in where[:-1]:
        holder = holder[key]
    holder[where[-1]] = value
    path.write_text(yaml.safe_dump(values))


def test_a_sound_morphology_has_no_fault(tmp_path):
    (tmp_path / "cell.swc").write_text("\n".join(SOUND))
    assert swc_faults(tmp_path / "cell.swc") == []


def test_every_faulty_point_of_a_morphology_is_named_with_its_line(tmp_path):
    lines = [*SOUND, "6 3 9 9 9 0 2", "7 3 1 1 1 1 99", "8 9 1 1 1 1 2", "9 3 1 1 nan 1 2", "10 3 1 1 1 1 -1", "eleven"]
    (tmp_path / "cell.swc").write_text("\n".join(lines))
    found = swc_faults(tmp_path / "cell.swc")
    expected = ["radius 0 um", "parent 99", "type 9", "finite coordinates", "connected to nothing", "seven numbers"]
    for number, (fault, part) in enumerate(zip(found, expected, strict=True), start=6):
        assert f"line {number}:" in fault
        assert part in fault


def test_a_child_of_a_faulty_point_is_not_blamed(tmp_path):
    (tmp_path / "cell.swc").write_text("\n".join([*SOUND, "6 3 9 9 9 0 2", "7 3 1 1 1 1 6"]))
    assert len(swc_faults(tmp_path / "cell.swc")) == 1


def test_of_many_faulty_points_the_first_are_shown(tmp_path):
    many = [f"{number} 3 {number} 0 0 0 2" for number in range(6, 6 + MOST + 10)]
    (tmp_path / "cell.swc").write_text("\n".join([*SOUND, *many]))
    found = swc_faults(tmp_path / "cell.swc")
    assert len(found) == MOST + 1
    assert "10 more" in found[-1]


def test_a_sound_cell_has_no_fault(cell):
    assert cells.cell_faults(cell) == []


def test_all_faults_of_a_cell_are_found_at_once(cell):
    change(cell, ("regions", "soma", "channels_s_per_cm2", "NaTs"), 1.0)
    change(cell, ("synapses", "inhibitory", "mechanism"), "Gabba")
    change(cell, ("channel_scale",), {"Im2": 2})
    with (cell / "morphology.swc").open("a") as file:
        file.write("99999 3 1 1 1 0 1\n")
    found = cells.cell_faults(cell)
    for part in ("no mechanism 'NaTs'", "no mechanism 'Gabba'", "channel_scale.Im2", "radius 0 um"):
        assert sum(part in fault for fault in found) == 1, part


def test_a_region_that_there_is_not_is_named_with_its_nearest_neighbour(cell):
    change(cell, ("regions", "apicl"), {})
    (fault,) = cells.cell_faults(cell)
    assert "unknown key 'regions.apicl': did you mean 'apical'?" in fault


def test_a_fault_of_one_variant_is_found(cell):
    change(cell, ("variants", "no_nmda", "sypnapses"), {})
    (fault,) = cells.cell_faults(cell)
    assert "variant no_nmda: unknown key 'sypnapses'" in fault


def test_a_missing_morphology_is_a_fault(cell):
    (cell / "morphology.swc").unlink()
    (fault,) = cells.cell_faults(cell)
    assert "morphology morphology.swc not found" in fault


@pytest.fixture
def data(tmp_path):
    """Two shards of the train split and one of the test split, where the workflow puts them."""
    for split, shard, indices in (("train", 0, range(3)), ("train", 1, range(3, 6)), ("test", 0, range(2))):
        write(tmp_path / f"trials/{split}/{shard:04d}.h5", split, indices)
    return tmp_path / "trials"


def write(path, split, indices, drawn_as=None, **changed):
    """Write trials with the input of some split, their own if none is said."""
    trials = []
    for index in indices:
        events = stimulus.draw_events(SYNAPSES, INPUT, 400, stimulus.trial_rng(1, drawn_as or split, index))
        trials.append(Trial(events, np.array([5.0]), np.full(400, -70, np.float32)))
    dataset.write_shard(path, trials, indices, DESCRIPTION | {"split": split} | changed)


def shards_of(folder):
    return sorted(folder.rglob("*.h5"))


def test_a_whole_data_set_has_no_fault(data):
    (found,) = checking.check([data.parent])
    assert (found.kind, found.faults) == ("data set", [])


def test_a_damaged_shard_is_named_and_the_others_still_checked(data):
    whole = (data / "train/0000.h5").read_bytes()
    (data / "train/0000.h5").write_bytes(whole[: len(whole) // 2])
    write(data / "test/0001.h5", "test", [2, 3], variant="other")
    found = "\n".join(shard_faults(shards_of(data)))
    assert "train/0000.h5: expected a file of neurodepth trials" in found
    assert "found variant other: of another data set" in found


def test_missing_trials_are_counted(data):
    (data / "train/0000.h5").unlink()
    (fault,) = shard_faults(shards_of(data))
    assert "expected train trials 0 to 5, found 3 of them; 3 between 0 to 2 are missing" in fault


def test_trials_that_are_there_twice_are_named(data):
    shutil.copy(data / "train/0000.h5", data / "train/0002.h5")
    (fault,) = shard_faults(shards_of(data))
    assert "train/0002.h5: expected train trials of its own, found 3 trials (0 to 2) as in" in fault


def test_a_test_trial_that_was_trained_on_is_found(data):
    write(data / "test/0001.h5", "test", [2, 3], drawn_as="train")
    found = [fault for fault in shard_faults(shards_of(data)) if "must not have been trained on" in fault]
    assert len(found) == 2
    assert all("train" in fault and "test/0001.h5" in fault for fault in found)


def test_where_the_cell_lay_makes_no_other_data_set(data):
    write(data / "test/0001.h5", "test", [2, 3], protocol={"duration_ms": 50, "cell_path": "elsewhere"})
    assert shard_faults(shards_of(data)) == []


def test_a_shard_in_the_folder_of_another_split_is_named(data):
    shutil.move(data / "test/0000.h5", data / "train/0002.h5")
    assert any(
        "expected trials of the split train, where it lies, found test" in one for one in shard_faults(shards_of(data))
    )


def test_the_command_says_what_is_good_and_what_is_not(run, project, tmp_path):  # noqa: F811
    (tmp_path / "wrong.yaml").write_text("sead: 1\n")
    done = run("check", "wrong.yaml", project / "models/networks/tcn.yaml", "nothing.yaml")
    assert done.exit_code == PROBLEM
    assert "1 fault    configuration  wrong.yaml" in done.output
    assert "  - wrong.yaml: unknown key 'sead': did you mean 'seed'?" in done.output
    assert "ok         network" in done.output
    assert "nothing.yaml: no such file" in done.output


def test_a_cell_is_checked_by_its_name(run):  # noqa: F811
    done = run("check", "lif", "lfi")
    assert done.exit_code == PROBLEM
    assert re.search(r"^ok +cell +\S*models/cells/lif$", done.output, re.MULTILINE)
    assert "  - lfi: no such file or folder, and no cell 'lfi': did you mean 'lif'?" in done.output


def test_a_point_neuron_that_never_spikes_under_its_own_input_is_a_fault(project, tmp_path):
    silent = shutil.copytree(project / "models" / "cells" / "lif", tmp_path / "mine")
    change(silent, ("neuron", "gain_mv"), 0.01)
    (fault,) = cells.cell_faults(silent)
    assert "mine, variant default: expected a spike within 30 s of its own input, found none" in fault
    assert "raise neuron.gain_mv or the rates under input" in fault


def test_a_program_reads_the_faults_as_json(run, project, tmp_path):  # noqa: F811
    (tmp_path / "wrong.yaml").write_text("seed: -1\nsearch: gird\n")
    found = json.loads(run("check", "--json", "wrong.yaml", project / "models/networks/tcn.yaml").output)
    assert found["faults"] == 2
    assert [len(one["faults"]) for one in found["checked"]] == [2, 0]


def test_a_study_folder_is_checked_with_its_own_cells(run, project, tmp_path):  # noqa: F811
    assert run("new", "study", "--cell", "lif").exit_code == 0
    shutil.copytree(project / "models/cells/lif", tmp_path / "study/models/cells/mine")
    done = run("check", "study")
    assert done.exit_code == 0, done.output
    assert [line.split()[1] for line in done.output.splitlines()] == ["configuration", "cell"]


def test_a_folder_with_nothing_to_check_is_a_fault(run):  # noqa: F811
    done = run("check", ".")
    assert done.exit_code == PROBLEM
    assert "expected a cell, a study or shards" in done.output


def test_a_published_cell_that_is_not_here_yet_is_no_fault_of_a_study(run, project, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.delenv("NEURODEPTH_DATA", raising=False)
    assert run("new", "study", "--cell", "lif").exit_code == 0
    own = tmp_path / "study/models/cells/l5pc_hay2011"
    own.mkdir(parents=True)
    shipped = (project / "models/cells/l5pc_hay2011/cell.yaml").read_text()
    (own / "cell.yaml").write_text(shipped.replace("../l5pc/", f"{project}/models/cells/l5pc/"))
    done = run("check", "study")
    assert done.exit_code == 0, done.output
    assert "not here   cell           study/models/cells/l5pc_hay2011" in done.output
    assert "Put cell1.asc into data/morphologies/" in done.output
    assert run("check", "study/models/cells/l5pc_hay2011").exit_code == PROBLEM
