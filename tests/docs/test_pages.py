"""What the pages say, done: every command and code block is run, every link followed, the site built without a warning.

A block that is not run says why in a comment before it: `<!-- not run: it takes hours -->`. A YAML block that begins
with a path is written there.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

PROJECT = Path(__file__).parents[2]
PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").glob("*.md"))]
NAMES = [str(page.relative_to(PROJECT)) for page in PAGES]
REASON = re.compile(r"<!-- not run: (.+?) -->")
LANGUAGES = ("sh", "bash", "python", "yaml")


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
    return shutil.copytree(quick_study, tmp_path_factory.mktemp("reader") / "neurodepth", symlinks=True)


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
            assert isinstance(yaml.safe_load(text), dict), text
            if path := re.match(r"# ([\w/]+\.yaml)\n", text):
                (folder / path.group(1)).parent.mkdir(parents=True, exist_ok=True)
                (folder / path.group(1)).write_text(text)
        elif language == "python":
            so_far += text
            call(folder, sys.executable, "-", text=so_far)
        else:
            call(folder, "bash", "-e", "-o", "pipefail", "-s", text=text)


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_files_of_the_project(name):
    page = PROJECT / name
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text())
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


def test_a_block_is_left_out_for_a_reason_only():
    skipped = {(page.name, reason) for page in PAGES for _, _, reason in blocks(page) if reason}
    assert all(len(reason.split()) >= 3 for _, reason in skipped), skipped


def test_the_site_is_built_without_a_warning(tmp_path):
    call(PROJECT, sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "docs", str(tmp_path))
    assert "Ten minutes" in (tmp_path / "tutorial.html").read_text()


def test_every_page_is_in_the_contents():
    contents = (PROJECT / "docs" / "index.md").read_text().split()
    assert {page.stem for page in (PROJECT / "docs").glob("*.md")} - {"index"} <= set(contents)
