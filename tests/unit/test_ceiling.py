"""The ceiling of cells whose noise is known."""

import json
import runpy
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from neurodepth import ceiling, evaluation, metrics, simulation
from tests.unit.test_evaluation import make_trials, score

NETWORK = {
    "network": "tcn",
    "type": "tcn",
    "seed": 1,
    "training_h": 0.1,
    "parameters": 9,
    "multiply_adds_per_ms": 9,
    "event_multiply_adds_per_ms": 9,
}
SHAPE = (4, 12, 3500)  # trials, repeats, time


def rates(rng):
    """Chance of a spike in a millisecond, the same in all repeats."""
    return np.clip(0.01 + 0.04 * np.sin(np.arange(SHAPE[2]) / 40 + rng.uniform(0, 6, (SHAPE[0], 1, 1))), 0, 1)


def noisy(noise_mv, signal_mv=2.0):
    """Repeats with a common voltage and noise of their own, far below the clip; spikes drawn from a common rate."""
    rng = np.random.default_rng(0)
    voltage_mv = -75 + signal_mv * rng.standard_normal((SHAPE[0], 1, SHAPE[2])) + noise_mv * rng.standard_normal(SHAPE)
    return rng.random(SHAPE) < rates(rng), voltage_mv


@pytest.mark.parametrize("noise_mv", [0.0, 1.0, 2.0])
def test_variance_explained_is_the_share_of_the_signal(noise_mv):
    found = ceiling.estimate(*noisy(noise_mv))
    assert found.variance_explained == pytest.approx(2**2 / (2**2 + noise_mv**2), abs=0.02)  # 12 000 samples


def test_the_auc_approaches_that_of_the_true_rate_from_below():
    rng = np.random.default_rng(1)
    rate = np.broadcast_to(rates(rng), SHAPE)
    spikes = rng.random(SHAPE) < rate
    true = metrics.count_pairs(rate[:, 0, 500:], spikes[:, 0, 500:]).auc()
    flat_mv = np.full(SHAPE, -75.0) + rng.standard_normal(SHAPE)
    few = ceiling.estimate(spikes[:, :3], flat_mv[:, :3]).auc
    many = ceiling.estimate(spikes, flat_mv).auc
    assert few < many < true + 0.01
    assert many > true - 0.05


def test_repeats_without_noise_predict_each_other_perfectly():
    spikes, voltage_mv = noisy(0.0)
    same = np.repeat(spikes[:, :1], 3, axis=1)
    found = ceiling.estimate(same, voltage_mv[:, :3])
    assert found.auc == pytest.approx(1)
    assert found.width_ms == 0


def test_a_silent_repeat_leaves_the_others_their_auc():
    spikes, voltage_mv = noisy(1.0)
    spikes = spikes.copy()
    spikes[:, 2] = False
    assert ceiling.estimate(spikes, voltage_mv).auc == pytest.approx(ceiling.estimate(*noisy(1.0)).auc, abs=0.05)
    assert np.isnan(ceiling.estimate(np.zeros_like(spikes), voltage_mv).auc)


def test_the_start_of_a_trial_does_not_count():
    spikes, voltage_mv = noisy(1.0)
    louder = voltage_mv.copy()
    louder[..., :500] += 30 * np.random.default_rng(2).standard_normal((*SHAPE[:2], 500))
    assert ceiling.estimate(spikes, louder) == ceiling.estimate(spikes, voltage_mv)


