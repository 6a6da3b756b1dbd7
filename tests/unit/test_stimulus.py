import subprocess
import sys
from dataclasses import replace

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import signal

from neurodepth import stimulus
from neurodepth.cells import definition
from neurodepth.stimulus import rates, spikes
from tests.unit.drawn import CELL_PATH, DURATION_MS, STATISTICS, SYNAPSES, draw, trains


def describe(dense):
    """Rates of each tree and kind, spread, autocorrelation and Fano factors of one trial's spikes."""
    found = {}
    for (kind, tree), rows in SYNAPSES.groupby(["kind", "tree"]).indices.items():
        total = dense[rows].sum(axis=0)
        coarse = total.reshape(-1, 20).sum(axis=1)
        centred = coarse - coarse.mean()
        counts = dense[rows].reshape(len(rows), -1, 100).sum(axis=2)
        found[f"{kind} {tree} rate"] = total.mean()
        found[f"{kind} {tree} variance"] = coarse.var()
        for lag in (1, 3, 10):
            found[f"{kind} {tree} autocorrelation {20 * lag} ms"] = np.mean(centred[lag:] * centred[:-lag])
        found[f"{kind} {tree} Fano"] = np.mean(counts.var(axis=1) / np.maximum(counts.mean(axis=1), 1e-9))
        found[f"{kind} {tree} spread"] = dense[rows].mean(axis=1).std()
    return found


def test_a_trial_depends_on_seed_split_and_index_alone():
    def draw_key(*key):
        return stimulus.draw_events(SYNAPSES, STATISTICS, 1000, stimulus.trial_rng(*key))

    first, again = draw_key(1, "train", 3), draw_key(1, "train", 3)
    np.testing.assert_array_equal(first.time_ms, again.time_ms)
    np.testing.assert_array_equal(first.synapse, again.synapse)
    for other in [(2, "train", 3), (1, "test", 3), (1, "train", 4)]:
        assert len(draw_key(*other).time_ms) != len(first.time_ms)


@pytest.mark.parametrize("variant", ["nmda", "volleys", "clustered", "no_inhibition", "high_rate", "oscillating"])
def test_events_are_sorted_unique_and_inside_the_trial(variant):
    events = draw(definition.read(CELL_PATH, variant).values["input"], duration_ms=1000)
    position = events.time_ms.astype(int) * len(SYNAPSES) + events.synapse
    assert (np.diff(position) > 0).all()  # sorted by time, then by synapse, none twice
    assert events.time_ms.max() < 1000
    assert events.synapse.max() < len(SYNAPSES)


