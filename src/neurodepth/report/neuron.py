"""What the page says about one neuron, and its figures for print."""

from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup
from matplotlib.figure import Figure

from neurodepth import experiments, figures, neurons
from neurodepth.brain_cost import Assumption
from neurodepth.depth import Criterion
from neurodepth.report import arrays, brain, embedding, published, results, trusted, wording
from neurodepth.report.results import Condition

EXPERIMENT = "experiment_"  # how the names of figures begin that have no interactive one in their place
ESSENTIAL_FIGURES = ("accuracy_vs_depth", "accuracy_vs_data", "example")  # in the page of however many neurons
HALF_IN, WIDE_IN = 4.6, 10.4
WIDE_MS = 1500  # of the example trial


def select(condition: Condition, table: pd.DataFrame) -> pd.DataFrame:
    """Rows of one neuron."""
    return table[(table.cell == condition.cell) & (table.variant == condition.variant)]


def describe(
    condition: Condition,
    verdict: dict[str, Any],
    tables: dict[str, pd.DataFrame],
    criterion: Criterion,
    assumptions: dict[str, Assumption],
    folder: Path,
) -> dict[str, Any]:
    """Everything that the templates ask of one neuron; its figures are written on the way.

    Args:
        condition: Its files.
        verdict: Of the study.
        tables: Of this neuron, by name: accuracy, and where there are such files models, needed and curves.
        criterion: Of the verdict.
        assumptions: On the cost of a brain.
        folder: For the figures.

    Raises:
        ValueError: If the study says nothing of it.
    """
    key = (condition.cell, condition.variant)
    found = [cell for cell in verdict["cells"] if (cell["cell"], cell["variant"]) == key]
    rows = tables["accuracy"]
    if not found or rows.empty:
        known = ", ".join(wording.name_of(cell) for cell in verdict["cells"])
        raise ValueError(f"{condition.cell} ({condition.variant}) has no verdict, only {known}: run snakemake again")
    largest = rows[rows.training_trials == rows.training_trials.max()]
    best = largest.sort_values("auc", ascending=False, kind="stable").iloc[0]  # without spikes none has an AUC
    example = results.read_example(condition.example_path)
    name = wording.name_of(found[0])
    described: dict[str, Any] = {
        "id": condition.name,
        "name": name,
        "verdict": found[0],
        "headline": wording.headline(found[0]),
        "possible": wording.possible_depths(found[0]["interval"]),
        "best": best.to_dict(),
        "rows": rows.sort_values(["depth", "training_trials"]).to_dict("records"),
        "example": example,
        "published": published.PUBLISHED.get(key),
        "models": _by_cost(tables),
        "has_costs": "models" in tables and len(tables["models"]) > 0,
        "brain": brain.describe(tables.get("models"), criterion, assumptions),
        "needed": tables["needed"].to_dict("records") if "needed" in tables else [],
        "tuned": _tuned(condition.tuned_path),
        "trusted": trusted.describe(condition.trust_path) if condition.trust_path else None,
        "unusual": results.read_unusual(condition.unusual_path) if condition.unusual_path else None,
    }
    files = {
        kind: arrays.read(path, names)
        for kind, names in arrays.NEEDED.items()
        if (path := getattr(condition, f"{kind}_path"))
    }
    described["portrait"] = Markup()
    if "tree" in files:
        portrait = figures.cell_picture(files["tree"])
        described["portrait"] = embedding.embed(portrait, folder, f"{condition.name}_cell", f"Picture of {name}.")
    described["left_out"] = []  # kinds of figures for print that are not in the page, for want of room
    described["figures"] = _draw(condition, name, tables, files, criterion, example, int(best.depth), folder)
    has = set(files) | ({"curves"} if condition.curves_path else set())
    return described | {"has": has} | _recorded(files)


def _tuned(path: Path | None) -> dict[str, Any] | None:
    """The factor on the input rates that a search for an output rate ended with, and what it gave; the table's last row."""
    return results.read_table(path, results.TUNED_COLUMNS).iloc[-1].to_dict() if path else None