def test_the_interval_covers_the_ceiling_of_many_trials():
    """Blocks of six trials with spikes and noise of their own: 95 % of the intervals hold what 240 trials give."""
    rng = np.random.default_rng(3)
    shape = (240, 4, 1500)
    rate = np.clip(0.01 + 0.04 * np.sin(np.arange(1500) / 40 + rng.uniform(0, 6, (240, 1, 1))), 0, 1)
    rate = rate * rng.uniform(0.2, 1.8, (240, 1, 1))
    spikes = rng.random(shape) < rate
    voltage_mv = (
        -75 + rng.uniform(0.5, 2, (240, 1, 1)) * rng.standard_normal((240, 1, 1500)) + rng.standard_normal(shape)
    )
    whole = ceiling.estimate(spikes, voltage_mv)
    held = {"auc": 0, "variance_explained": 0}
    for block in range(40):
        found = ceiling.estimate(*(one[6 * block : 6 * block + 6] for one in (spikes, voltage_mv)))
        for name in held:
            low, high = getattr(found, f"{name}_low"), getattr(found, f"{name}_high")
            held[name] += low < getattr(whole, name) < high
    assert min(held.values()) > 32  # 38 are expected; less three standard errors


def test_one_trial_has_no_interval():
    found = ceiling.estimate(*(one[:1] for one in noisy(1.0)))
    assert np.isnan([found.auc_low, found.auc_high, found.variance_explained_low]).all()


def test_a_single_repeat_says_nothing():
    spikes, voltage_mv = noisy(1.0)
    with pytest.raises(ValueError, match="expected two repeats of a trial or more, found 1"):
        ceiling.estimate(spikes[:, :1], voltage_mv[:, :1])


@pytest.fixture
def unreliable(project, tmp_path):
    """A protocol of the point neuron whose synapses fail half of the time."""
    release = "{ probability: 0.5, sites: 1, recovery_ms: 0, facilitation_ms: 0, vesicle_weight: 2 }"
    base = project / "models" / "cells" / "lif" / "cell.yaml"
    (tmp_path / "cell.yaml").write_text(f"extends: {base}\nsynapses: {{ excitatory: {{ release: {release} }} }}\n")
    return simulation.Protocol(str(tmp_path), "default", 1, 2000)


def test_repeats_begin_with_the_trial_itself_and_differ(unreliable):
    spikes, voltage_mv = simulation.simulate_repeats(unreliable, "test", [4, 7], 3, 1)
    for row, index in enumerate((4, 7)):
        trial = simulation.simulate_trial(unreliable, "test", index)
        np.testing.assert_array_equal(voltage_mv[row, 0], trial.soma_voltage_mv)
        assert spikes[row, 0].sum() == len(trial.spike_time_ms)
        assert not np.array_equal(voltage_mv[row, 1], voltage_mv[row, 0])
        assert not np.array_equal(voltage_mv[row, 1], voltage_mv[row, 2])


def test_a_trial_keeps_its_presynaptic_spikes_whatever_is_released(unreliable):
    first, other = (simulation.simulate_trial(unreliable, "test", 4, repeat=repeat).events for repeat in (0, 1))
    np.testing.assert_array_equal(first.time_ms, other.time_ms)
    np.testing.assert_array_equal(first.synapse, other.synapse)


def test_the_voltage_spreads_as_binomial_release_says(unreliable):
    _, voltage_mv = simulation.simulate_repeats(unreliable, "test", [4], 400, 1)
    events = simulation.simulate_trial(unreliable, "test", 4).events
    excitatory_ms = events.time_ms[events.synapse < 80]
    n_spikes = (excitatory_ms == excitatory_ms[0]).sum()
    found = voltage_mv[0, :, excitatory_ms[0]].var()  # none was released before
    assert found == pytest.approx(n_spikes * 4**2 * 0.25, rel=0.25)  # steps of 4 mV; 400 repeats: 7 %


def known(auc):
    low, high = auc - 0.01, auc + 0.002
    return ceiling.Ceiling(
        *(8, 10),
        **{"auc": auc, "auc_low": low, "auc_high": high, "width_ms": 4},
        **{"variance_explained": 0.31, "variance_explained_low": 0.28, "variance_explained_high": 0.34},
    )


