"""A network leaves as a folder that stands alone: its files say what the trained network says, in their own runtimes."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnx
import pandas as pd
import pytest
import yaml

from neurodepth import dataset, evaluation, networks, simulation, streaming, surrogate, training, training_data, trust
from neurodepth.cells import definition
from neurodepth.cli.export import NETWORKS
from neurodepth.cli.group import USAGE
from neurodepth.export import network, network_formats
from neurodepth.surrogate_neuron import SurrogateNeuron
from neurodepth.training.windows import fit_scaling
from tests.unit.small_tree import places_of
from tests.unit.test_cli import run  # noqa: F401 fixture

ARCHITECTURE = {
    **{"type": "tcn", "width": 4, "receptive_field_ms": 30, "factorised": True},
    **{"synapse_dropout": 0.1, "channel_dropout": 0.0, "weight_decay": 0.0},
}
RUNTIMES = {"tensorflow", "keras", "jax", "onnxruntime", "ai_edge_litert", "neurodepth"}
READERS = {  # heading of a block in the card: what it needs
    "Keras, any backend": {"keras", "tensorflow"},
    "TensorFlow": {"tensorflow", "keras"},  # TensorFlow imports Keras
    "LiteRT": {"ai_edge_litert"},
    "ONNX": {"onnxruntime"},
    "ONNX, one or more milliseconds a call, with what the layers remember handed on": {"onnxruntime"},
}


@pytest.fixture(scope="module")
def study(tmp_path_factory, project):
    """Shards of a point neuron, and a network with random weights and statistics."""
    folder = tmp_path_factory.mktemp("study")
    protocol = simulation.Protocol(str(project / "models" / "cells" / "lif"), "default", 1, duration_ms=700)
    for split in ("train", "test"):
        trials = simulation.simulate_trials(protocol, split, range(3), n_workers=1)
        dataset.write_shard(folder / f"{split}.h5", trials, range(3), simulation.describe(protocol, split))
    simulated = dataset.read_split([folder / "train.h5"])
    model = networks.build(ARCHITECTURE, 2, simulated.n_synapses)
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.1, 0.6, one.shape) for one in model.get_weights()])
    description = {"network": "small", "architecture": ARCHITECTURE, "depth": 2, "training_trials": 3, "seed": 1}
    description |= {"training_data": training_data.describe([folder / "train.h5"], simulated)}
    training.save(model, fit_scaling(simulated), description, folder / "net.keras")
    return folder


@pytest.fixture(scope="module")
def exported(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "lif_network"
    network.export_network(study / "net.keras", [study / "train.h5", study / "test.h5"], folder, licence="CC0")
    return folder


def blocks(folder):
    """Code of the card by the line before it."""
    card = (folder / "README.md").read_text()
    return dict(re.findall(r"([^\n]+?)\n\n```python\n(.*?)```", card, re.DOTALL))


def test_the_example_is_what_the_trained_network_says(study, exported):
    trials = dataset.read_split([study / "train.h5"])
    expected = surrogate.predict(study / "net.keras", trials)
    with np.load(exported / "example.npz") as example:
        duration_ms = example["input_spikes"].shape[1]
        assert np.ptp(example["soma_voltage_mv"]) > 1  # the input matters
        for name in network_formats.OUTPUTS:
            # Rounding of a voltage of 65 mV in single precision is 8e-6 mV, also where the sum comes near zero.
            np.testing.assert_allclose(example[name], getattr(expected, name)[:2, :duration_ms], rtol=1e-5, atol=2e-5)


@pytest.fixture(params=["", "network.keras"], ids=["folder", "Keras file"])
def back(request, exported):
    """What a user may name of an exported folder."""
    return exported / request.param


def test_an_exported_network_predicts_what_the_trained_one_does(study, back):
    trials = dataset.read_split([study / "test.h5"])
    expected, found = (surrogate.predict(path, trials) for path in (study / "net.keras", back))
    assert np.ptp(expected.soma_voltage_mv) > 1
    np.testing.assert_allclose(found.spike_probability, expected.spike_probability, atol=1e-5)
    np.testing.assert_allclose(
        found.soma_voltage_mv, expected.soma_voltage_mv, atol=1e-3
    )  # rounding of float32 at 70 mV


def test_an_exported_network_streams(exported, back):
    stream = streaming.open_stream(back, n_neurons=2)
    with np.load(exported / "example.npz") as example:
        probability, voltage_mv = stream.advance(example["input_spikes"])
        np.testing.assert_allclose(probability, example["spike_probability"], atol=1e-5)
        np.testing.assert_allclose(voltage_mv, example["soma_voltage_mv"], atol=1e-3)


def test_an_exported_network_is_a_layer_of_neurons(study, back):
    neurons = [SurrogateNeuron.of(path, units=2, output="voltage") for path in (study / "net.keras", back)]
    spikes = (np.random.default_rng(1).random((1, 60, 3)) < 0.3).astype(np.float32)
    expected, found = (np.asarray(one(spikes)) for one in neurons)
    assert np.ptp(expected) > 1
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_an_exported_network_is_described_and_scored_as_the_trained_one(study, exported, run):  # noqa: F811
    described = surrogate.describe(exported)
    assert (described["depth"], described["training_trials"], described["seed"]) == (2, 3, 1)
    assert "training_trials          3" in run("info", exported).output
    trials = dataset.read_split([study / "test.h5"])
    expected, found = (
        evaluation.evaluate_network(path, trials, 1)[0].row["soma_rmse_mv"] for path in (study / "net.keras", exported)
    )
    assert found == pytest.approx(expected, rel=1e-4)


def test_a_folder_without_the_keras_format_says_what_is_missing(study, tmp_path):
    network.export_network(study / "net.keras", [study / "test.h5"], tmp_path / "out", ["onnx"])
    with pytest.raises(dataset.DatasetError, match=r"network\.keras: no such file; .* with the format keras"):
        surrogate.describe(tmp_path / "out")


@pytest.mark.parametrize("heading", READERS)
def test_the_card_tells_how_each_file_is_read_with_nothing_but_its_runtime(exported, heading):
    code = blocks(exported)
    load = next(one for one in code.values() if "np.load" in one)
    program = [
        f"import sys; sys.modules |= dict.fromkeys({RUNTIMES - READERS[heading]})",  # to import one of them fails
        load,
        code[f"{heading}:"],
        "with np.load('example.npz') as example: wanted = {name: example[name] for name in example.files}",
        "first = -outputs['soma_voltage_mv'].shape[1]",  # a stream's last call gives its last millisecond
        "found = [np.abs(outputs[name] - wanted[name][:, first:]).max() for name in outputs if name in wanted]",
        "assert len(found) == 2 and max(found) < 1e-3, found",
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(program)], cwd=exported, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_format_is_shown_in_the_card(exported):
    about = json.loads((exported / "network.json").read_text())
    assert list(about["formats"]) == list(network_formats.FORMATS)
    assert set(blocks(exported)) >= {f"{heading}:" for heading in READERS}
    assert tuple(network_formats.FORMATS) == NETWORKS


def test_the_card_names_training_data_scores_and_licence(exported):
    card = (exported / "README.md").read_text()
    about = json.loads((exported / "network.json").read_text())
    assert f"3 simulated trials of 0.7 s, seed 1, digest `{about['training_data']['digest']}`" in card
    assert "the files given when this folder was made are the same" in card
    assert f"| {about['scores_on_test_trials']['auc']:.4f} |" in card
    assert "Licence: CC0." in card


def test_the_card_says_at_which_rates_the_network_was_trained(study, exported):
    card = " ".join((exported / "README.md").read_text().split())
    trials = dataset.read_split([study / "train.h5"])
    synapse = np.concatenate([one.synapse for one in trials.events])
    for kind, n, count in (
        ("excitatory", trials.n_excitatory, np.sum(synapse < trials.n_excitatory)),
        ("inhibitory", trials.n_synapses - trials.n_excitatory, np.sum(synapse >= trials.n_excitatory)),
    ):
        assert f"an {kind} synapse {count / n / 2.1:.3g} times a second" in card  # 3 trials of 0.7 s


def test_the_card_says_what_to_cite(exported, project):
    card = (exported / "README.md").read_text()
    own = yaml.safe_load((project / "CITATION.cff").read_text())
    assert f"- {own['authors'][0]['name']}, {own['title']}, version {own['version']}, commit " in card
    cell = definition.read(project / "models" / "cells" / "lif").values
    assert len(cell["citation"]) == 1
    assert json.loads((exported / "network.json").read_text())["citation"][1:] == cell["citation"]
    assert [one for one in cell["citation"] if f"\n- {one}\n" not in card] == []


def test_every_shipped_cell_says_what_to_cite(project):
    folders = [path.parent for path in (project / "models" / "cells").glob("*/cell.yaml")]
    assert [folder.name for folder in folders if not definition.read(folder).values.get("citation")] == []


def test_the_card_names_no_file_that_is_not_there(exported):
    named = set(
        re.findall(r"`(\w+\.(?:csv|json|keras|npz|onnx|tflite|yaml|cff))`", (exported / "README.md").read_text())
    )
    assert {"synapses.csv", "network.keras", "network.json"} <= named
    assert [name for name in named if not (exported / name).exists()] == []


@pytest.fixture
def alone(study, tmp_path):
    """A copy of the study's network and shards."""
    for name in ("net.keras", "net.json", "train.h5", "test.h5"):
        shutil.copy(study / name, tmp_path)
    return tmp_path