def _by_cost(tables: dict[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Networks of all kinds, cheap ones first, where there are several kinds."""
    if "models" not in tables or tables["models"].type.nunique() < 2:
        return []
    return tables["models"].sort_values("event_multiply_adds_per_ms").to_dict("records")


def _draw(
    condition: Condition,
    name: str,
    tables: dict[str, pd.DataFrame],
    files: dict[str, arrays.Arrays],
    criterion: Criterion,
    example: figures.Example,
    best_depth: int,
    folder: Path,
) -> dict[str, Markup]:
    """Figures for print, by name."""
    rows = tables["accuracy"]
    largest = rows[rows.training_trials == rows.training_trials.max()]
    shown = sorted({int(largest.depth.min()), best_depth} & {int(depth) for depth in example.depths})
    window_ms = figures.readable_window(example, WIDE_MS)
    histories = [results.read_history(path) for path in condition.history_paths]
    drawn = {
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
        "example": (
            figures.example_trial(example, shown, window_ms, WIDE_IN),
            f"Test trial {example.trial_index} of {name}, {window_ms[0]:.0f} to {window_ms[1]:.0f} ms: input raster, "
            f"spikes and soma voltage of the cell and of networks of depth {wording.joined(shown)}, spike probability.",
        ),
    }
    if "models" in tables and len(tables["models"]):
        drawn["accuracy_vs_cost"] = (
            figures.accuracy_vs_cost(tables["models"], criterion, HALF_IN),
            f"ROC AUC of networks of {name} against multiply-adds per ms, with the Pareto front.",
        )
    drawn |= _draw_inspected(name, tables, files)
    return {
        kind: embedding.embed(figure, folder, f"{condition.name}_{kind}", text, kind.startswith(EXPERIMENT))
        for kind, (figure, text) in drawn.items()
    }


def _draw_inspected(
    name: str, tables: dict[str, pd.DataFrame], files: dict[str, arrays.Arrays]
) -> dict[str, tuple[Figure, str]]:
    """Figures of the files that a study may lack."""
    drawn: dict[str, tuple[Figure, str]] = {}
    if "tree" in files and len(files["tree"]["segment_region"]) > 1:
        drawn |= _draw_along_dendrite(name, files)
    if learned := files.get("learned"):
        drawn |= {
            "roc": (
                figures.roc_curves(learned, HALF_IN),
                f"ROC curves of spike prediction of {name}, a line for each depth.",
            ),
            "templates": (
                figures.effect_by_type(learned, HALF_IN),
                f"Effect of an input spike of each type of synapse of {name} on the spike logit over time.",
            ),
            "sparsity": (figures.sparsity(learned, HALF_IN), f"Silent share of each layer of the networks of {name}."),
            "ablation": (
                figures.ablation(learned, HALF_IN),
                f"Accuracy of the networks of {name} without the input of one region and type.",
            ),
        }
    if "curves" in tables:
        curves = tables["curves"]
        drawn |= {
            "calibration": (
                figures.calibration(curves, HALF_IN),
                f"Observed against predicted spike probability of {name}, a line for each depth.",
            ),
            "correlogram": (
                figures.timing(curves, HALF_IN),
                f"Cross-correlogram of true and predicted spikes of {name}, a line for each depth.",
            ),
        }
    if found := files.get("experiments"):
        drawn |= _draw_experiments(name, found)
    if statistics := files.get("statistics"):
        drawn["statistics"] = (
            figures.trial_statistics(statistics, HALF_IN),
            f"Rates, intervals between spikes and voltages of the trials of {name}.",
        )
    return drawn


def _draw_along_dendrite(name: str, files: dict[str, arrays.Arrays]) -> dict[str, tuple[Figure, str]]:
    """Figures on the tree of a neuron that has one."""
    drawn: dict[str, tuple[Figure, str]] = {}
    if "segment_voltage_mv" in files.get("played", {}):
        drawn["dendritic_voltage"] = (
            figures.dendritic_voltage(files["tree"], files["played"], WIDE_IN),
            f"Voltage of soma and dendrites of {name} in a test trial, rows by region and distance from the soma.",
        )
    if "learned" in files:
        drawn["effect_on_tree"] = (
            figures.effect_on_tree(files["tree"], files["learned"], HALF_IN),
            f"Effect of an input spike at each place of the tree of {name} on the spike logit.",
        )
    return drawn


def _draw_experiments(name: str, found: arrays.Arrays) -> dict[str, tuple[Figure, str]]:
    """A figure of each experiment."""
    return {
        f"{EXPERIMENT}{one}": (
            figures.experiment(found, one),
            f"{experiments.BATTERY[one].title}: {name} and its deepest surrogate, on silence and on background.",
        )
        for one in dict.fromkeys(found["experiment"].tolist())
    }


def _recorded(files: dict[str, arrays.Arrays]) -> dict[str, Any]:
    """What the templates ask of the NPZ files: a few of their numbers."""
    told: dict[str, Any] = {"n_segments": 1, "has_dendrites": False}
    if "tree" in files:
        told |= _tree(files["tree"])
    if "played" in files:
        told["has_dendrites"] = "segment_voltage_mv" in files["played"] and told["n_segments"] > 1
    if "learned" in files:
        told["learned_depth"] = int(files["learned"]["depth"])
    if "experiments" in files:
        told["experiments"] = _experiments(files["experiments"])
    if "statistics" in files:
        told["splits"] = _splits(files["statistics"])
    return told


def _tree(tree: arrays.Arrays) -> dict[str, Any]:
    """Size of the tree, and a row for each region."""
    region, at, is_excitatory = (tree[name] for name in ("segment_region", "synapse_segment", "synapse_excitatory"))
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys(region):
        own, synapses = region == name, region[at] == name
        rows.append(
            {
                "name": str(name),
                "length_um": neurons.length_um(tree, own),
                "area_um2": float(tree["segment_area_um2"][own].sum()),
            }
            | {
                "excitatory": int((synapses & is_excitatory).sum()),
                "inhibitory": int((synapses & ~is_excitatory).sum()),
            }
        )
    dendrite_um = sum(row["length_um"] for row in rows if row["name"] not in ("soma", "axon"))
    return {"n_segments": len(region), "length_um": dendrite_um, "regions": rows}


def _experiments(found: arrays.Arrays) -> list[dict[str, Any]]:
    """Title, source, and the scores of each surrogate on both kinds of background, of each experiment."""
    table = experiments.summarise(found)
    return [
        {
            "name": str(name),
            "title": experiments.BATTERY[str(name)].title,
            "source": experiments.BATTERY[str(name)].source,
        }
        | {"unit": experiments.UNITS[experiments.BATTERY[str(name)].measure], "rows": rows.to_dict("records")}
        for name, rows in table.groupby("experiment", sort=False)
    ]


def _splits(statistics: arrays.Arrays) -> list[dict[str, Any]]:
    """A row for each split."""
    rates_hz = [
        statistics["output_rate_hz"][statistics["trial_split"] == number] for number in range(len(statistics["hours"]))
    ]
    return [
        {"name": str(name), "hours": float(hours), "spikes": int(spikes), "cv": float(cv)}
        | {"trials": len(rate_hz), "rate_hz": float(rate_hz.mean())}
        for name, hours, spikes, cv, rate_hz in zip(
            *(statistics[one] for one in ("split_names", "hours", "n_spikes", "interval_coefficient_of_variation")),
            rates_hz,
            strict=True,
        )
    ]
