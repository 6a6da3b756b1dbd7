import errno
import hashlib
import json
import os
import re
import shutil
import time
import tracemalloc
from dataclasses import replace

import h5py
import numpy as np
import pandas as pd
import pytest

from neurodepth import coding, container, dataset, stimulus
from neurodepth.cells.trial import Events, Trial, VoltageBasis

SYNAPSES = pd.DataFrame(
    {
        "kind": ["excitatory"] * 3 + ["inhibitory"] * 2,
        "tree": ["basal", "apical"] * 2 + ["basal"],
        "length_um": 10.1,
        "weight": [0.5, 1.0, 1.5, 1.0, 1.0],
    }
)
TREE = {"excitatory_max_per_100ms": 8, "inhibitory_offset_per_100ms": [-6, 2]}
INPUT = {
    "keep_ms": [25, 30],
    "sigma_ms": [25, 40],
    "jitter_ms": 20,
    "extra_length_um": 10,
    "synapse_factor": [0.5, 1.5],
    "inhibition_below_zero": "avoid",
    "trees": {"basal": TREE, "apical": TREE},
}
DESCRIPTION = {
    "cell": "l5pc",
    "variant": "nmda",
    "split": "train",
    "seed": 1,
    "n_synapses": 5,
    "n_excitatory": 3,
    "protocol": {"duration_ms": 50},
    "input": INPUT,
    "synapses": SYNAPSES,
}
ROUNDING_MV = 1 / 256  # half of a stored step
FLOAT16 = 2.0**-11  # relative precision


def make_trials(n_trials=3, duration_ms=50, components=2, segments=4):
    rng = np.random.default_rng(0)
    return [
        Trial(
            stimulus.draw_events(SYNAPSES, INPUT, duration_ms, stimulus.trial_rng(1, "train", number)),
            np.sort(rng.uniform(0, duration_ms, number)),
            rng.normal(-70, 5, duration_ms).astype(np.float32),
            rng.normal(-65, 5, duration_ms).astype(np.float32),
            rng.normal(0, 5, (duration_ms, components)).astype(np.float32),
            rng.normal(-70, 5, (duration_ms, segments)).astype(np.float32),
            10 ** rng.uniform(-7, -1, (duration_ms, segments)).astype(np.float32),
            rng.uniform(1e-4, 1e-2, duration_ms).astype(np.float32),
        )
        for number in range(n_trials)
    ]


def write(path, compact=False, **changes):
    dataset.write_shard(path, make_trials(), range(3), DESCRIPTION | changes, compact)
    return path


def seal(path):
    """Make the checksums fit after a change, as only a program that writes this format could."""
    with h5py.File(path, "r+") as file:
        for stored in file.values():
            digest = hashlib.sha256(stored[()].tobytes()).hexdigest()
            container._set_attributes(stored, {"checksum": digest})
        attributes = container._attributes(file)
        del attributes["checksum"]
        digests = {name: container._attributes(stored)["checksum"] for name, stored in file.items()}
        container._set_attributes(file, {"checksum": container._checksum(attributes, digests)})


@pytest.fixture
def shard(tmp_path):
    return write(tmp_path / "0000.h5")


@pytest.fixture
def compact_shard(tmp_path):
    return write(tmp_path / "compact.h5", compact=True)


@pytest.mark.parametrize("compact", [False, True])
def test_what_is_written_is_read(tmp_path, compact):
    trials, read = make_trials(), dataset.read_split([write(tmp_path / "0000.h5", compact)], tuple(dataset.OPTIONAL))
    assert (len(read), read.n_synapses, read.n_excitatory, read.duration_ms) == (3, 5, 3, 50)
    for number, trial in enumerate(trials):
        np.testing.assert_array_equal(read.events[number].time_ms, trial.events.time_ms, strict=True)
        np.testing.assert_array_equal(read.events[number].synapse, trial.events.synapse, strict=True)
        np.testing.assert_array_equal(read.spike_time_ms[number], trial.spike_time_ms)  # exact: float64
        for name in ("soma_voltage_mv", "nexus_voltage_mv"):
            np.testing.assert_allclose(getattr(read, name)[number], getattr(trial, name), rtol=0, atol=ROUNDING_MV)
        for name in ("dendrite_components_mv", "dendrite_voltage_mv", "nmda_conductance_us"):
            np.testing.assert_allclose(getattr(read, name)[number], getattr(trial, name), rtol=FLOAT16)
        np.testing.assert_array_equal(read.nexus_calcium_mm[number], trial.nexus_calcium_mm)


