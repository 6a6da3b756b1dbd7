import numpy as np
import pytest

from neurodepth import networks, playback, training
from neurodepth.cells.trial import Events, VoltageBasis
from neurodepth.trials import Trials
from tests import documented

ARCHITECTURE = {
    **{"type": "tcn", "width": 2, "receptive_field_ms": 8, "factorised": True},
    **{"synapse_dropout": 0.0, "channel_dropout": 0.0, "weight_decay": 0.0},
}
REGIONS = ["soma", "axon", "basal", "tuft"]


def make_trials(spike_times_ms, duration_ms=800, components_mv=None):
    n_trials = len(spike_times_ms)
    events = [Events(np.array([5, 600], np.uint16), np.array([0, 2], np.uint16)) for _ in range(n_trials)]
    voltage_mv = np.linspace(-80, -60, n_trials * duration_ms, dtype=np.float32).reshape(n_trials, duration_ms)
    spikes = [np.array(one, float) for one in spike_times_ms]
    return Trials(3, 2, 10 + np.arange(n_trials), events, spikes, voltage_mv, dendrite_components_mv=components_mv)


@pytest.fixture(scope="module")
def network_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "seed_1.keras"
    training.save(networks.build(ARCHITECTURE, 1, 3), training.Scaling(-70.0, 3.0, []), {}, path)
    return path


def test_the_first_trials_with_a_spike_after_the_warm_up_are_chosen():
    spiking = make_trials([[], [600], [499], [700], [501], [650], [510]])
    assert playback.choose_trials(spiking).tolist() == [1, 3, 4, 5]


def test_without_a_spike_the_first_trials_are_chosen():
    assert playback.choose_trials(make_trials([[], [], [20]])).tolist() == [0, 1, 2]


def test_taken_trials_keep_what_belongs_together():
    taken = playback.take(make_trials([[1], [2], [3]]), np.array([2, 0]))
    assert taken.index.tolist() == [12, 10]
    assert [times.tolist() for times in taken.spike_time_ms] == [[3], [1]]


def test_a_run_above_threshold_is_one_spike_at_its_highest_millisecond():
    logit = np.full(800, -5.0)
    logit[[600, 601, 602, 700]] = [1, 3, 2, 1]
    logit[100] = 9  # in the warm-up
    assert playback.spike_times(logit, 0.0) == [601, 700]


def test_a_run_that_lasts_to_the_end_counts():
    logit = np.full(800, -5.0)
    logit[-2:] = [1, 2]
    assert playback.spike_times(logit, 0.0) == [799]


def test_played_voltage_is_what_the_basis_says():
    rng = np.random.default_rng(0)
    basis = VoltageBasis(np.array([-70.0, -65.0]), np.linalg.qr(rng.normal(size=(2, 2)))[0], np.array([0.8, 0.2]))
    voltage_mv = rng.uniform(-90, 10, (800, 2))
    trials = make_trials([[600]], components_mv=basis.project(voltage_mv)[None].astype(np.float16))
    played = playback.reconstruct_dendrite(trials, basis, REGIONS)
    step_mv, offset_mv = played["segment_voltage_step_mv"], played["segment_voltage_offset_mv"]
    found_mv = offset_mv + step_mv * played["segment_voltage_mv"].astype(float)
    sample_ms = int(played["segment_voltage_sample_ms"])
    assert played["segment_voltage_segment"].tolist() == [0, 2, 3]
    # Half a step, and the rounding of half floats below 128 mV.
    np.testing.assert_allclose(found_mv[0, :, 1:], voltage_mv[::sample_ms], atol=0.5 * step_mv + 0.1)
    np.testing.assert_allclose(found_mv[0, :, 0], trials.soma_voltage_mv[0, ::sample_ms], atol=0.5 * step_mv)


def test_a_tree_and_a_basis_that_do_not_belong_together_are_refused():
    basis = VoltageBasis(np.zeros(5), np.eye(5), np.full(5, 0.2))
    with pytest.raises(ValueError, match="the tree has 2 dendritic segments, the basis 5"):
        playback.reconstruct_dendrite(make_trials([[600]]), basis, REGIONS)


def test_predicted_spikes_come_with_their_depth_and_trial(network_path):
    trials = make_trials([[600], [700]])
    played = playback.predict(trials, {1: (network_path, 99.0), 3: (network_path, -99.0)})
    # Above the lower threshold is everything after the warm-up: one run a trial.
    assert played["predicted_spike_depth"].tolist() == [3, 3]
    assert played["predicted_spike_trial"].tolist() == [0, 1]
    assert played["probability"].shape == played["predicted_voltage_mv"].shape == (2, 2, 800)


def test_the_documentation_names_every_array_of_the_file(network_path):
    basis = VoltageBasis(np.zeros(2), np.eye(2), np.full(2, 0.5))
    trials = make_trials([[600]], components_mv=np.zeros((1, 800, 2), np.float16))
    found = playback.record(trials) | playback.predict(trials, {1: (network_path, 0.0)})
    found |= playback.reconstruct_dendrite(trials, basis, REGIONS)
    assert set(found) == documented.arrays("played.npz")
