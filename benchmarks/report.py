"""Measure how large the report of many neurons is, and how soon a browser shows its first chart.

A finished neuron stands in for all: its results are taken again and again under other names, and its figures and blocks
are made once.

    python benchmarks/report.py results/quick l5pc/nmda --neurons 24
"""

import contextlib
import dataclasses
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import click
import numpy as np
import pandas as pd
from playwright.sync_api import sync_playwright

from neurodepth import provenance, report, result_files
from neurodepth.report import embedding, neuron, neuron_blocks, results

TABLES = (
    *(result_files.ACCURACY, result_files.COMPARISON, result_files.DATA_NEEDED, result_files.DEPENDENCE),
    *(result_files.NEURONS, result_files.DATA),
)
CHART = "[data-chart=comparison]"


@click.command()
@click.argument("study", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("cell_and_variant", metavar="CELL/VARIANT")
@click.option("--neurons", "n_neurons", default=24, show_default=True, help="Neurons of the page.")
@click.option("--repeats", default=3, show_default=True, help="Openings; the median counts.")
@click.option("--keep", type=click.Path(path_type=Path), help="Copy the page to this file.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures to this file.")
def main(
    study: Path, cell_and_variant: str, n_neurons: int, repeats: int, keep: Path | None, json_path: Path | None
) -> None:
    """Measure the report of many neurons like one of STUDY, a folder of results."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_report(study, tuple(cell_and_variant.split("/")), n_neurons, Path(folder))
        page = path.read_text()
        if keep:
            shutil.copy(path, keep)
        seconds = np.array([time_opening(path) for _ in range(repeats)])
    figures = {
        "neurons": n_neurons,
        "size_mb": round(len(page.encode()) / 1e6, 2),
        "open_s": _median_and_range(seconds[:, 0]),
        "first_chart_s": _median_and_range(seconds[:, 1]),
        "figures_left_out": "the page has no room" in page,
        **{"processor": provenance.processor(), "commit": provenance.commit(), "load": round(os.getloadavg()[0], 1)},
    }
    click.echo("\n".join(f"{name}: {value}" for name, value in figures.items()))
    if json_path:
        json_path.write_text(json.dumps(figures, indent=2) + "\n")


def write_report(study: Path, key: tuple[str, ...], n_neurons: int, folder: Path) -> Path:
    """Write the page of many neurons like one."""
    verdict = results.read_verdict(study / "verdict.json")
    one = next(
        found
        for found in result_files.conditions(study, verdict["configuration"])
        if (found.cell, found.variant) == key
    )
    names = [f"{one.cell}_{number:02d}" for number in range(n_neurons)]
    own = next(cell for cell in verdict["cells"] if (cell["cell"], cell["variant"]) == key)
    (folder / "verdict.json").write_text(json.dumps(verdict | {"cells": [own | {"cell": name} for name in names]}))
    for file in filter(lambda one: (study / one).is_file(), TABLES):
        rows = pd.read_csv(study / file).query("cell == @key[0] and variant == @key[1]")
        pd.concat([rows.assign(cell=name) for name in names]).to_csv(folder / file, index=False)
    if (study / "benchmarks").is_dir():
        shutil.copytree(study / "benchmarks", folder / "benchmarks")
    path = folder / "report.html"
    with _made_once():
        report.write_report(folder, [dataclasses.replace(one, cell=name) for name in names], path, folder / "figures")
    return path


@contextlib.contextmanager
def _made_once() -> Iterator[None]:
    """Within it, what is drawn and packed of the first neuron stands for the others."""
    pack = neuron_blocks.pack
    with (
        mock.patch.object(neuron, "_draw", _once(neuron._draw)),
        mock.patch.object(neuron_blocks, "pack", _once(lambda *given: list(pack(*given)))),
        mock.patch.object(embedding, "embed", _once(embedding.embed, _kind_of_figure)),
    ):
        yield


def _once(make: Callable[..., Any], kind: Callable[..., str] = lambda *given: "") -> Callable[..., Any]:
    """Make one thing of each kind, and give it again for others of it."""
    made: dict[str, Any] = {}

    def make_once(*given: Any) -> Any:
        if kind(*given) not in made:
            made[kind(*given)] = make(*given)
        return made[kind(*given)]

    return make_once


def _kind_of_figure(figure: Any, folder: Path, name: str, *more: Any) -> str:
    """A portrait is that of all neurons; figures of the whole study are each their own."""
    return "portrait" if name.endswith("_cell") else name


def time_opening(path: Path) -> tuple[float, float]:
    """Seconds from asking for the page until it is open, and until its first chart, looked at then, is drawn."""
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        begin = time.perf_counter()
        page.goto(path.as_uri())
        opened_s = time.perf_counter() - begin
        page.locator(CHART).scroll_into_view_if_needed()
        page.wait_for_selector(f"{CHART}[data-drawn]")
        drawn_s = time.perf_counter() - begin
        browser.close()
    return opened_s, drawn_s


def _median_and_range(seconds: np.ndarray) -> list[float]:
    return [round(float(one), 2) for one in (np.median(seconds), seconds.min(), seconds.max())]


if __name__ == "__main__":
    main()
