"""Input spikes alone: arrays, events and files of them become trials that a network predicts."""

import numpy as np
import pandas as pd
import pytest

from neurodepth import input_spikes
from neurodepth.cells.trial import Events
from neurodepth.container import DatasetError

N_SYNAPSES = 4
ROWS = [(0, 3, 1), (0, 3, 0), (2, 7, 3)]  # trial, ms, synapse


def table(rows=ROWS):
    return pd.DataFrame(rows, columns=input_spikes.COLUMNS)


def as_rows(trials):
    """Trial, time and synapse of every event."""
    return [
        (int(trial), int(time_ms), int(synapse))
        for trial, events in zip(trials.index, trials.events, strict=True)
        for time_ms, synapse in zip(events.time_ms, events.synapse, strict=True)
    ]


def test_an_array_keeps_its_spikes_and_its_silent_trials():
    spikes = np.zeros((3, 8, N_SYNAPSES))
    spikes[tuple(np.array(ROWS).T)] = 1
    trials = input_spikes.from_array(spikes)
    assert as_rows(trials) == sorted(ROWS)
    assert (len(trials), trials.duration_ms, trials.n_synapses) == (3, 8, N_SYNAPSES)


def test_a_csv_file_is_sorted_and_rounded_down_to_milliseconds(tmp_path):
    table().assign(time_ms=[3.9, 3.0, 7.5]).to_csv(tmp_path / "e.csv", index=False)
    trials = input_spikes.read([tmp_path / "e.csv"], N_SYNAPSES)
    assert as_rows(trials) == sorted(ROWS)
    assert trials.index.tolist() == [0, 2]
    assert trials.duration_ms == 8


def test_a_spike_given_twice_in_a_millisecond_counts_once(tmp_path):
    table([*ROWS, ROWS[0]]).to_csv(tmp_path / "e.csv", index=False)
    assert as_rows(input_spikes.read([tmp_path / "e.csv"], N_SYNAPSES)) == sorted(ROWS)


@pytest.mark.parametrize("form", ["columns", "array"])
def test_an_npz_file_says_the_same(tmp_path, form):
    spikes = np.zeros((3, 8, N_SYNAPSES), np.uint8)
    spikes[tuple(np.array(ROWS).T)] = 1
    arrays = {"input_spikes": spikes} if form == "array" else dict(table())
    np.savez(tmp_path / "e.npz", **arrays)
    trials = input_spikes.read([tmp_path / "e.npz"], N_SYNAPSES)
    assert as_rows(trials) == sorted(ROWS)
    assert trials.duration_ms == 8


def test_several_files_share_a_duration(tmp_path):
    table(ROWS[:2]).to_csv(tmp_path / "a.csv", index=False)
    table(ROWS[2:]).to_csv(tmp_path / "b.csv", index=False)
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    assert as_rows(input_spikes.read(paths, N_SYNAPSES)) == sorted(ROWS)
    assert input_spikes.read(paths, N_SYNAPSES, duration_ms=50).duration_ms == 50


def test_a_trial_in_two_files_is_refused(tmp_path):
    for name in ("a.csv", "b.csv"):
        table().to_csv(tmp_path / name, index=False)
    with pytest.raises(DatasetError, match=r"b\.csv: expected trials of its own, found trial 0, as in .*a\.csv"):
        input_spikes.read([tmp_path / "a.csv", tmp_path / "b.csv"], N_SYNAPSES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trial,time,synapse\n0,1,1\n", "expected trial, time_ms, synapse, found trial, time, synapse: add time_ms"),
        ("trial,time_ms,synapse\n", "found 0 rows"),
        ("trial,time_ms,synapse\n0,1,one\n", "found 1 rows, 1 of them without a number"),
        ("trial,time_ms,synapse\n0,1,0.5\n", "whole numbers for trial and synapse"),
        ("trial,time_ms,synapse\n0,1,4\n", "trial 0: synapse is 4 to 4, expected numbers from 0 to 3"),
        ("trial,time_ms,synapse\n0,-1,1\n", "trial 0: time_ms is -1 to -1, expected numbers from 0 to 9"),
        ("trial,time_ms,synapse\n0,12,1\n", "trial 0: time_ms is 12 to 12, expected numbers from 0 to 9"),
        ("", "expected CSV with the columns"),
    ],
)
def test_what_is_no_file_of_input_is_refused(tmp_path, text, message):
    (tmp_path / "e.csv").write_text(text)
    with pytest.raises(DatasetError, match=rf"e\.csv: .*{message}"):
        input_spikes.read([tmp_path / "e.csv"], N_SYNAPSES, duration_ms=10)


def test_an_array_of_other_synapses_is_refused(tmp_path):
    np.savez(tmp_path / "e.npz", input_spikes=np.zeros((1, 8, N_SYNAPSES - 1)))
    with pytest.raises(
        DatasetError, match=r"e\.npz: input_spikes has the shape \(1, 8, 3\), expected \(trials, time, 4\)"
    ):
        input_spikes.read([tmp_path / "e.npz"], N_SYNAPSES)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"e\.csv: no such file; expected input spikes"):
        input_spikes.read([tmp_path / "e.csv"], N_SYNAPSES)


def test_events_of_a_synapse_that_there_is_not_are_refused():
    with pytest.raises(ValueError, match="trial 0: synapse is 4 to 4, expected numbers from 0 to 3"):
        input_spikes.from_events([Events(np.array([1]), np.array([4]))], N_SYNAPSES, 10)


def test_an_array_of_another_form_is_refused():
    with pytest.raises(ValueError, match=r"expected an array \(trials, time, synapses\), found the shape \(8, 4\)"):
        input_spikes.from_array(np.zeros((8, N_SYNAPSES)))
