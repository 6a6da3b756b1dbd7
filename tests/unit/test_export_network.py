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

from neurodepth import dataset, networks, simulation, surrogate, training, trust
from neurodepth.cli.export import NETWORKS
from neurodepth.cli.group import USAGE
from neurodepth.export import network, network_formats
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
            np.testing.assert_allclose(example[name], getattr(expected, name)[:2, :duration_ms], rtol=1e-5)


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


def test_the_card_names_training_data_scores_and_licence(study, exported):
    card = (exported / "README.md").read_text()
    about = json.loads((exported / "network.json").read_text())
    assert f"The first 3 of 3 simulated trials, digest `{about['training_data']['digest']}`" in card
    assert f"| {about['scores_on_test_trials']['auc']:.4f} |" in card
    assert "Licence: CC0." in card


def test_what_the_study_knows_of_the_network_comes_along(study, exported, tmp_path):
    assert "trust.json" not in (exported / "README.md").read_text()
    for name in ("net.keras", "net.json", "train.h5"):
        shutil.copy(study / name, tmp_path)
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
    for said in ("their files were not given", "No test trials were given", "No licence is stated"):
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
