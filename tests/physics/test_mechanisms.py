import numpy as np
import pytest

from neurodepth.cells import cache, mechanisms
from tests.physics import simulated


def test_a_passive_cell_decays_with_its_membrane_time_constant(project, isolated):
    time_ms, voltage_mv = isolated(simulated.passive_decay, project)
    late = (time_ms > 3) & (time_ms < 40)
    slope = np.polyfit(time_ms[late], np.log(voltage_mv[late]), 1)[0]
    assert -1 / slope == pytest.approx(10, rel=1e-4)  # cm / g = 1 uF/cm2 / 1e-4 S/cm2


@pytest.mark.parametrize(
    ("name", "variable", "parameters", "peak_us", "rise_ms", "decay_ms"),
    [
        ("AmpaNmda", "g_ampa", {}, 0.0004, 0.3, 3),
        ("Gaba", "g", {}, 0.001, 0.2, 8),
        ("Gaba", "g", {"gmax": 0.002, "rise": 3.5, "decay": 260.9}, 0.002, 3.5, 260.9),
    ],
)
def test_one_event_peaks_at_gmax_when_two_exponentials_do(
    project, isolated, name, variable, parameters, peak_us, rise_ms, decay_ms
):
    course = isolated(simulated.synapse_conductance, project, name, parameters, [5.0], -70)[variable]
    assert course.max() == pytest.approx(peak_us, rel=1e-3)  # steps of 0.005 ms
    t_peak_ms = rise_ms * decay_ms / (decay_ms - rise_ms) * np.log(decay_ms / rise_ms)
    assert np.argmax(course) * 0.005 - 5 == pytest.approx(t_peak_ms, abs=0.02)


@pytest.mark.parametrize("voltage_mv", [-80.0, -40.0, 0.0])
def test_nmda_is_blocked_by_magnesium_as_published(project, isolated, voltage_mv):
    course = isolated(simulated.synapse_conductance, project, "AmpaNmda", {}, [5.0], voltage_mv)["g_nmda"]
    unblocked = 1 / (1 + np.exp(-0.08 * voltage_mv) / 3.57)  # spec, section 5
    assert course.max() == pytest.approx(0.0004 * unblocked, rel=2e-3)  # steps of 0.005 ms


def test_an_event_at_time_zero_acts_and_so_do_those_after_it(project, isolated):
    course = isolated(simulated.synapse_conductance, project, "Gaba", {}, [0.0, 30.0], -70)["g"]
    assert course[:1000].max() == pytest.approx(0.001, rel=1e-3)
    assert course[6000:7000].max() > 0.001  # on top of what is left of the first


def test_events_add_up(project, isolated):
    one = isolated(simulated.synapse_conductance, project, "Gaba", {}, [5.0], -70)["g"]
    two = isolated(simulated.synapse_conductance, project, "Gaba", {}, [5.0, 5.0], -70)["g"]
    np.testing.assert_allclose(two, 2 * one, atol=1e-9)


def linear_over_exponential(x):
    return np.where(x == 0, 1.0, x / np.expm1(np.where(x == 0, 1.0, x)))


STEADY = {
    # Spec, section 4, written in its own form: alpha / (alpha + beta) or the sigmoid.
    "NaTs2": lambda v: {
        "m": 0.182 * (v + 32) / (1 - np.exp(-(v + 32) / 6))
        / (0.182 * (v + 32) / (1 - np.exp(-(v + 32) / 6)) - 0.124 * (v + 32) / (1 - np.exp((v + 32) / 6))),
        "h": -0.015 * (v + 60) / (1 - np.exp((v + 60) / 6))
        / (-0.015 * (v + 60) / (1 - np.exp((v + 60) / 6)) + 0.015 * (v + 60) / (1 - np.exp(-(v + 60) / 6))),
    },
    "Nap": lambda v: {"m": 1 / (1 + np.exp(-(v + 52.6) / 4.6)), "h": 1 / (1 + np.exp((v + 48.8) / 10))},
    "K_T": lambda v: {"m": 1 / (1 + np.exp(-(v + 10) / 19)), "h": 1 / (1 + np.exp((v + 76) / 10))},
    "K_P": lambda v: {"m": 1 / (1 + np.exp(-(v + 11) / 12)), "h": 1 / (1 + np.exp((v + 64) / 11))},
    "Kv3_1": lambda v: {"m": 1 / (1 + np.exp(-(v - 18.7) / 9.7))},
    "Im": lambda v: {"m": 1 / (1 + np.exp(-0.2 * (v + 35)))},
    "Ca_LVA": lambda v: {"m": 1 / (1 + np.exp(-(v + 40) / 6)), "h": 1 / (1 + np.exp((v + 90) / 6.4))},
    "Ih": lambda v: {
        "m": 1 / (1 + 0.193 * np.exp(v / 33.1) / (0.00643 * 11.9 * linear_over_exponential((v + 154.9) / 11.9)))
    },
}  # fmt: skip


@pytest.mark.parametrize("mechanism", sorted(STEADY))
def test_gates_rest_where_the_published_equations_put_them(project, isolated, mechanism):
    voltages_mv = np.array([-120.3, -90.1, -76.2, -60.1, -50.2, -32.1, -10.4, 15.3])
    found = isolated(simulated.gate_curves, project, mechanism, voltages_mv.tolist())
    for gate, expected in STEADY[mechanism](voltages_mv).items():
        np.testing.assert_allclose(found[gate], expected, rtol=1e-6, atol=1e-9, err_msg=gate)


@pytest.mark.parametrize(
    ("mechanism", "voltage_mv"), [("NaTs2", -32.0), ("NaTs2", -60.0), ("Nap", -17.0), ("Ca_HVA", -27.0), ("Ih", -154.9)]
)
def test_gates_are_smooth_where_their_formula_is_zero_over_zero(project, isolated, mechanism, voltage_mv):
    around = [voltage_mv - 1e-3, voltage_mv, voltage_mv + 1e-3]
    for values in isolated(simulated.gate_curves, project, mechanism, around).values():
        assert values[1] == pytest.approx((values[0] + values[2]) / 2, rel=1e-5)


def test_a_mechanism_that_does_not_compile_is_reported(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.CACHE_VARIABLE, str(tmp_path / "cache"))
    (tmp_path / "Broken.mod").write_text("NEURON { SUFFIX Broken }\nBREAKPOINT { this is not NMODL }\n")
    with pytest.raises(mechanisms.CompilationError, match=r"nrnivmodl failed[\s\S]*Broken"):
        mechanisms.compile_mechanisms(tmp_path)
    assert not list((tmp_path / "cache" / "mechanisms").iterdir())


def test_a_folder_without_mechanisms_is_reported(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"\*\.mod"):
        mechanisms.compile_mechanisms(tmp_path)
