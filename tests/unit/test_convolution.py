import numpy as np
import pytest

from neurodepth.networks.backend import keras
from neurodepth.networks.convolution import TILE_MS, CausalConvolution, IntoTiles, OutOfTiles
from neurodepth.networks.normalisation import Normalisation


def tiled(kernel_ms, width=4, n_channels=3):
    inputs = keras.Input((None, n_channels))
    convolution = CausalConvolution(width, kernel_ms)
    outputs = OutOfTiles()(convolution(IntoTiles()(inputs)), inputs)
    return keras.Model(inputs, outputs), convolution


@pytest.mark.parametrize("kernel_ms", [1, 2, 12, 50, 51, 54, 153])
@pytest.mark.parametrize("duration_ms", [7, 2 * TILE_MS, 333])
def test_tiles_give_the_convolution_of_keras(kernel_ms, duration_ms):
    model, convolution = tiled(kernel_ms)
    library = keras.layers.Conv1D(4, kernel_ms, padding="causal", use_bias=False)
    library.build((None, None, 3))
    library.set_weights([np.asarray(convolution.kernel)])
    x = np.random.default_rng(kernel_ms).standard_normal((2, duration_ms, 3)).astype(np.float32)
    expected = np.asarray(library(x))
    np.testing.assert_allclose(model(x), expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("kernel_ms", [12, 120])
def test_gradients_are_those_of_the_convolution_of_keras(kernel_ms):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3 * TILE_MS, 3)).astype(np.float32)
    target = rng.standard_normal((2, 3 * TILE_MS, 4)).astype(np.float32)
    ours, convolution = tiled(kernel_ms)
    library = keras.Sequential([keras.layers.Conv1D(4, kernel_ms, padding="causal", use_bias=False)])
    library.build((None, None, 3))
    library.set_weights([np.asarray(convolution.kernel)])
    for model in (ours, library):
        model.compile(keras.optimizers.SGD(1.0), "mse")
        model.train_on_batch(x, target)
    np.testing.assert_allclose(ours.get_weights()[0], library.get_weights()[0], atol=1e-5)


def test_normalisation_is_that_of_keras():
    rng = np.random.default_rng(0)
    x = (3 + 2 * rng.standard_normal((5, 40, 20, 6))).astype(np.float32)
    ours, library = Normalisation(momentum=0.9), keras.layers.BatchNormalization(momentum=0.9)
    for training in (True, True, False):  # the last by moving averages, whose variance is the fused kernel's own
        np.testing.assert_allclose(ours(x, training=training), library(x, training=training), atol=1e-3)
    # The fused kernel's variance is that of a sample (n - 1), Keras's that of a population.
    for one, other in zip(ours.get_weights(), library.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1 / (5 * 40 * 20) + 1e-5)
