"""When to trust a surrogate: input that it knows, and how wrong it may be."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurodepth import surrogate, trust
from neurodepth.cells.trial import Events
from neurodepth.container import DatasetError
from neurodepth.playback import take
from neurodepth.trust import confidence, familiarity
from neurodepth.trust.confidence import Ensemble
from tests.unit.small_tree import poisson_trials, tree

RATE_HZ = 10


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    path = tmp_path_factory.mktemp("tree") / "tree.npz"
    np.savez(path, **tree())
    return trust.read_places(path)


@pytest.fixture(scope="module")
def limits(places):
    return familiarity.learn(poisson_trials(120, RATE_HZ, seed=1), places)


def with_volley(trials, at_ms=800, n_synapses=25):
    """The same trials with a volley of as many excitatory synapses in one millisecond."""
    events = []
    for one in trials.events:
        rows = np.column_stack([one.time_ms, one.synapse])
        volley = np.column_stack([np.full(n_synapses, at_ms), np.arange(n_synapses)])
        events.append(Events(*np.unique(np.concatenate([rows, volley]), axis=0).T.astype(np.uint16)))
    return [*events]


def test_input_like_that_of_training_is_familiar(places, limits):
    judged = familiarity.judge(poisson_trials(40, RATE_HZ, seed=2), places, limits)
    assert judged.is_unfamiliar.mean() <= 0.1  # a hundredth of the training trials is not
    assert (
        np.mean(judged.distance > 1) < 0.01
    )  # one in a thousand of the training ms; a minute of data knows tails no better


def test_doubled_rates_are_not(places, limits):
    judged = familiarity.judge(poisson_trials(10, 2 * RATE_HZ, seed=2), places, limits)
    assert judged.is_unfamiliar.all()
    assert all(why.endswith(("500 ms: above training", "50 ms: above training")) for why in judged.reason)


def test_silence_is_not(places, limits):
    judged = familiarity.judge(poisson_trials(2, 0, seed=2), places, limits)
    assert judged.is_unfamiliar.all()
    assert all("below training" in why for why in judged.reason)


def test_a_volley_is_marked_when_it_comes(places, limits):
    usual = poisson_trials(10, RATE_HZ, seed=2)
    usual.events[:] = with_volley(usual)
    distance = familiarity.judge(usual, places, limits).distance
    assert (distance[:, 800] > 1).all()
    assert np.mean(distance[:, :800] > 1) < 0.02


def test_input_on_one_branch_is_marked_though_rates_are_usual(places, limits):
    usual = poisson_trials(10, RATE_HZ, seed=2)
    spread = familiarity.judge(usual, places, limits).distance[:, 800]
    events = []
    for one in usual.events:
        keep = one.time_ms != 800
        branch = np.column_stack([np.full(9, 800), np.arange(9)])  # all nine synapses of a branch
        rows = np.concatenate([np.column_stack([one.time_ms[keep], one.synapse[keep]]), branch])
        events.append(Events(*rows[np.lexsort(rows.T[::-1])].astype(np.uint16).T))
    usual.events[:] = events
    clustered = familiarity.judge(usual, places, limits).distance[:, 800]
    assert np.all(clustered > spread)
    assert np.mean(clustered > 1) >= 0.9  # of ten trials one may stay below the limit


def test_counts_are_over_the_last_milliseconds(places):
    events = Events(np.array([3, 5], np.uint16), np.array([0, 1], np.uint16))
    found = familiarity.features(events, 20, places)
    busiest = found[:, places.names.index("busiest branch, 5 ms")]
    assert (busiest**2).round().astype(int).tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 1, 1] + [0] * 10


@pytest.fixture
def noisy(monkeypatch, tmp_path):
    """Networks whose voltage is off by noise; the path of each is its noise in mV and its seed, and its content too."""
    monkeypatch.chdir(tmp_path)
    for path in (f"{noise_mv},{seed}" for noise_mv in (0, 1, 1.5, 2) for seed in (1, 2, 3)):
        Path(path).write_text(path)

    def predict(path, trials):
        noise_mv, seed = path.split(",")
        rng = np.random.default_rng([int(seed), len(trials)])
        off_mv = float(noise_mv) * rng.standard_normal(trials.soma_voltage_mv.shape)
        return surrogate.Predictions(trials.index, np.full(off_mv.shape, 0.1), trials.soma_voltage_mv + off_mv)

    monkeypatch.setattr(surrogate, "predict", predict)
    monkeypatch.setattr(surrogate, "describe", lambda path: {"network": "noisy", "depth": 3, "training_trials": 20})


def test_the_interval_holds_the_truth_as_often_as_it_says(noisy):
    validation, test = poisson_trials(20, 1, seed=1), poisson_trials(21, 1, seed=2)
    for paths in (["1.5,1"], ["1.5,1", "1.5,2", "1.5,3"]):
        model = confidence.calibrate([confidence.predict(paths, validation)], validation)
        assert confidence.coverage(model, confidence.predict(paths, test), test) == pytest.approx(0.9, abs=0.01)


def test_an_interval_is_wider_where_networks_disagree():
    model = confidence.ErrorModel(floor_mv=1.0, gain=2.0, factor=1.6, confidence=0.9)
    agree_mv, disagree_mv = model.half_width_mv(np.array([0.0, 3.0]))
    assert agree_mv == pytest.approx(1.6)
    assert disagree_mv == pytest.approx(1.6 * np.sqrt(1 + 6**2))


def test_calibration_finds_how_the_error_rises_with_the_spread():
    rng, trials = np.random.default_rng(1), poisson_trials(20, 1, seed=1)
    spread_mv = rng.exponential(1.0, trials.soma_voltage_mv.shape)
    error_mv = np.hypot(0.5, 3 * spread_mv) * rng.standard_normal(spread_mv.shape)
    found = confidence.calibrate([Ensemble(spread_mv, trials.soma_voltage_mv + error_mv, spread_mv)], trials)
    assert found.gain == pytest.approx(3, rel=0.1)
    assert found.factor == pytest.approx(1.645, rel=0.05)  # of a Gaussian error


def test_spread_is_that_of_the_networks(noisy):
    trials = poisson_trials(2, 1, seed=1)
    found = confidence.predict(["0,1", "2,2"], trials)
    apart_mv = surrogate.predict("2,2", trials).soma_voltage_mv - trials.soma_voltage_mv
    np.testing.assert_allclose(found.spread_mv, np.abs(apart_mv) / 2, rtol=1e-4, atol=1e-4)  # float32


def test_what_was_learned_is_read_as_it_was_written(noisy, places, tmp_path):
    train = poisson_trials(20, RATE_HZ, seed=1)
    known = trust.learn(train, take(train, np.arange(5)), places, ["1,1", "1,2"])
    trust.write(tmp_path / "trust.json", known)
    one, other = (trust.judge(train, what, ["1,1", "1,2"]) for what in (known, trust.read(tmp_path / "trust.json")))
    np.testing.assert_allclose(one.familiarity.distance, other.familiarity.distance, rtol=1e-6)
    np.testing.assert_allclose(one.half_width_mv, other.half_width_mv)


def test_networks_that_were_not_calibrated_are_refused(noisy, places):
    train = poisson_trials(20, RATE_HZ, seed=1)
    known = trust.learn(train, train, places, ["1,1", "1,2"])
    message = "{} networks are not known, only those of 1 of noisy, depth 3, 20 trials, 2 of noisy"
    for unknown in (["1,1", "1,2", "1,3"], ["1,1", "2,2"], ["1,3"]):  # of the same kind all of them
        with pytest.raises(ValueError, match=message.format(len(unknown))):
            trust.judge(train, known, unknown)


def test_trials_of_another_cell_are_refused(places, limits):
    with pytest.raises(DatasetError, match=r"90 synapses are known, found 80 synapses: give the trust\.json"):
        familiarity.judge(poisson_trials(2, RATE_HZ, seed=1, n_synapses=80), places, limits)


def test_a_cell_without_inhibition_has_all_features(places):
    only_excited = replace(places, is_excitatory=np.ones(len(places.branch), bool))
    found = familiarity.features(poisson_trials(1, RATE_HZ, seed=1).events[0], 1500, only_excited)
    assert found.shape == (1500, len(only_excited.names))
    assert not found[:, [number for number, name in enumerate(only_excited.names) if "all inhibitory" in name]].any()


def test_one_of_several_seeds_has_an_interval_of_its_own(noisy, places):
    train, validation, test = (poisson_trials(20, RATE_HZ, seed=seed) for seed in (1, 2, 3))
    paths = ["1.5,1", "1.5,2", "1.5,3"]
    known = trust.learn(train, validation, places, paths)
    alone, together = (known.error_of(chosen) for chosen in (paths[1:2], paths))
    for error, chosen in ((alone, paths[1:2]), (together, paths)):
        assert confidence.coverage(error, confidence.predict(chosen, test), test) == pytest.approx(0.9, abs=0.01)
    assert alone.half_width_mv(np.zeros(1)) > np.mean(together.half_width_mv(confidence.predict(paths, test).spread_mv))


def test_a_study_s_file_is_found_from_its_networks(tmp_path):
    (tmp_path / "trust.json").write_text("{}")
    assert trust.find(tmp_path / "networks/depth_3/trials_4/seed_1.keras") == (tmp_path / "trust.json").resolve()
    assert trust.find(tmp_path / "baselines/glm/depth_3/trials_4/seed_1.keras") == (tmp_path / "trust.json").resolve()
    (tmp_path / "trust.json").unlink()
    assert trust.find(tmp_path / "networks/depth_3/trials_4/seed_1.keras") is None


@pytest.mark.parametrize("content", ["", "[]", '{"places": 1}'])
def test_a_file_of_something_else_is_refused(tmp_path, content):
    (tmp_path / "trust.json").write_text(content)
    with pytest.raises(DatasetError, match=r"trust\.json: expected what snakemake writes .* run snakemake again"):
        trust.read(tmp_path / "trust.json")


def test_predictions_of_several_networks_are_averaged(noisy):
    found = confidence.predict(["1,1", "1,2"], poisson_trials(2, 1, seed=1))
    assert isinstance(found, Ensemble)
    np.testing.assert_allclose(found.spike_probability, 0.1)
