"""Classical experiments: places on a tree, stimuli, what is measured, and the figures."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from neurodepth import experiments, figures, stimulus, surrogate
from neurodepth.cells import definition
from neurodepth.cells.trial import Events, Trial
from neurodepth.experiments import answers, battery, design
from neurodepth.experiments.design import Stimulus
from neurodepth.experiments.sites import Sites
from neurodepth.simulation import Protocol
from tests.unit.small_tree import BRANCH, tree


@pytest.fixture
def sites():
    return Sites(tree())


def test_a_branch_runs_from_its_base_to_its_tip(sites):
    branch = sites.branches("tuft")[0]
    assert len(branch) == BRANCH
    assert np.all(np.diff(sites.tree["segment_distance_um"][branch]) > 0)


def test_the_trunk_that_branches_is_no_terminal_branch(sites):
    assert sites.branches("trunk") == []


def test_segments_are_apart_by_the_path_between_them(sites):
    one, other = sites.branches("basal")
    assert sites.path_um(one[0], one[3]) == 60
    assert sites.path_um(one[0], other[1]) == 20 + 40


def test_the_nearest_synapses_are_excitatory_and_nearest_first(sites):
    near = sites.near(("basal", "trunk"), 6)
    assert sites.tree["synapse_excitatory"][near].all()
    distance_um = sites.tree["segment_distance_um"][sites.tree["synapse_segment"][near]]
    assert distance_um.tolist() == [20, 20, 20, 40, 40, 40]


def test_every_experiment_is_designed_on_a_whole_tree(sites):
    assert set(battery.possible(sites)) == set(battery.BATTERY)


def test_a_cell_without_a_tuft_goes_without_its_experiments():
    without = tree()
    without["segment_region"] = np.where(without["segment_region"] == "tuft", "oblique", without["segment_region"])
    assert set(battery.possible(Sites(without))) == {"direction", "clusters", "inhibition"}


def test_a_cell_without_branches_is_refused():
    bare = tree() | {"segment_region": np.full(1 + 5 * BRANCH, "soma")}
    with pytest.raises(ValueError, match="expected two branches of 3 segments"):
        battery.possible(Sites(bare))


def test_a_region_of_a_single_branch_is_none():
    single = tree()
    single["segment_region"] = np.where(single["segment_section"] == 3, "axon", single["segment_region"])
    assert set(battery.possible(Sites(single))) == {"nmda_spike"}


def test_both_directions_of_a_sequence_have_the_same_synapses(sites):
    inwards, outwards = (
        {synapse for _, synapse in one.spikes} for one in battery.possible(sites)["direction"] if one.x == 1
    )
    assert inwards == outwards


def test_inhibition_comes_from_inhibitory_synapses_on_three_places(sites):
    control, *others = battery.possible(sites)["inhibition"]
    added = [set(one.spikes) - set(control.spikes) for one in others]
    assert all(not sites.tree["synapse_excitatory"][[synapse for _, synapse in one]].any() for one in added)
    assert {len(one) for one in added} == {battery.INHIBITORY_SPIKES}


def test_rounds_use_every_synapse_once_a_millisecond():
    assert design.rounds([5, 7], 5) == ((0, 5), (0, 7), (1, 5), (1, 7), (2, 5))


def test_a_synapse_that_fires_in_background_and_stimulus_fires_once():
    background = Events(np.array([10, 11], np.uint16), np.array([3, 1], np.uint16))
    played = design.add(background, ((0, 3), (0, 2)), onset_ms=10)
    assert list(zip(played.time_ms.tolist(), played.synapse.tolist(), strict=True)) == [(10, 2), (10, 3), (11, 1)]


def test_a_stimulus_before_the_trial_is_refused():
    with pytest.raises(ValueError, match="expected none before 0 ms"):
        design.add(answers.SILENCE, ((-20, 1),), onset_ms=10)


class LinearCell:
    """Adds a millivolt for 10 ms after each input spike of an excitatory synapse; spikes once it is 30 mV up."""

    definition = SimpleNamespace(values={"synapses": {}, "input": {}, "morphology": {}})

    def __init__(self):
        self.synapses = pd.DataFrame(
            {"kind": np.repeat(["excitatory", "inhibitory"], 45), "tree": "basal", "length_um": 20.0}
        )

    def run(self, events, duration_ms, step_ms, second_order):
        voltage_mv = np.full(duration_ms, -80.0, np.float32)
        for time_ms, synapse in zip(events.time_ms.astype(int), events.synapse, strict=True):
            voltage_mv[time_ms : time_ms + 10] += synapse < 45
        above = np.flatnonzero(voltage_mv > -50)
        return Trial(events, above[:1].astype(float), voltage_mv)


@pytest.fixture
def linear(monkeypatch):
    """A linear cell with the small tree, and a surrogate that answers half as much."""
    cell = LinearCell()
    for module in (answers, experiments):
        monkeypatch.setattr(module, "built_cell", lambda protocol: cell)
    monkeypatch.setattr(experiments.anatomy, "describe", lambda cell: tree())
    monkeypatch.setattr(answers, "backgrounds", lambda protocol, n: [answers.SILENCE] * n)
    monkeypatch.setattr(surrogate, "describe", lambda path: {"depth": int(path)})

    def predict(path, trials):
        half_mv = -80 + 0.5 * (np.minimum(trials.soma_voltage_mv, -55) + 80)
        return surrogate.Predictions(trials.index, 0.5 * trials.spikes(), half_mv)

    monkeypatch.setattr(surrogate, "predict", predict)
    return experiments.run(Protocol("cell", "nmda", 1, 6000), ["3"], n_backgrounds=2)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"synapses": {"excitatory": {"release": {}}}, "input": {}}, "vesicles at random"),
        ({"synapses": {}, "input": {"replay": {}}}, "a recording"),
    ],
)
def test_a_cell_of_which_experiments_say_nothing_is_refused(linear, monkeypatch, values, reason):
    monkeypatch.setattr(LinearCell, "definition", SimpleNamespace(values=values))
    with pytest.raises(ValueError, match=rf"variant nmda: expected a cell to experiment on, but .*{reason}"):
        experiments.run(Protocol("cell", "nmda", 1, 6000), ["3"], n_backgrounds=2)


def test_a_background_has_the_rate_of_a_long_trial(project, monkeypatch):
    """A spike of the input's rate is spread over a second or more: at the end of a trial as short, a quarter would be missing."""
    values = definition.read(project / "models" / "cells" / "l5pc").values
    synapses = pd.DataFrame({"kind": ["excitatory"] * 100, "tree": "basal", "length_um": 20.0})
    cell = SimpleNamespace(synapses=synapses, definition=SimpleNamespace(values=values))
    monkeypatch.setattr(answers, "built_cell", lambda protocol: cell)
    found = answers.backgrounds(Protocol("l5pc", "nmda", 1, answers.DURATION_MS), 60)
    late = [np.sum(one.time_ms >= 600) / 120 for one in found]
    long = [
        stimulus.draw_events(synapses, values["input"], 6000, stimulus.trial_rng(2, "test", number))
        for number in range(60)
    ]
    expected = [np.sum(one.time_ms >= 2000) / 4000 for one in long]
    error = np.hypot(np.std(late), np.std(expected)) / np.sqrt(60)
    assert np.mean(late) == pytest.approx(np.mean(expected), abs=2.5 * error)
    assert max(one.time_ms.max() for one in found) < answers.DURATION_MS


