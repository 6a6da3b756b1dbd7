"""Tables of a cell's mechanisms, measured from the compiled mechanisms themselves.

A gate of the Hodgkin-Huxley kind moves in a step dt, at a voltage that is held, from x to A x + B, where A and B depend
on the voltage alone. So two steps of NEURON from x = 0 and x = 1, at every voltage of a grid, say all there is to know
about it; the powers in a channel's conductance, the calcium pool and the synapses are measured likewise. What has been
measured is then held against NEURON at random states: a mechanism of another kind is refused by name.
"""

from dataclasses import dataclass

import numpy as np
from neuron import h

from neurodepth.cells.recording import NMDA_CONDUCTANCE
from neurodepth.cells.tabulated.probe import PROBE_STEP_MS, PointProbe, Probe, prepare, require, states_of

LOWEST_MV, HIGHEST_MV, ROWS_PER_MV = -150.0, 120.0, 10
CALCIUM_BITS = 8  # bits of the mantissa that number a row: 256 rows for each doubling of the concentration
LOWEST_CALCIUM_MM, HIGHEST_CALCIUM_MM = 2.0**-21, 2.0**1
TOLERANCE = 1e-6  # of a conductance or a state that lies between 0 and 1
LARGEST_POWER = 4
FEW_MV = np.linspace(-97.3, 41.9, 24)


@dataclass(frozen=True)
class Gate:
    """One gate: steady state and time constant over the grid of voltages or of calcium concentrations.

    Attributes:
        name: Name of the state.
        power: Its power in the conductance.
        by_calcium: Whether the grid is `calcium_grid_mm()`; else it is `voltage_grid_mv()`.
        steady: Steady state, shape (grid,).
        tau_ms: Time constant, shape (grid,).
    """

    name: str
    power: int
    by_calcium: bool
    steady: np.ndarray
    tau_ms: np.ndarray


@dataclass(frozen=True)
class Channel:
    """A channel: conductance = density times the product of its gates' powers.

    Attributes:
        mechanism: Its name.
        gates: Its gates.
        ion: The ion it carries, or None.
        reversal_mv: Its reversal potential; where it carries an ion, a segment's own counts.
    """

    mechanism: str
    gates: tuple[Gate, ...]
    ion: str | None
    reversal_mv: float


@dataclass(frozen=True)
class CalciumPool:
    """Calcium that decays to a rest and is driven by the calcium current.

    Attributes:
        tau_ms: Time constant.
        rest_mm: Concentration without a current.
        gain: Change of the steady concentration with the current density, mM / (mA/cm2).
    """

    tau_ms: float
    rest_mm: float
    gain: float


@dataclass(frozen=True)
class Synapse:
    """A synapse: states that decay exponentially, each with a current that is a function of the voltage.

    Attributes:
        tau_ms: Time constant of each state, shape (states,).
        jump: What an event of weight 1 adds to each state, shape (states,).
        current_na: Current of each state at 1 over the grid of voltages, shape (states, grid).
        nmda_us: NMDA conductance likewise, where the synapse has such a variable, or None.
    """

    tau_ms: np.ndarray
    jump: np.ndarray
    current_na: np.ndarray
    nmda_us: np.ndarray | None


def voltage_grid_mv() -> np.ndarray:
    """Voltages at which tables are kept."""
    return np.linspace(LOWEST_MV, HIGHEST_MV, round((HIGHEST_MV - LOWEST_MV) * ROWS_PER_MV) + 1)


def calcium_grid_mm() -> np.ndarray:
    """Concentrations at which tables are kept: the doubles whose lower mantissa bits are 0."""
    first, last = np.array([LOWEST_CALCIUM_MM, HIGHEST_CALCIUM_MM]).view(np.int64) >> (52 - CALCIUM_BITS)
    return (np.arange(first, last + 1) << (52 - CALCIUM_BITS)).view(np.float64)


def measure_channel(mechanism: str, parameters: dict[str, float]) -> Channel:
    """Measure a channel, a density mechanism whose parameter `gbar` scales its conductance (S/cm2).

    Args:
        mechanism: Its name.
        parameters: Its other parameters, where they are not the mechanism's own.

    Raises:
        UnsupportedMechanismError: If it is not a product of gates times a distance from a reversal potential.
    """
    small = Probe(len(FEW_MV), mechanism, parameters)
    names = states_of(mechanism)
    ones = np.ones((len(names), len(FEW_MV)))
    ion = small.ion(FEW_MV)
    current = small.step(FEW_MV, ones)[1]
    slope, at_zero = np.polyfit(FEW_MV, current, 1)
    require(mechanism, abs(slope - 1) < TOLERANCE, "its conductance is not gbar with all gates open", slope)
    reversal_mv = -at_zero / slope
    if ion is not None:
        expected_mv = getattr(small.section, f"e{ion}")
        require(
            mechanism, abs(reversal_mv - expected_mv) < 1e-6, f"its current does not reverse at e{ion}", reversal_mv
        )
    powers = []
    for number in range(len(names)):
        half = ones.copy()
        half[number] = 0.5
        power = -np.log2(np.mean(small.step(FEW_MV, half)[1] / current))
        require(
            mechanism,
            abs(power - round(power)) < TOLERANCE and 1 <= round(power) <= LARGEST_POWER,
            f"its conductance is not a power of {names[number]}",
            power,
        )
        powers.append(round(power))
    steady, tau_ms = small.relax(FEW_MV)
    by_calcium = np.zeros(len(names), bool)
    if h.ismembrane("ca_ion", sec=small.section):
        small.section.cai = 10 * small.section.cai
        by_calcium = (abs(small.relax(FEW_MV)[0] - steady) > TOLERANCE).any(axis=1)
    del small
    over_voltage = Probe(len(voltage_grid_mv()), mechanism, parameters).relax(voltage_grid_mv())
    over_calcium = None
    if by_calcium.any():
        probe = Probe(len(calcium_grid_mm()), mechanism, parameters)
        for segment, value in zip(probe.section, calcium_grid_mm(), strict=True):
            segment.cai = value
        over_calcium = probe.relax(np.full(len(calcium_grid_mm()), -70.0))
    gates = []
    for number, name in enumerate(names):
        steady, tau_ms = over_calcium if over_calcium is not None and by_calcium[number] else over_voltage
        gates.append(Gate(name, powers[number], bool(by_calcium[number]), steady[number], tau_ms[number]))
    channel = Channel(mechanism, tuple(gates), ion, float(reversal_mv))
    _check_channel(channel, parameters)
    return channel


