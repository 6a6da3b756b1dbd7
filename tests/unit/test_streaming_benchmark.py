"""The benchmark of streams runs, and says what it measured and where."""

import json
import subprocess
import sys

import pytest


@pytest.mark.parametrize(("part", "column"), [("speed", "neurons_in_real_time"), ("methods", "by_frequency_us")])
def test_a_quick_run_writes_figures_and_a_table(project, tmp_path, part, column):
    json_path, table_path = tmp_path / "streaming.json", tmp_path / "streaming.md"
    command = [sys.executable, str(project / "benchmarks" / "streaming.py"), "--quick", "--part", part]
    command += ["--json", str(json_path), "--table", str(table_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    figures = json.loads(json_path.read_text())
    assert all(row[column] > 0 for row in figures[part])
    assert f"`python benchmarks/streaming.py --quick --part {part}" in table_path.read_text()
    assert f"## {part}" in table_path.read_text()
