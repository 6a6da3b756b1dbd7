"""A network by hand: trained, interrupted, scored and used."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from neurodepth import dataset, evaluation, input_spikes, surrogate, training, training_data, trust
from neurodepth.cli.group import INTERRUPTED, PROBLEM, USAGE
from neurodepth.networks import backend
from neurodepth.networks.backend import keras
from tests.unit.small_tree import places_of
from tests.unit.test_cli import SMALL, run, shards  # noqa: F401 fixtures


@pytest.fixture(autouse=True)
def _threads_as_they_are(monkeypatch):
    """TensorFlow takes a number of threads once a process; a test is not the first in its own."""
    monkeypatch.setattr(backend, "use_threads", lambda n_threads: None)


@pytest.fixture
def trained(shards):  # noqa: F811
    done = shards("train", "t.h5", "v.h5", *SMALL, "--output", "net.keras", "--cores", 1)
    assert done.exit_code == 0, done.output
    assert "best is epoch" in done.output
    return shards


def test_a_trained_network_lies_there_with_description_and_history(trained, tmp_path):
    written = {path.name for path in tmp_path.iterdir()}
    assert {"net.keras", "net.json", "net.csv"} <= written
    assert not [name for name in written if "incomplete" in name or "checkpoint" in name]
    described = json.loads(trained("info", "net.keras", "--json").output)
    assert (described["network"], described["depth"], described["training_trials"]) == ("point", 1, 6)
    attributes = dataset.describe("t.h5")["attributes"]
    assert described["training_data"]["shards"] == [attributes["checksum"]]


def test_evaluation_gives_the_workflows_scores_with_an_interval(trained):
    done = trained("evaluate", "net.keras", "x.h5", "--json", "--resamples", 100, "--cores", 1)
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    expected, _ = evaluation.evaluate_network("net.keras", dataset.read_split(["x.h5"]), 1)
    assert found["auc"] == expected.row["auc"]
    assert found["auc_low"] <= found["auc"] <= found["auc_high"]
    assert found["trials"] == 6
    assert found["remark"] is None


def test_scores_on_trials_that_training_has_seen_say_so(trained):
    for shard, remark in (
        ("t.h5", "trained on trials of this split and seed"),
        ("v.h5", "chose the network's weights"),
    ):
        done = trained("evaluate", "net.keras", shard, "--resamples", 100, "--cores", 1)
        assert done.exit_code == 0, done.output
        assert remark in done.output


def test_scores_on_another_cell_say_so():
    noted = {"cell": "l5pc", "variant": "nmda", "seed": 1}
    said = training_data.unlike_a_test(noted, noted | {"variant": "no_nmda", "split": "test"})
    assert said == "the network was trained on l5pc, nmda: these are scores on another cell"


def test_predictions_are_those_of_the_network(trained):
    assert trained("predict", "net.keras", "x.h5", "--output", "p.h5", "--cores", 1).exit_code == 0
    predictions, attributes = surrogate.read("p.h5")
    model, scaling = surrogate.load("net.keras")
    logit, voltage_mv = training.predict(model, dataset.read_split(["x.h5"]), scaling)
    np.testing.assert_allclose(predictions.spike_probability, 1 / (1 + np.exp(-logit)), rtol=1e-6)
    np.testing.assert_array_equal(predictions.soma_voltage_mv, voltage_mv)
    assert (attributes["cell"], attributes["split"]) == ("lif", "test")


def test_predictions_say_how_far_to_trust_them_where_that_is_known(trained):
    def predict():
        done = trained("predict", "net.keras", "x.h5", "--output", "p.h5", "--overwrite", "--cores", 1)
        assert done.exit_code == 0, done.output
        return surrogate.read("p.h5")[0], done.output

    predictions, said = predict()
    assert predictions.input_distance is None
    assert "no trust.json above net.keras: how far to trust it is not known" in said
    train, validation, test = (dataset.read_split([path]) for path in ("t.h5", "v.h5", "x.h5"))
    known = trust.learn(train, validation, places_of(train), ["net.keras"])
    trust.write("trust.json", known)
    predictions, said = predict()
    judged = trust.judge(test, known, ["net.keras"])
    np.testing.assert_allclose(predictions.input_distance, judged.familiarity.distance, rtol=1e-6)
    np.testing.assert_allclose(predictions.half_width_mv, judged.half_width_mv, rtol=1e-6)
    assert f"input unlike that of training: {judged.familiarity.is_unfamiliar.sum()} of 6 trials" in said
    assert "(learned from 6 trials, which do not show all that is usual)" in said
    assert f"soma voltage: within {judged.half_width_mv[0, 0]:.2f} mV in 90% of the ms" in said
    trust.write("trust.json", replace(known, calibrated=()))
    predictions, said = predict()
    assert predictions.half_width_mv is None
    assert "does not know the error of this network" in said


def test_seeds_predict_together_with_an_interval_that_is_wider_where_they_disagree(trained):
    done = trained("train", "t.h5", "v.h5", *SMALL, "--seed", 2, "--output", "other.keras", "--cores", 1)
    assert done.exit_code == 0, done.output
    seeds = ["net.keras", "other.keras"]
    train, validation, test = (dataset.read_split([path]) for path in ("t.h5", "v.h5", "x.h5"))
    known = trust.learn(train, validation, places_of(train), seeds)
    trust.write("trust.json", known)
    done = trained("predict", "net.keras", "x.h5", "--with", "other.keras", "--output", "p.h5", "--cores", 1)
    assert done.exit_code == 0, done.output
    found, attributes = surrogate.read("p.h5")
    alone = [surrogate.predict(one, test) for one in seeds]
    np.testing.assert_allclose(
        found.spike_probability, np.mean([one.spike_probability for one in alone], axis=0), rtol=1e-6
    )
    np.testing.assert_allclose(found.half_width_mv, trust.judge(test, known, seeds).half_width_mv, rtol=1e-6)
    assert f"within {found.half_width_mv.mean():.2f} mV on average in 90% of the ms" in done.output
    done = trained("predict", "net.keras", "x.h5", "--with", "net.keras", "--output", "q.h5")
    assert done.exit_code == USAGE
    assert "found one twice" in done.output
    (other,) = json.loads(attributes["network"])["with"]
    assert other["seed"] == 2


def test_trials_too_short_to_judge_are_predicted_all_the_same(trained):
    train = dataset.read_split(["t.h5"])
    trust.write("trust.json", trust.learn(train, train, places_of(train), ["net.keras"]))
    assert trained("simulate", "lif", "--duration-ms", 400, "--trials", 2, "--output", "short.h5").exit_code == 0
    done = trained("predict", "net.keras", "short.h5", "--output", "p.h5", "--cores", 1)
    assert done.exit_code == 0, done.output
    assert "trials of 400 ms do not show whether their input is like that of training" in done.output
    assert surrogate.read("p.h5")[0].soma_voltage_mv.shape == (2, 400)


def test_input_alone_is_predicted_like_the_shard_that_it_comes_from(trained):
    trials = dataset.read_split(["x.h5"])
    expected = surrogate.predict("net.keras", trials)
    columns = {
        "trial": np.repeat(trials.index, [len(one.time_ms) for one in trials.events]),
        "time_ms": np.concatenate([one.time_ms for one in trials.events]),
        "synapse": np.concatenate([one.synapse for one in trials.events]),
    }
    table = pd.DataFrame(columns)
    table[table.trial < 2].to_csv("few.csv", index=False)
    np.savez("more.npz", **table[table.trial >= 2])
    done = trained("predict", "net.keras", "few.csv", "more.npz", "--duration-ms", 2000, "--output", "p.h5")
    assert done.exit_code == 0, done.output
    assert "p.h5: 6 trials of input alone" in done.output
    found, attributes = surrogate.read("p.h5")
    assert found.trial_index.tolist() == list(range(6))
    assert "cell" not in attributes
    dense = training.windows.feed(surrogate.load("net.keras")[0], trials, np.arange(6), np.zeros(6, int), 2000)
    for one in (found, surrogate.predict("net.keras", dense)):
        np.testing.assert_allclose(one.soma_voltage_mv, expected.soma_voltage_mv, rtol=1e-6)
        np.testing.assert_allclose(one.spike_probability, expected.spike_probability, rtol=1e-5)


def test_shards_of_one_split_are_predicted_together(trained):
    trained(
        "simulate", "lif", "--split", "test", "--trials", 2, "--first", 6, "--duration-ms", 2000, "--output", "y.h5"
    )
    assert trained("predict", "net.keras", "x.h5", "y.h5", "--output", "p.h5").exit_code == 0
    assert surrogate.read("p.h5")[0].trial_index.tolist() == list(range(8))
    done = trained("predict", "net.keras", "x.h5", "t.h5", "--output", "q.h5")
    assert done.exit_code == PROBLEM
    assert "expected split test, found split train" in done.output
    for arguments in (("x.h5", "e.csv"), ("x.h5", "--duration-ms", 100)):
        done = trained("predict", "net.keras", *arguments, "--output", "q.h5")
        assert done.exit_code == USAGE
        assert "expected shards alone" in " ".join(done.output.replace("│", " ").split())


def test_a_network_that_reads_output_spikes_needs_shards():
    inputs = {name: keras.Input((None, n), name=name) for name, n in (("input_spikes", 3), ("output_spikes", 1))}
    model = SimpleNamespace(input=inputs)
    with pytest.raises(dataset.DatasetError, match=r"expected trials with output spikes, .* found input alone"):
        surrogate.check_input(model, "net.keras", input_spikes.from_array(np.ones((1, 5, 3))))


def test_an_interrupted_training_goes_on_from_its_checkpoint(shards, tmp_path, monkeypatch):  # noqa: F811
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(training, "save", interrupt)
        done = shards("train", "t.h5", "v.h5", *SMALL, "--output", "net.keras", "--cores", 1)
    assert done.exit_code == INTERRUPTED
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"t.h5", "v.h5", "x.h5", "net.keras.checkpoint"}
    before = json.loads((tmp_path / "net.keras.checkpoint" / "history.json").read_text())["history"]
    monkeypatch.setattr(training, "_train_epoch", interrupt)  # nothing is left to train
    assert shards("train", "t.h5", "v.h5", *SMALL, "--output", "net.keras", "--cores", 1).exit_code == 0
    assert len((tmp_path / "net.csv").read_text().splitlines()) == 1 + len(before)


def test_a_network_of_another_cell_is_refused(trained, project, tmp_path):
    cell = (project / "models" / "cells" / "lif" / "cell.yaml").read_text()
    (tmp_path / "models" / "cells" / "small").mkdir(parents=True)
    small = tmp_path / "models" / "cells" / "small" / "cell.yaml"
    small.write_text(cell.replace("inhibitory_synapses: ", "inhibitory_synapses: 1", 1))
    trained("simulate", "small", "--trials", 2, "--duration-ms", 2000, "--output", "other.h5")
    done = trained("predict", "net.keras", "other.h5")
    assert done.exit_code == PROBLEM
    assert "synapses, on which this network was trained" in done.output


def test_a_network_is_not_averaged_with_one_of_another_cell_nor_passed_for_it(trained, project, tmp_path):
    cell = (project / "models" / "cells" / "lif" / "cell.yaml").read_text()
    twin = tmp_path / "models" / "cells" / "twin" / "cell.yaml"
    twin.parent.mkdir(parents=True)
    twin.write_text(cell)
    trained("simulate", "twin", "--trials", 2, "--duration-ms", 2000, "--output", "twin.h5")
    done = trained("predict", "net.keras", "twin.h5", "--output", "p.h5", "--cores", 1)
    assert done.exit_code == 0, done.output
    assert (
        "2 trials of twin, default\nthe network was trained on lif, default: it predicts what that would do"
        in done.output
    )
    for name in ("net.keras", "net.json"):
        shutil.copy(name, name.replace("net", "other"))
    described = json.loads(Path("other.json").read_text())
    described["training_data"]["cell"], described["seed"] = "twin", 2
    Path("other.json").write_text(json.dumps(described))
    Path("other.keras").write_bytes(Path("other.keras").read_bytes() + b" ")  # not the same file
    done = trained("predict", "net.keras", "twin.h5", "--with", "other.keras", "--output", "q.h5")
    assert done.exit_code == USAGE
    assert "expected a network of lif, default, as net.keras, found one of twin, default" in done.output
