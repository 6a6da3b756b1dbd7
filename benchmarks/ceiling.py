"""How far unreliable synapses let a cell be predicted: the ceiling over the probability of release, table and figure."""

import tempfile
from dataclasses import asdict
from pathlib import Path

import click
import matplotlib.pyplot as plt
import pandas as pd
import yaml
from matplotlib.figure import Figure

from neurodepth import ceiling, project, simulation
from neurodepth.cells import definition
from neurodepth.figures import style

ROOT = Path(__file__).parents[1]
TABLE, FIGURE = ROOT / "benchmarks/tables/ceiling.csv", ROOT / "docs/images/synapses_ceiling.svg"
LOOK = {"l5pc": ("#a0522d", "s"), "lif": ("#0072b2", "o")}  # colour and marker of a cell
OTHER = ("#009e73", "D")


@click.command(help=__doc__)
@click.argument("cell")
@click.option(
    "--probability", "probabilities", type=click.FloatRange(0, 1, min_open=True), multiple=True, required=True
)
@click.option("--trials", default=4, show_default=True)
@click.option("--repeats", default=8, show_default=True)
@click.option("--duration-ms", default=3000, show_default=True)
@click.option("--cores", default=1, show_default=True)
def measure_ceiling(
    cell: str, probabilities: tuple[float, ...], trials: int, repeats: int, duration_ms: int, cores: int
) -> None:
    folder = project.find_cell(cell).resolve()
    variant = definition.read(folder).variant
    for probability in probabilities:
        with tempfile.TemporaryDirectory() as scratch:
            write_cell(Path(scratch), folder, probability)
            protocol = simulation.Protocol(scratch, variant, 1, duration_ms)
            spikes, voltage_mv = simulation.simulate_repeats(protocol, "test", range(trials), repeats, cores)
        found = asdict(ceiling.estimate(spikes, voltage_mv))
        record({"cell": cell, "probability": probability, "rate_hz": 1000 * float(spikes.mean())} | found)
        click.echo(f"{cell}, probability {probability:g}: {found}")
    draw(pd.read_csv(TABLE)).savefig(FIGURE, metadata={"Date": None})


def write_cell(scratch: Path, folder: Path, probability: float) -> None:
    """Write a cell like another one, whose excitatory synapses release vesicles of a mean of 1 a spike."""
    release = {"probability": probability, "vesicle_weight": 1 / probability}
    release |= {"sites": 1, "recovery_ms": 0, "facilitation_ms": 0}
    values = {"extends": str(folder / "cell.yaml"), "synapses": {"excitatory": {"release": release}}}
    (scratch / "cell.yaml").write_text(yaml.safe_dump(values))


def record(row: dict[str, float | str]) -> None:
    """Put a row into the table in place of the one of the same cell and probability."""
    table = pd.read_csv(TABLE) if TABLE.is_file() else pd.DataFrame()
    table = pd.concat([table, pd.DataFrame([row])]).drop_duplicates(["cell", "probability"], keep="last")
    table.sort_values(["cell", "probability"]).round(4).to_csv(TABLE, index=False)


@style.styled
def draw(table: pd.DataFrame) -> Figure:
    """Draw the ceilings of all cells."""
    figure, axes = plt.subplots(1, 2, figsize=(6.4, 2.6), layout="constrained", sharex=True)
    for cell, rows in table.groupby("cell"):
        colour, marker = LOOK.get(str(cell), OTHER)
        for axis, column in zip(axes, ("variance_explained", "auc"), strict=True):
            axis.plot(rows["probability"], rows[column], marker=marker, color=colour, label=cell)
    axes[0].set(xlabel="probability of release", ylabel="variance explained, at most", ylim=(0, 1.05), xlim=(0, 1.04))
    axes[1].set(xlabel="probability of release", ylabel="AUC of the other repeats", ylim=(0.5, 1.03))
    axes[0].legend()
    return figure


if __name__ == "__main__":
    measure_ceiling()
