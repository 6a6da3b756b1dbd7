"""Trials as one Neurodata Without Borders file, written by pynwb.

Trials follow one another on the session's clock, `GAP_MS` apart. The session's start is nominal: simulated time has
no date. What pynwb draws at random is set, so that the same shards give the same bytes.
"""

import json
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pynwb import NWBHDF5IO, H5DataIO, NWBFile, TimeSeries
from pynwb.core import DynamicTable, VectorData, VectorIndex
from pynwb.file import Subject
from pynwb.icephys import CurrentClampSeries
from pynwb.misc import Units

from neurodepth import __version__
from neurodepth.export.recording import Recording

GAP_MS = 1000
NOMINAL_START = datetime(2000, 1, 1, tzinfo=UTC)  # nwbinspector doubts dates before 1980
_VALUES_PER_CHUNK = 2**16
_SEGMENTS = "Dendritic segments of the cell; lengths in micrometres, positions within a section from 0 to 1."
_SYNAPSE_COLUMNS = {
    "kind": "excitatory or inhibitory",
    "tree": "dendritic tree that the synapse sits on",
    "segment": "row of the cell's table of segments that the synapse sits on",
    "weight": "factor on the conductance, or of a point neuron on the voltage step, of an event",
    "spine": "row of the cell's table of spines; -1 on the shaft",
    "length_um": "length of that segment in micrometres",
}


def check_output(path: Path) -> None:
    """Refuse what cannot be written as NWB.

    Raises:
        ValueError: If the name does not end in .nwb.
        FileExistsError: If it is a folder.
    """
    if path.suffix != ".nwb":
        raise ValueError(
            f"{path}: expected a name that ends in .nwb, by which readers know the format; rename --output"
        )
    if path.is_dir():
        raise FileExistsError(f"{path} is a folder; choose another --output")


def write(path: Path, recording: Recording) -> None:
    """Write one NWB file, under a temporary name first; a file of that name is replaced.

    Args:
        path: Where to, ending in .nwb.
        recording: What.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.stem + ".incomplete.nwb")
    file = _assemble(recording)
    _name_identifiers(file, recording.digest)
    with NWBHDF5IO(temporary, "w") as io:
        io.write(file)
    os.replace(temporary, path)


def _assemble(recording: Recording) -> NWBFile:
    file = NWBFile(
        session_description=recording.title,
        identifier=f"{recording.name}-{recording.digest}",
        session_start_time=NOMINAL_START,
        file_create_date=NOMINAL_START,
        session_id=recording.name,
        experiment_description="A simulated neuron; session and file dates are nominal.",
        keywords=["simulation", "dendrites", "synaptic input", str(recording.attributes["cell"])],
        notes=json.dumps(recording.attributes, sort_keys=True),
        subject=Subject(
            subject_id=str(recording.attributes["cell"]), description="A simulated cell; no animal.", sex="U"
        ),
        was_generated_by=[["neurodepth", __version__]],
    )
    starts_ms = np.arange(len(recording.trials)) * (recording.trials.duration_ms + GAP_MS)
    series = _add_signals(file, recording, starts_ms)
    file.add_trial_column(
        "trial_number", "number of the trial within its split; with split and seed it fixes the trial"
    )
    for start_ms, number in zip(starts_ms, recording.trials.index, strict=True):
        start_s, stop_s = start_ms / 1000, (start_ms + recording.trials.duration_ms) / 1000
        file.add_trial(start_time=start_s, stop_time=stop_s, trial_number=int(number), timeseries=series)
    file.units = _output_spikes(recording, starts_ms)
    module = file.create_processing_module("misc", "Presynaptic events that drive the cell, and its segments.")
    module.add(_presynaptic_events(recording, starts_ms))
    if recording.segments is not None:
        module.add(DynamicTable.from_dataframe(recording.segments, "segments", table_description=_SEGMENTS))
    return file


def _add_signals(file: NWBFile, recording: Recording, starts_ms: np.ndarray) -> list[TimeSeries]:
    """Add all signals, on one clock, and return them."""
    device = file.create_device("simulator", description="A simulation: no instrument, no noise.")
    times_s = ((starts_ms[:, None] + np.arange(recording.trials.duration_ms)) / 1000).ravel()
    added: list[TimeSeries] = []
    for signal, values in recording.signals():
        options = {
            "name": signal.name,
            "description": f"{signal.description} Sampled at the start of every millisecond; trials are {GAP_MS} ms apart.",
            "data": _compressed(values.reshape(-1, *values.shape[2:])),
            "conversion": signal.si_factor,
            "timestamps": added[0] if added else _compressed(times_s),
        }
        if signal.place == "dendrites" or signal.si_unit != "volts":
            series = TimeSeries(unit=signal.si_unit, **options)
        else:
            electrode = file.create_icephys_electrode(
                name=signal.place,
                device=device,
                location=signal.place,
                description=f"The simulated voltage of the {signal.place}.",
                cell_id=recording.attributes["cell"],
            )
            series = CurrentClampSeries(electrode=electrode, stimulus_description="random synaptic input", **options)
        file.add_acquisition(series)
        added.append(series)
    return added


def _output_spikes(recording: Recording, starts_ms: np.ndarray) -> Units:
    """The cell's spikes: one unit, observed during the trials."""
    units = Units(
        name="units",
        description="Output spikes of the cell: upward crossings of its threshold at the soma.",
        resolution=recording.step_ms / 1000,
    )
    units.add_column("cell", "name of the cell")
    times_s = [
        (start_ms + times_ms) / 1000
        for start_ms, times_ms in zip(starts_ms, recording.trials.spike_time_ms, strict=True)
    ]
    observed_s = np.stack([starts_ms, starts_ms + recording.trials.duration_ms], axis=1) / 1000
    units.add_unit(spike_times=np.concatenate(times_s), obs_intervals=observed_s, cell=recording.attributes["cell"])
    return units


