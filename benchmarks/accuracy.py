"""Measure what the integration step does to spikes, to voltages and to what a network can be scored.

Every setting (simulator, order, step) simulates the same trials: the reference trials of the published cell where
they are present, else as many of the shipped cell. Each is compared with the finest step and with CVODE in NEURON;
docs/accuracy.md says what the columns are.

    NEURODEPTH_DATA=../shared/reference python benchmarks/accuracy.py --runs /tmp/runs \
        --json benchmarks/tables/accuracy.json --table benchmarks/tables/accuracy.md --figure docs/images/accuracy.svg

About 25 minutes of one core. What has been simulated stays in the folder --runs and is simulated again only after
the code of the cells has changed.
"""

import json
import multiprocessing
import os
import shlex
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import accuracy_scores
import click
import h5py
import numpy as np
import pandas as pd
from accuracy_scores import Runs

from neurodepth import cells, provenance, stimulus
from neurodepth.cells import definition
from neurodepth.cells.trial import Events

PROJECT = Path(__file__).parents[1]
GROUPS = {"nmda": "nmda", "no_nmda": "ampa"}  # the cell's variants, and their names in the reference file
N_OWN = {"nmda": 12, "no_nmda": 6}  # trials where there are no reference trials: as many as those
SEED = 1
DURATION_MS = 3000  # of the reference trials
STEPS_MS = {
    2: (0.005, 0.01, 0.0125, 0.025, 0.05, 0.0625, 0.1, 0.125, 0.2),
    1: (0.0125, 0.025, 0.05, 0.0625, 0.1, 0.125, 0.2),
}
CORENEURON = ((0.025, 1), (0.025, 2), (0.0625, 2))
TOLERANCE = 1e-5  # mV, of CVODE
CALCIUM_SCALE = 1e-3  # of that tolerance: a concentration is near 1e-4 mM
N_COSTLY = {"nmda": 3, "no_nmda": 1}  # trials for CVODE and CoreNEURON: those with most spikes

Inputs = dict[str, dict[int, Events]]  # by variant and number of the trial


@dataclass(frozen=True)
class Setting:
    """A way to integrate.

    Attributes:
        simulator: One of the compartmental cell's, or `cvode`.
        order: 1 or 2; 0 for CVODE, which chooses.
        step_ms: Step; infinite for CVODE, which chooses.
    """

    simulator: str
    order: int
    step_ms: float


FINEST = Setting("tabulated", 2, min(STEPS_MS[2]))
CVODE = Setting("cvode", 0, np.inf)
SETTINGS = (
    *(Setting("tabulated", order, step_ms) for order, steps in STEPS_MS.items() for step_ms in steps),
    *(Setting("coreneuron", order, step_ms) for step_ms, order in CORENEURON),
    CVODE,
)