def test_who_answers_is_shown(linear, capsys):
    experiments.run(Protocol("cell", "nmda", 1, 6000), ["3"], n_backgrounds=2)
    shown = capsys.readouterr().err
    assert "the cell answers: 0/" in shown
    assert "networks answer: 1/1 networks" in shown


def test_a_linear_cell_sums_as_expected(linear):
    summed = np.isfinite(linear["cell_linear_sum_mv"])
    assert summed.any()
    np.testing.assert_allclose(linear["cell_epsp_mv"][summed], linear["cell_linear_sum_mv"][summed])


def test_a_surrogate_that_answers_half_is_wrong_by_half(linear):
    np.testing.assert_allclose(linear["surrogate_epsp_mv"][0], 0.5 * linear["cell_epsp_mv"])
    np.testing.assert_allclose(linear["surrogate_spikes"][0], 0.5 * linear["cell_spikes"])
    table = experiments.summarise(linear)
    clusters = table[(table.experiment == "clusters") & (table.background == "background")].iloc[0]
    true = linear["cell_epsp_mv"][(linear["experiment"] == "clusters") & (linear["background"] == "background")]
    assert clusters.rms_error == pytest.approx(np.sqrt(np.mean((0.5 * true) ** 2)))


def test_the_clipped_voltage_is_what_counts(linear):
    assert linear["cell_epsp_mv"].max() == 25  # from -80 mV to the clip at -55 mV


@pytest.mark.parametrize("name", battery.BATTERY)
def test_a_figure_shows_each_experiment_on_both_backgrounds(linear, name):
    figure = figures.experiment(linear, name)
    assert [axes.get_title().split(" (")[0] for axes in figure.axes] == ["On silence", "On background"]
    assert figure.axes[0].get_xlabel() == battery.BATTERY[name].x_label


def test_parts_of_a_stimulus_are_played_once_each(sites):
    stimuli = battery.possible(sites)["summation"]
    assert all(isinstance(part, Stimulus) and len(part.parts) == 0 for one in stimuli for part in one.parts)
    assert all(set(one.spikes) == {spike for part in one.parts for spike in part.spikes} for one in stimuli)
