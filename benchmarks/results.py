"""Put a finished study into docs/results.json and into the tables of docs/results.md.

    snakemake --configfile config/results.yaml
    python benchmarks/results.py results/results

Tables stand in docs/results.md between <!-- NAME --> and <!-- end -->; the words around them are written by hand.
"""

import json
import re
import shutil
from pathlib import Path

import click
import pandas as pd

FIGURES = ("accuracy_vs_depth", "{cell}_{variant}_accuracy_vs_data")
MODELS_FIGURE = "{cell}_{variant}_accuracy_vs_cost"  # of cells with other models beside the networks


@click.command()
@click.argument("study", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--docs", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path("docs"))
def main(study: Path, docs: Path) -> None:
    """Copy what STUDY, a results folder, found into the folder of documentation."""
    verdict = json.loads((study / "verdict.json").read_text())
    names = ("accuracy_vs_depth", "data_needed", "pareto")
    tables = {name: pd.read_csv(study / f"{name}.csv") for name in names}
    found = {key: verdict[key] for key in ("commit", "processor", "versions", "configuration", "cells")}
    # JSON knows no infinity: an amount that never comes is written as in verdict.json.
    written_out = {name: table.astype(object).replace(float("inf"), "never") for name, table in tables.items()}
    found |= {name: json.loads(table.to_json(orient="records")) for name, table in written_out.items()}
    (docs / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    written = write(verdict["cells"], tables)
    text = (docs / "results.md").read_text()
    for name, table in written.items():
        text, n_places = re.subn(rf"(<!-- {name} -->\n).*?(<!-- end -->)", rf"\1{table}\n\2", text, flags=re.DOTALL)
        if n_places != 1:
            raise click.ClickException(
                f"{docs / 'results.md'}: expected <!-- {name} --> once, found it {n_places} times"
            )
    (docs / "results.md").write_text(text)
    for cell in verdict["cells"]:
        compared = "{cell}_{variant}_models".format(**cell) in written
        for figure in (*FIGURES, MODELS_FIGURE) if compared else FIGURES:
            name = figure.format(**cell)
            shutil.copy(study / "figures" / f"{name}.svg", docs / "images" / f"results_{name}.svg")


def write(cells: list[dict], found: dict[str, pd.DataFrame]) -> dict[str, str]:
    """Markdown tables by name."""
    accuracy = found["accuracy_vs_depth"]
    tables = {"verdicts": _verdicts(cells, accuracy)}
    for cell in cells:
        own = {"cell": cell["cell"], "variant": cell["variant"]}
        name = "{cell}_{variant}".format(**own)
        tables[name] = _accuracy(_of(accuracy, **own))
        tables[f"{name}_data"] = _needed(_of(found["data_needed"], **own))
        models = _of(found["pareto"], **own)
        if models["network"].nunique() > 1:
            tables[f"{name}_models"] = _models(models)
    return tables


def _of(table: pd.DataFrame, cell: str, variant: str) -> pd.DataFrame:
    return table[(table["cell"] == cell) & (table["variant"] == variant)]


def _verdicts(cells: list[dict], accuracy: pd.DataFrame) -> str:
    rows = ["| cell | status | required depth | best depth | AUC | variance explained | soma RMSE | data |"]
    rows += ["|---|---|---|---|---|---|---|---|"]
    for cell in cells:
        table = _of(accuracy, cell["cell"], cell["variant"])
        best = (
            table[table["training_trials"] == table["training_trials"].max()].set_index("depth").loc[cell["best_depth"]]
        )
        low, high = cell["interval"]
        depth = "none" if low is None else f"none yet (from {low} on)"
        if cell["required_depth"]:
            depth = f"{cell['required_depth']} ({low} to {high})"
        rows.append(
            f"| {cell['cell']} {cell['variant']} | {cell['status']} | {depth} | {cell['best_depth']} | {_interval(best, 'auc', 4)} "
            f"| {_interval(best, 'variance_explained', 3)} | {best['soma_rmse_mv']:.2f} mV | {cell['training_h']:.2g} h |"
        )
    return "\n".join(rows)


def _accuracy(table: pd.DataFrame) -> str:
    hours = sorted(table["training_h"].unique())
    rows = ["| depth | " + " | ".join(f"AUC, {one:.2g} h" for one in hours) + " | variance explained | soma RMSE |"]
    rows += ["|" + "---|" * (len(hours) + 3)]
    for depth, own in table.groupby("depth"):
        own = own.set_index("training_h")
        largest = own.loc[hours[-1]]
        cells = [_interval(own.loc[one], "auc", 4) for one in hours]
        cells += [_interval(largest, "variance_explained", 3), f"{largest['soma_rmse_mv']:.2f} mV"]
        rows.append(f"| {depth} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _needed(table: pd.DataFrame) -> str:
    rows = ["| depth | hours of data to the criterion | AUC with endless data |", "|---|---|---|"]
    for _, row in table.iterrows():
        hours = " to ".join(
            "never" if row[key] == float("inf") else f"{row[key]:.3g}" for key in _ends("data_needed_h")
        )
        hours = f"{'never' if row['data_needed_h'] == float('inf') else format(row['data_needed_h'], '.3g')} ({hours})"
        asymptote = _interval(row, "auc_asymptote", 4)
        if pd.isna(row["auc_asymptote_low"]):  # in too many resamples the line goes on
            asymptote = f"{row['auc_asymptote']:.4f}"
        rows.append(f"| {row['depth']} | {hours} | {asymptote} |")
    return "\n".join(rows)


def _models(table: pd.DataFrame) -> str:
    rows = [
        "| model | depth | AUC | parameters (1000) | multiply-adds per ms (1000) | with the input's on spikes alone (1000) |"
    ]
    rows += ["|---|---|---|---|---|---|"]
    for _, row in table.sort_values("auc").iterrows():
        depth = row["depth"] if row["depth"] > 0 else ""
        costs = [row[key] / 1000 for key in ("parameters", "multiply_adds_per_ms", "event_multiply_adds_per_ms")]
        cells = [
            f"`{row['network']}`",
            depth,
            _interval(row, "auc", 4),
            *(f"{one:.0f}" if one >= 100 else f"{one:.3g}" for one in costs),
        ]
        rows.append("| " + " | ".join(str(one) for one in cells) + " |")
    return "\n".join(rows)


def _interval(row: pd.Series, name: str, digits: int) -> str:
    low, high = _ends(name)
    return f"{row[name]:.{digits}f} ({row[low]:.{digits}f} to {row[high]:.{digits}f})"


def _ends(name: str) -> tuple[str, str]:
    return f"{name}_low", f"{name}_high"


if __name__ == "__main__":
    main()
