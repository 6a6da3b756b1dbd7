import re
import subprocess
import sys
from dataclasses import replace

import libsonata
import numpy as np
import pandas as pd
import pytest
from nwbinspector import inspect_nwbfile
from pynwb import NWBHDF5IO, validate

from neurodepth import dataset, export, simulation
from neurodepth.cells.trial import Events, Trial
from neurodepth.export import nwb, recording, sonata

N_SYNAPSES, N_EXCITATORY, DURATION_MS, N_SEGMENTS = 5, 3, 50, 4
NUMBERS = (7, 8, 9)
DESCRIPTION = {
    "cell": "l5pc",
    "variant": "nmda",
    "split": "test",
    "seed": 3,
    "n_synapses": N_SYNAPSES,
    "n_excitatory": N_EXCITATORY,
    "protocol": {"step_ms": 0.0625, "simulator": "neuron"},
}
MISSING_BY_NATURE = {  # a simulation has no experimenter, and its cell no age and no species
    "check_experimenter_exists",
    "check_institution",
    "check_subject_age",
    "check_subject_species_exists",
}


def make_trial(rng, n_spikes, dendrites=True):
    time_ms, synapse = np.nonzero(rng.random((DURATION_MS, N_SYNAPSES)) < 0.1)
    segments = (DURATION_MS, N_SEGMENTS)
    return Trial(
        Events(time_ms.astype(np.uint16), synapse.astype(np.uint16)),
        np.sort(rng.uniform(0, DURATION_MS, n_spikes)),
        rng.normal(-70, 5, DURATION_MS).astype(np.float32),
        rng.normal(-65, 5, DURATION_MS).astype(np.float32),
        dendrite_voltage_mv=rng.normal(-60, 5, segments).astype(np.float16) if dendrites else None,
        nmda_conductance_us=rng.uniform(0, 1e-3, segments).astype(np.float32) if dendrites else None,
        nexus_calcium_mm=rng.uniform(1e-4, 1e-3, DURATION_MS).astype(np.float32) if dendrites else None,
    )


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    path = tmp_path_factory.mktemp("shards") / "shard.h5"
    rng = np.random.default_rng(0)
    dataset.write_shard(path, [make_trial(rng, n_spikes) for n_spikes in (2, 0, 3)], NUMBERS, DESCRIPTION)
    return path


@pytest.fixture(scope="module")
def trials(shard):
    return dataset.read_split([shard], tuple(dataset.OPTIONAL))


@pytest.fixture(scope="module")
def nwb_path(shard, tmp_path_factory):
    path = tmp_path_factory.mktemp("nwb") / "trials.nwb"
    export.export_shards([shard], "nwb", path)
    return path


@pytest.fixture
def nwb_file(nwb_path):
    with NWBHDF5IO(nwb_path, "r") as io:
        yield io.read()