@pytest.mark.parametrize("compact", [False, True])
def test_the_same_trials_give_the_same_bytes_at_another_time(tmp_path, compact):
    first = write(tmp_path / "a.h5", compact).read_bytes()
    time.sleep(1.1)  # HDF5's clock counts seconds
    assert write(tmp_path / "b.h5", compact).read_bytes() == first


def test_what_is_read_and_written_again_does_not_change(tmp_path, shard):
    read = dataset.read_split([shard], tuple(dataset.OPTIONAL))
    names = ("spike_time_ms", "soma_voltage_mv", *dataset.OPTIONAL)
    trials = [Trial(read.events[row], **{name: getattr(read, name)[row] for name in names}) for row in range(3)]
    dataset.write_shard(tmp_path / "again.h5", trials, read.index, DESCRIPTION)
    assert (tmp_path / "again.h5").read_bytes() == shard.read_bytes()


def test_recordings_of_every_segment_are_left_on_disk_unless_asked_for(shard):
    read = dataset.read_split([shard])
    assert (read.dendrite_voltage_mv, read.nmda_conductance_us, read.nexus_calcium_mm) == (None, None, None)
    assert read.nexus_voltage_mv is not None
    assert dataset.read_split([shard], ()).nexus_voltage_mv is None


def test_an_unknown_recording_is_refused_with_the_known_ones(shard):
    with pytest.raises(ValueError, match=r"no optional recording dendrite_voltage; there are .*dendrite_voltage_mv"):
        dataset.read_split([shard], ("dendrite_voltage",))


def test_the_first_trials_keep_all_recordings(shard):
    first = dataset.read_split([shard], tuple(dataset.OPTIONAL)).first(2)
    assert (len(first), len(first.events), len(first.nexus_calcium_mm), first.n_synapses) == (2, 2, 2, 5)


def test_shards_join_in_the_order_given(tmp_path, shard):
    dataset.write_shard(tmp_path / "0001.h5", make_trials(5)[3:], [3, 4], DESCRIPTION)
    read = dataset.read_split([shard, tmp_path / "0001.h5"])
    assert read.index.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(read.events[4].synapse, make_trials(5)[4].events.synapse)
    assert read.nexus_voltage_mv.shape == (5, 50)


def test_a_full_shard_needs_neither_statistics_nor_synapses(tmp_path):
    description = {key: value for key, value in DESCRIPTION.items() if key not in ("input", "synapses")}
    dataset.write_shard(tmp_path / "0000.h5", make_trials(), range(3), description)
    assert len(dataset.read_split([tmp_path / "0000.h5"])) == 3


def test_trials_without_spikes_or_components_are_fine(tmp_path):
    quiet = Trial(Events(np.array([], np.uint16), np.array([], np.uint16)), np.array([]), np.zeros(50, np.float32))
    dataset.write_shard(tmp_path / "quiet.h5", [quiet], [0], DESCRIPTION)
    read = dataset.read_split([tmp_path / "quiet.h5"])
    assert read.spikes().sum() == 0
    assert len(read.events[0].time_ms) == 0
    assert read.dendrite_components_mv is None


@pytest.mark.parametrize("part", [0.02, 0.5, 0.999])
def test_a_truncated_shard_is_refused_with_the_cure(shard, part):
    content = shard.read_bytes()
    shard.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(dataset.DatasetError, match=r"0000\.h5.*delete it and run snakemake again"):
        dataset.read_split([shard])


