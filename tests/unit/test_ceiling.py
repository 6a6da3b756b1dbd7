"""The ceiling of cells whose noise is known."""

import numpy as np
import pytest

from neurodepth import ceiling, metrics, simulation

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


def test_the_start_of_a_trial_does_not_count():
    spikes, voltage_mv = noisy(1.0)
    louder = voltage_mv.copy()
    louder[..., :500] += 30 * np.random.default_rng(2).standard_normal((*SHAPE[:2], 500))
    assert ceiling.estimate(spikes, louder) == ceiling.estimate(spikes, voltage_mv)


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
