"""The fused optimiser against Keras's own."""

import numpy as np
import pytest

from neurodepth.networks.backend import keras
from neurodepth.training.optimiser import Adam


@pytest.mark.parametrize("weight_decay", [None, 0.1])
def test_updates_are_those_of_keras(weight_decay: float | None) -> None:
    rng = np.random.default_rng(1)
    inputs, targets = rng.standard_normal((2, 64, 5)), rng.standard_normal((64, 3))
    inputs[:, :, 0] = 0  # weights without a gradient
    found = []
    for optimiser in (keras.optimizers.Adam, Adam):
        model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(4), keras.layers.Dense(3)])
        model.set_weights([np.random.default_rng(2).standard_normal(one.shape) for one in model.get_weights()])
        schedule = keras.optimizers.schedules.CosineDecay(0.0, 30, warmup_target=0.01, warmup_steps=10)
        model.compile(optimiser(schedule, weight_decay=weight_decay), "mse")
        for _ in range(40):
            model.train_on_batch(inputs[0], targets)
        found.append(model.get_weights())
    for expected, weight in zip(*found, strict=True):
        np.testing.assert_allclose(weight, expected, rtol=2e-5, atol=2e-6)
