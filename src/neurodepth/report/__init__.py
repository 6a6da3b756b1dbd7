"""The report: one self-contained page that answers how deep a network each neuron requires. docs/report.md."""

import base64
import hashlib
import logging
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import plotly
import yaml
from markupsafe import Markup

from neurodepth import figures, result_files
from neurodepth.criterion import FEWEST_SPIKES, FEWEST_TRIALS
from neurodepth.depth import Criterion
from neurodepth.report import (
    blocks,
    brain,
    embedding,
    neuron,
    neuron_blocks,
    palette,
    published,
    recipe,
    results,
    wording,
)
from neurodepth.report.results import Condition

__all__ = ["Condition", "write_report"]

log = logging.getLogger(__name__)
LARGEST_PAGE_BYTES = 15_000_000  # of all of the page; a larger one is written with a warning
LARGEST_PAGE_CHARACTERS = 14_000_000  # a page of 24 neurons stays under 15 MB with its text
LARGEST_DRAWINGS_CHARACTERS = 5_000_000  # of figures for print; the page of more keeps the essential ones
SCRIPTS = (
    "blocks",
    "theme",
    "charts",
    "tree",
    "comparison",
    "depth",
    "cell",
    "player",
    "learned",
    "data",
    "brain",
    "pages",
)
PARTS = {
    "answer": "The answer",
    "cell": "The cell",
    "trial": "A trial to play",
    "depth": "Depth",
    "learned": "What the network learned",
    "experiments": "Classical experiments",
    "brain": "What a brain would cost",
    "data": "Data",
    "making": "How it was made",
}


