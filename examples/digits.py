"""Train through a layer of biological neurons: scikit-learn's digits, as spikes.

    python examples/digits.py NETWORK.keras

Every pixel fires at random at a rate that its brightness sets. A layer of a few neurons listens to all pixels; the
digit is read from their spike counts. Layers compared: neurons with learned wiring, the same with the wiring that they start
with, and points, which weigh and rectify the counts of the pixels.
"""

import click
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from neurodepth import surrogate
from neurodepth.networks.backend import keras
from neurodepth.surrogate_neuron import SurrogateNeuron

HIGHEST_RATE_HZ = 200
BATCH_SIZE = 32


@click.command()
@click.argument("network", type=click.Path(exists=True))
@click.option("--units", default=8, show_default=True)
@click.option("--epochs", default=10, show_default=True)
@click.option("--duration-ms", default=40, show_default=True, help="Of a digit.")
@click.option("--digits", "n_digits", default=1797, show_default=True, help="A quarter of them tests.")
@click.option(
    "--contacts",
    type=(float, float),
    default=(5.0, 2.5),
    show_default=True,
    help="Of a pixel at first: excitatory, inhibitory.",
)
@click.option("--output", default="spikes", show_default=True, help="What the neurons give.")
@click.option("--cost", default=0.1, show_default=True, help="Of a spike, in the loss: keeps rates a cell can have.")
@click.option("--learning-rate", default=1e-2, show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(
    network: str,
    units: int,
    epochs: int,
    duration_ms: int,
    n_digits: int,
    contacts: tuple[float, float],
    output: str,
    cost: float,
    learning_rate: float,
    seed: int,
) -> None:
    """Compare layers of neurons on spike-coded digits."""
    pixels, digit = load_digits(return_X_y=True)
    brightness = pixels[:n_digits] / pixels.max()
    parts = train_test_split(brightness, digit[:n_digits], test_size=0.25, random_state=seed, stratify=digit[:n_digits])
    noted = surrogate.describe(network).get("training_data", {})
    if "n_excitatory" not in noted:
        raise click.UsageError(f"{network} does not note how many of its synapses excite: train it again")
    of_kind = np.array([noted["n_excitatory"], noted["n_synapses"] - noted["n_excitatory"]])
    at_first = np.repeat(contacts / of_kind, of_kind)
    options = {"output": output, "contacts": at_first, "seed": seed}
    options |= {"activity_regularizer": keras.regularizers.L1(cost)}
    layers = {
        "points": keras.layers.Dense(units, "relu"),
        "neurons, learned wiring": SurrogateNeuron.of(network, units, **options),
        "neurons, first wiring": SurrogateNeuron.of(network, units, trainable=False, **options),
    }
    print(f"{'accuracy':>8} {'Hz':>5}  {units} units")
    for name, layer in layers.items():
        accuracy, rate_hz = train(layer, *parts, duration_ms, epochs, learning_rate, seed)
        print(f"{accuracy:8.3f} {rate_hz:5.1f}  {name}", flush=True)


def train(layer, train_x, test_x, train_y, test_y, duration_ms, epochs, learning_rate, seed) -> tuple[float, float]:
    """Train a layer and the readout behind it; returns the accuracy on test digits and the rate of the neurons."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    inputs = keras.Input((duration_ms, train_x.shape[1]))
    is_point = isinstance(layer, keras.layers.Dense)
    hidden = layer(keras.ops.sum(inputs, axis=1)) if is_point else keras.ops.sum(layer(inputs), axis=1)
    model = keras.Model(inputs, [keras.layers.Dense(10)(hidden), hidden])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(learning_rate), loss=[loss, None])
    for _ in range(epochs):
        order = rng.permutation(len(train_x))
        for chosen in np.array_split(order, -(-len(order) // BATCH_SIZE)):
            model.train_on_batch(as_spikes(train_x[chosen], duration_ms, rng), train_y[chosen])
    logits, counts = model.predict(as_spikes(test_x, duration_ms, rng), batch_size=BATCH_SIZE, verbose=0)
    rate_hz = float("nan") if is_point else counts.mean() * 1000 / duration_ms
    return float((logits.argmax(axis=1) == test_y).mean()), rate_hz


def as_spikes(brightness: np.ndarray, duration_ms: int, rng: np.random.Generator) -> np.ndarray:
    """Spikes of every pixel, float32, shape (digits, ms, pixels)."""
    chance = np.repeat(brightness[:, None], duration_ms, axis=1) * HIGHEST_RATE_HZ / 1000
    return (rng.random(chance.shape) < chance).astype(np.float32)


if __name__ == "__main__":
    main()
