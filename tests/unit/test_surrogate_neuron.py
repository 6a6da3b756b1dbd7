"""A layer of biological neurons says what the neuron says, learns through it, and does so on both backends."""

import os
import subprocess
import sys

import numpy as np
import pytest

from neurodepth import streaming
from neurodepth.networks.backend import keras
from neurodepth.surrogate_neuron import SurrogateNeuron

N_SYNAPSES, N_INPUTS, UNITS, DURATION_MS = 7, 5, 3, 40


def draw_weights(factorised=True, kernels_ms=(9, 60)):
    """Random weights of two layers; the second kernel is longer than the input."""
    rng = np.random.default_rng(1)
    channels, width = (4 if factorised else N_SYNAPSES), 6
    return streaming.Weights(
        rng.normal(size=(N_SYNAPSES, channels)).astype(np.float32) if factorised else None,
        [
            rng.normal(0, 0.3, (k, n, width)).astype(np.float32)
            for k, n in zip(kernels_ms, (channels, width), strict=True)
        ],
        [rng.normal(size=width).astype(np.float32) for _ in kernels_ms],
        rng.normal(0, 0.2, (width, 2)).astype(np.float32),
        np.array([-1, -65], np.float32),
    )


def draw_input(batch=2):
    return (np.random.default_rng(2).random((batch, DURATION_MS, N_INPUTS)) < 0.2).astype(np.float32)


@pytest.mark.parametrize("factorised", [True, False])
@pytest.mark.parametrize(("output", "column"), [("probability", 0), ("voltage", 1)])
@pytest.mark.parametrize(
    ("contacts", "contacts_of_a_synapse"), [(5.0, 5 / N_SYNAPSES), (range(N_SYNAPSES), np.arange(N_SYNAPSES))]
)
def test_a_neuron_says_what_the_stream_says_to_the_spikes_that_its_wiring_brings(
    factorised, output, column, contacts, contacts_of_a_synapse
):
    weights, x = draw_weights(factorised), draw_input()
    layer = SurrogateNeuron.of(weights, UNITS, output=output, contacts=contacts)
    found = np.asarray(layer(x))
    synapses = np.einsum("bti,ius->buts", x, np.asarray(layer.wiring) * contacts_of_a_synapse).reshape(
        -1, DURATION_MS, N_SYNAPSES
    )
    expected = streaming.Stream(weights, len(synapses)).advance(synapses)[column].reshape(2, UNITS, DURATION_MS)
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(found, expected.swapaxes(1, 2), rtol=1e-4, atol=1e-5)


def test_spikes_are_drawn_with_the_probability():
    layer = SurrogateNeuron.of(draw_weights(), UNITS, output="spikes")
    x = np.repeat(draw_input(1), 400, axis=0)
    spikes = np.asarray(layer(x))
    layer.output_kind = "probability"
    probability = np.asarray(layer(x))[0]
    assert np.abs(spikes * (spikes - 1)).max() < 1e-6  # zeros and ones
    deviation = np.sqrt(probability * (1 - probability) / 400)
    assert np.abs((spikes.mean(axis=0) - probability) / deviation).max() < 5  # 120 draws of a unit Gaussian


@pytest.mark.parametrize(("trains_neuron", "n_trained"), [(False, 1), (True, 8)])
def test_the_neuron_learns_only_if_it_is_asked_to(trains_neuron, n_trained):
    layer = SurrogateNeuron.of(draw_weights(), UNITS, trains_neuron=trains_neuron)
    layer(draw_input())
    assert len(layer.trainable_weights) == n_trained


def trained(output):
    """Mean output before and after some steps that ask for more of it."""
    layer = SurrogateNeuron.of(draw_weights(), UNITS, output=output)
    model = keras.Sequential([keras.Input((DURATION_MS, N_INPUTS)), layer, keras.layers.GlobalAveragePooling1D()])
    model.compile(keras.optimizers.Adam(0.3), loss="mse")
    x = draw_input(64)
    before = float(np.mean(model.predict_on_batch(x)))
    for _ in range(30):
        model.train_on_batch(x, np.ones((64, UNITS)))
    assert np.asarray(layer.wiring).min() >= 0
    return before, float(np.mean(model.predict_on_batch(x)))


@pytest.mark.parametrize("output", ["spikes", "probability"])
def test_wiring_learns_through_the_neuron(output):
    before, after = trained(output)
    assert after > before + 0.1


def test_wiring_learns_under_jax_too(project):
    program = "from tests.unit.test_surrogate_neuron import trained; before, after = trained('spikes'); assert after > before + 0.1"
    environment = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(project)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_saved_model_keeps_its_neurons(tmp_path):
    layer = SurrogateNeuron.of(draw_weights(), UNITS, output="voltage")
    model = keras.Sequential([keras.Input((DURATION_MS, N_INPUTS)), layer])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = draw_input()
    np.testing.assert_allclose(loaded.predict_on_batch(x), model.predict_on_batch(x), rtol=1e-6)


def test_an_unknown_output_is_refused():
    with pytest.raises(ValueError, match="output is 'rate', expected one of spikes, probability, voltage"):
        SurrogateNeuron.of(draw_weights(), UNITS, output="rate")


def test_an_input_of_unknown_duration_is_refused():
    with pytest.raises(ValueError, match=r"input of shape \(None, None, 5\): expected a known duration"):
        SurrogateNeuron.of(draw_weights(), UNITS)(keras.Input((None, N_INPUTS)))
