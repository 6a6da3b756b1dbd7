import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from neurodepth import networks, stimulus, surrogate, training
from neurodepth.cells import build, definition
from neurodepth.cells.trial import VoltageBasis
from neurodepth.coverage import Sampling
from neurodepth.dataset import Trials
from neurodepth.networks.backend import keras
from neurodepth.training import checkpoint, memory
from neurodepth.training.windows import Windows, fit_scaling

BUDGET = training.Budget(40, 10, 10, 4, 200, 5e-3, precision="float32")
ARCHITECTURE = {
    "type": "tcn",
    "width": 4,
    "receptive_field_ms": 40,
    "factorised": True,
    "synapse_dropout": 0.1,
    "channel_dropout": 0.1,
    "weight_decay": 0.0,
}


@pytest.fixture(scope="module")
def make_trials(project):
    cell = build(definition.read(project / "models" / "cells" / "lif"))

    def make(split, n_trials, duration_ms=1500):
        found = []
        for index in range(n_trials):
            rng = stimulus.trial_rng(1, split, index)
            events = stimulus.draw_events(cell.synapses, cell.definition.values["input"], duration_ms, rng)
            found.append(cell.run(events, duration_ms))
        return Trials(
            100,
            80,
            np.arange(n_trials),
            [one.events for one in found],
            [one.spike_time_ms for one in found],
            np.stack([one.soma_voltage_mv for one in found]),
            None,
            None,
        )

    return make


@pytest.fixture(scope="module")
def splits(make_trials):
    return make_trials("train", 8), make_trials("validation", 4)


def fit(splits, folder, budget=BUDGET, depth=2):
    return training.train(*splits, ARCHITECTURE, depth, 1, budget, folder)


def network(splits):
    return networks.build(ARCHITECTURE | {"synapse_dropout": 0.0}, 2, splits[0].n_synapses)


def test_training_lowers_the_loss(splits, tmp_path):
    _, _, history = fit(splits, tmp_path / "checkpoint")
    assert history["training_loss"].iloc[-1] < 0.8 * history["training_loss"].iloc[0]
    assert history["updates"].tolist() == [10, 20, 30, 40]