@pytest.mark.parametrize("name", [name for name in dataset.LAYOUT if not name.startswith(("event_code", "synapse"))])
def test_a_changed_value_is_noticed_where_it_stands(compact_shard, name):
    with h5py.File(compact_shard, "r+") as file:
        values = file[name][()]
        values.reshape(-1).view(np.uint8)[-1] ^= 1
        file[name][...] = values
    with pytest.raises(dataset.DatasetError, match=rf"checksum of {name} .*delete it and run snakemake again"):
        dataset.describe(compact_shard)


def test_a_changed_attribute_is_noticed(compact_shard):
    with h5py.File(compact_shard, "r+") as file:
        file.attrs["seed"] = 2
    with pytest.raises(dataset.DatasetError, match="checksum does not match"):
        dataset.read_split([compact_shard])


def test_a_missing_dataset_is_noticed(shard):
    with h5py.File(shard, "r+") as file:
        del file["nexus_calcium_mm"]
    with pytest.raises(dataset.DatasetError, match="checksum does not match"):
        dataset.read_split([shard])


def test_no_flipped_bit_gives_other_data(shard):
    whole, good = shard.read_bytes(), dataset.read_split([shard], tuple(dataset.OPTIONAL))
    refused = 0
    for position in np.random.default_rng(0).choice(len(whole), 150, replace=False):
        flipped = bytearray(whole)
        flipped[position] ^= 1 << position % 8
        shard.write_bytes(flipped)
        try:
            read = dataset.read_split([shard], tuple(dataset.OPTIONAL))
        except dataset.DatasetError:
            refused += 1
            continue
        np.testing.assert_array_equal(read.soma_voltage_mv, good.soma_voltage_mv)
        for name in dataset.OPTIONAL:
            np.testing.assert_array_equal(getattr(read, name), getattr(good, name))
        for one, other in zip(read.events, good.events, strict=True):
            np.testing.assert_array_equal(one.synapse, other.synapse)
    assert refused > 30  # the rest fell into gaps that HDF5 leaves


def test_a_foreign_file_is_refused(tmp_path):
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["x"] = [1]
    with pytest.raises(dataset.DatasetError, match=r"foreign\.h5: expected format 'neurodepth trials'"):
        dataset.read_split([tmp_path / "foreign.h5"])


def test_a_file_that_is_not_hdf5_is_refused(tmp_path):
    (tmp_path / "notes.h5").write_text("not HDF5")
    with pytest.raises(
        dataset.DatasetError, match=r"notes\.h5: expected a file of neurodepth trials, found no readable"
    ):
        dataset.read_split([tmp_path / "notes.h5"])


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(dataset.DatasetError, match=r"0000\.h5: no such file; run snakemake"):
        dataset.read_split([tmp_path / "0000.h5"])


@pytest.mark.parametrize(
    ("attribute", "value", "found"),
    [("cell", "lif", "l5pc"), ("variant", "no_nmda", "nmda"), ("split", "test", "train"), ("seed", 2, "1")],
)
def test_a_shard_of_something_else_is_refused_with_the_cure(shard, attribute, value, found):
    expected = {"cell": "l5pc", "variant": "nmda", "split": "train", "seed": 1}
    dataset.read_split([shard], expected=expected)
    message = f"0000\\.h5: expected {attribute} {value}, found {attribute} {found}: .*delete it and run snakemake"
    with pytest.raises(dataset.DatasetError, match=message):
        dataset.read_split([shard], expected=expected | {attribute: value})


def test_a_copy_of_another_shard_is_refused_with_the_cure(shard, tmp_path):
    shutil.copy(shard, tmp_path / "0001.h5")
    message = (
        r"0001\.h5: expected trials of its own, found trial 0, as in .*0000\.h5; delete it and run snakemake again"
    )
    with pytest.raises(dataset.DatasetError, match=message):
        dataset.read_split([shard, tmp_path / "0001.h5"])