@click.command()
@click.option("--runs", "folder", type=click.Path(path_type=Path), required=True, help="Folder of simulated trials.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures to this file.")
@click.option("--table", "table_path", type=click.Path(path_type=Path), help="Write the tables to this file.")
@click.option("--figure", "figure_path", type=click.Path(path_type=Path), help="Draw the errors into this file.")
def main(folder: Path, json_path: Path | None, table_path: Path | None, figure_path: Path | None) -> None:
    """Measure errors and costs of the ways to integrate."""
    cell, inputs = read_inputs()
    folder.mkdir(parents=True, exist_ok=True)
    runs = {FINEST: obtain(FINEST, cell, inputs, folder)}
    costly = busiest(inputs, runs[FINEST])
    for one in SETTINGS:
        runs[one] = obtain(one, cell, inputs if one.simulator == "tabulated" else costly, folder)
    tables = {
        "the finest step": compare(runs, {one: FINEST for one in SETTINGS if one.simulator == "tabulated"}),
        "CVODE": compare(runs, dict.fromkeys(SETTINGS, CVODE)),
        "CoreNEURON at the same step": compare(
            runs, {replace(one, simulator="tabulated"): one for one in SETTINGS if one.simulator == "coreneuron"}
        ),
    }
    arguments = [Path(one).name if Path(one).is_absolute() else one for one in sys.argv[1:]]  # no paths of this machine
    origin = {"command": shlex.join(["python", "benchmarks/accuracy.py", *arguments]), "commit": provenance.commit()}
    origin |= {"processor": provenance.processor(), "cell": cell, "versions": provenance.versions()}
    text = f"{cell}, commit {origin['commit']}, {origin['processor']}. `{origin['command']}`\n"
    for name, table in tables.items():
        text += f"\nAgainst {name}\n\n{accuracy_scores.as_markdown(table)}"
    click.echo(text)
    if table_path:
        table_path.write_text(text)
    if figure_path:
        accuracy_scores.draw(tables["the finest step"]).savefig(figure_path, metadata={"Date": None})
    if json_path:
        against = {name: json.loads(table.to_json(orient="records")) for name, table in tables.items()}
        json_path.write_text(json.dumps({"origin": origin, "against": against}, indent=2) + "\n")


def read_inputs() -> tuple[str, Inputs]:
    """The cell's name, and its input by variant and number of the trial."""
    folder = Path(os.environ.get("NEURODEPTH_REFERENCE", PROJECT.parent / "shared" / "reference"))
    if not (folder / "l5pc_trials.h5").is_file():
        return "l5pc", {variant: draw_inputs(variant) for variant in N_OWN}
    with h5py.File(folder / "l5pc_trials.h5") as file:
        trials = {variant: enumerate(file[group].values()) for variant, group in GROUPS.items()}
        return "l5pc_hay2011", {
            variant: {number: Events(one["event_time_ms"][:], one["event_synapse"][:]) for number, one in found}
            for variant, found in trials.items()
        }


def draw_inputs(variant: str) -> dict[int, Events]:
    """Own input of the shipped cell."""
    synapses, statistics = in_own_process(synapses_and_statistics, variant)
    rngs = {number: stimulus.trial_rng(SEED, "test", number) for number in range(N_OWN[variant])}
    return {number: stimulus.draw_events(synapses, statistics, DURATION_MS, rng) for number, rng in rngs.items()}