@pytest.fixture(scope="module")
def sonata_folder(shard, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sonata") / "trials"
    export.export_shards([shard], "sonata", folder)
    return folder


def test_pynwb_finds_the_nwb_file_valid(nwb_path):
    assert validate(path=nwb_path) == []


def test_the_inspector_misses_only_what_a_simulation_has_not(nwb_path):
    messages = inspect_nwbfile(nwbfile_path=nwb_path)
    assert {message.check_function_name for message in messages} == MISSING_BY_NATURE


def test_nwb_trials_follow_one_another_with_the_gap(nwb_file):
    table = nwb_file.trials.to_dataframe()
    assert table["trial_number"].tolist() == list(NUMBERS)
    np.testing.assert_allclose(table["stop_time"] - table["start_time"], DURATION_MS / 1000)
    np.testing.assert_allclose(np.diff(table["start_time"]), (DURATION_MS + nwb.GAP_MS) / 1000)


@pytest.mark.parametrize(
    ("series", "field", "unit", "si_per_value"),
    [
        ("soma_voltage", "soma_voltage_mv", "volts", 1e-3),
        ("nexus_voltage", "nexus_voltage_mv", "volts", 1e-3),
        ("dendrite_voltage", "dendrite_voltage_mv", "volts", 1e-3),
        ("nmda_conductance", "nmda_conductance_us", "siemens", 1e-6),
        ("nexus_calcium", "nexus_calcium_mm", "mol/L", 1e-3),
    ],
)
def test_an_nwb_trial_leads_to_its_samples_in_si_units(nwb_file, trials, series, field, unit, si_per_value):
    stored = nwb_file.acquisition[series]
    assert stored.unit == unit
    for row in range(len(NUMBERS)):
        references = {one.timeseries.name: one for one in nwb_file.trials["timeseries"][row]}
        samples = references[series].data * stored.conversion
        expected = getattr(trials, field)[row].astype(np.float64) * si_per_value
        np.testing.assert_allclose(samples, expected, rtol=1e-6)  # stored as float32


def test_nwb_samples_start_with_their_trial(nwb_file):
    starts_s = nwb_file.trials["start_time"][:]
    times_s = nwb_file.acquisition["soma_voltage"].timestamps[:].reshape(len(NUMBERS), DURATION_MS)
    np.testing.assert_array_equal(times_s[:, 0], starts_s)
    np.testing.assert_allclose(np.diff(times_s, axis=1), 0.001)


def test_nwb_output_spikes_lie_within_their_trials(nwb_file, trials):
    starts_s = nwb_file.trials["start_time"][:]
    expected_s = [start_s + times / 1000 for start_s, times in zip(starts_s, trials.spike_time_ms, strict=True)]
    np.testing.assert_allclose(nwb_file.units["spike_times"][0], np.concatenate(expected_s), atol=1e-9)  # float64


def test_nwb_has_the_events_of_each_synapse(nwb_file, trials):
    table = nwb_file.processing["misc"]["synapses"].to_dataframe()
    assert table["kind"].tolist() == ["excitatory"] * N_EXCITATORY + ["inhibitory"] * (N_SYNAPSES - N_EXCITATORY)
    starts_s = nwb_file.trials["start_time"][:]
    for synapse in range(N_SYNAPSES):
        expected_s = [
            start_s + one.time_ms[one.synapse == synapse] / 1000
            for start_s, one in zip(starts_s, trials.events, strict=True)
        ]
        np.testing.assert_allclose(table["spike_times"][synapse], np.concatenate(expected_s), atol=1e-9)


def test_nwb_says_where_it_comes_from(nwb_file):
    assert nwb_file.session_start_time == nwb.NOMINAL_START
    for word in ('"variant": "nmda"', '"seed": 3', '"commit": '):
        assert word in nwb_file.notes


def test_the_same_shard_gives_the_same_nwb_bytes(shard, nwb_path, tmp_path):
    export.export_shards([shard], "nwb", tmp_path / "again.nwb")
    assert (tmp_path / "again.nwb").read_bytes() == nwb_path.read_bytes()


def test_the_same_shard_gives_the_same_sonata_bytes(shard, sonata_folder, tmp_path):
    export.export_shards([shard], "sonata", tmp_path / "again")
    first, again = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (sonata_folder, tmp_path / "again")
    )
    assert first == again


def test_libsonata_reads_output_spikes_and_inputs(sonata_folder, trials):
    for row, number in enumerate(NUMBERS):
        spikes = libsonata.SpikeReader(str(sonata_folder / f"trial_{number:06d}" / "spikes.h5"))
        assert spikes["l5pc"].sorting == spikes["l5pc_inputs"].sorting == "by_time"
        assert [time_ms for _, time_ms in spikes["l5pc"].get()] == trials.spike_time_ms[row].tolist()
        events = trials.events[row]
        expected = set(zip(events.synapse.tolist(), events.time_ms.tolist(), strict=True))
        assert set(spikes["l5pc_inputs"].get()) == expected


