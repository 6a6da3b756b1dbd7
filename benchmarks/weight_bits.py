"""What a cell loses when its synaptic weights are rounded: voltage and spikes under the same input, against bits per synapse."""

import tempfile
from pathlib import Path

import click
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import yaml
from matplotlib.figure import Figure

from neurodepth import metrics, project, simulation
from neurodepth.cells import definition
from neurodepth.cells.trial import Trial
from neurodepth.figures import style

ROOT = Path(__file__).parents[1]
TABLE, FIGURE = ROOT / "benchmarks/tables/weight_bits.csv", ROOT / "docs/images/synapses_weight_bits.svg"
BITS = (1, 2, 3, 4, 4.7, 6)  # 4.7: the 26 sizes of Bartol et al. 2015
LOG_NORMAL = {"distribution": "log_normal", "seed": 0, "sigma": 0.94}  # the variant log_normal of l5pc
WITHIN_MS = 2.0
RESAMPLES = 2000
LOOK = {"l5pc": ("#a0522d", "s"), "lif": ("#0072b2", "o")}  # colour and marker of a cell
OTHER = ("#009e73", "D")


@click.command(help=__doc__)
@click.argument("cell")
@click.option("--trials", default=10, show_default=True)
@click.option("--duration-ms", default=3000, show_default=True)
@click.option("--cores", default=1, show_default=True)
def compare_bits(cell: str, trials: int, duration_ms: int, cores: int) -> None:
    folder = project.find_cell(cell).resolve()
    exact = run(folder, None, trials, duration_ms, cores)
    for bits in BITS:
        found = compare(run(folder, bits, trials, duration_ms, cores), exact)
        record({"cell": cell, "bits": bits} | found)
        click.echo(f"{cell}, {bits} bits: {found}")
    draw(pd.read_csv(TABLE)).savefig(FIGURE, metadata={"Date": None})


def run(folder: Path, bits: float | None, trials: int, duration_ms: int, cores: int) -> list[Trial]:
    """Test trials of a cell with log-normal excitatory weights, rounded or not; the input is the same."""
    weights = LOG_NORMAL if bits is None else LOG_NORMAL | {"bits": bits}
    values = {"extends": str(folder / "cell.yaml"), "synapses": {"excitatory": {"weights": weights}}}
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "cell.yaml").write_text(yaml.safe_dump(values))
        protocol = simulation.Protocol(scratch, definition.read(folder).variant, 1, duration_ms)
        return list(simulation.simulate_trials(protocol, "test", range(trials), cores))


def compare(rounded: list[Trial], exact: list[Trial]) -> dict[str, float]:
    """Variance explained and spikes kept and added, with 95 % intervals over trials, from 500 ms on."""
    voltage = metrics.sum_voltage(*(_voltage(trials) for trials in (rounded, exact)))
    counts = np.array([_coincidences(one, other) for one, other in zip(rounded, exact, strict=True)])
    weights = metrics.resampled_trials(len(exact), RESAMPLES, np.random.default_rng(0))
    explained = metrics.interval(voltage.variance_explained(weights), 0.95)
    n_true, n_kept = (weights @ counts[:, :2]).T
    biology_s = sum(len(one.soma_voltage_mv) - metrics.WARM_UP_MS for one in exact) / 1000
    found = {"variance_explained": float(voltage.variance_explained())}
    found |= dict(zip(("variance_explained_low", "variance_explained_high"), explained, strict=True))
    found["spikes_kept"] = counts[:, 1].sum() / counts[:, 0].sum()
    found |= dict(zip(("spikes_kept_low", "spikes_kept_high"), metrics.interval(n_kept / n_true, 0.95), strict=True))
    found["spikes_added"] = counts[:, 3].sum() / counts[:, 0].sum()
    return found | {"spikes": int(counts[:, 0].sum()), "rate_hz": counts[:, 2].sum() / biology_s}


def record(row: dict[str, float | str]) -> None:
    """Put a row into the table in place of the one of the same cell and bits."""
    table = pd.read_csv(TABLE) if TABLE.is_file() else pd.DataFrame()
    table = pd.concat([table, pd.DataFrame([row])]).drop_duplicates(["cell", "bits"], keep="last")
    table.sort_values(["cell", "bits"]).round(4).to_csv(TABLE, index=False)


def _voltage(trials: list[Trial]) -> np.ndarray:
    return np.stack([one.soma_voltage_mv[metrics.WARM_UP_MS :] for one in trials])


def _coincidences(rounded: Trial, exact: Trial) -> tuple[int, int, int, int]:
    """Spikes of the exact trial, those of them that the rounded one has within 2 ms, its spikes, and those without a partner."""
    true_ms, found_ms = (one.spike_time_ms[one.spike_time_ms >= metrics.WARM_UP_MS] for one in (exact, rounded))
    apart_ms = np.abs(true_ms[:, None] - found_ms[None])
    kept, paired = (apart_ms <= WITHIN_MS).any(axis=1).sum(), (apart_ms <= WITHIN_MS).any(axis=0).sum()
    return len(true_ms), int(kept), len(found_ms), len(found_ms) - int(paired)


@style.styled
def draw(table: pd.DataFrame) -> Figure:
    """Draw both measures of all cells against bits per synapse."""
    figure, axes = plt.subplots(1, 2, figsize=(6.4, 2.6), layout="constrained", sharex=True)
    for cell, rows in table.groupby("cell"):
        colour, marker = LOOK.get(str(cell), OTHER)
        for axis, name in zip(axes, ("variance_explained", "spikes_kept"), strict=True):
            error = [rows[name] - rows[f"{name}_low"], rows[f"{name}_high"] - rows[name]]
            axis.errorbar(rows["bits"], rows[name], error, marker=marker, color=colour, capsize=2, label=cell)
    axes[0].set(xlabel="bits per excitatory synapse", ylabel="variance explained", xlim=(0.7, 6.3), ylim=(0, 1.05))
    axes[1].set(xlabel="bits per excitatory synapse", ylabel="spikes kept within 2 ms", ylim=(0, 1.05))
    axes[0].legend()
    return figure


if __name__ == "__main__":
    compare_bits()
