"""Put finished runs of the ready studies into docs/studies.md, a table and a figure each.

    snakemake --configfile config/studies/size.yaml config/studies/small.yaml
    python benchmarks/studies.py results/size

Tables stand in docs/studies.md between <!-- STUDY --> and <!-- end -->; the words around them are written by hand.
"""

import json
import re
from pathlib import Path

import click
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from neurodepth.figures import style
from neurodepth.report.results import read_unusual

ROW_IN, WIDTH_IN = 0.3, 6.4
SPREAD = 0.5  # of a row, taken by the depths in it


@click.command()
@click.argument("studies", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--docs", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path("docs"))
def main(studies: tuple[Path, ...], docs: Path) -> None:
    """Write what STUDIES, results folders with the names of studies, found into the folder of documentation."""
    for study in studies:
        rows, neurons = read(study)
        text, n_places = re.subn(
            rf"(<!-- {study.name} -->\n).*?(<!-- end -->)",
            rf"\1{write(study, rows, neurons)}\n\2",
            (docs / "studies.md").read_text(),
            flags=re.DOTALL,
        )
        if n_places != 1:
            raise click.ClickException(
                f"{docs / 'studies.md'}: expected <!-- {study.name} --> once, found it {n_places} times"
            )
        (docs / "studies.md").write_text(text)
        draw(rows).savefig(docs / "images" / f"study_{study.name}.svg", metadata={"Date": None})


def read(study: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accuracy on all data by label and depth, and the table of neurons with the same labels."""
    found, neurons = (pd.read_csv(study / f"{name}.csv") for name in ("pareto", "neurons"))
    of_one_cell = neurons["cell"].nunique() == 1
    for table in (found, neurons):
        table["label"] = table["variant"] if of_one_cell else table["cell"] + " " + table["variant"]
    conditions = json.loads((study / "verdict.json").read_text())["configuration"]["conditions"]
    own = {(one["cell"], one["variant"], one["network"]) for one in conditions}
    order = {label: number for number, label in enumerate(dict.fromkeys(found["label"]))}
    found = found.sort_values("label", key=lambda labels: labels.map(order), kind="stable")
    is_beside = [key not in own for key in zip(found["cell"], found["variant"], found["network"], strict=True)]
    found.loc[is_beside, "label"] += ", " + found["network"]  # below the neuron's own
    rows = [found[["label", "depth", "auc", "auc_low", "auc_high"]]]
    neurons = neurons.set_index("label")
    for label, neuron in neurons.iterrows():
        path = study / neuron["cell"] / neuron["variant"] / "out_of_distribution.csv"
        if path.is_file():
            unusual = read_unusual(path)
            unusual.index = pd.Index(f"{label} on " + unusual.index, name="label")
            rows.append(unusual.reset_index().melt("label", var_name="depth", value_name="auc"))
    columns = ["label", "depth", "auc", "auc_low", "auc_high"]
    return pd.concat(rows).reindex(columns=columns), neurons


def write(study: Path, rows: pd.DataFrame, neurons: pd.DataFrame) -> str:
    """A Markdown table: a row a label, a column a depth, then what is known of the neuron."""
    depths = sorted(rows["depth"].unique())
    heads = ["", *(f"AUC, {style.layers(depth)}" for depth in depths)]
    heads += ["complexity index", "output, all trials (Hz)", "data (h)"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for label, own in rows.groupby("label", sort=False):
        by_depth = own.set_index("depth")
        cells = [_interval(by_depth.loc[depth], "auc", 3) if depth in by_depth.index else "" for depth in depths]
        if label in neurons.index:
            neuron = neurons.loc[label]
            cells += [_interval(neuron, "functional_complexity_index", 2)]
            cells += [_rate(study / neuron["cell"] / neuron["variant"]), f"{neuron['training_h']:.2g}"]
        else:
            cells += ["", "", ""]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    verdict = json.loads((study / "verdict.json").read_text())
    drawn = f"![ROC AUC of the study {study.name}, a row a condition, a colour a depth.](images/study_{study.name}.svg)"
    made = f"Commit {verdict['commit'][:7]}, {len(verdict['configuration']['training_seeds'])} training seed(s)."
    return "\n".join([*lines, "", drawn, "", made])


def _rate(condition: Path) -> str:
    """Output rate of all trials with its standard error; those of a small test set may all have a strong input."""
    with np.load(condition / "statistics.npz") as stored:
        rate_hz = stored["output_rate_hz"]
    return f"{rate_hz.mean():.2f} ± {rate_hz.std(ddof=1) / np.sqrt(len(rate_hz)):.2f}"


def _interval(row: pd.Series, name: str, digits: int) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if pd.isna(row[name]):
        return ""
    return f"{row[name]:.{digits}f}" + ("" if pd.isna(low) else f" ({low:.{digits}f} to {high:.{digits}f})")


@style.styled
def draw(rows: pd.DataFrame) -> Figure:
    """A row a label, a marker a depth, with intervals over test trials and seeds."""
    labels, depths = list(dict.fromkeys(rows["label"])), sorted(rows["depth"].unique())
    figure = Figure((WIDTH_IN, ROW_IN * len(labels) + 1), layout="constrained")
    axes = figure.subplots()
    for number, depth in enumerate(depths):
        own = rows[rows["depth"] == depth]
        shift = SPREAD * ((number + 0.5) / len(depths) - 0.5)
        y = [labels.index(label) + shift for label in own["label"]]
        colour = style.depth_colour(int(depth))
        axes.hlines(y, own["auc_low"], own["auc_high"], colour, linewidth=1.2)
        axes.plot(
            own["auc"], y, style.depth_marker(int(depth)), color=colour, markersize=5, label=style.layers(int(depth))
        )
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(axis="x", color=style.PALE, linewidth=0.6)
    axes.set_xlabel("ROC AUC of spike prediction, test trials")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


if __name__ == "__main__":
    main()
