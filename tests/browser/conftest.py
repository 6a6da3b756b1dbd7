import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.unit import report_files

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")  # names that systems give it
PATIENCE_MS = 60_000  # a page with software rendering on a busy machine


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(CHROMIUM)} is installed")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def report_path(tmp_path_factory) -> Path:
    """The report of a study with a pyramidal cell and a point neuron."""
    study = report_files.write_study(tmp_path_factory.mktemp("study"))
    return report_files.write_report(
        study, study / "report.html", tables=("comparison", "data_needed", "dependence", "neurons", "data")
    )


@pytest.fixture
def open_page(browser: Browser, report_path: Path):
    """Opens the report at a hash, after a script of the test's; at the end nothing may have gone wrong and nothing have been fetched."""
    contexts, faults = [], []

    def opened(hash_: str = "", at_start: str = "", **options: object) -> Page:
        contexts.append(browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options)))
        contexts[-1].add_init_script(at_start)
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on(
            "console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: faults.append(request.url) if not _is_report(request.url) else None)
        page.goto(f"{report_path.as_uri()}{hash_}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def _is_report(url: str) -> bool:
    return re.match(r"file://.*/report\.html", url) is not None or url.startswith(("data:", "blob:"))
