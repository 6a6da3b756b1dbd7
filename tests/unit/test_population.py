"""A recurrent network of surrogates: spikes arrive where and when the wiring says."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from neurodepth import population
from neurodepth.cells.trial import Events
from neurodepth.figures.population import population_activity
from neurodepth.population import Activity, Wiring, surrogates
from neurodepth.population.surrogates import SpikeDraws
from neurodepth.streaming import Weights
from tests.unit.small_tree import poisson_trials

N_SYNAPSES, DURATION_MS = 4, 60
NO_EVENTS = Events(np.zeros(0, np.uint16), np.zeros(0, np.uint16))


@pytest.fixture
def relay():
    """Weights of a neuron that spikes with certainty in the millisecond in which synapse 0 hears a spike."""
    mixing = np.eye(N_SYNAPSES, 1, dtype=np.float32)
    head = np.array([[200, 0]], np.float32)
    return Weights(mixing, [np.ones((1, 1, 1), np.float32)], [np.zeros(1, np.float32)], head, np.float32([-100, -65]))


def wire(*connections):
    return Wiring(3, *np.array(connections, int).reshape(-1, 4).T)


def run(relay, wiring, *events, seed=1):
    """Spikes as (neuron, ms)."""
    background = [NO_EVENTS] * 3
    for neuron, time_ms, synapse in events:
        background[neuron] = Events(np.array([time_ms], np.uint16), np.array([synapse], np.uint16))
    found = surrogates.simulate(relay, wiring, background, DURATION_MS, np.random.default_rng(seed))
    return sorted(zip(found.neuron.tolist(), found.time_ms.astype(int).tolist(), strict=True))


def test_a_spike_arrives_after_its_delay_in_this_millisecond_or_the_next(relay):
    seen = {tuple(run(relay, wire((0, 1, 0, 5)), (0, 10, 0), seed=seed)) for seed in range(20)}
    assert seen == {((0, 10), (1, 15)), ((0, 10), (1, 16))}


def test_a_spike_arrives_half_a_millisecond_after_its_delay_on_average(relay):
    """It was drawn somewhere within its millisecond, of which the input knows no parts."""
    n_rounds = 300
    times_ms = np.arange(0, 20 * n_rounds, 20, dtype=np.uint16)
    background = [Events(times_ms, np.zeros_like(times_ms)), NO_EVENTS, NO_EVENTS]
    found = surrogates.simulate(relay, wire((0, 1, 0, 5)), background, 20 * n_rounds, np.random.default_rng(1))
    arrived = found.time_ms[found.neuron == 1].astype(int) - times_ms
    assert set(arrived) == {5, 6}
    assert arrived.mean() == pytest.approx(5.5, abs=4 * 0.5 / np.sqrt(n_rounds))


def test_a_spike_arrives_at_its_synapse_alone(relay):
    assert run(relay, wire((0, 1, 2, 5)), (0, 10, 0)) == [(0, 10)]


@pytest.mark.parametrize(
    ("connection", "found"),
    [
        ((0, 1, N_SYNAPSES, 5), "synapses of the wiring: expected 0 to 3, found 4 to 4"),
        ((0, 3, 0, 5), "targets of the wiring: expected 0 to 2, found 3 to 3"),
        ((-1, 1, 0, 5), "sources of the wiring: expected 0 to 2, found -1 to -1"),
        ((0, 1, 0, 0), "at least 1 ms, found 0 ms"),
    ],
)
def test_a_connection_that_leads_elsewhere_is_refused(relay, connection, found):
    with pytest.raises(ValueError, match=found):
        run(relay, wire(connection))


@pytest.mark.parametrize(
    ("events", "found"),
    [
        (Events(np.array([5]), np.array([N_SYNAPSES])), "synapses of the background: expected 0 to 3"),
        (Events(np.array([5, 3]), np.array([0, 0])), "background of neuron 1: expected events sorted by time"),
        (None, "expected the background of 3 neurons, found 2"),
    ],
)
def test_a_background_that_would_be_lost_is_refused(relay, events, found):
    background = [NO_EVENTS, NO_EVENTS] if events is None else [NO_EVENTS, events, NO_EVENTS]
    with pytest.raises(ValueError, match=found):
        surrogates.simulate(relay, wire(), background, DURATION_MS, np.random.default_rng(1))


def test_events_after_the_end_are_not_heard(relay):
    times_ms = np.arange(2 * DURATION_MS, dtype=np.uint16)[DURATION_MS:]
    background = [Events(times_ms, np.zeros_like(times_ms))] * 3
    found = surrogates.simulate(relay, wire(), background, DURATION_MS, np.random.default_rng(1))
    assert found.neuron.size == 0


def test_activity_goes_round_until_the_end(relay):
    found = run(relay, wire((0, 1, 0, 7), (1, 0, 0, 7)), (0, 0, 0))
    times_ms = sorted(time_ms for _, time_ms in found)
    assert set(np.diff(times_ms)) == {7, 8}
    assert times_ms[-1] >= DURATION_MS - 8


def test_drawn_spikes_keep_the_probability_of_every_millisecond_and_the_pause_between_them():
    refractory_ms, n_neurons = 4, 20_000
    probability = np.array([0, 0.1, 0.3, 0.2, 0.05, 0, 0.4, 0.4, 0, 0, 0.02])
    draws = SpikeDraws(n_neurons, refractory_ms, np.random.default_rng(1))
    spikes = np.array([draws.draw(np.full(n_neurons, one)) for one in probability])  # (ms, neurons)
    deviation = np.sqrt(probability * (1 - probability) / n_neurons)
    assert (np.abs(spikes.mean(axis=1) - probability) <= 4 * deviation).all()
    in_a_pause = np.array([spikes[start : start + refractory_ms].sum(axis=0) for start in range(len(probability))])
    assert in_a_pause.max() == 1
    assert spikes.sum(axis=0).max() > 1  # one may spike again after it


def test_what_a_pause_leaves_no_room_for_is_lost_and_does_not_come_back_after_it():
    refractory_ms, n_neurons = 6, 20_000
    probability = np.array([0.9, 0.9, 0, 0, 0, 0.05, 0.05, 0.05])
    draws = SpikeDraws(n_neurons, refractory_ms, np.random.default_rng(1))
    found = np.array([draws.draw(np.full(n_neurons, one)).mean() for one in probability])
    np.testing.assert_allclose(found, [0.9, 0.1, 0, 0, 0, 0, 0.05, 0.05], atol=0.01)


def test_a_neuron_that_should_always_spike_does_so_after_every_pause():
    draws = SpikeDraws(1, 5, np.random.default_rng(1))
    assert [time for time in range(20) if draws.draw(np.ones(1))[0]] == [0, 5, 10, 15]


def test_without_a_pause_every_millisecond_is_drawn_by_itself():
    draws, rng = SpikeDraws(50, 1, np.random.default_rng(1)), np.random.default_rng(1)
    for _ in range(20):
        assert (draws.draw(np.full(50, 0.3)) == (rng.random(50) < 0.3)).all()


def test_a_pause_of_no_millisecond_is_refused():
    with pytest.raises(ValueError, match="at least 1 ms, found 0 ms"):
        SpikeDraws(1, 0, np.random.default_rng(1))


def test_the_pause_is_the_shortest_interval_in_trials():
    trials = poisson_trials(3, rate_hz=1, seed=1)
    times = [np.array([3.2]), np.array([10.0, 16.9, 40.0]), np.arange(200) * 50.0]
    assert surrogates.shortest_interval_ms(replace(trials, spike_time_ms=times)) == 6
    with pytest.raises(ValueError, match="expected at least 200 intervals between spikes, found 2"):
        surrogates.shortest_interval_ms(replace(trials, spike_time_ms=times[:2]))


def test_without_input_nothing_happens(relay):
    assert run(relay, wire((0, 1, 0, 1))) == []


def test_a_drawn_network_has_the_partners_and_the_kinds_that_were_asked_for():
    wiring = population.draw_wiring(10, 30, 80, 4, 6, 0.2, (1, 3), np.random.default_rng(1))
    assert np.bincount(wiring.source).tolist() == [4 * 6] * 10
    for source in range(10):
        targets, counts = np.unique(wiring.target[wiring.source == source], return_counts=True)
        assert counts.tolist() == [6] * 4
        assert source not in targets
    assert wiring.synapse[wiring.source < 8].max() < 30 <= wiring.synapse[wiring.source >= 8].min()
    assert set(wiring.delay_ms) == {1, 2, 3}


@pytest.mark.parametrize(("partners", "delay_ms"), [(10, (1, 2)), (0, (1, 2)), (3, (0, 2))])
def test_a_network_that_cannot_be_is_refused(partners, delay_ms):
    with pytest.raises(ValueError, match=f"found {partners} and {delay_ms[0]} ms"):
        population.draw_wiring(10, 30, 80, partners, 6, 0.2, delay_ms, np.random.default_rng(1))


def test_independent_neurons_have_a_synchrony_of_one_and_locked_ones_more():
    rng = np.random.default_rng(1)
    times, n_neurons = rng.uniform(0, 1e5, 20_000), 20
    alone = Activity(n_neurons, 100_000, times, rng.integers(0, n_neurons, len(times)))
    assert alone.synchrony(20, 0) == pytest.approx(1, abs=0.1)  # 5000 bins: deviation sqrt(2 / 5000)
    locked = Activity(n_neurons, 100_000, np.repeat(times[:1000], n_neurons), np.tile(np.arange(n_neurons), 1000))
    assert locked.synchrony(20, 0) == pytest.approx(n_neurons, rel=0.2)


def test_rates_do_not_count_the_warm_up():
    activity = Activity(2, 1500, np.array([100.0, 600, 700]), np.array([0, 0, 1]))
    assert activity.rates_hz(500).tolist() == [1, 1]


def test_both_networks_are_drawn_side_by_side():
    rng = np.random.default_rng(1)
    some = [Activity(5, 500, rng.uniform(0, 500, 40), rng.integers(0, 5, 40)) for _ in range(3)]
    figure = population_activity(some[0], some[1:], 4, 100)
    assert isinstance(figure, Figure)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:2] == ["NEURON", "Surrogates"]
