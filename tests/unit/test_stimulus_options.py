import hashlib

import numpy as np
import pytest
from scipy import signal

from neurodepth import stimulus, validation
from neurodepth.cells import definition
from neurodepth.stimulus import modifiers, rates
from tests.unit.drawn import CELL_PATH, DURATION_MS, STATISTICS, SYNAPSES, draw, trains

RECORDING = "time_ms,synapse\n0,5\n0,2\n7,2\n999,0\n1000,1\n1500,159\n"


@pytest.fixture
def recording(tmp_path):
    def write(text=RECORDING, duration_ms=2000):
        path = tmp_path / "trains.csv"
        path.write_text(text)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return {"test": {"path": str(path), "sha256": sha256, "duration_ms": duration_ms}}

    return write


def test_a_rate_factor_scales_one_kind_and_leaves_the_other():
    plain = rates.Rates(np.ones((len(SYNAPSES), 3)), 10, 5, 30)
    scaled = modifiers.scale(plain, SYNAPSES, {"excitatory": 1.5}).per_window
    assert (scaled[:80] == 1.5).all()
    assert (scaled[80:] == 1).all()


def test_a_rate_factor_raises_the_number_of_its_events():
    count = np.zeros((2, 2))
    for index in range(20):
        for row, factors in enumerate(({}, {"excitatory": 1.5})):
            excitatory = draw(STATISTICS | {"rate_factor": factors}, index).synapse < 80
            count[row] += excitatory.sum(), (~excitatory).sum()
    # A bin holds one spike: rates of 0.1 to 0.4 per ms of this small tree give a few % less than half as many again.
    assert count[1, 0] / count[0, 0] == pytest.approx(1.5, abs=0.06)
    assert count[1, 1] / count[0, 1] == pytest.approx(1, abs=0.02)


def test_inhibition_removed_is_no_inhibitory_event():
    events = draw(definition.read(CELL_PATH, "no_inhibition").values["input"])
    assert events.synapse.max() < 80
    assert len(events.time_ms) > 1000


def test_volleys_are_added_to_the_same_background():
    plain = trains(draw(STATISTICS))
    volleys = {"kind": "inhibitory", "rate_hz": 5, "fraction": 0.5, "jitter_ms": 1}
    added = trains(draw(STATISTICS | {"volleys": volleys})) - plain
    assert added.min() == 0
    assert added[:80].sum() == 0
    assert added[80:].sum() > 0


def test_volleys_have_their_rate_fraction_and_jitter():
    settings = {"rate_hz": 4, "fraction": 0.2, "jitter_ms": 3}
    _, synapse = modifiers.draw_volleys(np.arange(50, 150), settings, 65_000, np.random.default_rng(0))
    expected = 4 * 65 * 100 * 0.2
    # a volley has 20 +- 4 spikes, and their number is a Poisson number: 5 standard errors
    assert synapse.size == pytest.approx(expected, abs=5 * np.sqrt(4 * 65 * (20**2 + 16)))
    assert (synapse.min(), synapse.max()) == (50, 149)
    single = settings | {"rate_hz": 0.2, "fraction": 1.0}
    spread = [
        times.std()
        for seed in range(60)
        if 0
        < (times := modifiers.draw_volleys(np.arange(2000), single, 1000, np.random.default_rng(seed))[0]).size
        < 2001
        and 20 < times.mean() < 980
    ]
    assert np.median(spread) == pytest.approx(np.sqrt(3**2 + 1 / 12), rel=0.05)  # rounding to whole ms adds 1/12


def test_volleys_raise_the_cross_correlation_at_lag_zero():
    volleys = {"kind": "excitatory", "rate_hz": 5, "fraction": 0.5, "jitter_ms": 1}

    def correlation(changed, lag_ms):
        found = []
        for index in range(8):
            dense = trains(draw(changed, index))
            halves = dense[:80:2].sum(axis=0), dense[1:80:2].sum(axis=0)  # different synapses
            fast = [half - np.convolve(half, np.ones(101) / 101, "same") for half in halves]
            found.append(np.mean(fast[0][: DURATION_MS - lag_ms] * fast[1][lag_ms:]))
        return np.mean(found)

    # Expected: 5 volleys a second of 20 spikes in either half, within a width of 2 sqrt(pi) jitter = 3.5 ms.
    at_zero = correlation(STATISTICS | {"volleys": volleys}, 0)
    assert at_zero == pytest.approx(5e-3 * 20 * 20 / 3.5, rel=0.4)
    assert at_zero > 5 * abs(correlation(STATISTICS, 0))
    assert at_zero > 5 * abs(correlation(STATISTICS | {"volleys": volleys}, 30))


