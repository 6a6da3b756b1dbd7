import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from neurodepth.cells.trial import Trial


def run_benchmark(project, *arguments):
    command = [sys.executable, str(project / "benchmarks" / "simulation.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | {"NEURODEPTH_DATA": ""})


def test_help_names_every_part(project):
    shown = run_benchmark(project, "--help").stdout
    assert all(part in shown for part in ("speed", "shards", "scaling", "start_up", "compilers"))


def test_a_picture_wants_its_parts(project, tmp_path):
    refused = run_benchmark(project, "--figure", tmp_path / "cost.svg")
    assert refused.returncode == 2
    assert "--part all" in refused.stderr


def test_cost_is_the_median_for_each_second_of_biology(project, monkeypatch):
    monkeypatch.syspath_prepend(project / "benchmarks")
    from simulation_parts import summarise
    from simulators import Cost

    costs = [Cost(2, wall_s, 1, 100, 20, 3) for wall_s in (4, 8, 6)]
    found = summarise(costs)
    assert (found["wall_s_per_bio_s"], found["lowest"], found["highest"]) == (3, 2, 4)
    assert (found["cpu_s_per_bio_s"], found["events_per_s"], found["spikes"]) == (0.5, 10, 3)


@pytest.mark.skipif(shutil.which("c++") is None, reason="needs a C++ compiler")
def test_a_quick_run_writes_figures_and_a_table(project, tmp_path):
    json_path, table_path = tmp_path / "shards.json", tmp_path / "shards.md"
    arguments = ("--quick", "--part", "shards", "--cell", "l5pc", "--json", json_path, "--table", table_path)
    done = run_benchmark(project, *arguments)
    assert done.returncode == 0, done.stderr
    figures = json.loads(json_path.read_text())
    rows = figures["tables"]["shards"]
    assert [(row["trials"], row["workers"], row["biology_s"]) for row in rows] == [(2, 1, 0.1), (2, 2, 0.1)]
    assert all(row["wall_s"] > 0 for row in rows)
    assert figures["origin"]["command"].startswith("python benchmarks/simulation.py --quick --part shards")
    assert "## Whole cost and memory of a shard" in table_path.read_text()


def test_a_spike_is_kept_where_the_rounded_cell_has_one_within_two_ms(project, monkeypatch):
    monkeypatch.syspath_prepend(project / "benchmarks")
    from weight_bits import compare

    voltage_mv = np.random.default_rng(0).normal(-65, 2, 1500).astype(np.float32)
    exact = [Trial(None, np.array([100.0, 600.0, 800.0, 900.0]), voltage_mv)] * 3  # the first one before 500 ms
    rounded = [Trial(None, np.array([601.5, 803.0, 900.0, 1200.0]), voltage_mv + 1)] * 3
    found = compare(rounded, exact)
    assert (found["spikes"], found["rate_hz"]) == (9, 4)
    assert found["spikes_kept"] == pytest.approx(2 / 3)
    assert found["spikes_added"] == pytest.approx(2 / 3)
    assert found["variance_explained"] == pytest.approx(1 - 1 / 2**2, abs=0.02)  # an error of 1 mV; 3000 samples