@pytest.mark.parametrize(
    ("report", "field", "unit"),
    [
        ("soma_voltage", "soma_voltage_mv", "mV"),
        ("nexus_voltage", "nexus_voltage_mv", "mV"),
        ("dendrite_voltage", "dendrite_voltage_mv", "mV"),
        ("nmda_conductance", "nmda_conductance_us", "uS"),
        ("nexus_calcium", "nexus_calcium_mm", "mM"),
    ],
)
def test_libsonata_reads_every_report(sonata_folder, trials, report, field, unit):
    for row, number in enumerate(NUMBERS):
        read = libsonata.ElementReportReader(str(sonata_folder / f"trial_{number:06d}" / f"{report}.h5"))["l5pc"]
        assert (read.times, read.time_units, read.data_units) == ((0, DURATION_MS, 1), "ms", unit)
        expected = getattr(trials, field)[row].astype(np.float32).reshape(DURATION_MS, -1)
        np.testing.assert_array_equal(read.get().data, expected)


def test_libsonata_follows_the_configurations(sonata_folder):
    simulation = libsonata.SimulationConfig.from_file(str(sonata_folder / "trial_000008" / "simulation_config.json"))
    assert simulation.run.tstop == DURATION_MS
    assert simulation.list_report_names >= {"soma_voltage", "nexus_voltage"}
    inputs = libsonata.CircuitConfig.from_file(simulation.network).node_population("l5pc_inputs")
    kinds = inputs.get_attribute("kind", inputs.select_all())
    assert kinds.tolist() == ["excitatory"] * N_EXCITATORY + ["inhibitory"] * (N_SYNAPSES - N_EXCITATORY)


def test_every_recording_of_a_shard_is_exported():
    assert set(recording.SIGNALS) == {"soma_voltage_mv", *dataset.OPTIONAL}


def test_the_document_names_every_signal(project):
    text = (project / "docs" / "export.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \| (\S+) \|", text, re.MULTILINE)
    assert rows == [(signal.name, signal.si_unit, signal.unit) for signal in recording.SIGNALS.values()]


@pytest.mark.parametrize(("file_format", "name"), [("nwb", "trials.nwb"), ("sonata", "sonata")])
def test_an_export_is_replaced_only_on_request(shard, tmp_path, file_format, name):
    export.export_shards([shard], file_format, tmp_path / name)
    with pytest.raises(FileExistsError, match=f"{name} exists; .*--overwrite"):
        export.export_shards([shard], file_format, tmp_path / name)
    export.export_shards([shard], file_format, tmp_path / name, overwrite=True)
    assert not list(tmp_path.glob("*.incomplete*"))


