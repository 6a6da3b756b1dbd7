"""Segments of NEURON whose voltages stay where they are put, to see what one mechanism does in one step."""

from typing import Any

import numpy as np
from neuron import h

PROBE_STEP_MS = 0.01  # any will do: time constants are worked out from one step
LEAST_DECAY = 1e-13  # over a probe step, so that a difference of two numbers near 1 still holds it; tau = 0.0003 ms
HELD = 1e15  # a capacitance (uF/cm2) and an axial resistivity (ohm cm) so large that voltages stay where they are put


class UnsupportedMechanismError(ValueError):
    """A mechanism whose equations are not of the kind that tables can hold."""


class Probe:
    """Segments without coupling whose voltages stay where they are put, with one mechanism in them."""

    def __init__(self, n: int, mechanism: str, parameters: dict[str, float]):
        self.mechanism, self.names = mechanism, states_of(mechanism)
        self.section = _held_section(n)
        self.section.insert(mechanism)
        if hasattr(self.section, f"gbar_{mechanism}"):
            setattr(self.section, f"gbar_{mechanism}", 1)
        for name, value in parameters.items():
            setattr(self.section, f"{name}_{mechanism}", value)

    def step(self, voltage_mv: np.ndarray, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """States after a step and current densities (mA/cm2) before it."""
        prepare()
        for number, (segment, v) in enumerate(zip(self.section, voltage_mv, strict=True)):
            segment.v = v
            instance = getattr(segment, self.mechanism)
            for name, value in zip(self.names, states[:, number], strict=True):
                setattr(instance, name, value)
        h.fadvance()
        after = np.empty(states.shape)
        for number, segment in enumerate(self.section):
            instance = getattr(segment, self.mechanism)
            after[:, number] = [getattr(instance, name) for name in self.names]
        return after, -np.array([segment.i_cap for segment in self.section])

    def relax(self, voltage_mv: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Steady states and time constants in ms, each of shape (states, voltages)."""
        shape = (len(self.names), len(voltage_mv))
        gain, total = self.step(voltage_mv, np.zeros(shape))[0], self.step(voltage_mv, np.ones(shape))[0]
        decay = total - gain
        fits = bool(((decay > -LEAST_DECAY) & (decay < 1)).all())
        require(
            self.mechanism, fits, "its states do not relax exponentially", f"a factor of {decay.min()} to {decay.max()}"
        )
        decay = np.maximum(decay, LEAST_DECAY)
        return gain / (1 - decay), -PROBE_STEP_MS / np.log(decay)

    def ion(self, voltage_mv: np.ndarray) -> str | None:
        """The ion whose current the mechanism makes, if any."""
        found = [ion for ion in ("k", "na", "ca") if hasattr(self.section, f"i{ion}")]
        self.step(voltage_mv, np.ones((len(self.names), len(voltage_mv))))
        carried = [ion for ion in found if any(getattr(segment, f"i{ion}") for segment in self.section)]
        require(self.mechanism, len(carried) <= 1, "it carries more than one ion", carried)
        return carried[0] if carried else None


class PointProbe:
    """A synapse in each of many segments whose voltages stay where they are put."""

    def __init__(self, n: int, mechanism: str, parameters: dict[str, float]):
        self.names = states_of(mechanism)
        self.section = _held_section(n)
        self.points = [getattr(h, mechanism)(segment) for segment in self.section]
        for point in self.points:
            for name, value in parameters.items():
                setattr(point, name, value)
        self.area_um2 = self.section(0.5).area()

    def step(self, voltage_mv: np.ndarray, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """States after a step and currents (nA) before it."""
        prepare()
        for number, (segment, point, v) in enumerate(zip(self.section, self.points, voltage_mv, strict=True)):
            segment.v = v
            for name, value in zip(self.names, states[:, number], strict=True):
                setattr(point, name, value)
        h.fadvance()
        after = np.array([[getattr(point, name) for point in self.points] for name in self.names])
        return after, -np.array([segment.i_cap for segment in self.section]) * self.area_um2 * 1e-2

    def jump(self) -> np.ndarray:
        """States after an event at the start of a step."""
        prepare()
        connection = h.NetCon(None, self.points[0])
        connection.weight[0] = 1
        connection.event(0)
        h.fadvance()
        return np.array([getattr(self.points[0], name) for name in self.names])


def _held_section(n: int) -> Any:
    section = h.Section(name="probe")
    section.nseg, section.L, section.diam, section.Ra, section.cm = n, n, 1, HELD, HELD
    return section


def prepare() -> None:
    """Initialise NEURON for one probe step."""
    h.cvode_active(0)
    h.dt, h.secondorder = PROBE_STEP_MS, 0
    h.finitialize(-70)


def states_of(mechanism: str) -> list[str]:
    """Names of the states of a mechanism."""
    standard = h.MechanismStandard(mechanism, 3)
    names = []
    for number in range(int(standard.count())):
        name = h.ref("")
        standard.name(name, number)
        names.append(str(name[0]).removesuffix(f"_{mechanism}"))
    return names


def require(mechanism: str, holds: bool, complaint: str, found: Any) -> None:
    """Refuse a mechanism, unless a condition holds.

    Raises:
        UnsupportedMechanismError: With the complaint and what was found.
    """
    if not holds:
        raise UnsupportedMechanismError(
            f"{mechanism} cannot be tabulated: {complaint} (found {found}); set simulator: coreneuron"
        )