def test_a_network_notes_its_shards_and_no_others_pass_for_them(alone):
    attributes = dataset.describe(alone / "train.h5")["attributes"]
    other = alone / "other.h5"
    simulated = simulation.Protocol(**json.loads(attributes["protocol"]) | {"seed": 1})
    trials = simulation.simulate_trials(simulated, "train", [5], n_workers=1)
    dataset.write_shard(other, trials, [5], simulation.describe(simulated, "train"))
    with pytest.raises(dataset.DatasetError, match=r"other\.h5: expected the training shards that the network notes"):
        network.export_network(alone / "net.keras", [other], alone / "out", ["onnx"])
    about = network.export_network(alone / "net.keras", [other, alone / "train.h5"], alone / "out", ["onnx"])
    assert about["training_data"]["check"] == "compared with its shards"


def test_what_a_network_notes_is_enough_for_the_card(alone):
    about = network.export_network(alone / "net.keras", [alone / "test.h5"], alone / "out", ["onnx"])
    assert about["training_data"]["check"] == "noted at training"
    assert "the files were not given when this folder was made" in (alone / "out" / "README.md").read_text()


def test_an_old_network_without_notes_is_refused(alone):
    described = json.loads((alone / "net.json").read_text())
    del described["training_data"]
    (alone / "net.json").write_text(json.dumps(described))
    with pytest.raises(dataset.DatasetError, match="expected a network that notes its training data"):
        network.export_network(alone / "net.keras", [alone / "train.h5"], alone / "out", ["onnx"])