@pytest.mark.parametrize(
    ("auc", "words"),
    [
        (
            0.9501,
            "an AUC of at least 0.9501 (0.9401 to 0.9521); the criterion is 0.991 and may be out of reach of every network.",
        ),
        (0.9951, "an AUC of at least 0.9951 (0.9851 to 0.9971); the criterion is 0.991."),
        (np.nan, "an AUC that is not known: no repeated trial holds a spike."),
    ],
)
def test_a_verdict_says_what_its_cell_leaves_to_predict(project, tmp_path, auc, words):
    """Of a variant with a ceiling and one without, by the rule's own script, on networks of two depths and amounts of data."""
    conditions = [{"cell": "lif", "variant": "default"}, {"cell": "izhikevich", "variant": "chattering"}]
    folders = [tmp_path / one["cell"] / one["variant"] for one in conditions]
    histories = [path for folder in folders for path in write_networks(folder)]
    ceiling.write(known(auc), folders[0] / "ceiling.json")
    inputs = SimpleNamespace(
        tables=[folder / "evaluation.csv" for folder in folders],
        counts=[folder / "pair_counts.npz" for folder in folders],
        histories=histories,
        ceilings=[folders[0] / "ceiling.json"],
    )
    study = {"conditions": [one | {"network": "point", "updates": 600} for one in conditions], "seed": 1}
    study |= {"depths": [1, 3], "simulation": {"duration_ms": 2000}, "training": {"batch_size": 16, "window_ms": 500}}
    study |= {"verdict": {"auc": 0.991, "confidence": 0.95, "resamples": 20, "further_doublings": 3}}
    outputs = [tmp_path / name for name in ("verdict.json", "accuracy.csv", "needed.csv", "dependence.csv")]
    decide_depth = runpy.run_path(str(project / "scripts" / "decide_depth.py"))["decide_depth"]
    decide_depth(study["conditions"], inputs, study, *outputs)
    unreliable, reliable = json.loads(outputs[0].read_text())["cells"]
    assert unreliable["reason"].endswith(
        f"Its unreliable synapses leave 31% (28% to 34%) of the variance of the voltage to predict, and {words}"
    )
    assert (unreliable["ceiling_auc"], unreliable["ceiling_variance_explained"]) == (
        None if np.isnan(auc) else auc,
        0.31,
    )
    assert "ceiling_auc" not in reliable
    assert "unreliable" not in reliable["reason"]


def write_networks(folder):
    """Scores and histories of networks as the rules leave them; gives the histories."""
    names = [(depth, trials) for depth in (1, 3) for trials in (10, 20)]
    histories = [folder / f"networks/depth_{depth}/trials_{trials}/seed_1.csv" for depth, trials in names]
    for path in histories:
        path.parent.mkdir(parents=True)
        losses = dict.fromkeys(("training_loss", "validation_spike_loss"), np.ones(6))
        pd.DataFrame({"updates": np.arange(100, 700, 100), **losses}).to_csv(path, index=False)
    scored = [score(make_trials(1), NETWORK | {"depth": depth, "training_trials": trials}) for depth, trials in names]
    pd.DataFrame([one.row for one in scored]).to_csv(folder / "evaluation.csv", index=False)
    evaluation.write_counts(folder / "pair_counts.npz", scored)
    return histories


def test_spikes_in_one_trial_alone_have_no_interval():
    spikes, voltage_mv = noisy(1.0)
    spikes[1:] = False
    found = ceiling.estimate(spikes, voltage_mv)
    assert 0.5 < found.auc <= 1
    assert np.isnan([found.auc_low, found.auc_high]).all()


def test_a_constant_voltage_has_no_variance_to_explain(tmp_path):
    spikes, _ = noisy(1.0)
    found = ceiling.estimate(spikes, np.full(SHAPE, -65.1))
    ceiling.write(found, tmp_path / "ceiling.json")
    written = json.loads((tmp_path / "ceiling.json").read_text())
    assert written["variance_explained"] is None
    assert "leave no variance of the voltage to predict" in ceiling.explain(written, 0.991)[0]
