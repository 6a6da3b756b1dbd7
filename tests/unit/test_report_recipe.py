"""The commands that the report prints to make its study again."""

import pytest

from neurodepth import project, provenance
from neurodepth.report.recipe import write_recipe

OWN = {"study_folder": "my study", "own_definitions": ["models/cells/mine", "models/networks/small.yaml"]}


def lines(commit, **more):
    return list(write_recipe({"commit": commit, "versions": {"neurodepth": "0.1.0"}} | more).lines)


def test_a_commit_is_checked_out():
    assert lines("abc123") == ["git checkout abc123", "snakemake --configfile study.yaml"]


def test_a_commit_with_changes_is_checked_out_without_its_mark():
    assert lines("abc123-modified")[0] == "git checkout abc123"
    assert write_recipe({"commit": "abc123-modified", "versions": {}}).was_modified
    assert not write_recipe({"commit": "abc123", "versions": {}}).was_modified


def test_an_installed_wheel_is_installed_again():
    assert lines("unknown") == [
        *("pip install neurodepth==0.1.0", "neurodepth new again", "cp study.yaml again/config.yaml"),
        *("cd again", "snakemake"),
    ]


@pytest.mark.parametrize("commit", ["abc123", "unknown"])
def test_the_definitions_of_a_study_are_taken_from_its_folder(commit):
    assert "cp -r 'my study'/models again/" in lines(commit, **OWN)
    assert lines(commit, **OWN)[-2:] == ["cd again", "snakemake"]


def test_own_definitions_are_those_of_a_studys_folder_and_none_of_a_checkouts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models/cells/mine").mkdir(parents=True)
    assert project.own_definitions(["mine", "lif", "mine"], ["tcn"]) == ["models/cells/mine"]
    monkeypatch.chdir(project.folder())
    assert project.own_definitions(["lif"], ["tcn"]) == []


def test_the_commit_of_somebody_elses_repository_is_not_taken_for_the_programs(tmp_path, monkeypatch):
    """A wheel may lie in an environment inside a checkout of another project."""
    package = tmp_path / "lib" / "site-packages" / "neurodepth"
    package.mkdir(parents=True)
    assert provenance.commit() != "unknown"
    (tmp_path / ".git").symlink_to(project.folder() / ".git")
    monkeypatch.setattr(provenance, "__file__", str(package / "provenance.py"))
    assert provenance.commit() == "unknown"
