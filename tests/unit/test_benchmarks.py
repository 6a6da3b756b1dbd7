import json
import os
import shutil
import subprocess
import sys

import pytest


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