def measure_pool(mechanism: str, parameters: dict[str, float], channel: str) -> CalciumPool:
    """Measure a calcium pool, a mechanism that reads `ica` and writes `cai`.

    Args:
        mechanism: Its name.
        parameters: Its parameters, where they are not the mechanism's own.
        channel: A calcium channel, to have a current.

    Raises:
        UnsupportedMechanismError: If it is not a linear decay driven by the current.
    """
    probe = Probe(len(FEW_MV), mechanism, parameters)
    probe.section.insert(channel)
    names = states_of(channel)

    def advance(calcium_mm: float, density: float) -> tuple[np.ndarray, np.ndarray]:
        prepare()
        for segment, v in zip(probe.section, FEW_MV, strict=True):
            segment.v, segment.cai = v, calcium_mm
            getattr(segment, channel).gbar = density
            for name in names:
                setattr(getattr(segment, channel), name, 1)
        h.fadvance()
        after, current = zip(*((segment.cai, segment.ica) for segment in probe.section), strict=True)
        return np.array(after), np.array(current)

    low, high = advance(1e-4, 0)[0].mean(), advance(1e-2, 0)[0].mean()
    decay = (high - low) / (1e-2 - 1e-4)
    rest_mm = (low - decay * 1e-4) / (1 - decay)
    driven, current = advance(1e-4, 1e-4)
    gain = np.polyfit(current, driven - low, 1)[0] / (1 - decay)
    predicted = 3e-3 * decay + (1 - decay) * (rest_mm + gain * current)
    found, again = advance(3e-3, 1e-4)
    predicted += (1 - decay) * gain * (again - current)
    error = abs(predicted / found - 1).max()
    require(mechanism, error < TOLERANCE, "its calcium does not decay linearly", error)
    return CalciumPool(-PROBE_STEP_MS / np.log(decay), rest_mm, gain)


def measure_synapse(mechanism: str, parameters: dict[str, float]) -> Synapse:
    """Measure a synapse, a point process that events reach.

    Args:
        mechanism: Its name.
        parameters: Its parameters, where they are not the mechanism's own.

    Raises:
        UnsupportedMechanismError: If its states do not decay exponentially or its current is not linear in them.
    """
    grid = voltage_grid_mv()
    probe = PointProbe(len(grid), mechanism, parameters)
    names = states_of(mechanism)
    current_na, nmda_us, decay = [], [], []
    for number in range(len(names)):
        states = np.zeros((len(names), len(grid)))
        states[number] = 1
        after, current = probe.step(grid, states)
        require(
            mechanism,
            np.ptp(after[number]) < TOLERANCE,
            f"the decay of {names[number]} depends on voltage",
            np.ptp(after),
        )
        decay.append(after[number].mean())
        current_na.append(current)
        nmda_us.append([getattr(point, NMDA_CONDUCTANCE, 0.0) for point in probe.points])
    jump = probe.jump() / np.array(decay)
    has_nmda = hasattr(probe.points[0], NMDA_CONDUCTANCE)
    tables = np.array(current_na), np.array(nmda_us) if has_nmda else None
    synapse = Synapse(-PROBE_STEP_MS / np.log(decay), jump, *tables)
    states = np.random.default_rng(1).random((len(names), len(grid)))
    after, current = probe.step(grid, states)
    error = abs(after - states * np.array(decay)[:, None]).max()
    require(mechanism, error < TOLERANCE, "its states do not decay exponentially to 0", error)
    error = abs((states * synapse.current_na).sum(axis=0) - current).max() / abs(current).max()
    require(mechanism, error < TOLERANCE, "its current is not linear in its states", error)
    return synapse


def _check_channel(channel: Channel, parameters: dict[str, float]) -> None:
    """Hold a measured channel against NEURON at random states."""
    probe = Probe(len(FEW_MV), channel.mechanism, parameters)
    states = np.random.default_rng(1).random((len(channel.gates), len(FEW_MV)))
    after, current = probe.step(FEW_MV, states)
    conductance = np.ones(len(FEW_MV))
    for gate, state, found in zip(channel.gates, states, after, strict=True):
        conductance *= state**gate.power
        grid, at = (calcium_grid_mm(), probe.section.cai) if gate.by_calcium else (voltage_grid_mv(), FEW_MV)
        decay = np.interp(at, grid, np.exp(-PROBE_STEP_MS / gate.tau_ms))
        gain = np.interp(at, grid, -gate.steady * np.expm1(-PROBE_STEP_MS / gate.tau_ms))
        error = abs(decay * state + gain - found).max()
        require(channel.mechanism, error < 10 * TOLERANCE, f"gate {gate.name} does not follow its table", error)
    error = abs(conductance * (FEW_MV - channel.reversal_mv) - current).max()
    require(channel.mechanism, error < 1e3 * TOLERANCE, "its current is not the product of its gates", error)
