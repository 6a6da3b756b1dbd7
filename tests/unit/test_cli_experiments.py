"""Experiments and questions from the command line: a table for people, JSON for programs, progress beside it."""

import json

import numpy as np
import pytest
from matplotlib.figure import Figure

from neurodepth import experiments, figures, stimulus_design
from neurodepth.cli.group import USAGE
from neurodepth.networks import backend
from tests.unit.test_cli import run  # noqa: F401 fixture
from tests.unit.test_experiments import linear  # noqa: F401 fixture

ASKED = {  # two backgrounds
    "drive_budget": np.array([20, 40]),
    "drive_promised": np.ones((len(stimulus_design.KINDS), 2, 2)),
    "drive_real": np.zeros((len(stimulus_design.KINDS), 2, 2)),
    "drive_spikes": np.array([[1, 2], [3, 4]]),
    "time_wished_ms": np.array(45),
    "time_tolerance_ms": np.array(2),
    "time_promised": np.full((2, 80), 0.01, np.float32),
    "time_real": np.eye(2, 80, dtype=np.uint8),
    "separation_promised": np.ones((2, 2)),
    "separation_real": np.zeros((2, 2)),
}


@pytest.fixture
def answered(linear, monkeypatch):  # noqa: F811
    """Answers, and figures, come at once; TensorFlow takes a number of threads once a process, which is not a test's."""
    monkeypatch.setattr(backend, "use_threads", lambda n_threads: None)
    monkeypatch.setattr(experiments, "run", lambda *_: linear)
    monkeypatch.setattr(stimulus_design, "ask", lambda *_: ASKED)
    monkeypatch.setattr(figures, "experiment", lambda *_: Figure())
    monkeypatch.setattr(figures, "asked", lambda *_: Figure())


@pytest.mark.parametrize(("command", "column"), [("experiment", "explained"), ("ask", "promised")])
def test_answers_are_a_table_for_people_and_json_for_programs(run, answered, tmp_path, command, column):  # noqa: F811
    table = run(command, "l5pc", "net.keras", "--output", "a.npz")
    assert table.exit_code == 0, table.output
    assert column in table.stdout.splitlines()[0]
    found = json.loads(
        run(command, "l5pc", "net.keras", "--output", "b.npz", "--json").stdout, parse_constant=pytest.fail
    )
    assert (found["cell"], found["variant"], found["output"]) == ("l5pc", "nmda", "b.npz")
    assert len(found["answers"]) == len(table.stdout.splitlines()) - 1
    assert {path.suffix for path in tmp_path.iterdir()} == {".npz", ".svg"}


@pytest.mark.parametrize("command", ["experiment", "ask"])
def test_answers_are_npz_and_nothing_else(run, answered, command):  # noqa: F811
    done = run(command, "l5pc", "net.keras", "--output", "answers")
    assert done.exit_code == USAGE
    assert "expected a name that ends in .npz, found answers" in done.output