def test_a_cell_that_has_other_synapses_than_the_network_is_refused(alone, project):
    folder = alone / "lif"
    shutil.copytree(project / "models" / "cells" / "lif", folder)
    cell = (folder / "cell.yaml").read_text()
    (folder / "cell.yaml").write_text(cell.replace("inhibitory_synapses: ", "inhibitory_synapses: 1", 1))
    with pytest.raises(ValueError, match="the cell has changed since they were made"):
        network.export_network(alone / "net.keras", [alone / "test.h5"], alone / "out", ["onnx"], folder)


def test_scores_that_do_not_exist_are_null(alone):
    protocol = simulation.Protocol(**json.loads(dataset.describe(alone / "test.h5")["attributes"]["protocol"]))
    (trial,) = simulation.simulate_trials(protocol, "test", [9], n_workers=1)
    silent = replace(trial, spike_time_ms=np.zeros(0))
    dataset.write_shard(alone / "silent.h5", [silent], [9], simulation.describe(protocol, "test"))
    network.export_network(alone / "net.keras", [alone / "silent.h5"], alone / "out", ["onnx"])
    assert json.loads((alone / "out" / "network.json").read_text())["scores_on_test_trials"]["auc"] is None
    assert "at 1 ms | none: they hold no spike |" in (alone / "out" / "README.md").read_text()


def test_a_network_of_another_variant_is_refused(alone):
    described = json.loads((alone / "net.json").read_text())
    described["training_data"]["variant"] = "fast"
    (alone / "net.json").write_text(json.dumps(described))
    with pytest.raises(
        dataset.DatasetError, match="expected variant fast, on which the network was trained, found default"
    ):
        network.export_network(alone / "net.keras", [alone / "test.h5"], alone / "out", ["onnx"])


