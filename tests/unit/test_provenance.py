import shutil

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