def test_oscillating_input_has_a_peak_in_its_spectrum_at_the_frequency():
    changed = STATISTICS | {"oscillations": [{"frequency_hz": [40, 40], "depth": 0.5}]}
    power, plain_power = (
        np.mean([signal.periodogram(trains(draw(one, index)).sum(axis=0), 1000)[1] for index in range(6)], 0)
        for one in (changed, STATISTICS)
    )
    frequency_hz = np.fft.rfftfreq(DURATION_MS, 1e-3)
    above_drift = frequency_hz > 20
    assert frequency_hz[above_drift][power[above_drift].argmax()] == 40
    assert power[frequency_hz == 40] > 20 * plain_power[frequency_hz == 40]


def test_each_trial_draws_its_frequency_from_the_range():
    flat = rates.Rates(np.ones((1, 1)), 2000, 1, 2000)
    found = []
    for seed in range(100):
        one = modifiers.oscillate(flat, [{"frequency_hz": [4, 10], "depth": 0.3}], np.random.default_rng(seed))
        assert one.modulation.max() == pytest.approx(1.3, abs=1e-3)
        assert one.modulation.mean() == pytest.approx(1, abs=0.3 / (4 * np.pi * 2))  # half a period left over
        found.append(np.sum(np.diff(np.sign(one.modulation - 1)) > 0) / 2)
    assert 3.5 <= min(found) < 5.5  # upward crossings of 2 s, to one crossing
    assert 8.5 < max(found) <= 10.5


def test_an_oscillation_leaves_the_mean_rate():
    changed = STATISTICS | {"oscillations": [{"frequency_hz": [30, 80], "depth": 0.8}]}
    plain, other = (sum(len(draw(one, index).time_ms) for index in range(20)) for one in (STATISTICS, changed))
    assert other == pytest.approx(plain, rel=0.03)  # full bins of this small tree take off 1 to 2 %


def test_clusters_are_neighbours_of_one_tree():
    clusters = {"clusters": {"groups": 200, "synapses": 20}}
    groups = modifiers.draw_groups(SYNAPSES, clusters, np.random.default_rng(0))
    for group in groups:
        np.testing.assert_array_equal(np.diff(group), 1)
        assert group.max() < 30 or 30 <= group.min() <= group.max() < 80
    assert {int(group[0]) for group in groups} == {*range(11), *range(30, 61)}


def test_clusters_shift_rate_within_their_tree_and_keep_its_total():
    flat = STATISTICS | {"synapse_factor": [1, 1]}
    share = SYNAPSES["length_um"].to_numpy()
    enriched = modifiers.enrich(share, [np.arange(35, 45), np.arange(40, 50)], 4)
    plain, clustered = (
        rates.draw_rates(SYNAPSES, one, flat, 1000, np.random.default_rng(0)).per_window for one in (share, enriched)
    )
    np.testing.assert_allclose(clustered[30:80].sum(axis=0), plain[30:80].sum(axis=0))
    np.testing.assert_allclose(clustered[42] / clustered[60], 4 * plain[42] / plain[60])  # of two groups, still 4
    np.testing.assert_array_equal(clustered[:30], plain[:30])
    np.testing.assert_array_equal(clustered[80:], plain[80:])


def test_neighbours_in_clusters_fire_together_more_than_distant_synapses():
    clusters = {"groups": 4, "synapses": 10, "share_factor": 1, "rate_hz": 10, "fraction": 0.8, "jitter_ms": 0}
    near, far = [], []
    for index in range(10):
        correlation = np.corrcoef(trains(draw(STATISTICS | {"clusters": clusters}, index))[:80])
        near.append(np.mean([correlation[i, i + 2] for i in range(30, 78)]))
        far.append(np.mean([correlation[i, i + 25] for i in range(30, 55)]))
    plain = np.corrcoef(trains(draw(STATISTICS))[:80])
    assert np.mean(near) > 0.03 + np.mean(far)  # 25 synapses apart no cluster of 10 reaches
    assert abs(np.mean([plain[i, i + 2] for i in range(30, 78)])) < 0.03