def test_an_interrupted_training_goes_on_as_if_nothing_had_happened(splits, tmp_path, monkeypatch):
    whole_model, _, whole = fit(splits, tmp_path / "whole")
    trained = 0

    def interrupt(*arguments):
        nonlocal trained
        trained += 1
        if trained == 3:
            raise KeyboardInterrupt
        return original(*arguments)

    original = training._train_epoch
    monkeypatch.setattr(training, "_train_epoch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fit(splits, tmp_path / "cut")
    monkeypatch.setattr(training, "_train_epoch", original)
    resumed_model, _, resumed = fit(splits, tmp_path / "cut")
    columns = ["epoch", "updates", "training_loss", "validation_spike_loss"]
    np.testing.assert_allclose(resumed[columns], whole[columns], rtol=1e-4)  # order of sums in threads
    for one, other in zip(resumed_model.get_weights(), whole_model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_training_with_weights_of_few_levels_gives_an_ordinary_network_of_such_weights(splits, tmp_path):
    architecture = ARCHITECTURE | {"weight_levels": 4}
    model, scaling, history = training.train(*splits, architecture, 2, 1, BUDGET, tmp_path / "checkpoint")
    assert history["training_loss"].iloc[-1] < history["training_loss"].iloc[0]
    training.save(model, scaling, {"architecture": architecture}, tmp_path / "net.keras")
    found, _ = surrogate.load(tmp_path / "net.keras")
    for name in ("mix_synapses", "convolution_1", "convolution_2"):
        kernel = np.asarray(found.get_layer(name).kernel)
        assert max(len(np.unique(kernel[..., unit])) for unit in range(kernel.shape[-1])) <= 4
    expected = training.predict(model, splits[1], scaling)[0]
    np.testing.assert_allclose(training.predict(found, splits[1], scaling)[0], expected, rtol=1e-6)


def test_a_training_with_groups_of_synapses_gives_an_ordinary_network_whose_groups_share_weights(splits, tmp_path):
    groups = [0] * 50 + [1] * 30 + [2] * 20
    architecture = ARCHITECTURE | {"input_groups": "tree"}
    arguments = (*splits, architecture, 2, 1, BUDGET, tmp_path / "checkpoint")
    model, _, history = training.train(*arguments, synapse_group=groups)
    assert history["training_loss"].iloc[-1] < history["training_loss"].iloc[0]
    kernel = np.asarray(model.get_layer("mix_synapses").kernel)
    assert len(np.unique(kernel, axis=0)) == 3
    np.testing.assert_array_equal(kernel, kernel[[0] * 50 + [50] * 30 + [80] * 20])


def test_the_best_epoch_is_kept_and_patience_ends_training(splits, tmp_path, monkeypatch):
    losses = iter([0.5, 0.3, 0.4, 0.6, 0.7, 0.8])
    weights = []

    def scripted(model, predictor, windows, validation):
        weights.append([w.copy() for w in model.get_weights()])
        epoch = windows.first_update // 10 + 1
        model.layers[-1].set_weights([np.full_like(w, epoch) for w in model.layers[-1].get_weights()])
        row = {"epoch": epoch, "updates": 10 * epoch, "training_loss": 1.0, "validation_auc": 0.5}
        return row | {"validation_spike_loss": next(losses)}

    monkeypatch.setattr(training, "_train_epoch", scripted)
    budget = training.Budget(60, 10, 2, 4, 200, 5e-3, precision="float32")
    model, _, history = fit(splits, tmp_path / "checkpoint", budget)
    assert len(history) == 4  # the second was best; two without improvement
    assert (model.layers[-1].get_weights()[0] == 2).all()


def test_windows_hold_what_the_trials_hold(splits):
    trials = splits[0]
    scaling = fit_scaling(trials)
    inputs, targets = Windows(network(splits), trials, scaling, BUDGET, seed=3)[0]
    rng = np.random.default_rng([3, 0])
    trial, start = rng.integers(len(trials), size=4)[0], rng.integers(trials.duration_ms - 200 + 1, size=4)[0]
    expected = np.zeros((trials.duration_ms, 100), np.uint8)
    expected[trials.events[trial].time_ms, trials.events[trial].synapse] = 1
    np.testing.assert_array_equal(inputs[0], expected[start : start + 200])
    voltage_mv = np.minimum(trials.soma_voltage_mv[trial, start : start + 200], -55)
    found = targets["soma_voltage"][0, :, 0] * scaling.soma_deviation_mv + scaling.soma_mean_mv
    np.testing.assert_allclose(found, voltage_mv, atol=1e-3)


def test_windows_show_as_much_of_the_trials_as_coverage_says(splits):
    budget = training.Budget(40, 40, 1, 4, 200, 1e-3)
    number = np.arange(8 * 1500, dtype=np.float32).reshape(8, 1500)
    numbered = replace(splits[0], soma_voltage_mv=-1000 - number)
    windows = Windows(network(splits), numbered, training.Scaling(0.0, 1.0, []), budget, seed=1)
    scored = np.unique([windows[position][1]["soma_voltage"][:, 40:] for position in range(40)])
    assert len(scored) / number.size == pytest.approx(Sampling(4, 200, 40, 1500).seen(40, 8), abs=0.03)


def test_targets_are_normalised_by_the_training_trials(splits):
    budget = training.Budget(10, 10, 1, 64, 1000, 1e-3)
    targets = Windows(network(splits), splits[0], fit_scaling(splits[0]), budget, seed=1)[0][1]["soma_voltage"]
    assert targets.mean() == pytest.approx(0, abs=0.2)  # 64 windows of 8 trials
    assert targets.std() == pytest.approx(1, abs=0.2)


def test_a_checkpoint_of_another_training_is_not_used(splits, tmp_path):
    fit(splits, tmp_path / "checkpoint", training.Budget(20, 10, 10, 4, 200, 5e-3, precision="float32"))
    _, _, history = fit(splits, tmp_path / "checkpoint", training.Budget(20, 10, 10, 4, 200, 1e-3, precision="float32"))
    _, _, fresh = fit(splits, tmp_path / "fresh", training.Budget(20, 10, 10, 4, 200, 1e-3, precision="float32"))
    np.testing.assert_allclose(history["training_loss"], fresh["training_loss"], rtol=1e-4)


@pytest.mark.parametrize("field", ["events", "spike_time_ms", "soma_voltage_mv"])
def test_a_checkpoint_is_one_of_all_the_data(splits, field):
    """Only the order of the trials differs, in one of what is known of them."""
    other = replace(splits[0], **{field: getattr(splits[0], field)[::-1]})
    assert training._digest(splits[0], splits[1]) != training._digest(other, splits[1])


def test_the_first_receptive_field_of_a_window_is_not_scored():
    true, predicted = np.zeros((1, 100, 1), np.float32), np.zeros((1, 100, 1), np.float32)
    true[0, :40] = 5
    loss = training._scored_loss("soma_voltage", 40)
    assert float(loss(true, predicted)) == 0
    true[0, 40] = 5
    assert float(loss(true, predicted)) > 0


def test_a_saved_network_predicts_the_same(splits, tmp_path):
    model, scaling, _ = fit(splits, tmp_path / "checkpoint")
    training.save(model, scaling, {"depth": 2}, tmp_path / "network.keras")
    loaded, loaded_scaling = surrogate.load(tmp_path / "network.keras")
    for one, other in zip(
        training.predict(model, splits[1], scaling), training.predict(loaded, splits[1], loaded_scaling), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert json.loads((tmp_path / "network.json").read_text())["depth"] == 2


def test_a_window_not_longer_than_the_receptive_field_is_refused(splits, tmp_path):
    with pytest.raises(ValueError, match=r"window_ms is 40.*before it is scored \(40 ms\)"):
        fit(splits, tmp_path, training.Budget(10, 10, 1, 4, 40, 1e-3))


def test_a_checkpoint_is_gone_after_it_was_discarded(splits, tmp_path):
    fit(splits, tmp_path / "checkpoint", training.Budget(10, 10, 1, 4, 200, 1e-3, precision="float32"))
    checkpoint.discard(tmp_path / "checkpoint")
    assert not (tmp_path / "checkpoint").exists()


def test_silent_synapses_differ_from_window_to_window(splits):
    model = networks.build(ARCHITECTURE | {"synapse_dropout": 0.5}, 2, splits[0].n_synapses)
    budget = training.Budget(10, 10, 1, 2, 1400, 1e-3)
    inputs, _ = Windows(model, splits[0], fit_scaling(splits[0]), budget, seed=1)[0]
    silent = ~inputs.any(axis=1)
    assert silent.mean() == pytest.approx(0.5, abs=0.1)
    assert 0.3 < np.mean(silent[0] != silent[1]) < 0.7


def test_a_loss_that_is_not_a_number_names_its_update_and_the_weights_that_are_kept(splits):
    budget = training.Budget(40, 10, 10, 4, 200, 5e-3, precision="float32")
    broken = replace(splits[0], soma_voltage_mv=splits[0].soma_voltage_mv.copy())
    scaling = fit_scaling(broken)
    model = network(splits)
    model.compile("sgd", loss={"spike_logit": "mse", "soma_voltage": "mse"})
    windows = Windows(model, broken, scaling, budget, seed=1)
    broken.soma_voltage_mv[:] = np.nan
    windows.first_update = 20
    with pytest.raises(
        FloatingPointError, match=r"at update 21: lower training.learning_rate \(0.005\); .* update 20 are"
    ):
        training._train_epoch(model, network(splits), windows, splits[1])


def test_a_training_that_turned_nan_leaves_the_state_before_it_to_go_on_from(splits, tmp_path, monkeypatch):
    """The weights turn NaN before the third epoch; the next run goes on after the second, as if nothing had happened."""
    _, _, whole = fit(splits, tmp_path / "whole")
    original = training._train_epoch

    def break_third(model, predictor, windows, validation):
        if windows.first_update == 20:
            model.set_weights([np.full_like(one, np.nan) for one in model.get_weights()])
        return original(model, predictor, windows, validation)

    monkeypatch.setattr(training, "_train_epoch", break_third)
    with pytest.raises(FloatingPointError, match="at update 21"):
        fit(splits, tmp_path / "broken")
    monkeypatch.setattr(training, "_train_epoch", original)
    model, _, resumed = fit(splits, tmp_path / "broken")
    assert all(np.isfinite(one).all() for one in model.get_weights())
    columns = ["epoch", "updates", "training_loss", "validation_spike_loss"]
    np.testing.assert_allclose(resumed[columns], whole[columns], rtol=1e-4)


def test_only_weights_of_products_decay(splits, tmp_path):
    """The bias of the spike head is the log odds of a rare spike: decay would draw it to even ones."""
    decaying = ARCHITECTURE | {"weight_decay": 1.0}
    budget = replace(BUDGET, updates=1, updates_per_epoch=1, learning_rate=0.5, warm_up=0.0)
    (still, *_), (decayed, *_) = (
        training.train(*splits, one, 2, 1, budget, tmp_path / str(one["weight_decay"]))
        for one in (ARCHITECTURE, decaying)
    )
    for name in ("kernel", "bias", "gamma", "beta"):
        pairs = [
            (one.numpy(), other.numpy())
            for one, other in zip(still.weights, decayed.weights, strict=True)
            if one.name == name
        ]
        assert pairs
        assert all(np.array_equal(*pair) != (name == "kernel") for pair in pairs), name


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n_synapses": 90}, "validation trials have 90 synapses, expected 100 as the training trials have"),
        ({"soma_voltage_mv": np.zeros((4, 500))}, "validation trials last 500 ms, expected more than the 500 ms"),
    ],
)
def test_validation_trials_that_cannot_be_scored_are_refused(splits, tmp_path, changed, message):
    with pytest.raises(ValueError, match=message):
        fit((splits[0], replace(splits[1], **changed)), tmp_path / "checkpoint")


def test_a_basis_of_other_components_is_refused(splits, tmp_path):
    recorded = replace(splits[0], dendrite_components_mv=np.ones((8, 1500, 5), np.float16))
    basis = VoltageBasis(np.zeros(30), np.zeros((4, 30)), np.zeros(4))
    with pytest.raises(ValueError, match="the basis has 4 components, expected 5 as the training trials have"):
        training.train(recorded, splits[1], ARCHITECTURE, 2, 1, BUDGET, tmp_path / "checkpoint", basis=basis)


def test_voltages_that_never_change_are_refused(splits):
    still = replace(splits[0], soma_voltage_mv=np.full_like(splits[0].soma_voltage_mv, -70.3))
    with pytest.raises(
        ValueError, match=r"the soma voltage of all 8 training trials is -70.3 mV, expected one that changes"
    ):
        fit_scaling(still)
    recorded = replace(splits[0], dendrite_components_mv=np.zeros((8, 1500, 3), np.float16))
    with pytest.raises(ValueError, match="the voltage of 3 of 3 dendritic regions never changes"):
        fit_scaling(recorded, np.eye(3))


def test_a_checkpoint_that_was_being_removed_is_none(splits, tmp_path, monkeypatch):
    fit(splits, tmp_path / "checkpoint")

    def killed(path, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint.shutil, "rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.discard(tmp_path / "checkpoint")
    monkeypatch.undo()
    assert checkpoint.restore(network(splits), tmp_path / "checkpoint", "any") == []


def test_validation_trials_without_a_spike_still_choose_the_weights(splits, tmp_path):
    silent = replace(splits[1], spike_time_ms=[np.empty(0) for _ in splits[1].spike_time_ms])
    _, _, history = fit((splits[0], silent), tmp_path / "checkpoint")
    assert history["validation_auc"].isna().all()
    assert np.isfinite(history["validation_spike_loss"]).all()
    assert len(history) == 4


def test_weights_that_the_last_update_of_an_epoch_loses_are_not_kept(splits):
    budget = training.Budget(40, 1, 10, 4, 200, 5e-3, precision="float32")
    model = network(splits)
    model.compile(keras.optimizers.SGD(np.inf), loss={"spike_logit": "mse", "soma_voltage": "mse"})
    windows = Windows(model, splits[0], fit_scaling(splits[0]), budget, seed=1)
    with pytest.raises(FloatingPointError, match=r"at update 1: .* no epoch had ended, so that no weights are kept"):
        training._train_epoch(model, network(splits), windows, splits[1])


@pytest.mark.parametrize("limited", ["machine", "container"])
def test_a_batch_that_does_not_fit_the_memory_is_refused_with_one_that_does(splits, tmp_path, monkeypatch, limited):
    of_machine, of_container = (1e9, 1e15) if limited == "machine" else (1e15, 1e9)
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: SimpleNamespace(available=of_machine))
    monkeypatch.setattr(memory, "memory_limit", lambda: of_container)
    monkeypatch.setattr(memory.psutil, "Process", lambda: SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=0)))
    budget = replace(BUDGET, batch_size=20_000)
    with pytest.raises(
        MemoryError, match=r"training.batch_size 20000 .* set training.batch_size to \d+ or less"
    ) as error:
        fit(splits, tmp_path / "checkpoint", budget)
    fitting = int(re.search(r"to (\d+) or less", str(error.value)).group(1))
    assert memory.needed_bytes(network(splits), fitting, 200) <= 1e9
    assert memory.needed_bytes(network(splits), int(1.2 * fitting), 200) > 1e9


