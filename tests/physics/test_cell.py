import h5py
import numpy as np
import pandas as pd
import pytest

from neurodepth.simulation import Protocol
from tests.physics import simulated

TRIALS = {
    "nmda": [f"trial_{number:02d}" for number in range(12)],
    "ampa": [f"trial_{number:02d}" for number in range(6)],
}


@pytest.fixture(scope="module", params=[("nmda", "tabulated"), ("ampa", "tabulated"), ("nmda", "coreneuron")])
def compared(request, project, reference, isolated):
    family, simulator = request.param
    names = TRIALS[family] if simulator == "tabulated" else TRIALS[family][:6]
    ours = isolated(simulated.reference_trials, project, reference, family, names, 0.025, False, simulator)
    with h5py.File(reference / "l5pc_trials.h5") as file:
        theirs = {
            name: tuple(
                file[family][name]["dt_0.025"][key][:]
                for key in ("spike_time_ms", "soma_voltage_mv", "nexus_voltage_mv")
            )
            for name in names
        }
    return [(ours[name], theirs[name]) for name in names]


def test_reference_spikes_are_reproduced(compared):
    assert sum(len(theirs[0]) for _, theirs in compared) > 15
    for ours, theirs in compared:
        # reference/README.md: equal steps give the same spikes within 0.05 ms
        np.testing.assert_allclose(ours[0], theirs[0], atol=0.05)


def test_reference_voltage_below_threshold_is_reproduced(compared):
    for ours, theirs in compared:
        for one, other in zip(ours[1:], theirs[1:], strict=True):
            below = other[:3000] < -55
            # reference/README.md asks for 0.1 mV; tables with a row each 0.1 mV keep 0.001, where a spike nearly fails 0.01
            assert np.sqrt(np.mean((one[below] - other[:3000][below]) ** 2)) < 0.02


def test_the_default_step_keeps_every_reference_spike(project, reference, isolated):
    names = TRIALS["nmda"]
    step = {name: field.default for name, field in Protocol.__dataclass_fields__.items()}
    ours = isolated(
        simulated.reference_trials, project, reference, "nmda", names, step["step_ms"], step["second_order"]
    )
    with h5py.File(reference / "l5pc_trials.h5") as file:
        exact = {name: file["nmda"][name]["dt_0.005"]["spike_time_ms"][:] for name in names}
    errors = np.concatenate([np.abs(ours[name][0] - exact[name]) for name in names])  # fails if one is missing
    assert np.median(errors) < 0.15  # ms; that of the field's habit, 0.025 ms at first order


def test_refining_the_step_converges_on_the_finest(project, reference, isolated):
    with h5py.File(reference / "l5pc_trials.h5") as file:
        exact = file["nmda"]["trial_07"]["dt_0.005"]["soma_voltage_mv"][:400]  # before the first spike, at 432 ms
    errors = []
    for step_ms in (0.1, 0.05, 0.025):
        ours = isolated(simulated.reference_trials, project, reference, "nmda", ["trial_07"], step_ms, True)
        errors.append(np.abs(ours["trial_07"][1][:400] - exact).mean())
    assert errors[0] > errors[1] > errors[2]


def test_the_published_segments_are_reproduced(project, reference, isolated):
    published = pd.read_csv(reference / "l5pc_segments.csv")
    ours = isolated(simulated.segments, project, "l5pc_hay2011")
    assert ours["tree"].tolist() == published["tree"].tolist()
    assert ours["section"].tolist() == published["section"].tolist()
    for column in ("x", "parent_x", "length_um", "diameter_um", "area_um2", "path_distance_um"):
        np.testing.assert_allclose(ours[column], published[column], rtol=1e-5, atol=1e-6, err_msg=column)  # 8 digits


def test_the_published_densities_are_reproduced(project, reference, isolated):
    published = pd.read_csv(reference / "l5pc_segments.csv")
    ours = isolated(simulated.densities, project, "l5pc_hay2011")
    np.testing.assert_allclose(ours[:, 0], published["gbar_ih_s_cm2"], rtol=1e-6)
    np.testing.assert_allclose(ours[:, 1], published["gbar_ca_lva_s_cm2"], rtol=1e-6)


def test_neuron_and_coreneuron_agree(project, isolated):
    vectorised = isolated(simulated.one_trial, project, "coreneuron")
    plain = isolated(simulated.one_trial, project, "neuron")
    np.testing.assert_allclose(vectorised["spikes"], plain["spikes"], atol=0.025)  # one step
    np.testing.assert_allclose(
        vectorised["soma"], plain["soma"], atol=0.01
    )  # mV; vector exponentials round differently