def test_a_shard_given_twice_is_refused(shard):
    with pytest.raises(
        dataset.DatasetError, match=r"0000\.h5: holds trial 0 twice, or is given twice: name each shard once"
    ):
        dataset.read_split([shard, shard])


def test_many_shards_are_read_in_little_more_memory_than_they_take(tmp_path):
    description = DESCRIPTION | {"protocol": {"duration_ms": 3000}}
    trials = make_trials(duration_ms=3000, components=32)
    paths = [tmp_path / f"{number:04}.h5" for number in range(8)]
    for number, path in enumerate(paths):
        dataset.write_shard(path, trials, range(3 * number, 3 * number + 3), description)
    tracemalloc.start()
    read = dataset.read_split(paths)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read.dendrite_components_mv.shape == (24, 3000, 32)
    np.testing.assert_array_equal(
        read.dendrite_components_mv[21:], dataset.read_split(paths[7:]).dendrite_components_mv
    )
    assert peak < 1.5 * held  # 2 when all shards stay until they are joined


def test_a_shard_of_version_1_is_refused_with_the_cure(tmp_path):
    with h5py.File(tmp_path / "old.h5", "w") as file:  # as neurodepth 0.1 wrote it
        file.attrs.update({"format": "neurodepth trials", "format_version": 1, "checksum": "0"})
        file["event_time_ms"] = np.zeros(3, np.uint16)
    with pytest.raises(
        dataset.DatasetError, match=r"old\.h5: expected format version 2, found 1: .*delete it and run snakemake again"
    ):
        dataset.read_split([tmp_path / "old.h5"])


def test_shards_of_different_studies_do_not_mix(shard, tmp_path):
    dataset.write_shard(tmp_path / "other.h5", make_trials(duration_ms=60), range(3), DESCRIPTION)
    with pytest.raises(dataset.DatasetError, match=r"other\.h5: soma_voltage_mv is \(60,\) .* not of one split"):
        dataset.read_split([shard, tmp_path / "other.h5"])


def test_shards_with_and_without_a_recording_do_not_mix(shard, tmp_path):
    trials = [replace(trial, dendrite_components_mv=None) for trial in make_trials()]
    dataset.write_shard(tmp_path / "other.h5", trials, range(3), DESCRIPTION)
    with pytest.raises(dataset.DatasetError, match=r"dendrite_components_mv is None but \(50, 2\)"):
        dataset.read_split([shard, tmp_path / "other.h5"])


def test_an_interrupted_write_leaves_no_shard(tmp_path):
    broken = [*make_trials(2), make_trials(1, duration_ms=60)[0]]
    with pytest.raises(ValueError, match="same shape"):
        dataset.write_shard(tmp_path / "0000.h5", broken, range(3), DESCRIPTION)
    assert not (tmp_path / "0000.h5").exists()


@pytest.mark.parametrize(
    ("interruption", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), r"No space left on device for 0\.\d MB: '.*0000\.h5'"),
        (KeyboardInterrupt("control-c"), "control-c"),
    ],
)
def test_an_end_in_the_middle_of_writing_leaves_the_old_shard_and_no_half_file(
    shard, monkeypatch, interruption, message
):
    before = shard.read_bytes()

    def interrupted(descriptor):
        raise interruption

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(type(interruption), match=message):
        write(shard, cell="other")
    assert [path.name for path in shard.parent.iterdir()] == ["0000.h5"]
    assert shard.read_bytes() == before


@pytest.mark.parametrize("value", [np.nan, 300, -np.inf])
def test_a_voltage_that_diverged_is_not_written(tmp_path, value):
    trials = make_trials()
    trials[1].nexus_voltage_mv[7] = value
    with pytest.raises(ValueError, match=r"trial 1, nexus_voltage_mv: .*expected numbers within 256 mV"):
        dataset.write_shard(tmp_path / "0000.h5", trials, range(3), DESCRIPTION)
    assert not (tmp_path / "0000.h5").exists()


