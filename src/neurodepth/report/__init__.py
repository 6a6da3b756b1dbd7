"""The report: one self-contained page that answers how deep a network each neuron requires."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml
from markupsafe import Markup

from neurodepth import figures
from neurodepth.depth import Criterion
from neurodepth.report import embedding, published, results, wording
from neurodepth.report.results import Condition

__all__ = ["Condition", "write_report"]

WIDE_IN, NARROW_IN, HALF_IN = 10.4, 4.0, 4.6
WIDE_MS, NARROW_MS = 1500, 600  # of the example trial, on a screen and on a telephone


def write_report(
    verdict_path: Path,
    accuracy_path: Path,
    conditions: Sequence[Condition],
    benchmarks_path: Path,
    report_path: Path,
    figures_path: Path,
    comparison_path: Path | None = None,
    data_needed_path: Path | None = None,
) -> None:
    """Write the page, and each of its figures as SVG and PDF.

    Args:
        verdict_path: verdict.json.
        accuracy_path: accuracy_vs_depth.csv.
        conditions: Neurons of the study, in the order of the page.
        benchmarks_path: Folder of Snakemake's benchmark files; it may be absent.
        report_path: HTML file to write.
        figures_path: Folder to write figures to.
        comparison_path: pareto.csv; what it says of a neuron is shown if it has networks of several kinds.
        data_needed_path: data_needed.csv.

    Raises:
        FileNotFoundError: If a result is missing.
        ValueError: If a result file lacks something, or says nothing of a condition.
    """
    verdict = results.read_verdict(verdict_path)
    accuracy = results.read_accuracy(accuracy_path)
    criterion = Criterion(**verdict["criterion"])
    overview = embedding.embed(
        figures.accuracy_vs_depth(accuracy, criterion, HALF_IN),
        figures_path,
        "accuracy_vs_depth",
        f"ROC AUC of spike prediction against depth for every neuron, with the criterion {criterion.auc}.",
    )
    cells = [_describe(condition, verdict, accuracy, criterion, figures_path) for condition in conditions]
    compared = results.read_table(comparison_path, results.COMPARISON_COLUMNS) if comparison_path else None
    needed = results.read_table(data_needed_path, results.DATA_NEEDED_COLUMNS) if data_needed_path else None
    for cell, condition in zip(cells, conditions, strict=True):
        cell["models"] = _compare(condition, cell["name"], compared, criterion, figures_path)
        cell["needed"] = [] if needed is None else _of(condition, needed).to_dict("records")
        cell["unusual"] = results.read_unusual(condition.unusual_path) if condition.unusual_path else None
    page = _template().render(
        criterion=criterion,
        summary=wording.summary([cell["verdict"] for cell in cells]),
        overview=overview,
        cells=cells,
        depths=sorted(accuracy.depth.unique()),
        colours={int(depth): figures.depth_colour(int(depth)) for depth in accuracy.depth.unique()},
        citation=published.CITATION,
        doi=published.DOI,
        configuration=yaml.safe_dump(verdict["configuration"], sort_keys=False, allow_unicode=True),
        provenance={key: verdict[key] for key in ("versions", "commit", "processor")},
        times=results.sum_benchmarks(benchmarks_path).to_dict("records"),
        style=Markup(resources.files(__package__).joinpath("style.css").read_text()),  # noqa: S704
    )
    report_path.parent.mkdir(parents=True, exist_ok=True)
    report_path.write_text(page, encoding="utf-8")


def _describe(
    condition: Condition, verdict: dict[str, Any], accuracy: pd.DataFrame, criterion: Criterion, figures_path: Path
) -> dict[str, Any]:
    """Everything that the page says about one neuron."""
    key = (condition.cell, condition.variant)
    found = [cell for cell in verdict["cells"] if (cell["cell"], cell["variant"]) == key]
    rows = _of(condition, accuracy)
    if not found or rows.empty:
        known = ", ".join(wording.name_of(cell) for cell in verdict["cells"])
        raise ValueError(f"{condition.cell} ({condition.variant}) has no verdict, only {known}: run snakemake again")
    name = wording.name_of(found[0])
    largest = rows[rows.training_trials == rows.training_trials.max()]
    best = largest.sort_values("auc", ascending=False, kind="stable").iloc[0]  # without spikes none has an AUC
    example = results.read_example(condition.example_path)
    shown = sorted({int(largest.depth.min()), int(best.depth)} & {int(depth) for depth in example.depths})
    histories = [results.read_history(path) for path in condition.history_paths]
    stem = f"{condition.cell}_{condition.variant}"
    drawn = {
        "cell": (figures.cell_picture(condition.morphology_path), f"Picture of {name}."),
        "accuracy_vs_depth": (
            figures.accuracy_vs_depth(rows, criterion, HALF_IN),
            f"ROC AUC of {name} against depth, a line for each amount of training data.",
        ),
        "accuracy_vs_data": (
            figures.accuracy_vs_data(rows, criterion, HALF_IN),
            f"ROC AUC of {name} against hours of training data, a line for each depth.",
        ),
        "training_curves": (
            figures.training_curves(histories, HALF_IN),
            f"Training loss, validation loss and validation AUC of the networks of {name} against updates.",
        ),
    }
    for size, width_in, length_ms in (("example", WIDE_IN, WIDE_MS), ("example_narrow", NARROW_IN, NARROW_MS)):
        window_ms = figures.readable_window(example, length_ms)
        drawn[size] = (
            figures.example_trial(example, shown, window_ms, width_in),
            f"Test trial {example.trial_index} of {name}, {window_ms[0]:.0f} to {window_ms[1]:.0f} ms: input raster, "
            f"spikes and soma voltage of the cell and of networks of depth {wording.joined(shown)}, spike probability.",
        )
    return {
        "id": stem,
        "name": name,
        "verdict": found[0],
        "headline": wording.headline(found[0]),
        "possible": wording.possible_depths(found[0]["interval"]),
        "best": best.to_dict(),
        "rows": rows.sort_values(["depth", "training_trials"]).to_dict("records"),
        "example": example,
        "shown": shown,
        "published": published.PUBLISHED.get(key),
        "figures": {
            kind: embedding.embed(figure, figures_path, f"{stem}_{kind}", text)
            for kind, (figure, text) in drawn.items()
        },
    }


def _compare(
    condition: Condition, name: str, compared: pd.DataFrame | None, criterion: Criterion, figures_path: Path
) -> dict[str, Any] | None:
    """Networks of all kinds of one neuron, cheap ones first; None where there is a single kind."""
    if compared is None or (rows := _of(condition, compared)).type.nunique() < 2:
        return None
    drawn = embedding.embed(
        figures.accuracy_vs_cost(rows, criterion, HALF_IN),
        figures_path,
        f"{condition.cell}_{condition.variant}_accuracy_vs_cost",
        f"ROC AUC of networks of all kinds of {name} against multiply-adds per ms, with the Pareto front.",
    )
    return {"rows": rows.sort_values("event_multiply_adds_per_ms").to_dict("records"), "figure": drawn}


def _of(condition: Condition, table: pd.DataFrame) -> pd.DataFrame:
    """Rows of one neuron."""
    return table[(table.cell == condition.cell) & (table.variant == condition.variant)]


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, package_path=""), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {
        "number": wording.number,
        "hours": wording.hours,
        "duration": wording.duration,
        "joined": wording.joined,
        "layers": figures.layers,
    }
    return environment.get_template("template.html")
