import re
import subprocess
import sys

import numpy as np
import pytest

from neurodepth import networks
from neurodepth.networks import cost

BRANCH = [0, 0, 1, 1, 2, 2, 2, 1, 0, 0]
TCN = {"type": "tcn", "width": 4, "receptive_field_ms": 20, "channel_dropout": 0.0}
ARCHITECTURES = [
    (TCN | {"factorised": True}, 3),
    (TCN | {"factorised": False}, 2),
    ({"type": "fully_connected", "width": 4, "receptive_field_ms": 20, "factorised": True}, 3),
    ({"type": "fully_connected", "width": 4, "receptive_field_ms": 20, "factorised": False}, 2),
    ({"type": "perceptron", "receptive_field_ms": 20}, 0),
    ({"type": "linear_nonlinear_poisson", "receptive_field_ms": 20}, 0),
    ({"type": "two_layer", "temporal_filters": 2, "receptive_field_ms": 20}, 0),
    ({"type": "dendritic_segments", "n_segments": 6, "receptive_field_ms": 5}, 0),
    ({"type": "lstm", "width": 4}, 0),
    ({"type": "spiking", "width": 4, "synapse_time_constant_ms": 5, "membrane_time_constant_ms": 10}, 0),
    (
        {
            "type": "elm",
            "memory_units": 3,
            "n_branches": 4,
            "synapses_per_branch": 5,
            "shortest_memory_ms": 1,
            "longest_memory_ms": 50,
        },
        0,
    ),
    (TCN | {"factorised": False, "first_kernel_ms": 12}, 3),
    (TCN | {"factorised": True, "synapse_mixtures": 7}, 3),
    # The kernels after the first have 4 ms.
    (TCN | {"factorised": True, "first_kernel_ms": 14, "kernel_cosines": 4}, 3),
    (TCN | {"factorised": False, "kernel_cosines": 5}, 1),
    ({"type": "perceptron", "receptive_field_ms": 20, "kernel_cosines": 6}, 0),
    (
        {
            "type": "fully_connected",
            "width": 4,
            "receptive_field_ms": 20,
            "factorised": True,
            "synapse_mixtures": 7,
            "kernel_cosines": 6,
        },
        3,
    ),
]
GROUPED = TCN | {"factorised": True, "input_groups": "branch"}


def count(architecture, depth, event_rate_hz=0.0):
    return cost.count(architecture, depth, len(BRANCH), event_rate_hz, BRANCH)


@pytest.mark.parametrize(("architecture", "depth"), ARCHITECTURES)
def test_parameters_are_those_that_the_model_trains_but_for_the_dendritic_head(architecture, depth):
    options = {"synapse_dropout": 0.1, "n_regions": 0}
    model = networks.build(architecture | options, depth, len(BRANCH), synapse_group=BRANCH, n_excitatory=5)
    trained = sum(int(np.prod(one.shape)) for one in model.trainable_variables)
    assert count(architecture, depth).parameters == trained


def test_synapses_of_a_group_count_once():
    free, grouped = (count(one, 3, 10.0) for one in (ARCHITECTURES[0][0], GROUPED))
    assert free.parameters - grouped.parameters == (10 - 3) * 4  # three groups of ten synapses, four channels
    assert free.multiply_adds_per_ms - grouped.multiply_adds_per_ms == (10 - 3) * 4
    assert free.event_multiply_adds_per_ms == grouped.event_multiply_adds_per_ms


def test_more_spikes_than_groups_cost_no_more_than_the_groups():
    grouped = count(GROUPED, 3, 1000.0)  # ten spikes a millisecond, three groups
    assert grouped.event_multiply_adds_per_ms == grouped.multiply_adds_per_ms


# By hand for 10 synapses: on the input, then elsewhere, then two heads.
@pytest.mark.parametrize(
    ("number", "on_input", "elsewhere"),
    [
        (0, 10 * 4, (8 + 7 + 7) * 4 * 4 + 2 * 4),  # kernels that add up to 19 ms of reach
        (1, 11 * 10 * 4, 10 * 4 * 4 + 2 * 4),
        (2, 10 * 4, (20 + 1 + 1) * 4 * 4 + 2 * 4),
        (3, 20 * 10 * 4, 4 * 4 + 2 * 4),
        (4, 2 * 20 * 10, 0),
        (5, 2 * 20 * 10, 2 * 20),
        (6, 2 * 10, 3 * (2 * 20) + 3 + 2 * 3),  # filters and gains of three branches
        (7, 10 * 6, 2 * 6),
        (8, 10 * 16, 4 * 16 + 3 * 4 + 2 * 4),
        (9, 10 * 4, 4 * 4 + 3 * 4 + 2 * 4),
        # windows from 0, 3, 6 and 9: 5, 5, 4 and 1 synapses; then 7 to 6 to 3, leaks, heads
        (10, 15, 7 * 6 + 6 * 3 + 4 + 2 * 3 + 2 * 3),
        (11, 12 * 10 * 4, (5 + 5) * 4 * 4 + 2 * 4),
        (12, 10 * 7, 8 * 7 * 4 + (7 + 7) * 4 * 4 + 2 * 4),
        (13, 10 * 4, (14 + 4 + 4) * 4 * 4 + 2 * 4),  # smooth kernels save weights, no products
        (14, 20 * 10 * 4, 2 * 4),
        (15, 2 * 20 * 10, 0),
        (16, 10 * 7, 20 * 7 * 4 + 2 * 4 * 4 + 2 * 4),
    ],
)
def test_multiply_adds_are_those_counted_by_hand(number, on_input, elsewhere):
    architecture, depth = ARCHITECTURES[number]
    assert count(architecture, depth).multiply_adds_per_ms == on_input + elsewhere
    assert count(architecture, depth).event_multiply_adds_per_ms == elsewhere  # without events
    every_other_ms = count(architecture, depth, event_rate_hz=500).event_multiply_adds_per_ms
    switched = 2 if architecture["type"] == "dendritic_segments" else 1  # on and off again
    assert every_other_ms == pytest.approx(switched * on_input / 2 + elsewhere)


def test_the_elm_neuron_has_the_published_number_of_parameters(project):
    architecture = networks.read(project / "models" / "networks" / "elm.yaml")
    # Spieler et al. 2024: 6827, of which 218 belong to synapses beyond the last input
    assert cost.count(architecture, 0, 1278, 0.0).parameters == 6827 - 218


def test_counting_does_not_import_keras():
    program = "import sys; from neurodepth.networks import cost; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    "name", [*networks.STACKS, *networks.OTHERS, "tcn_wide", "tcn_medium", "tcn_medium_full", "tcn_full"]
)
def test_the_documentation_has_the_cost_of_the_default_definition(project, name):
    architecture = networks.read(project / "models" / "networks" / f"{name}.yaml")
    found = cost.count(architecture, 7 if architecture["type"] in networks.STACKS else 0, 1278, 10.9, range(193))
    row = re.search(rf"^\| `{name}`.*$", (project / "docs" / "networks.md").read_text().split("## Keys")[1], re.M)[0]
    values = [found.parameters, found.multiply_adds_per_ms, round(found.event_multiply_adds_per_ms)]
    assert row.split(" | ")[3:] == [
        f"{value:,}".replace(",", " ") + (" |" if i == 2 else "") for i, value in enumerate(values)
    ]