@pytest.mark.parametrize("events", [([5, 4], [1, 1]), ([4, 4], [1, 0]), ([4, 4], [1, 1])])
def test_events_out_of_order_are_not_written(tmp_path, events):
    trial = replace(make_trials(1)[0], events=Events(*(np.array(one, np.uint16) for one in events)))
    with pytest.raises(ValueError, match=r"trial 0, events: event 1 .* must be sorted by time, then by synapse"):
        dataset.write_shard(tmp_path / "0000.h5", [trial], [0], DESCRIPTION)


def test_an_event_of_a_synapse_that_does_not_exist_is_not_written(tmp_path):
    trial = replace(make_trials(1)[0], events=Events(np.array([3], np.uint16), np.array([5], np.uint16)))
    with pytest.raises(ValueError, match="synapse 5, expected 0 to 4"):
        dataset.write_shard(tmp_path / "0000.h5", [trial], [0], DESCRIPTION)


@pytest.mark.parametrize(
    ("n_synapses", "duration_ms", "n_events"), [(1, 65_535, 300), (65_536, 65_535, 500), (7, 9, 63)]
)
def test_events_survive_coding_up_to_the_largest_raster(n_synapses, duration_ms, n_events):
    cells = np.random.default_rng(1).choice(n_synapses * duration_ms, n_events, replace=False)
    cells = np.sort(np.append(cells[2:], [0, n_synapses * duration_ms - 1])) if n_events < 63 else np.sort(cells)
    events = Events(*(one.astype(np.uint16) for one in np.divmod(cells, n_synapses)))
    decoded = coding.decode_events(coding.encode_events(events, n_synapses), n_synapses)
    np.testing.assert_array_equal(decoded.time_ms, events.time_ms)
    np.testing.assert_array_equal(decoded.synapse, events.synapse)


@pytest.mark.parametrize("gap", [0, 1, 254, 255, 256, 509, 510, 511, 100_000])
def test_every_length_of_gap_is_coded(gap):
    cells = np.array([3, 3 + gap + 1])
    events = Events(*(one.astype(np.uint16) for one in np.divmod(cells, 10)))
    np.testing.assert_array_equal(coding.decode_events(coding.encode_events(events, 10), 10).time_ms, events.time_ms)


def test_events_cost_close_to_their_entropy():
    # 1278 synapses at 11 Hz for 20 s: 280 000 events; the entropy of independent ones is 7.95 bits each.
    raster = np.random.default_rng(2).random((20_000, 1278), dtype=np.float32) < 0.011
    events = Events(*(one.astype(np.uint16) for one in np.nonzero(raster)))
    code = coding.encode_events(events, 1278)
    counts = np.bincount(code) / len(code)
    bits = -(counts * np.log2(counts, where=counts > 0, out=np.zeros_like(counts))).sum() * len(code)
    assert bits / len(events.time_ms) < 8.0


def test_the_steepest_voltages_survive_coding():
    voltage_mv = np.array([-255, 255, -255, 0, 0.0039, -0.0039], np.float32)
    decoded = coding.decode_voltage(coding.encode_voltage(voltage_mv))
    np.testing.assert_allclose(decoded, voltage_mv, rtol=0, atol=ROUNDING_MV)


def test_small_conductances_do_not_underflow():
    conductance_us = np.array([0, 1e-12, 1e-7, 0.01], np.float32)
    np.testing.assert_allclose(coding.round_mantissa(conductance_us), conductance_us, rtol=FLOAT16)


def test_compact_shards_hold_no_events(compact_shard):
    with h5py.File(compact_shard) as file:
        assert not {"event_code", "event_code_start"} & set(file)
    assert dataset.describe(compact_shard)["summary"]["input_rate_hz"] > 0


def test_compact_shards_are_refused_where_the_generator_gives_other_events(compact_shard, monkeypatch):
    draw = stimulus.draw_events
    monkeypatch.setattr(stimulus, "draw_events", lambda synapses, *rest: draw(synapses.iloc[::-1], *rest))
    with pytest.raises(
        dataset.DatasetError, match=r"compact\.h5: the events of trial 0 drawn here .* NumPy .*delete it"
    ):
        dataset.read_split([compact_shard])