def write_report(folder: Path, conditions: Sequence[Condition], report_path: Path, figures_path: Path) -> None:
    """Write the page, and each of its figures for print as SVG and PDF.

    Args:
        folder: Results of the study: verdict.json and accuracy_vs_depth.csv; what else there is of `result_files` and of
            Snakemake's benchmark files is shown too.
        conditions: Neurons of the study, in the order of the page; as `result_files.conditions` finds them.
        report_path: HTML file to write.
        figures_path: Folder to write figures to.

    Raises:
        FileNotFoundError: If a result is missing.
        ValueError: If a result file lacks something, or says nothing of a condition.
    """
    verdict = results.read_verdict(folder / result_files.VERDICT)
    criterion = Criterion(**verdict["criterion"])
    study = {"accuracy": results.read_table(folder / result_files.ACCURACY, results.ACCURACY_COLUMNS)}
    for name, file, columns in (
        ("models", result_files.COMPARISON, results.COMPARISON_COLUMNS),
        ("needed", result_files.DATA_NEEDED, results.DATA_NEEDED_COLUMNS),
    ):
        if path := result_files.if_there(folder / file):
            study[name] = results.read_table(path, columns)
    jobs = results.read_benchmarks(folder / "benchmarks")
    tables = [_tables(condition, study) for condition in conditions]
    assumptions = brain.assume(conditions, study.get("models"), criterion)
    cells = []
    for condition, own in zip(conditions, tables, strict=True):
        cell = neuron.describe(condition, verdict, own, criterion, assumptions, figures_path)
        times = results.sum_benchmarks(jobs, f"{condition.cell}/{condition.variant}")
        cells.append(cell | {"times": times.to_dict("records")})
    overview = embedding.embed(
        figures.accuracy_vs_depth(study["accuracy"], criterion, neuron.HALF_IN),
        figures_path,
        "accuracy_vs_depth",
        f"ROC AUC of spike prediction against depth for every neuron, with the criterion {criterion.auc}.",
    )
    dependence = None
    if dependence_path := result_files.if_there(folder / result_files.DEPENDENCE):
        dependence = embedding.embed(
            figures.depth_by_criterion(results.read_table(dependence_path, results.DEPENDENCE_COLUMNS), criterion),
            figures_path,
            "depth_by_criterion",
            "The depth that each neuron requires if another ROC AUC were asked for, a strip a neuron.",
        )
    data = None
    if data_path := result_files.if_there(folder / result_files.DATA):
        data = _training_data(results.read_table(data_path, results.DATA_COLUMNS), conditions)
    neurons_path = result_files.if_there(folder / result_files.NEURONS)
    packed = {
        "plotly": blocks.compress(plotly.offline.get_plotlyjs().encode()),
        "comparison": _comparison(study["accuracy"], criterion, data),
    }
    if _drawn(cells) > LARGEST_DRAWINGS_CHARACTERS:
        for cell in cells:
            cell["left_out"] = [kind for kind in cell["figures"] if kind not in neuron.ESSENTIAL_FIGURES]
            cell["figures"] = {kind: cell["figures"][kind] for kind in neuron.ESSENTIAL_FIGURES}
    room = LARGEST_PAGE_CHARACTERS - _drawn(cells) - sum(map(len, packed.values()))
    for condition, own in zip(conditions, tables, strict=True):
        for name, block in neuron_blocks.pack(condition, own, room // len(conditions)):
            packed[f"{condition.name}-{name}"] = block
    script = "\n".join(_resource("scripts", f"{name}.js") for name in SCRIPTS)
    page = _template().render(
        criterion=criterion,
        fewest_spikes=FEWEST_SPIKES,
        fewest_trials=FEWEST_TRIALS,
        several_seeds=study["accuracy"].seeds.max() > 1,
        summary=wording.summary([cell["verdict"] for cell in cells], criterion),
        overview=overview,
        dependence=dependence,
        data=[] if data is None else data.to_dict("records"),
        data_drawing=None if data is None else _draw_data(data, figures_path),
        ranked=results.read_table(neurons_path, results.NEURONS_COLUMNS).to_dict("records") if neurons_path else [],
        cells=cells,
        parts=list(PARTS.items()),
        depths=sorted(study["accuracy"].depth.unique()),
        colours_of_depths=len(figures.style.DEPTH_COLOURS),
        colours={int(depth): palette.depth_colours(int(depth)) for depth in study["accuracy"].depth.unique()},
        citation=published.CITATION,
        doi=published.DOI,
        configuration=yaml.safe_dump(verdict["configuration"], sort_keys=False, allow_unicode=True),
        configuration_values=verdict["configuration"],
        recipe=recipe.write_recipe(verdict),
        provenance={key: verdict[key] for key in ("versions", "commit", "processor")},
        figures_name=figures_path.name,
        blocks=packed,
        script=Markup(script),  # noqa: S704 - ours
        script_sources=Markup(" ".join(map(_digest, (script, plotly.offline.get_plotlyjs())))),  # noqa: S704 - ours
        style=Markup(_resource("style.css")),  # noqa: S704 - ours
    )
    content = page.encode()
    if len(content) > LARGEST_PAGE_BYTES:
        log.warning(
            "%s: expected at most %.0f MB, found %.1f MB: browsers open it slowly; make studies of fewer neurons",
            *(report_path, LARGEST_PAGE_BYTES / 1e6, len(content) / 1e6),
        )
    report_path.parent.mkdir(parents=True, exist_ok=True)
    report_path.write_bytes(content)


def _drawn(cells: Sequence[dict[str, Any]]) -> int:
    """Characters of all figures for print."""
    return sum(len(drawing) for cell in cells for drawing in [cell["portrait"], *cell["figures"].values()])


def _tables(condition: Condition, study: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables of one neuron, by name."""
    tables = {name: neuron.select(condition, table) for name, table in study.items()}
    if condition.curves_path:
        tables["curves"] = results.read_table(condition.curves_path, results.CURVES_COLUMNS)
    if condition.evaluation_path:
        evaluation = results.read_table(condition.evaluation_path, results.EVALUATION_COLUMNS)
        tables["evaluation"] = evaluation[list(results.EVALUATION_COLUMNS)]
    return tables


def _training_data(table: pd.DataFrame, conditions: Sequence[Condition]) -> pd.DataFrame:
    """Of data.csv the training trials of the neurons shown, in their order."""
    own = table[table.split == "train"].set_index(["cell", "variant"])
    return own.loc[[(one.cell, one.variant) for one in conditions]].reset_index()


def _draw_data(data: pd.DataFrame, folder: Path) -> Markup:
    text = "Output rates, intervals between output spikes and soma voltages of the training trials of every neuron."
    return embedding.embed(figures.data_by_neuron(data), folder, "data", text)


def _comparison(accuracy: pd.DataFrame, criterion: Criterion, data: pd.DataFrame | None) -> str:
    """What the charts of the first view, and constants of all charts, are drawn from."""
    largest = accuracy.groupby(["cell", "variant"]).training_trials.transform("max")
    shown = accuracy[accuracy.training_trials == largest]
    columns = {name: shown[name].to_numpy() for name in ("depth", "auc", "auc_low", "auc_high")}
    return blocks.pack(
        columns
        | {
            "neuron": (shown.cell + " (" + shown.variant + ")").to_numpy(),
            "neurons": list(dict.fromkeys(shown.cell + " (" + shown.variant + ")")),
            "criterion": criterion.auc,
            "confidence": criterion.confidence,
        }
        | ({} if data is None else {f"data_{name}": data[name].to_numpy() for name in results.DATA_COLUMNS})
        | palette.PALETTE
    )


def _digest(script: str) -> str:
    """A script's digest, with which the page's policy admits it and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _resource(*path: str) -> str:
    return resources.files(__package__).joinpath(*path).read_text(encoding="utf-8")


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {
        "number": wording.number,
        "hours": wording.hours,
        "duration": wording.duration,
        "joined": wording.joined,
        "layers": figures.layers,
    }
    return environment.get_template("page.html")