def _presynaptic_events(recording: Recording, starts_ms: np.ndarray) -> Units:
    """Input events of every synapse as a table like the units', one row a synapse, sorted by time."""
    events = recording.trials.events
    synapse = np.concatenate([one.synapse for one in events])
    times_s = np.concatenate(
        [(start_ms + one.time_ms.astype(np.int64)) / 1000 for start_ms, one in zip(starts_ms, events, strict=True)]
    )
    by_synapse = np.argsort(synapse, kind="stable")  # stable: times stay sorted within a synapse
    ends = np.cumsum(np.bincount(synapse, minlength=recording.trials.n_synapses))
    times = VectorData(
        name="spike_times", description="times of presynaptic spikes in seconds", data=_compressed(times_s[by_synapse])
    )
    columns = [times, VectorIndex(name="spike_times_index", data=ends, target=times)]
    columns += [
        VectorData(name=name, description=_SYNAPSE_COLUMNS[name], data=values.tolist())
        for name, values in recording.synapses.items()
    ]
    return Units(
        name="synapses",
        description="Presynaptic events by synapse; an event acts at exactly its time. Row = number of the synapse.",
        resolution=0.001,  # events have whole milliseconds
        id=list(range(recording.trials.n_synapses)),
        columns=columns,
        colnames=["spike_times", *recording.synapses],
    )


def _compressed(values: np.ndarray) -> H5DataIO | np.ndarray:
    if not values.size:  # HDF5 has no chunks for nothing
        return values
    n_rows = min(len(values), max(1, _VALUES_PER_CHUNK // values[0].size))
    return H5DataIO(values, compression="gzip", compression_opts=1, shuffle=True, chunks=(n_rows, *values.shape[1:]))


def _name_identifiers(file: NWBFile, digest: str) -> None:
    """Derive each object's id from its place and the content's digest; hdmf draws them and has no public way to set."""
    for number, part in enumerate(file.all_children()):
        name = f"{digest}/{number}/{part.name}"
        part._AbstractContainer__object_id = str(uuid.uuid5(uuid.NAMESPACE_OID, name))
