"""Measure how fast shards are read on one core and how large they are, by dataset.

Without arguments: full and compact shards of synthetic trials with the layer-5 cell's number of synapses and input
statistics. With arguments: the given shards.

    python benchmarks/reading.py
    python benchmarks/reading.py results/l5pc/nmda/trials/train/*.h5 --json reading.json
"""

import json
import tempfile
import time
from pathlib import Path

import click
import numpy as np
import pandas as pd
from scipy import signal
from threadpoolctl import threadpool_limits

from neurodepth import dataset, provenance, stimulus
from neurodepth.cells import definition
from neurodepth.cells.trial import Events, Trial

PROJECT = Path(__file__).parents[1]
N_SEGMENTS = {"basal": 262, "apical": 377}  # Hay et al. 2011's cell 1
SEGMENT_LENGTH_UM = (15, 40)
SEED = 1
DECAY_MS = {"excitatory": 70, "inhibitory": 8}  # NMDA and GABA_A of the layer-5 cell
MEMBRANE_MS = 8
REST_MV, DEVIATION_MV = -65, 4  # of the layer-5 cell driven so
SPIKE_MV = np.array([20, 90, 35, 12, 5, 2])  # above the course without a spike, in each ms
OUTPUT_RATE_HZ = 1
TARGET_BIO_S_PER_S = 600  # five times what the fastest training consumes


@click.command()
@click.argument("shards", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--trials", "n_trials", default=100, show_default=True, help="Synthetic trials a shard.")
@click.option("--duration-ms", default=6000, show_default=True, help="Length of a synthetic trial.")
@click.option("--repeats", default=5, show_default=True, help="Readings of each shard; the median counts.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures to this file.")
def main(shards: tuple[Path, ...], n_trials: int, duration_ms: int, repeats: int, json_path: Path | None) -> None:
    """Measure reading speed and size of SHARDS, or of synthetic ones."""
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:
        paths = {path.as_posix(): path for path in shards} or write_synthetic(Path(folder), n_trials, duration_ms)
        measured = {name: measure(path, repeats) for name, path in paths.items()}
    for name, figures in measured.items():
        click.echo(table(name, figures))
    if json_path:
        origin = {"processor": provenance.processor(), "versions": provenance.versions(), "commit": provenance.commit()}
        json_path.write_text(json.dumps(origin | {"shards": measured}, indent=2) + "\n")


def measure(path: Path, repeats: int) -> dict:
    """Reading speed (median, lowest, highest) and MB an hour of biology of one shard."""
    described = dataset.describe(path)
    summary = described["summary"]
    biology_s = summary["trials"] * summary["duration_ms"] / 1000
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        dataset.read_split([path])
        seconds.append(time.perf_counter() - start)
    speeds = biology_s / np.array(seconds)
    return {
        "biology_s": biology_s,
        "input_events_per_s": summary["input_rate_hz"] * described["attributes"]["n_synapses"],
        "read_bio_s_per_s": {"median": np.median(speeds), "lowest": speeds.min(), "highest": speeds.max()},
        "megabytes_per_hour": summary["megabytes_per_hour"],
        "megabytes_per_hour_by_dataset": {
            name: one["stored_bytes"] / 1e6 * 3600 / biology_s for name, one in described["datasets"].items()
        },
    }


def table(name: str, figures: dict) -> str:
    """The figures of one shard as lines of text."""
    speed = figures["read_bio_s_per_s"]
    is_full = "event_code" in figures["megabytes_per_hour_by_dataset"]
    target = f"; the target is {TARGET_BIO_S_PER_S}" if is_full else ", the speed at which the input is drawn"
    lines = [
        f"{name}: {figures['biology_s']:.0f} s of biology, {figures['input_events_per_s']:.0f} input events/s",
        f"  read at {speed['median']:.0f} bio-s/s ({speed['lowest']:.0f} to {speed['highest']:.0f}){target}",
        f"  {figures['megabytes_per_hour']:8.3f} MB/h in all",
    ]
    by_size = sorted(figures["megabytes_per_hour_by_dataset"].items(), key=lambda item: -item[1])
    return "\n".join(lines + [f"  {size:8.3f} {dataset_name}" for dataset_name, size in by_size])


def write_synthetic(folder: Path, n_trials: int, duration_ms: int) -> dict[str, Path]:
    """A full and a compact shard of the same synthetic trials."""
    synapses = draw_synapses(np.random.default_rng(SEED))
    statistics = definition.read(PROJECT / "models" / "cells" / "l5pc").values["input"]
    trials = []
    for index in range(n_trials):
        rng = stimulus.trial_rng(SEED, "train", index)
        events = stimulus.draw_events(synapses, statistics, duration_ms, rng)
        trials.append(respond(events, synapses, duration_ms, rng))
    description = {
        "cell": "synthetic",
        "variant": "nmda",
        "split": "train",
        "seed": SEED,
        "n_synapses": len(synapses),
        "n_excitatory": int((synapses["kind"] == "excitatory").sum()),
        "protocol": {"duration_ms": duration_ms},
        "input": statistics,
        "synapses": synapses,
    }
    paths = {"full": folder / "full.h5", "compact": folder / "compact.h5"}
    for name, path in paths.items():
        dataset.write_shard(path, trials, range(n_trials), description, compact=name == "compact")
    return paths


def draw_synapses(rng: np.random.Generator) -> pd.DataFrame:
    """One excitatory and one inhibitory synapse on each segment of a tree like the layer-5 cell's."""
    trees = np.repeat(list(N_SEGMENTS), list(N_SEGMENTS.values()))
    segments = pd.DataFrame({"tree": trees, "length_um": rng.uniform(*SEGMENT_LENGTH_UM, len(trees))})
    return pd.concat([segments.assign(kind=kind) for kind in DECAY_MS], ignore_index=True)


def respond(events: Events, synapses: pd.DataFrame, duration_ms: int, rng: np.random.Generator) -> Trial:
    """Voltages that follow the filtered input, with spikes at random: as rough as a cell's, not a cell's."""
    excitatory = (synapses["kind"] == "excitatory").to_numpy()[events.synapse]
    drive = np.zeros(duration_ms)
    for kind, chosen in (("excitatory", excitatory), ("inhibitory", ~excitatory)):
        count = np.bincount(events.time_ms[chosen], minlength=duration_ms)
        decay = np.exp(-1 / DECAY_MS[kind])
        current = signal.lfilter([1 - decay], [1, -decay], count)
        drive += current if kind == "excitatory" else -current
    leak = np.exp(-1 / MEMBRANE_MS)
    smooth = signal.lfilter([1 - leak], [1, -leak], drive)
    soma_mv = REST_MV + DEVIATION_MV * (smooth - smooth.mean()) / smooth.std()
    nexus_mv = soma_mv.copy()
    spikes = np.flatnonzero(rng.random(duration_ms - len(SPIKE_MV)) < OUTPUT_RATE_HZ / 1000)
    for step, height_mv in enumerate(SPIKE_MV):
        soma_mv[spikes + step] += height_mv
        nexus_mv[spikes + step] += height_mv / 2
    return Trial(events, spikes + rng.random(len(spikes)), soma_mv.astype(np.float32), nexus_mv.astype(np.float32))


if __name__ == "__main__":
    main()