def test_a_folder_of_something_else_is_never_replaced(shard, tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(FileExistsError, match="mine is not a folder that 'neurodepth export' made"):
        export.export_shards([shard], "sonata", tmp_path / "mine", overwrite=True)


def test_a_name_that_readers_do_not_take_for_nwb_is_refused(shard, tmp_path):
    with pytest.raises(ValueError, match=r"ends in \.nwb"):
        export.export_shards([shard], "nwb", tmp_path / "trials.h5")


def test_an_unknown_format_is_refused_with_the_known_ones(shard, tmp_path):
    with pytest.raises(ValueError, match="'nix' is unknown; expected one of nwb, sonata"):
        export.export_shards([shard], "nix", tmp_path / "trials.nix")


@pytest.mark.parametrize(("file_format", "name"), [("nwb", "trials.nwb"), ("sonata", "sonata")])
def test_a_damaged_shard_leaves_no_export(shard, tmp_path, file_format, name):
    content = shard.read_bytes()
    (tmp_path / "damaged.h5").write_bytes(content[: len(content) // 2])
    with pytest.raises(dataset.DatasetError, match=r"damaged\.h5"):
        export.export_shards([tmp_path / "damaged.h5"], file_format, tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_trial_is_not_exported_twice(shard, tmp_path):
    with pytest.raises(dataset.DatasetError, match=r"trial 7 twice, or is given twice: name each shard once"):
        export.export_shards([shard, shard], "sonata", tmp_path / "sonata")


def test_shards_of_two_variants_are_not_mixed(shard, tmp_path):
    other = tmp_path / "other.h5"
    trial = make_trial(np.random.default_rng(1), 1)
    dataset.write_shard(other, [trial], [10], DESCRIPTION | {"variant": "no_nmda"})
    with pytest.raises(dataset.DatasetError, match=r"other\.h5: variant is 'no_nmda'"):
        export.export_shards([shard, other], "nwb", tmp_path / "trials.nwb")


def test_the_synapses_of_another_cell_are_refused(shard, tmp_path, project):
    with pytest.raises(ValueError, match="this is the cell lif, but the shards are of l5pc"):
        export.export_shards([shard], "nwb", tmp_path / "trials.nwb", project / "models" / "cells" / "lif")


def test_a_cell_that_has_changed_since_is_refused(tmp_path, project):
    trial = make_trial(np.random.default_rng(1), 1, dendrites=False)
    dataset.write_shard(tmp_path / "lif.h5", [trial], [0], DESCRIPTION | {"cell": "lif", "variant": "default"})
    with pytest.raises(ValueError, match="but the shards have 5 and 3: the cell has changed"):
        export.export_shards(
            [tmp_path / "lif.h5"], "nwb", tmp_path / "trials.nwb", project / "models" / "cells" / "lif"
        )


@pytest.fixture
def lif_shard(tmp_path, project):
    protocol = simulation.Protocol(str(project / "models" / "cells" / "lif"), "default", 1, duration_ms=20)
    simulated = simulation.simulate_trials(protocol, "train", [0], n_workers=1)
    dataset.write_shard(tmp_path / "lif.h5", simulated, [0], simulation.describe(protocol, "train"))
    return tmp_path / "lif.h5"


def test_with_its_cell_an_nwb_synapse_has_a_tree_and_a_segment(lif_shard, tmp_path, project):
    export.export_shards([lif_shard], "nwb", tmp_path / "lif.nwb", project / "models" / "cells" / "lif")
    with NWBHDF5IO(tmp_path / "lif.nwb", "r") as io:
        row = io.read().processing["misc"]["synapses"].to_dataframe().iloc[0]
    assert (row["tree"], row["segment"], row["length_um"]) == ("point", 0, 0)


def test_with_its_cell_a_sonata_input_has_a_tree_and_a_segment(lif_shard, tmp_path, project):
    export.export_shards([lif_shard], "sonata", tmp_path / "lif", project / "models" / "cells" / "lif")
    nodes = libsonata.NodeStorage(str(tmp_path / "lif" / "network" / "nodes.h5")).open_population("lif_inputs")
    found = tuple(nodes.get_attribute(name, 0) for name in ("tree", "segment", "length_um"))
    assert found == ("point", 0, 0)


def test_segments_of_the_cell_are_exported(shard, tmp_path):
    segments = pd.DataFrame({"tree": ["basal", "apical"], "x": [0.5, 0.25]})
    content = replace(recording.read([shard]), segments=segments)
    nwb.write(tmp_path / "trials.nwb", content)
    sonata.write(tmp_path / "sonata", content)
    with NWBHDF5IO(tmp_path / "trials.nwb", "r") as io:
        in_nwb = io.read().processing["misc"]["segments"].to_dataframe()
    in_sonata = pd.read_csv(tmp_path / "sonata" / "network" / "segments.csv", index_col="segment")
    for found in (in_nwb, in_sonata):
        assert found.to_dict("list") == segments.to_dict("list")


def test_the_command_line_starts_without_the_libraries_of_the_formats():
    program = "import sys, neurodepth.cli; print(sorted({'pynwb', 'hdmf'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
