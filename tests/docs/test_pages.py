"""What the pages say, done: every command and code block is run, every YAML block checked, every link followed, the site built.

A block that is not run says why in a comment before it: `<!-- not run: it takes hours -->`. A YAML block that begins
with a path is written there.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.anchors import anchors_plugin

from neurodepth import configuration, validation
from neurodepth.cells import definition
from neurodepth.cli import main

PROJECT = Path(__file__).parents[2]
PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").glob("*.md"))]
NAMES = [str(page.relative_to(PROJECT)) for page in PAGES]
REASON = re.compile(r"<!-- not run: (.+?) -->")
LANGUAGES = ("sh", "bash", "python", "yaml")
YAML_PATH = re.compile(r"# ([\w/]+\.yaml)\n")
STUDY_KEYS = yaml.safe_load((PROJECT / "src/neurodepth/schemas/config.yaml").read_text())["properties"].keys()
EXTENDED = "extends: ../l5pc/cell.yaml\n"  # what the pages mean where they show some keys of a cell


def blocks(page):
    """(language, text, reason not to run it) of each block of code."""
    found, reason = [], None
    for token in MarkdownIt().parse(page.read_text()):
        if token.type == "fence" and token.info in LANGUAGES:
            found.append((token.info, token.content, reason))
        comment = REASON.search(token.content) if token.type == "html_block" else None
        reason = comment.group(1) if comment else None
    return found


@pytest.fixture(scope="module")
def folder(quick_study, tmp_path_factory):
    """Where readers are: the quick study is done, as the tutorial's first command did it."""
    copy = shutil.copytree(quick_study, tmp_path_factory.mktemp("reader") / "neurodepth", symlinks=True)
    (copy / "docs").mkdir()
    shutil.copy(PROJECT / "docs" / "results.json", copy / "docs")
    return copy


def call(folder, *command, text=None):
    done = subprocess.run(
        command,
        cwd=folder,
        input=text,
        env=os.environ
        | {"PYTHONPATH": f"{folder / 'src'}:{PROJECT}", "PATH": f"{folder / '.venv' / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, f"{text}\n{(done.stdout + done.stderr)[-3000:]}"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", NAMES)
def test_what_a_page_tells_the_reader_to_type_works(name, folder):
    so_far = ""  # Python blocks of a page build on each other
    for language, text, reason in blocks(PROJECT / name):
        if reason:
            continue
        if language == "yaml":
            if path := YAML_PATH.match(text):
                (folder / path.group(1)).parent.mkdir(parents=True, exist_ok=True)
                (folder / path.group(1)).write_text(text)
        elif language == "python":
            so_far += text
            call(folder, sys.executable, "-", text=so_far)
        else:
            call(folder, "bash", "-e", "-o", "pipefail", "-s", text=text)


@pytest.fixture
def models(tmp_path):
    """A folder of models that starts with the project's, for the cells of a page to be written into."""
    cells = tmp_path / "models" / "cells"
    cells.mkdir(parents=True)
    for path in (PROJECT / "models" / "cells").iterdir():
        (cells / path.name).symlink_to(path)
    return tmp_path / "models"


@pytest.mark.parametrize("name", NAMES)
def test_yaml_of_a_page_passes_the_checks_of_studies_and_cells(name, models):
    for language, text, reason in blocks(PROJECT / name):
        if language == "yaml" and not reason:
            path = YAML_PATH.match(text)
            assert faults(text, models, models.parent / (path.group(1) if path else "block.yaml")) == []


def faults(text, models, path):
    """What is wrong with a study, or with a cell, which is written for the studies of the page."""
    content = yaml.safe_load(text)
    if content.keys() <= STUDY_KEYS:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return configuration.faults(configuration.read([path]), models)
    folder = path.parent if path.name == "cell.yaml" else models / "cells" / "block"
    folder.mkdir(exist_ok=True)
    (folder / "cell.yaml").write_text(text if "extends" in content else EXTENDED + text)
    try:
        definition.read(folder)
    except validation.InvalidFileError as error:
        return [str(error)]
    return []


def test_every_call_of_the_command_that_a_page_shows_is_understood(tmp_path, monkeypatch):
    """Those of the help, and those too long to run: all arguments and options are parsed."""
    monkeypatch.chdir(tmp_path)
    calls = [call for page in PAGES for call in shown_calls(page)]
    assert {arguments[0] for arguments in calls} == set(main.commands)
    misunderstood = []
    for name, *arguments in calls:
        for own in (one for one in arguments if one.startswith("models/cells/")):
            Path(own).mkdir(parents=True, exist_ok=True)
        try:
            main.commands[name].make_context(name, arguments)
        except (click.ClickException, validation.InvalidFileError) as error:
            misunderstood.append((name, *arguments, str(error)))
    assert misunderstood == []


def shown_calls(page):
    """Arguments of each call of `neurodepth` in the blocks of a page."""
    shown = [token.content for token in MarkdownIt().parse(page.read_text()) if token.type == "fence"]
    lines = re.findall(r"^ *neurodepth (\w.*)$", "\n".join(shown).replace("\\\n", " "), re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_files_and_headings_of_the_project(name):
    page = PROJECT / name
    targets = re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text())
    missing = [target for target, _ in targets if not (page.parent / target).exists()]
    astray = [f"{target}#{heading}" for target, heading in targets if heading and heading not in headings(page, target)]
    assert missing + astray == []


def headings(page, target):
    """Anchors of a page that a link names; of the same page where the link is a heading alone."""
    text = (page.parent / target if target else page).read_text()
    return {
        token.attrs["id"] for token in MarkdownIt().use(anchors_plugin, max_level=3).parse(text) if "id" in token.attrs
    }


def test_a_block_is_left_out_for_a_reason_only():
    skipped = {(page.name, reason) for page in PAGES for _, _, reason in blocks(page) if reason}
    assert all(len(reason.split()) >= 3 for _, reason in skipped), skipped


def test_the_site_is_built_without_a_warning(tmp_path):
    call(PROJECT, sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "docs", str(tmp_path))
    assert "Ten minutes" in (tmp_path / "tutorial.html").read_text()


def test_every_page_is_in_the_contents():
    contents = (PROJECT / "docs" / "index.md").read_text().split()
    assert {page.stem for page in (PROJECT / "docs").glob("*.md")} - {"index"} <= set(contents)


def test_every_picture_is_in_the_gallery_with_words_for_who_cannot_see_it_and_a_caption():
    shown = re.findall(r"!\[(.+)\]\(images/(.+)\)\n\n\*.+\*$", (PROJECT / "docs/gallery.md").read_text(), re.MULTILINE)
    assert {picture for _, picture in shown} == {path.name for path in (PROJECT / "docs/images").iterdir()}
