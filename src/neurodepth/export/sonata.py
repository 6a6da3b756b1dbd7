"""Trials as a SONATA folder: one circuit, and for each trial a simulation with its own spikes and reports.

A SONATA report is one run on an unbroken clock, so that each trial is a run of its own that starts at 0 ms. SONATA's
libraries read; h5py writes here, by the SONATA Developer Guide (AllenInstitute/sonata, docs), whose names are kept. Nothing
is compressed: the HDF5 inside libsonata's wheels cannot inflate.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neurodepth import __version__
from neurodepth.export.recording import Recording, Signal

MADE_BY = "neurodepth export"
MAGIC, VERSION = 0x0A7A, (0, 1)
SORTING = h5py.enum_dtype({"none": 0, "by_id": 1, "by_time": 2}, basetype="uint8")
# What `sections` of a simulation's configuration may say; the nexus lies in the apical tree.
_SECTIONS = {"soma": "soma", "nexus": "apic", "dendrites": "all"}


def check_output(path: Path) -> None:
    """Refuse to replace what is not an earlier export.

    Raises:
        FileExistsError: If there is something else.
    """
    if path.exists() and not _is_export(path):
        raise FileExistsError(
            f"{path} is not a folder that '{MADE_BY}' made; remove it yourself or choose another --output"
        )


def write(folder: Path, recording: Recording) -> None:
    """Write a SONATA folder, under a temporary name first; an earlier export of that name is replaced.

    Args:
        folder: Where to.
        recording: What.
    """
    temporary = folder.with_name(folder.name + ".incomplete")
    if temporary.exists():
        shutil.rmtree(temporary)
    (temporary / "network").mkdir(parents=True)
    cell, inputs = populations(recording)
    _write_nodes(temporary / "network", recording)
    nodes = {
        "nodes_file": "$NETWORK_DIR/nodes.h5",
        "node_types_file": "$NETWORK_DIR/node_types.csv",
        "populations": {cell: {"type": "virtual"}, inputs: {"type": "virtual"}},
    }
    circuit = {
        "metadata": {"made_by": MADE_BY, "version": __version__, "title": recording.title, **recording.attributes},
        "manifest": {"$BASE_DIR": ".", "$NETWORK_DIR": "$BASE_DIR/network"},
        "networks": {"nodes": [nodes], "edges": []},
    }
    _write_json(temporary / "circuit_config.json", circuit)
    if recording.segments is not None:
        recording.segments.to_csv(temporary / "network" / "segments.csv", index_label="segment")
    signals = recording.signals()
    for row, number in enumerate(recording.trials.index):
        of_trial = [(signal, values[row]) for signal, values in signals]
        _write_trial(temporary / f"trial_{number:06d}", recording, row, of_trial)
    if folder.exists():
        shutil.rmtree(folder)
    temporary.rename(folder)


def populations(recording: Recording) -> tuple[str, str]:
    """Names of the population with the cell, its node 0, and of the one with a node for each synapse."""
    return str(recording.attributes["cell"]), f"{recording.attributes['cell']}_inputs"


def _write_nodes(folder: Path, recording: Recording) -> None:
    """Node tables; all nodes are virtual: the folder holds what they did, not a model to run."""
    columns = {name: values.to_numpy() for name, values in recording.synapses.items()}
    one = {"variant": np.array([recording.attributes["variant"]])}
    tables = dict(zip(populations(recording), (one, columns), strict=True))
    with _create(folder / "nodes.h5") as file:
        for type_id, (population, attributes) in enumerate(tables.items()):
            group = file.create_group(f"nodes/{population}")
            n_nodes = len(next(iter(attributes.values())))
            group["node_type_id"] = np.full(n_nodes, type_id, np.int64)
            group["node_group_id"] = np.zeros(n_nodes, np.uint32)
            group["node_group_index"] = np.arange(n_nodes, dtype=np.uint64)
            for name, values in attributes.items():
                is_text = not np.issubdtype(values.dtype, np.number)
                group[f"0/{name}"] = values.astype(h5py.string_dtype()) if is_text else values
    lines = [f"{type_id} {population} virtual\n" for type_id, population in enumerate(tables)]
    (folder / "node_types.csv").write_text("".join(["node_type_id pop_name model_type\n", *lines]))


def _write_trial(folder: Path, recording: Recording, row: int, signals: list[tuple[Signal, np.ndarray]]) -> None:
    folder.mkdir()
    cell, inputs = populations(recording)
    duration_ms = recording.trials.duration_ms
    events = recording.trials.events[row]
    spikes_ms = recording.trials.spike_time_ms[row]
    with _create(folder / "spikes.h5") as file:
        _add_spikes(file, cell, spikes_ms, np.zeros(len(spikes_ms)))
        _add_spikes(file, inputs, events.time_ms, events.synapse)
    reports = {}
    for signal, values in signals:
        with _create(folder / f"{signal.name}.h5") as file:
            _add_report(file, cell, signal, values.reshape(duration_ms, -1))
        reports[signal.name] = {
            "cells": cell,
            "type": "compartment",
            "sections": _SECTIONS[signal.place],
            "variable_name": signal.variable,
            "unit": signal.unit,
            "dt": 1.0,
            "start_time": 0.0,
            "end_time": float(duration_ms),
        }
    simulation = {
        "metadata": {"made_by": MADE_BY, "trial_number": int(recording.trials.index[row])},
        "manifest": {"$OUTPUT_DIR": "."},
        "network": "../circuit_config.json",
        "run": {
            "tstop": float(duration_ms),
            "dt": recording.step_ms,
            "random_seed": recording.attributes["seed"],
        },
        "output": {"output_dir": "$OUTPUT_DIR", "spikes_file": "spikes.h5", "spikes_sort_order": "by_time"},
        "reports": reports,
    }
    _write_json(folder / "simulation_config.json", simulation)


def _add_spikes(file: h5py.File, population: str, times_ms: np.ndarray, node_ids: np.ndarray) -> None:
    group = file.create_group(f"spikes/{population}")
    group.attrs.create("sorting", 2, dtype=SORTING)
    group["timestamps"] = np.asarray(times_ms, np.float64)
    group["timestamps"].attrs["units"] = "ms"
    group["node_ids"] = np.asarray(node_ids, np.uint64)


def _add_report(file: h5py.File, population: str, signal: Signal, values: np.ndarray) -> None:
    """A frame report of the cell: one row a millisecond, one column an element."""
    n_time, n_elements = values.shape
    group = file.create_group(f"report/{population}")
    group["data"] = values
    group["data"].attrs["units"] = signal.unit
    group["data"].attrs["variable"] = signal.variable
    mapping = group.create_group("mapping")
    mapping["node_ids"] = np.zeros(1, np.uint64)
    mapping["node_ids"].attrs["sorted"] = np.int8(1)
    mapping["index_pointers"] = np.array([0, n_elements], np.uint64)
    mapping["index_pointer"] = mapping[
        "index_pointers"
    ]  # a second name: bmtk asks for this one, libsonata for the guide's
    mapping["element_ids"] = np.arange(n_elements, dtype=np.uint32)
    mapping["element_pos"] = np.full(n_elements, 0.5, np.float32)
    mapping["time"] = np.array([0, n_time, 1], np.float64)
    mapping["time"].attrs["units"] = "ms"


def _create(path: Path) -> h5py.File:
    file = h5py.File(path, "w")
    file.attrs["magic"] = np.uint32(MAGIC)
    file.attrs["version"] = np.array(VERSION, np.uint32)
    return file


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")


def _is_export(folder: Path) -> bool:
    config = folder / "circuit_config.json"
    return config.is_file() and f'"made_by": "{MADE_BY}"' in config.read_text()