def synapses_and_statistics(variant: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    cell = cells.build(definition.read(PROJECT / "models" / "cells" / "l5pc", variant))
    return cell.synapses, cell.definition.values["input"]


def busiest(inputs: Inputs, runs: Runs) -> Inputs:
    """Of each variant the trials with most spikes, as many as the slow simulators are given."""
    found = {}
    for variant, trials in inputs.items():
        counts = {number: len(runs.spike_time_ms[variant, number]) for number in trials}
        most = sorted(counts, key=lambda number: -counts[number])[: N_COSTLY[variant]]
        found[variant] = {number: trials[number] for number in most}
    return found


def obtain(setting: Setting, cell: str, inputs: Inputs, folder: Path) -> Runs:
    """The trials of a setting, simulated where the folder does not hold them."""
    spikes, voltages, seconds = {}, {}, []
    for variant, trials in inputs.items():
        kind = f"{setting.simulator}_{setting.order}_{setting.step_ms:g}"
        path = folder / f"{cell}_{variant}_{kind}_{provenance.code_digest('cells')}.npz"
        if not path.is_file():
            np.savez(path, **in_own_process(simulate, setting, cell, variant, trials))
        found = np.load(path)
        parts = np.split(found["spike_time_ms"], np.cumsum(found["n_spikes"])[:-1])
        seconds.extend(found["core_s"])
        for number, times_ms, voltage_mv in zip(found["number"].tolist(), parts, found["voltage_mv"], strict=True):
            spikes[variant, number], voltages[variant, number] = times_ms, voltage_mv
    click.echo(f"{path.stem}: {sum(seconds):.0f} s", err=True)
    return Runs(spikes, voltages, float(np.median(seconds)) / (DURATION_MS / 1000))


def in_own_process(function: Callable, *arguments: Any) -> Any:
    """NEURON simulates all cells of a process: each cell gets its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def simulate(setting: Setting, name: str, variant: str, inputs: dict[int, Events]) -> dict[str, np.ndarray]:
    """Spike times, voltages and seconds of a core of some trials."""
    simulator = "neuron" if setting == CVODE else setting.simulator
    cell = cells.build(definition.read(PROJECT / "models" / "cells" / name, variant), PROJECT / "data", simulator)
    solver = Cvode(cell) if setting == CVODE else Stepped(cell, setting)
    solver.run(Events(np.zeros(0, np.uint16), np.zeros(0, np.uint16)), 10)  # set-up is not timed
    spikes, voltages, seconds = [], [], []
    for events in inputs.values():
        start = time.process_time()
        times_ms, voltage_mv = solver.run(events, DURATION_MS)
        seconds.append(time.process_time() - start)
        spikes.append(times_ms)
        voltages.append(voltage_mv)
    return {
        "number": np.array(list(inputs)),
        "spike_time_ms": np.concatenate(spikes),
        "n_spikes": np.array([len(one) for one in spikes]),
        "voltage_mv": np.stack(voltages),
        "core_s": np.array(seconds),
    }


class Stepped:
    """A cell with a fixed step."""

    def __init__(self, cell: Any, setting: Setting):
        self._cell, self._setting = cell, setting

    def run(self, events: Events, duration_ms: int) -> tuple[np.ndarray, np.ndarray]:
        """Spike times in ms, and the soma voltage at the start of every millisecond."""
        trial = self._cell.run(events, duration_ms, self._setting.step_ms, self._setting.order == 2)
        return trial.spike_time_ms, trial.soma_voltage_mv


class Cvode:
    """A cell with NEURON's variable step: as exact as its tolerance, and slow, since every event starts it again."""

    def __init__(self, cell: Any, tolerance: float = TOLERANCE):
        from neuron import h

        self._h, self._cell = h, cell
        self._connections = [h.NetCon(None, point) for point in cell.points]
        for connection in self._connections:
            connection.weight[0] = 1
        self._detector = h.NetCon(cell.soma(0.5)._ref_v, None, sec=cell.soma)
        self._detector.threshold = cell.definition.values["spike_threshold_mv"]
        self._cvode = h.CVode()
        self._cvode.active(True)
        self._cvode.atol(tolerance)
        self._cvode.atolscale("cai", CALCIUM_SCALE)
        self._cvode.condition_order(2)  # crossings are interpolated

    def run(self, events: Events, duration_ms: int) -> tuple[np.ndarray, np.ndarray]:
        """Spike times in ms, and the soma voltage at the start of every millisecond."""
        h = self._h
        spike_time_ms, voltage_mv = h.Vector(), h.Vector()
        self._detector.record(spike_time_ms)
        voltage_mv.record(self._cell.soma(0.5)._ref_v, 1)
        h.finitialize(self._cell.definition.values["initial_voltage_mv"])
        for synapse, time_ms in zip(events.synapse.tolist(), events.time_ms.tolist(), strict=True):
            self._connections[synapse].event(time_ms)
        self._cvode.solve(duration_ms)
        return spike_time_ms.as_numpy().copy(), voltage_mv.as_numpy()[:duration_ms].astype(np.float32)


def compare(runs: dict[Setting, Runs], truths: dict[Setting, Setting]) -> pd.DataFrame:
    """One row for each setting and the truth that it is scored against."""
    return pd.DataFrame(
        [
            vars(setting) | accuracy_scores.score(runs[setting], runs[truth])
            for setting, truth in truths.items()
            if setting != truth
        ]
    )


if __name__ == "__main__":
    main()