def test_threads_do_not_change_an_event():
    program = """
import hashlib, sys, numpy as np, pandas as pd
from neurodepth import stimulus
from neurodepth.cells import definition
one = pd.DataFrame({"tree": ["basal"] * 262 + ["apical"] * 377, "length_um": np.linspace(5, 40, 639)})
synapses = pd.concat([one.assign(kind=kind) for kind in ("excitatory", "inhibitory")], ignore_index=True)
key = hashlib.sha256()
for variant in ("nmda", "volleys", "clustered", "oscillating"):
    statistics = definition.read(sys.argv[1], variant).values["input"]
    events = stimulus.draw_events(synapses, statistics, 6000, stimulus.trial_rng(1, "train", 0))
    key.update(events.time_ms.tobytes() + events.synapse.tobytes())
print(len(events.time_ms), key.hexdigest())
"""
    found = [
        subprocess.run(
            [sys.executable, "-c", program, str(CELL_PATH)],
            env={"OMP_NUM_THREADS": n_threads, "OPENBLAS_NUM_THREADS": n_threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for n_threads in ("1", "2")
    ]
    assert int(found[0].split()[0]) > 10_000
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("keep_ms", "sigma_ms", "duration_ms"), [(30, 13, 500), (57, 40, 700), (450, 600, 2000), (7, 3, 100)]
)
def test_smoothing_steps_equals_convolving_them_with_the_published_filter(keep_ms, sigma_ms, duration_ms):
    n_windows = -(-duration_ms // keep_ms)
    steps = np.random.default_rng(0).random((1, n_windows))
    fast = rates.smooth(rates.Rates(steps, keep_ms, sigma_ms, duration_ms))[0]
    n_taps = int(1 + 7 * sigma_ms)
    taps = signal.windows.gaussian(n_taps, sigma_ms)
    slow = signal.convolve(np.repeat(steps[0], keep_ms)[:duration_ms], taps / taps.sum(), mode="full")
    start = (n_taps - 1) // 2  # the middle, as mode "same" takes it for a signal longer than the filter
    np.testing.assert_allclose(fast, slow[start : start + duration_ms], atol=1e-12)  # rounding alone


def test_one_comparison_fires_as_often_as_the_published_two_draws():
    # Published: a spike where U(0, 1) is below Exponential(mean = rate).
    rng = np.random.default_rng(0)
    for rate in (0.01, 0.1, 0.8):
        n = 2_000_000
        published = np.mean(rng.random(n) < rng.exponential(rate, n))
        ours = spikes.probability(np.array(rate))
        assert abs(published - ours) < 4 * np.sqrt(ours / n)  # four standard errors


@pytest.mark.parametrize("modulated", [False, True])
@pytest.mark.parametrize("largest_per_ms", [0.08, 0.4, 5])  # published rates, where bins fill up, where they are full
def test_every_millisecond_fires_on_its_own_with_its_probability(largest_per_ms, modulated):
    n_copies, duration_ms = 40_000, 60
    steps = largest_per_ms * np.random.default_rng(0).random(9)
    one = rates.Rates(steps[None], keep_ms=7, sigma_ms=4, duration_ms=duration_ms)
    if modulated:
        one = replace(one, modulation=1 + 0.8 * np.sin(np.arange(duration_ms)))
    expected = spikes.probability(rates.smooth(one)[0])
    copies = replace(one, per_window=np.tile(steps, (n_copies, 1)))
    time_ms, synapse = spikes.draw_spikes(copies, np.random.default_rng(1))
    dense = np.zeros((n_copies, duration_ms))
    dense[synapse, time_ms] = 1
    variance = expected * (1 - expected)
    z_mean = (dense.mean(axis=0) - expected) / np.sqrt(variance / n_copies)
    often = np.flatnonzero(variance > 0.02)  # so that pairs of spikes are many enough for a normal distribution
    centred = (dense - expected)[:, often] / np.sqrt(variance[often])
    z_pairs = (centred.T @ centred / np.sqrt(n_copies))[np.triu_indices(often.size, 1)]
    assert often.size > 20
    for z in (z_mean, z_pairs):  # standard normal numbers, up to 1770: one in a thousand runs is beyond
        assert np.abs(z).max() < 5
        assert np.mean(z**2) == pytest.approx(1, abs=5 * np.sqrt(2 / z.size))


def test_no_spike_needs_more_points_than_are_drawn():
    rate = np.geomspace(1e-5, 50, 100_001)
    for largest in (0.01, 0.1, 0.3, 0.3753, 1, 50):
        below = rate[rate <= largest]
        density = spikes._points_per_spike(np.array(largest))
        kept = spikes.probability(below) / -np.expm1(-density * below)
        assert kept.max() <= 1 + 1e-8
        assert kept.min() > 0.999 / density  # what draw_spikes takes as sure


def test_sparse_drawing_has_the_statistics_of_comparing_every_millisecond():
    # The earlier generator, from the same rates: what is left between the two is the noise of single spikes.
    n_trials, sparse, dense = 60, [], []
    for index in range(n_trials):
        sparse.append(describe(trains(draw(STATISTICS, index))))
        rng = stimulus.trial_rng(1, "train", index)
        probability = stimulus.spike_probability(SYNAPSES, STATISTICS, DURATION_MS, rng)
        dense.append(describe(rng.random(probability.shape) < probability))
    difference = pd.DataFrame(sparse) - pd.DataFrame(dense)
    z = difference.mean() / (difference.std() / np.sqrt(n_trials))
    assert z.abs().max() < 4.2, z  # 28 statistics of a t distribution: one in a hundred runs
    np.testing.assert_allclose(pd.DataFrame(sparse).mean(), pd.DataFrame(dense).mean(), rtol=0.05)


def test_mean_rates_are_those_of_the_statistics():
    # Excitation is uniform up to 800 spikes per tree and 100 ms: 4 per ms on average, less at the trial's ends,
    # where the filter sees zeros; the middle of a long trial is free of that.
    total = np.zeros(2)
    for index in range(60):
        rng = stimulus.trial_rng(0, "train", index)
        probability = stimulus.spike_probability(SYNAPSES, STATISTICS, 6000, rng)[:, 2500:3500]
        total += [probability[:30].sum() / 1000, probability[30:80].sum() / 1000]
    # Bernoulli spikes saturate a little below the drawn rate on this small tree; the mean over 60 trials varies by 7 %.
    np.testing.assert_allclose(total / 60, 4, rtol=0.2)


def test_rates_are_those_of_the_published_program(reference):
    # Its input of 12 trials of 3 s with NMDA and 6 without, basal segments first.
    segments = pd.read_csv(reference / "l5pc_segments.csv")[["tree", "length_um"]]
    synapses = pd.concat([segments.assign(kind=kind) for kind in ("excitatory", "inhibitory")], ignore_index=True)
    group = pd.factorize(synapses["kind"] + synapses["tree"])[0]
    with h5py.File(reference / "l5pc_trials.h5") as file:
        for family, variant in (("nmda", "nmda"), ("ampa", "no_nmda")):
            theirs = [np.bincount(group[trial["event_synapse"][:]], minlength=4) for trial in file[family].values()]
            statistics = definition.read(CELL_PATH, variant).values["input"]
            rngs = [stimulus.trial_rng(0, "pilot", index) for index in range(100)]
            events = [stimulus.draw_events(synapses, statistics, 3000, rng) for rng in rngs]
            ours = np.array([np.bincount(group[one.synapse], minlength=4) for one in events])
            standard_error = ours.std(axis=0) * np.sqrt(1 / len(theirs) + 1 / len(ours))
            assert np.abs((np.mean(theirs, axis=0) - ours.mean(axis=0)) / standard_error).max() < 3.5


def test_a_tree_without_statistics_is_named():
    with pytest.raises(ValueError, match="no entry for tuft"):
        stimulus.spike_probability(SYNAPSES.assign(tree="tuft"), STATISTICS, 1000, stimulus.trial_rng(1, "train", 0))


def test_synapses_without_length_are_refused():
    with pytest.raises(ValueError, match="extra_length_um"):
        stimulus.draw_events(
            SYNAPSES.assign(length_um=0.0), STATISTICS | {"extra_length_um": 0}, 1000, stimulus.trial_rng(1, "train", 0)
        )


def test_a_trial_too_long_for_the_event_format_is_refused():
    with pytest.raises(ValueError, match="65535"):
        draw(STATISTICS, duration_ms=70_000)
