"""The simulator that integrates from tables, held against the mechanisms that the tables come from."""

import shutil

import numpy as np
import pytest

from neurodepth.cells import cache, mechanisms
from tests.physics import simulated
from tests.physics.test_mechanisms import STEADY

CHANNEL = """
NEURON { SUFFIX NAME USEION k READ ek WRITE ik RANGE gbar THREADSAFE }
UNITS { (mV) = (millivolt) (mA) = (milliamp) (S) = (siemens) }
PARAMETER { gbar = 0 (S/cm2) }
ASSIGNED { v (mV) ek (mV) ik (mA/cm2) }
STATE { m }
INITIAL { m = 0.5 }
BREAKPOINT { SOLVE states METHOD SOLVER ik = gbar * m * (v - ek) FACTOR }
DERIVATIVE states { m' = SLOPE }
"""
QUADRATIC = {"NAME": "Quadratic", "SOLVER": "derivimplicit", "FACTOR": "", "SLOPE": "(1 - m) * m / 0.001"}
RECTIFIER = {"NAME": "Rectifier", "SOLVER": "cnexp", "FACTOR": "* exp(-v / 100)", "SLOPE": "(0.5 - m) / 5"}


@pytest.mark.parametrize("variant", ["nmda", "no_nmda", "gaba_b", "ih_shifted", "warm", "passive_dendrites"])
def test_tables_agree_with_neuron(project, isolated, variant):
    record = ("dendrite_voltage", "nmda_conductance", "nexus_calcium")
    arguments = (0.025, False, 400, variant, record)
    ours = isolated(simulated.one_trial, project, "tabulated", *arguments)
    theirs = isolated(simulated.one_trial, project, "neuron", *arguments)
    np.testing.assert_allclose(ours["spikes"], theirs["spikes"], atol=0.05)  # NEURON gives the end of a step
    np.testing.assert_allclose(ours["soma"], theirs["soma"], atol=0.01)  # mV
    np.testing.assert_allclose(ours["dendrite_voltage_mv"], theirs["dendrite_voltage_mv"], atol=0.2)  # half floats
    np.testing.assert_allclose(ours["nexus_calcium_mm"], theirs["nexus_calcium_mm"], rtol=1e-3)
    # NEURON's conductance is that of the step before the sample, and an event lets it jump by 2e-6 uS.
    np.testing.assert_allclose(ours["nmda_conductance_us"], theirs["nmda_conductance_us"], atol=1e-5)


def test_synapses_that_share_a_segment_act_as_in_neuron(project, isolated, tmp_path):
    ours, numbers = isolated(simulated.trial_with_synapses_per_um, project, tmp_path, "tabulated")
    theirs, _ = isolated(simulated.trial_with_synapses_per_um, project, tmp_path, "neuron")
    assert numbers == {"excitatory": 1257, "inhibitory": 251}  # of 12574 um
    np.testing.assert_allclose(ours, theirs, atol=0.02)  # mV; as without, at twice the step


def test_the_order_of_synapses_in_a_definition_does_not_matter(project, isolated):
    usual = isolated(simulated.one_trial, project, "tabulated")
    backwards = isolated(simulated.trial_with_synapses_listed_backwards, project)
    np.testing.assert_array_equal(backwards["soma"], usual["soma"])


def test_another_instruction_set_gives_the_same_spikes(project, isolated):
    plain, native = (isolated(simulated.driven_spikes, project, march) for march in ("x86-64", "native"))
    assert len(native) > 5
    np.testing.assert_allclose(plain, native, atol=1e-3)  # ms; rounding differs, 6e-7 ms were found


def test_synapses_without_events_do_not_decay_into_slow_denormal_numbers(project, isolated):
    states, denormal = isolated(simulated.synaptic_states_after_silence, project)
    assert (states > 0).any()  # NMDA lasts
    assert not ((states > 0) & (states < np.finfo(float).tiny)).any()
    assert denormal > 0  # outside the kernel all is as before


def test_halving_the_second_order_step_quarters_the_error(project, isolated):
    exact, *coarse = (
        isolated(simulated.one_trial, project, "tabulated", step_ms, True, 300)["soma"].astype(float)
        for step_ms in (0.0125, 0.05, 0.1)
    )
    errors = [np.sqrt(np.mean((one - exact) ** 2)) for one in coarse]
    assert 3 < errors[1] / errors[0] < 6  # 4 to the leading order; the reference has a sixteenth of the smaller error


def test_every_gate_is_as_in_its_equations(project, isolated):
    measured = isolated(simulated.measured_channels, project)
    for mechanism, published in STEADY.items():
        voltage_mv, gates = measured[mechanism]
        with np.errstate(invalid="ignore"):  # the published form is 0 / 0 at some voltages of the grid
            expected = published(voltage_mv)
        for name, steady in gates.items():
            known = np.isfinite(expected[name])
            assert known.sum() > 2000
            # The voltage of a probe moves by 1e-13 mV, which shows where a time constant jumps (K_P, -60 mV).
            np.testing.assert_allclose(steady[known], expected[name][known], atol=1e-6, err_msg=f"{mechanism}.{name}")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [(QUADRATIC, "does not follow|do not relax"), (RECTIFIER, "conductance")],
)
def test_a_mechanism_of_another_kind_is_refused_by_name(tmp_path, isolated, words, complaint):
    name, source = words["NAME"], CHANNEL
    for placeholder, word in words.items():
        source = source.replace(placeholder, word)
    (tmp_path / f"{name}.mod").write_text(source)
    with pytest.raises(ValueError, match=f"{name} cannot be tabulated: .*({complaint}).*set simulator: coreneuron"):
        isolated(simulated.measure_foreign, tmp_path, name)


def test_a_voltage_beyond_any_cell_is_reported_with_its_place(project, isolated):
    with pytest.raises(FloatingPointError, match=r"a voltage left -150 to 120 mV at .* ms in soma.*smaller step_ms"):
        isolated(simulated.diverging_trial, project)


def test_the_kernel_says_what_the_compiler_said(project, monkeypatch, tmp_path):
    from neurodepth.cells.tabulated import kernel

    broken = tmp_path / "kernel.cpp"
    broken.write_text(kernel.SOURCE_PATH.read_text() + "\nint broken() { return missing_name; }\n")
    monkeypatch.setattr(kernel, "SOURCE_PATH", broken)
    kernel.load.cache_clear()
    with pytest.raises(mechanisms.CompilationError, match="missing_name"):
        kernel.load()
    kernel.load.cache_clear()


def test_the_kernel_names_a_missing_compiler(monkeypatch, tmp_path):
    from neurodepth.cells.tabulated import kernel

    assert shutil.which("no-such-compiler") is None
    monkeypatch.setenv("CXX", "no-such-compiler")
    monkeypatch.setenv(cache.CACHE_VARIABLE, str(tmp_path))
    kernel.load.cache_clear()
    with pytest.raises(mechanisms.CompilationError, match="'no-such-compiler': install one, or set CXX"):
        kernel.load()
    kernel.load.cache_clear()
