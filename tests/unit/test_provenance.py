import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from neurodepth import provenance


def test_equal_content_has_equal_digests_whatever_the_order_of_keys():
    assert provenance.digest({"a": 1, "b": [2]}) == provenance.digest({"b": [2], "a": 1})
    assert provenance.digest({"a": 1}) != provenance.digest({"a": 2})


def test_a_change_in_the_code_changes_its_digest(tmp_path, monkeypatch, project):
    package = tmp_path / "neurodepth"
    shutil.copytree(project / "src" / "neurodepth", package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(provenance, "__file__", str(package / "provenance.py"))
    before = {name: provenance.code_digest(name) for name in ("stimulus/__init__.py", "report", "metrics.py")}
    for changed in ("stimulus/__init__.py", "report/template.html"):
        with open(package / changed, "a") as file:
            file.write("\n")
    after = {name: provenance.code_digest(name) for name in before}
    assert before["stimulus/__init__.py"] != after["stimulus/__init__.py"]
    assert before["report"] != after["report"]
    assert before["metrics.py"] == after["metrics.py"]


def test_a_digest_of_a_missing_module_is_refused():
    with pytest.raises(FileNotFoundError, match=r"nothing\.py"):
        provenance.code_digest("nothing.py")


def test_the_digest_of_a_simulation_covers_all_code_that_sets_a_number(project):
    rules = (project / "workflow/rules/common.smk").read_text()
    covered = ast.literal_eval(re.search(r"^SIMULATION_CODE = (\[.*?\])", rules, re.DOTALL | re.MULTILINE)[1])
    imports = "import sys, neurodepth.simulation.protocol, neurodepth.cells.compartmental, neurodepth.cells.point"
    files = "[m.__file__ for name, m in sys.modules.items() if name.split('.')[0] == 'neurodepth']"
    done = subprocess.run(
        [sys.executable, "-c", f"{imports}; print(*{files})"], capture_output=True, text=True, check=True
    )
    package = project / "src" / "neurodepth"
    imported = {Path(file).relative_to(package).as_posix() for file in done.stdout.split()}
    without_numbers = {
        *("__init__.py", "cells/cache.py", "cells/compiler_messages.py", "jobs.py", "simulation/engine.py"),
        *("cells/definition_rules.py", "simulation/progress.py", "simulation/slurm_jobs.py", "validation.py"),
    }
    found = {file for file in imported if not any(file == one or file.startswith(f"{one}/") for one in covered)}
    assert found - without_numbers == set()
    assert all((package / one).exists() for one in covered)