def test_compact_shards_are_refused_where_their_digest_differs(compact_shard):
    with h5py.File(compact_shard, "r+") as file:
        file["event_digest"][2, 0] ^= 1
    seal(compact_shard)
    with pytest.raises(dataset.DatasetError, match="events of trial 2 drawn here"):
        dataset.read_split([compact_shard])


def test_events_of_another_seed_are_not_written_compactly(tmp_path):
    with pytest.raises(ValueError, match="the events of trial 0 are not those that seed 2 draws"):
        write(tmp_path / "0000.h5", compact=True, seed=2)


def test_a_compact_shard_wants_what_its_events_are_drawn_from(tmp_path):
    description = {key: value for key, value in DESCRIPTION.items() if key != "synapses"}
    with pytest.raises(ValueError, match=r"compact shard has no synapses; give .* or write with compact=False"):
        dataset.write_shard(tmp_path / "0000.h5", make_trials(), range(3), description, compact=True)


def test_statistics_survive_the_file(compact_shard):
    assert json.loads(dataset.describe(compact_shard)["attributes"]["input"]) == INPUT


def test_spikes_fall_into_the_millisecond_of_their_time(shard):
    read = dataset.read_split([shard])
    for number, times in enumerate(read.spike_time_ms):
        assert set(np.flatnonzero(read.spikes()[number])) == set(np.floor(times).astype(int))


def test_a_basis_is_read_as_written(tmp_path):
    basis = VoltageBasis(np.arange(4.0), np.eye(2, 4), np.array([0.7, 0.2]))
    study = {"cell": "l5pc", "variant": "nmda", "seed": 1}
    dataset.write_basis(tmp_path / "basis.h5", basis, study)
    found = dataset.read_basis(tmp_path / "basis.h5", study)
    np.testing.assert_array_equal(found.components, basis.components)
    with pytest.raises(
        dataset.DatasetError, match="expected variant no_nmda, found variant nmda: a file of something else"
    ):
        dataset.read_basis(tmp_path / "basis.h5", study | {"variant": "no_nmda"})


def test_the_document_says_what_the_code_writes(project, shard, compact_shard):
    text = (project / "docs" / "data_format.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \| `([^`]+)` \|", text, re.MULTILINE)
    documented = {name: (kind, unit.strip(), dims) for name, kind, unit, dims in rows}
    assert documented == dataset.LAYOUT
    attributes = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|$", text, re.MULTILINE))
    assert {name: text.strip() for name, text in attributes.items()} == dataset.ATTRIBUTES
    found = set()
    for path in (shard, compact_shard):
        with h5py.File(path) as file:
            assert set(file.attrs) == set(dataset.ATTRIBUTES)
            found |= set(file)
            for name, stored in file.items():
                kind, unit, dims = dataset.LAYOUT[name]
                assert stored.dtype == np.dtype(kind)
                assert (stored.attrs["unit"], stored.attrs["dims"]) == (unit.encode(), dims.encode())
    assert found == set(dataset.LAYOUT)


def test_the_documents_recipes_decode_a_shard(project, shard):
    text = (project / "docs" / "data_format.md").read_text()
    events_recipe, voltage_recipe = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    with h5py.File(shard) as file:
        first, end = file["event_code_start"][:2]
        known = {"np": np, "n_synapses": 5, "code": file["event_code"][first:end]}
        known["change"] = file["soma_voltage_change"][()]
    exec(events_recipe + voltage_recipe, known)  # noqa: S102 our own page
    read = dataset.read_split([shard])
    np.testing.assert_array_equal(known["synapse"], read.events[0].synapse)
    np.testing.assert_array_equal(known["time_ms"], read.events[0].time_ms)
    np.testing.assert_array_equal(known["voltage_mv"], read.soma_voltage_mv)
