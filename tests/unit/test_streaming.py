"""A network advanced millisecond by millisecond says what it says of the whole trial."""

import numpy as np
import pytest
from scipy import sparse, special

from neurodepth import networks, streamed_convolution, streaming

N_SYNAPSES, N_NEURONS, DURATION_MS = 12, 3, 60
SCALING = {"soma_mean_mv": -65.0, "soma_deviation_mv": 4.0}
TCN = {"type": "tcn", "width": 5, "receptive_field_ms": 20, "channel_dropout": 0.1}
ARCHITECTURES = {
    "factorised": TCN | {"factorised": True},
    "mixtures and a long first kernel": TCN | {"factorised": True, "synapse_mixtures": 7, "first_kernel_ms": 12},
    "full first layer": TCN | {"factorised": False, "first_kernel_ms": 12},
    "fully connected": {"type": "fully_connected", "width": 5, "receptive_field_ms": 20, "factorised": True},
    "fully connected, full first layer": {
        **{"type": "fully_connected", "width": 5, "receptive_field_ms": 20, "factorised": False},
    },
}


@pytest.fixture(params=list(ARCHITECTURES))
def network(request):
    """A network whose weights and moving statistics are all random, its description, and its input."""
    architecture = ARCHITECTURES[request.param] | {"synapse_dropout": 0.2, "weight_decay": 0.0}
    model = networks.build(architecture, depth=3, n_synapses=N_SYNAPSES, seed=1)
    rng = np.random.default_rng(1)
    model.set_weights(
        [rng.uniform(0.2, 0.8, one.shape) * rng.choice([-1, 1], one.shape[-1]) for one in model.get_weights()]
    )
    for layer in model.layers:
        if layer.name.startswith("normalisation"):
            layer.moving_variance.assign(rng.uniform(0.5, 2, layer.moving_variance.shape))
    spikes = rng.random((N_NEURONS, DURATION_MS, N_SYNAPSES)) < 0.1
    return model, {"architecture": architecture, "depth": 3, "scaling": SCALING}, spikes.astype(np.uint8)


def in_chunks(stream, spikes, chunk_ms):
    parts = [stream.advance(spikes[:, first : first + chunk_ms]) for first in range(0, DURATION_MS, chunk_ms)]
    return [np.concatenate(one, axis=1) for one in zip(*parts, strict=True)]


@pytest.mark.parametrize("chunk_ms", [1, 7, DURATION_MS])
def test_a_stream_predicts_what_the_network_predicts_of_the_whole_trial(network, chunk_ms):
    model, description, spikes = network
    whole = model.predict_on_batch(spikes)
    stream = streaming.Stream(streaming.read_weights(model, description), N_NEURONS)
    probability, voltage_mv = in_chunks(stream, spikes, chunk_ms)
    logit, voltage = (np.asarray(whole[name])[:, :, 0] for name in ("spike_logit", "soma_voltage"))
    assert np.ptp(voltage) > 0.1  # the input matters
    np.testing.assert_allclose(probability, special.expit(logit), atol=1e-5)
    np.testing.assert_allclose((voltage_mv + 65) / 4, voltage, rtol=1e-5, atol=1e-5)  # in deviations, as it is learned


def test_a_call_longer_than_a_block_is_the_same_as_many_short_ones(network):
    model, description, _ = network
    weights = streaming.read_weights(model, description)
    spikes = np.random.default_rng(2).random((N_NEURONS, 2 * streaming.BLOCK_MS + 5, N_SYNAPSES)) < 0.1
    whole = streaming.Stream(weights, N_NEURONS).advance(spikes)
    stream = streaming.Stream(weights, N_NEURONS)
    parts = [stream.advance(one) for one in np.split(spikes, [90, 180], axis=1)]
    for found, expected in zip(whole, zip(*parts, strict=True), strict=True):
        np.testing.assert_allclose(found, np.concatenate(expected, axis=1), rtol=1e-6, atol=1e-5)  # float32


def test_its_state_does_not_grow_and_can_be_forgotten(network):
    model, description, spikes = network
    stream = streaming.Stream(streaming.read_weights(model, description), N_NEURONS)
    fresh = stream.state_bytes
    first = in_chunks(stream, spikes, 1)
    assert stream.state_bytes == fresh
    stream.reset()
    np.testing.assert_array_equal(in_chunks(stream, spikes, 1), first)


def test_sparse_input_is_the_same_input(network):
    model, description, spikes = network
    weights = streaming.read_weights(model, description)
    dense = streaming.Stream(weights, N_NEURONS).advance(spikes)
    rows = sparse.coo_array(spikes.reshape(-1, N_SYNAPSES))
    np.testing.assert_array_equal(streaming.Stream(weights, N_NEURONS).advance(rows), dense)
    places = tuple(np.repeat(one, 3) for one in rows.coords)  # three spikes in a millisecond add up, of whatever type
    booleans = sparse.coo_array((np.ones(len(places[0]), bool), places), shape=rows.shape)
    summed = streaming.Stream(weights, N_NEURONS).advance(booleans)
    np.testing.assert_allclose(summed, streaming.Stream(weights, N_NEURONS).advance(3 * spikes), rtol=1e-5)


@pytest.mark.parametrize(
    "shape", [(N_NEURONS, 1, N_SYNAPSES + 1), (N_NEURONS + 1, 1, N_SYNAPSES), (N_NEURONS, N_SYNAPSES)]
)
def test_input_of_another_shape_is_refused(network, shape):
    model, description, _ = network
    stream = streaming.Stream(streaming.read_weights(model, description), N_NEURONS)
    with pytest.raises(ValueError, match=r"expected an array of \(3, ms, 12\), found the shape"):
        stream.advance(np.zeros(shape))


def test_a_network_without_layers_to_stack_is_refused():
    with pytest.raises(ValueError, match="type lstm cannot be streamed: expected one of tcn, fully_connected"):
        streaming.read_weights(None, {"architecture": {"type": "lstm"}})


@pytest.mark.parametrize("kernel_ms", [1, 9, 50])
def test_a_convolution_gives_the_same_however_long_its_calls_are(kernel_ms):
    rng = np.random.default_rng(1)
    kernel = rng.standard_normal((kernel_ms, 4, 3)).astype(np.float32)
    calls_ms = [1, 3, 15, 16, 40, 100, 2, 1, 70, 128, 127]
    x = rng.standard_normal((2, sum(calls_ms), 4)).astype(np.float32)
    convolution = streamed_convolution.StreamedConvolution(kernel, 2)
    before = convolution.state_bytes
    ends_ms = np.cumsum(calls_ms)
    found = np.concatenate([convolution.advance(one) for one in np.split(x, ends_ms[:-1], axis=1)], axis=1)
    expected = np.array(
        [
            [
                sum(np.convolve(neuron[:, channel], kernel[::-1, channel, out]) for channel in range(4))[: len(neuron)]
                for out in range(3)
            ]
            for neuron in x.astype(float)
        ]
    ).swapaxes(1, 2)
    np.testing.assert_allclose(found, expected, atol=1e-6 * np.abs(expected).max() * kernel_ms)  # rounding of float32
    assert convolution.state_bytes == before
