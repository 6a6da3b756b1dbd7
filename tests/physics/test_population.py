"""A recurrent network in NEURON: a spike reaches another cell after its delay, and cells without connections are alone."""

import pytest

from tests.physics import simulated_population


@pytest.mark.parametrize("simulator", ["neuron", "coreneuron"])
def test_a_spike_reaches_the_other_cell_after_its_delay(isolated, project, simulator):
    delay_ms = 7
    alone, wired, again = isolated(simulated_population.relayed_spikes, project, simulator, delay_ms)
    assert alone[0] == wired[0] == again[0]
    assert alone[1] == again[1] == []
    assert 0 < wired[1][0] - (wired[0][0] + delay_ms) < 5  # the volley needs some milliseconds to depolarise the soma


def test_cells_without_connections_do_what_each_does_alone(isolated, project):
    alone = isolated(simulated_population.spikes_alone, project)
    assert sum(map(len, alone)) > 0
    assert isolated(simulated_population.spikes_side_by_side, project) == alone


def test_cells_whose_synapses_release_at_random_are_refused(isolated, project):
    assert "release vesicles at random, which these connections do not" in isolated(
        simulated_population.refusal, project, "unreliable"
    )
