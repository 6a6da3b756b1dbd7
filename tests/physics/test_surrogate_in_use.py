"""A network of a cell with dendrites in use: exported with its synapses' places, experimented on, asked for stimuli."""

import numpy as np
import pandas as pd
import pytest

CELL = "granule_like"  # the smallest tree with branches
ARCHITECTURE = {
    **{"type": "tcn", "width": 4, "receptive_field_ms": 20, "factorised": True},
    **{"synapse_dropout": 0.0, "channel_dropout": 0.0, "weight_decay": 0.0},
}


def used(project, folder):
    """Run the commands on a cell and a network of random weights, with budgets of a few spikes; returns what they print."""
    import os

    from click.testing import CliRunner

    from neurodepth import dataset, networks, stimulus_design, training, training_data
    from neurodepth.cli import main
    from neurodepth.training.windows import fit_scaling

    os.chdir(folder)
    stimulus_design.BUDGETS, stimulus_design.SEPARATION_BUDGET, stimulus_design.TIMING_BUDGET = (6,), 6, 6
    printed = {}

    def run(name, *arguments):
        done = CliRunner().invoke(main, [name, *map(str, arguments)])
        assert done.exit_code == 0, done.output
        printed[name] = done.output

    run("simulate", CELL, "--trials", 2, "--duration-ms", 600, "--output", "t.h5", "--cores", 1)
    trials = dataset.read_split(["t.h5"])
    _use_threads_once()
    model = networks.build(ARCHITECTURE, 2, trials.n_synapses, seed=1)
    noted = {"training_data": training_data.describe(["t.h5"], trials)}
    description = {
        "network": "small",
        "architecture": ARCHITECTURE,
        "depth": 2,
        "training_trials": 2,
        "seed": 1,
    } | noted
    training.save(model, fit_scaling(trials), description, "net.keras")
    run("experiment", CELL, "net.keras", "--backgrounds", 1, "--cores", 1)
    run("ask", CELL, "net.keras", "--backgrounds", 2, "--cores", 1)
    run("export", "net.keras", "t.h5", "--format", "keras", "--output", "out", "--data", project / "data")
    return printed


def _use_threads_once():
    """TensorFlow takes a number of threads once a process, and each command gives it."""
    from neurodepth.networks import backend

    backend.use_threads(1)
    backend.use_threads = lambda n_threads: None


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("used")


@pytest.fixture(scope="module")
def printed(project, folder, isolated):
    return isolated(used, project, folder)


def test_the_cells_tuft_answers_more_to_more_input(printed, folder):
    with np.load(folder / "experiments.npz") as found:
        on_silence = (found["background"] == "silence") & (found["series"] == "on one tuft branch")
        cell_mv = found["cell_epsp_mv"][on_silence][np.argsort(found["x"][on_silence])]
        assert set(found["experiment"]) == {"nmda_spike"}  # all that a tree without basal dendrites allows
        assert np.isfinite(found["surrogate_epsp_mv"]).all()
    assert 0 < cell_mv[0] < cell_mv[2] < cell_mv[-1]
    assert "nmda_spike" in printed["experiment"]
    assert (folder / "experiments_nmda_spike.svg").stat().st_size > 1000


def test_what_the_network_proposes_is_played_to_the_cell(printed, folder):
    with np.load(folder / "asked.npz") as found:
        assert found["drive_real"].shape == found["drive_promised"].shape == (3, 1, 2)
        assert len({int(synapse) for _, synapse in found["drive_spikes"]}) == 6
        assert set(np.unique(found["time_real"])) <= {0, 1}
    assert "first spike at 45 ms" in printed["ask"]
    assert (folder / "asked.svg").stat().st_size > 1000


def test_an_export_says_where_on_the_tree_each_input_is(printed, folder):
    table = pd.read_csv(folder / "out" / "synapses.csv", index_col="synapse")
    assert table.notna().all(axis=None)
    place_um = table[["x_um", "y_um", "z_um"]].to_numpy()
    distance_um = table["path_distance_um"].to_numpy()
    apart_um = np.linalg.norm(place_um[:, None] - place_um, axis=2)
    same_branch = table["branch"].to_numpy()[:, None] == table["branch"].to_numpy()
    along_um = np.abs(distance_um[:, None] - distance_um)
    assert np.ptp(distance_um) > 100
    # No two places of a branch are farther from each other than along it; 1 um for a segment's bent line.
    assert (apart_um[same_branch] <= along_um[same_branch] + 1).all()
    assert np.median(apart_um[same_branch & (along_um > 40)] / along_um[same_branch & (along_um > 40)]) > 0.7
    assert len(np.unique(np.round(place_um, 3), axis=0)) == len(table) / 2  # an excitatory and an inhibitory one each
    card = (folder / "out" / "README.md").read_text()
    assert "not on which branch" in card
    assert "Hay, Hill" in card
