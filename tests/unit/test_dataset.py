import re

import h5py
import numpy as np
import pytest

from neurodepth import dataset
from neurodepth.cells.trial import Events, Trial, VoltageBasis

DESCRIPTION = {
    "cell": "l5pc",
    "variant": "nmda",
    "split": "train",
    "seed": 1,
    "n_synapses": 5,
    "n_excitatory": 3,
    "protocol": {"duration_ms": 50},
}


def make_trials(n_trials=3, duration_ms=50, components=2):
    rng = np.random.default_rng(0)
    return [
        Trial(
            Events(
                np.sort(rng.integers(0, duration_ms, 20)).astype(np.uint16), rng.integers(0, 5, 20).astype(np.uint16)
            ),
            np.sort(rng.uniform(0, duration_ms, number)),
            rng.normal(-70, 5, duration_ms).astype(np.float32),
            rng.normal(-65, 5, duration_ms).astype(np.float32),
            rng.normal(0, 5, (duration_ms, components)).astype(np.float32),
        )
        for number in range(n_trials)
    ]


@pytest.fixture
def shard(tmp_path):
    path = tmp_path / "0000.h5"
    dataset.write_shard(path, make_trials(), range(3), DESCRIPTION)
    return path


def test_what_is_written_is_read(shard):
    trials, read = make_trials(), dataset.read_split([shard])
    assert (len(read), read.n_synapses, read.n_excitatory, read.duration_ms) == (3, 5, 3, 50)
    for number, trial in enumerate(trials):
        np.testing.assert_array_equal(read.events[number].time_ms, trial.events.time_ms)
        np.testing.assert_array_equal(read.events[number].synapse, trial.events.synapse)
        np.testing.assert_array_equal(read.spike_time_ms[number], trial.spike_time_ms)  # exact: float64
        np.testing.assert_array_equal(read.soma_voltage_mv[number], trial.soma_voltage_mv)


def test_the_same_trials_give_the_same_bytes(tmp_path):
    for name in ("a.h5", "b.h5"):
        dataset.write_shard(tmp_path / name, make_trials(), range(3), DESCRIPTION)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_trials_without_spikes_or_components_are_fine(tmp_path):
    quiet = Trial(Events(np.array([], np.uint16), np.array([], np.uint16)), np.array([]), np.zeros(50, np.float32))
    dataset.write_shard(tmp_path / "quiet.h5", [quiet], [0], DESCRIPTION)
    read = dataset.read_split([tmp_path / "quiet.h5"])
    assert read.spikes().sum() == 0
    assert read.dendrite_components_mv is None


def test_a_truncated_shard_is_refused_with_the_cure(shard):
    content = shard.read_bytes()
    shard.write_bytes(content[: len(content) // 2])
    with pytest.raises(dataset.DatasetError, match=r"0000\.h5.*delete it and run snakemake again"):
        dataset.read_split([shard])


def test_a_changed_byte_is_noticed(shard):
    with h5py.File(shard, "r+") as file:
        file["soma_voltage_mv"][0, 0] += 1
    with pytest.raises(dataset.DatasetError, match="checksum"):
        dataset.read_split([shard])


def test_a_foreign_file_is_refused(tmp_path):
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["x"] = [1]
    with pytest.raises(dataset.DatasetError, match=r"foreign\.h5: expected format 'neurodepth trials'"):
        dataset.read_split([tmp_path / "foreign.h5"])


def test_shards_of_different_studies_do_not_mix(shard, tmp_path):
    dataset.write_shard(tmp_path / "other.h5", make_trials(duration_ms=60), range(3), DESCRIPTION)
    with pytest.raises(dataset.DatasetError, match="not of one split"):
        dataset.read_split([shard, tmp_path / "other.h5"])


def test_an_interrupted_write_leaves_no_shard(tmp_path):
    broken = [*make_trials(2), make_trials(1, duration_ms=60)[0]]
    with pytest.raises(ValueError, match="same shape"):
        dataset.write_shard(tmp_path / "0000.h5", broken, range(3), DESCRIPTION)
    assert not (tmp_path / "0000.h5").exists()


def test_spikes_fall_into_the_millisecond_of_their_time(shard):
    read = dataset.read_split([shard])
    for number, times in enumerate(read.spike_time_ms):
        assert set(np.flatnonzero(read.spikes()[number])) == set(np.floor(times).astype(int))


def test_a_basis_is_read_as_written(tmp_path):
    basis = VoltageBasis(np.arange(4.0), np.eye(2, 4), np.array([0.7, 0.2]))
    dataset.write_basis(tmp_path / "basis.h5", basis)
    np.testing.assert_array_equal(dataset.read_basis(tmp_path / "basis.h5").components, basis.components)


def test_the_document_says_what_the_code_writes(project, shard):
    text = (project / "docs" / "data_format.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \| `([^`]+)` \|", text, re.MULTILINE)
    documented = {name: (kind, unit.strip(), dims) for name, kind, unit, dims in rows}
    assert documented == dataset.LAYOUT
    attributes = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|$", text, re.MULTILINE))
    assert {name: text.strip() for name, text in attributes.items()} == dataset.ATTRIBUTES
    with h5py.File(shard) as file:
        assert set(file) == set(dataset.LAYOUT)
        assert set(file.attrs) == set(dataset.ATTRIBUTES)
        for name, (kind, unit, dims) in dataset.LAYOUT.items():
            assert (str(file[name].dtype), file[name].attrs["unit"], file[name].attrs["dims"]) == (kind, unit, dims)
