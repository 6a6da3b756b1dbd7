"""The start of the first layer, and the dendritic regions that help in training."""

import numpy as np
import pytest
from scipy import signal

from neurodepth import networks
from neurodepth.cells.trial import Events, VoltageBasis
from neurodepth.training import regions, synaptic_effects
from neurodepth.training.windows import feed, fit_scaling
from neurodepth.trials import Trials

N_SYNAPSES, N_EXCITATORY, DURATION_MS = 6, 4, 4000
ARCHITECTURE = {
    "type": "tcn",
    "width": 8,
    "receptive_field_ms": 60,
    "synapse_dropout": 0.0,
    "channel_dropout": 0.0,
    "weight_decay": 0.0,
}
TRUE_EFFECTS_MV = np.array([0.5, 1.0, 0.0, 2.0, -1.0, -0.5])


@pytest.fixture(scope="module")
def trials():
    """A passive cell: every synapse adds its effect, which decays with the slower of the regression's time constants."""
    rng = np.random.default_rng(1)
    events, voltages = [], []
    for _ in range(20):
        spikes = rng.random((DURATION_MS, N_SYNAPSES)) < 0.02
        time_ms, synapse = np.nonzero(spikes)
        events.append(Events(time_ms.astype(np.uint16), synapse.astype(np.uint16)))
        decay = np.exp(-1 / synaptic_effects.TIME_CONSTANTS_MS[1])
        voltages.append(-75 + signal.lfilter([1], [1, -decay], spikes @ TRUE_EFFECTS_MV))
    none = [np.array([])] * 20
    return Trials(N_SYNAPSES, N_EXCITATORY, np.arange(20), events, none, np.float32(voltages))


def test_regression_finds_the_effect_of_each_synapse(trials):
    scaling = fit_scaling(trials)
    (fast, slow), at_rest = synaptic_effects.regress(trials, scaling)
    assert at_rest * scaling.soma_deviation_mv + scaling.soma_mean_mv == pytest.approx(-75, abs=0.5)
    np.testing.assert_allclose(slow[:, 0] * scaling.soma_deviation_mv, TRUE_EFFECTS_MV, atol=0.02)
    np.testing.assert_allclose(fast[:, 0] * scaling.soma_deviation_mv, 0, atol=0.05)


@pytest.mark.parametrize(
    "changed", [{"factorised": True}, {"factorised": False}, {"factorised": False, "kernel_cosines": 8}]
)
def test_the_first_layer_starts_from_these_effects(trials, changed):
    effects, at_rest = synaptic_effects.regress(trials, fit_scaling(trials))
    model = networks.build(ARCHITECTURE | changed, 2, N_SYNAPSES)

    def of_lags():
        layer = model.get_layer("mix_synapses" if changed["factorised"] else "convolution_1")
        kernel = layer.kernel_in_use() if hasattr(layer, "kernel_in_use") else layer.kernel
        return np.array(kernel).reshape(-1, N_SYNAPSES, 8)

    random = of_lags()
    synaptic_effects.start(model, effects, at_rest, N_EXCITATORY)
    started = of_lags()
    last = started[-1]  # the shortest lag
    excitatory, inhibitory = TRUE_EFFECTS_MV.copy(), TRUE_EFFECTS_MV.copy()
    excitatory[N_EXCITATORY:], inhibitory[:N_EXCITATORY] = 0, 0
    assert np.corrcoef(last[:, 0], excitatory)[0, 1] > 0.99
    assert np.corrcoef(last[:, 1], inhibitory)[0, 1] > 0.99
    np.testing.assert_array_equal(started[:, :, 2:], random[:, :, 2:])
    assert started[:, :, 0].std() == pytest.approx(random.std(), rel=0.5)


@pytest.mark.parametrize("synapse_dropout", [0.0, 0.2])
@pytest.mark.parametrize(
    "kind",
    [
        {"type": "perceptron"},
        {"type": "perceptron", "kernel_cosines": 16},
        {"type": "two_layer", "temporal_filters": 3},
    ],
    ids=lambda kind: "-".join(map(str, kind.values())),
)
def test_a_network_without_a_layer_to_mix_starts_as_the_regression(trials, kind, synapse_dropout):
    """Its first prediction of a passive cell is already right, and of spikes near their mean probability."""
    scaling = fit_scaling(trials)
    architecture = kind | {"receptive_field_ms": 120, "synapse_dropout": synapse_dropout, "weight_decay": 0.0}
    model = networks.build(architecture, 0, N_SYNAPSES, spike_probability=0.01, synapse_group=[0, 0, 1, 1, 2, 2])
    synaptic_effects.start(model, *synaptic_effects.regress(trials, scaling), N_EXCITATORY)
    predicted = model.predict_on_batch(feed(model, trials, np.arange(5), np.zeros(5, int), DURATION_MS))
    true = (trials.soma_voltage_mv[:5] - scaling.soma_mean_mv) / scaling.soma_deviation_mv
    true = true[:, 500:].ravel()
    for output, offset in (("soma_voltage", 0), ("spike_logit", np.log(0.01 / 0.99))):
        found = predicted[output][:, 500:].ravel() - offset
        assert np.sqrt(np.mean((found - true) ** 2)) < 0.2  # in deviations of the voltage


def test_varimax_finds_axes_of_few_segments():
    """Orthonormal loadings of disjoint groups of segments, turned away, are turned back."""
    groups = np.kron(np.eye(4), np.ones((5, 1))) / np.sqrt(5)
    turned_away = groups @ np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
    rotation = regions.varimax(turned_away)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(4), atol=1e-10)
    found = turned_away @ rotation
    np.testing.assert_allclose(np.sort(found.argmax(axis=0)) // 5, np.arange(4))
    np.testing.assert_allclose(np.sort(np.abs(found), axis=0)[-5:], 1 / np.sqrt(5), atol=1e-4)


def test_regions_come_with_the_largest_variance_first():
    loadings = np.linalg.qr(np.random.default_rng(0).standard_normal((30, 5)))[0]
    explained = np.array([0.5, 0.2, 0.1, 0.05, 0.01])
    rotation = regions.rotation_to_regions(VoltageBasis(np.zeros(30), loadings.T, explained))
    components = np.random.default_rng(1).standard_normal((20000, 5)) * np.sqrt(explained)
    assert np.all(np.diff((components @ rotation).std(axis=0)) < 0.01)
