"""The examples run, on a network that has learned nothing."""

import json
import subprocess
import sys

import pytest

from neurodepth import networks, training
from neurodepth.training.windows import Scaling

ARCHITECTURE = {
    **{"type": "tcn", "width": 4, "receptive_field_ms": 20, "factorised": True},
    **{"synapse_dropout": 0.0, "channel_dropout": 0.0, "weight_decay": 0.0},
}


@pytest.fixture
def make_network(tmp_path):
    def make(n_synapses):
        description = {"network": "small", "architecture": ARCHITECTURE, "depth": 2, "training_trials": 1, "seed": 1}
        description |= {"training_data": {"n_synapses": n_synapses, "n_excitatory": n_synapses // 2}}
        path = tmp_path / "net.keras"
        training.save(networks.build(ARCHITECTURE, 2, n_synapses), Scaling(-65.0, 4.0, []), description, path)
        return path

    return make


def run_example(project, name, *arguments):
    command = [sys.executable, str(project / "examples" / name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_digits_are_learned_with_points_and_with_neurons(project, make_network):
    shown = run_example(project, "digits.py", make_network(20), "--epochs", 1, "--digits", 100, "--duration-ms", 10)
    accuracy = {line.split("  ")[-1]: float(line.split()[0]) for line in shown.splitlines()[1:]}
    assert list(accuracy) == ["points", "neurons, learned wiring", "neurons, first wiring"]
    assert all(0 <= one <= 1 for one in accuracy.values())


def test_a_recurrent_network_of_cells_and_of_surrogates_is_compared(project, make_network, tmp_path):
    arguments = ("--cell", "l5pc", "--neurons", 3, "--partners", 1, "--duration-ms", 120, "--warm-up-ms", 20)
    shown = run_example(
        *(project, "recurrent_network.py", make_network(1270), *arguments),
        *("--draws", 2, "--figure", tmp_path / "network.svg"),
    )
    found = json.loads(shown[shown.index("{") :])
    assert list(found) == ["unconnected", "connected"]
    assert found["connected"]["rate_hz"] >= 0
    assert (tmp_path / "network.svg").stat().st_size > 1000