def test_what_the_study_knows_of_the_network_comes_along(alone, exported):
    assert "trust.json" not in (exported / "README.md").read_text()
    tmp_path = alone
    trials = dataset.read_split([tmp_path / "train.h5"])
    known = trust.learn(trials, trials, places_of(trials), [tmp_path / "net.keras"])
    trust.write(tmp_path / "trust.json", known)
    arguments = [tmp_path / "train.h5"], tmp_path / "alone", ["keras"]
    network.export_network(tmp_path / "net.keras", *arguments)
    assert trust.read(tmp_path / "alone" / "trust.json").n_training_trials == 3
    card = (tmp_path / "alone" / "README.md").read_text()
    half_width_mv = known.error_of([tmp_path / "net.keras"]).half_width_mv(np.zeros(1))[0]
    assert "| `trust.json` |" in card
    assert f"within {half_width_mv:.2g} mV in 90 % of the ms" in card.replace("milliseconds", "ms")
    copied = trust.read(trust.find(tmp_path / "alone"))
    assert copied.error_of([tmp_path / "alone"]) == known.error_of([tmp_path / "net.keras"])
    trust.write(tmp_path / "trust.json", replace(known, calibrated=()))  # of other networks of the study
    network.export_network(tmp_path / "net.keras", *arguments, overwrite=True)
    assert json.loads((tmp_path / "alone" / "network.json").read_text())["voltage_error"] is None
    assert "Its voltage is within" not in (tmp_path / "alone" / "README.md").read_text()


def test_each_input_has_its_synapse(exported):
    table = pd.read_csv(exported / "synapses.csv", index_col="synapse")
    about = json.loads((exported / "network.json").read_text())
    assert len(table) == about["n_synapses"]
    assert table["kind"].tolist().index("inhibitory") == about["n_excitatory"]


def test_without_training_and_test_trials_the_card_says_so(study, tmp_path):
    validation = tmp_path / "validation.h5"
    trials = dataset.read_split([study / "test.h5"])
    protocol = json.loads(dataset.describe(study / "test.h5")["attributes"]["protocol"])
    simulated = simulation.simulate_trials(simulation.Protocol(**protocol), "validation", [0], n_workers=1)
    dataset.write_shard(
        validation,
        *(simulated, [0]),
        {
            **{"cell": "lif", "variant": "default", "split": "validation", "seed": 1, "protocol": protocol},
            **{"n_synapses": trials.n_synapses, "n_excitatory": trials.n_excitatory},
        },
    )
    network.export_network(study / "net.keras", [validation], tmp_path / "out", ["onnx"])
    card = (tmp_path / "out" / "README.md").read_text()
    for said in ("the files were not given", "No test trials were given", "No licence is stated"):
        assert said in card
    assert "TensorFlow" not in card
    onnx.checker.check_model(tmp_path / "out" / "network.onnx")


def test_a_runtime_that_computes_something_else_stops_the_export(study, tmp_path, monkeypatch):
    monkeypatch.setattr(network, "TOLERANCE", dict.fromkeys(network_formats.OUTPUTS, -1.0))
    with pytest.raises(ArithmeticError, match=r"ONNX: spike_probability differs by .* from the trained network's"):
        network.export_network(study / "net.keras", [study / "test.h5"], tmp_path / "out", ["onnx"])
    assert list(tmp_path.iterdir()) == []


def test_a_format_without_its_package_says_what_to_install(study, tmp_path, monkeypatch):
    monkeypatch.setattr(network.importlib.util, "find_spec", lambda name: None if name == "onnxruntime" else name)
    with pytest.raises(ValueError, match=r"needs onnxruntime, found no such package: pip install \"neurodepth\[export"):
        network.export_network(study / "net.keras", [study / "test.h5"], tmp_path / "out", ["onnx"])


def test_an_export_is_replaced_only_on_request(study, exported, tmp_path):
    with pytest.raises(FileExistsError, match=r"lif_network exists; .*--overwrite"):
        network.export_network(study / "net.keras", [study / "test.h5"], exported, ["onnx"])
    (tmp_path / "mine").mkdir()
    with pytest.raises(FileExistsError, match="mine is not a network that 'neurodepth export' made"):
        network.export_network(study / "net.keras", [study / "test.h5"], tmp_path / "mine", ["onnx"], overwrite=True)


def test_a_network_comes_with_shards(study, tmp_path):
    with pytest.raises(ValueError, match="expected the network's shards besides the network, found none"):
        network.export_network(study / "net.keras", [], tmp_path / "out")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("net.keras", "t.h5", "--format", "nwb"), "any of keras, tensorflow"),
        (("t.h5", "--format", "onnx"), "expected one of nwb, sonata for t.h5, found onnx"),
        (("t.h5",), "expected one of nwb, sonata for t.h5, found none"),
    ],
)
def test_a_format_fits_what_is_exported(run, arguments, message):  # noqa: F811
    done = run("export", *arguments, "--output", "out")
    assert done.exit_code == USAGE
    assert message in " ".join(done.output.replace("│", " ").split())


def test_the_command_exports_a_network(study, run, tmp_path):  # noqa: F811
    done = run("export", study / "net.keras", study / "test.h5", "--format", "onnx", "--output", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "out: lif, default, as onnx" in done.output