STEPS = """
import re, sys
from pathlib import Path
import numpy as np
from neurodepth import networks
from neurodepth.networks import backend
from neurodepth.training import memory
backend.use_threads(1)
factorised, size = sys.argv[1] == "factorised", int(sys.argv[2])
architecture = {"type": "tcn", "width": 32, "receptive_field_ms": 100, "synapse_dropout": 0.0, "channel_dropout": 0.0}
model = networks.build(architecture | {"factorised": factorised}, 1, 1278)
model.compile("adam", {name: "mse" for name in model.output})
targets = {name: np.zeros((size, 1000, 1), np.float32) for name in model.output}
for _ in range(2):
    model.train_on_batch(np.zeros((size, 1000, 1278), np.uint8), targets)
# Not ru_maxrss: a process starts with its parent's.
peak_kb = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(1024 * peak_kb, memory.needed_bytes(model, size, 1000))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process's memory is read from /proc")
def test_what_a_window_of_a_full_first_layer_is_said_to_need_is_what_it_takes():
    peaks = [
        subprocess.run([sys.executable, "-c", STEPS, "full", size], check=True, capture_output=True, text=True).stdout
        for size in ("4", "16")
    ]
    (small, small_said), (large, large_said) = (map(float, peak.split()) for peak in peaks)
    assert 0.6 < (large - small) / (large_said - small_said) < 1.4


def test_the_loss_of_the_dendrite_turns_components_into_normalised_regions():
    rng = np.random.default_rng(1)
    components_mv, to_regions = rng.normal(0, 9, (2, 30, 5)).astype(np.float16), rng.normal(0, 0.1, (5, 5))
    predicted = rng.normal(0, 1, (2, 30, 5)).astype(np.float32)
    loss = training._scored_loss("dendrite_regions", 10, np.float32(to_regions))
    expected = np.mean((components_mv.astype(float) @ to_regions - predicted)[:, 10:] ** 2)
    assert float(loss(components_mv.astype(np.float32), predicted)) == pytest.approx(expected, rel=1e-5)