def test_a_replayed_trial_is_its_cut_of_the_recording(recording):
    changed = STATISTICS | {"replay": recording()}
    first, second = (draw(changed, index, 1000, "test") for index in range(2))
    assert first.time_ms.tolist() == [0, 0, 7, 999]
    assert first.synapse.tolist() == [2, 5, 2, 0]
    assert second.time_ms.tolist() == [0, 500]
    assert second.synapse.tolist() == [1, 159]


@pytest.mark.parametrize(
    ("text", "duration_ms", "message"),
    [
        ("time_ms,synapse\n5,1\n3,1\n", 2000, "line 3: time_ms 3, synapse 1 is earlier"),
        ("time_ms,synapse\n5,1\n6,160\n", 2000, "line 3: synapse is 160, expected a whole number from 0 to 159"),
        ("time_ms,synapse\n2000,1\n", 2000, "line 2: time_ms is 2000, expected a whole number from 0 to 1999"),
        ("time_ms,synapse\n-1,1\n", 2000, "line 2: time_ms is -1, expected"),
        ("time_ms,synapse\n1.5,1\n", 2000, "line 2: time_ms is 1.5, expected a whole number"),
        ("time_ms,synapse\n1,soma\n", 2000, "line 2: synapse is soma, expected a whole number"),
        ("time_ms,synapse\n1,4\n1,4\n", 2000, "line 3: time_ms 1, synapse 4 is there twice"),
        ("time,synapse\n1,4\n", 2000, "columns are time, synapse, expected time_ms, synapse"),
        (RECORDING, 2500, "2500 ms hold 2 trials of 1000 ms, but trial 2"),
    ],
)
def test_a_recording_that_cannot_be_used_is_explained(recording, text, duration_ms, message):
    with pytest.raises(ValueError, match=message):
        draw(STATISTICS | {"replay": recording(text, duration_ms)}, 2, 1000, "test")


def test_a_changed_recording_is_noticed(recording):
    replay = recording()
    replay["test"]["sha256"] = "0" * 64
    with pytest.raises(ValueError, match="sha256 is"):
        draw(STATISTICS | {"replay": replay}, 0, 1000, "test")


def test_a_recording_is_of_one_split(recording):
    with pytest.raises(ValueError, match="no recording for the split train, only for test"):
        draw(STATISTICS | {"replay": recording()}, 0, 1000, "train")


def test_a_recording_has_no_rates_to_change(recording):
    changed = STATISTICS | {"replay": recording(), "rate_factor": {"inhibitory": 0}}
    with pytest.raises(ValueError, match="rate_factor cannot change"):
        draw(changed, 0, 1000, "test")


def test_a_recording_needs_a_generator_that_knows_its_trial(recording):
    with pytest.raises(ValueError, match="generator of trial_rng"):
        stimulus.draw_events(SYNAPSES, STATISTICS | {"replay": recording()}, 1000, np.random.default_rng(0))


def test_a_cluster_larger_than_every_tree_is_refused():
    for size in (51, 81):
        with pytest.raises(ValueError, match=f"synapses is {size}, but the largest tree has 50"):
            modifiers.draw_groups(SYNAPSES, {"clusters": {"groups": 1, "synapses": size}}, np.random.default_rng(0))


def test_a_frequency_range_that_runs_downwards_is_refused():
    with pytest.raises(ValueError, match=r"oscillations\.0\.frequency_hz"):
        draw(STATISTICS | {"oscillations": [{"frequency_hz": [80, 30], "depth": 0.5}]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("volleys: { kind: excitatory, rate_hz: 2, fraction: 1.5, jitter_ms: 2 }", "volleys.fraction"),
        ("volleys: { kind: excitatory, rate: 2, fraction: 0.5, jitter_ms: 2 }", "did you mean"),
        ("rate_factor: { inhibitory: -1 }", "rate_factor.inhibitory"),
        ("oscillations: [{ frequency_hz: [4, 700], depth: 0.5 }]", "oscillations.1st.frequency_hz.2nd"),
    ],
)
def test_an_option_out_of_bounds_or_unknown_is_refused(tmp_path, change, message):
    (tmp_path / "cell.yaml").write_text(f"extends: {CELL_PATH}/cell.yaml\ninput:\n  {change}\n")
    with pytest.raises(validation.InvalidFileError, match=message):
        definition.read(tmp_path)
