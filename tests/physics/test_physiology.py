"""The shipped cell behaves like the published one, measured here in the same way."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from neurodepth.cells import definition, physiology
from neurodepth.cells.compartmental import CompartmentalCell
from neurodepth.cells.morphology import DATA_VARIABLE, find_morphology

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT.parent / "shared/reference"


def in_own_process(function: Callable[[str], Any], name: str) -> Any:
    """NEURON simulates every cell in memory, those of other tests too."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, name).result()


def build(name: str) -> CompartmentalCell:
    return CompartmentalCell(definition.read(ROOT / "models/cells" / name), ROOT / "data", "coreneuron")


def measure(name: str) -> dict[str, float]:
    cell = build(name)
    return {
        "rest_mv": physiology.resting_potential_mv(cell),
        "resistance_mohm": physiology.input_resistance_mohm(cell),
        "rheobase_na": physiology.rheobase_na(cell, tolerance_na=0.02),
    }


def fire(name: str) -> physiology.BacFiring:
    return physiology.bac_firing(build(name))


@pytest.fixture(scope="module")
def shipped() -> dict[str, float]:
    return in_own_process(measure, "l5pc")


@pytest.fixture(scope="module")
def published() -> Iterator[dict[str, float]]:
    with pytest.MonkeyPatch.context() as patch:
        if REFERENCE.is_dir():
            patch.setenv(DATA_VARIABLE, str(REFERENCE))
        try:
            find_morphology(definition.read(ROOT / "models/cells/l5pc_hay2011"), ROOT / "data")
        except FileNotFoundError as error:
            pytest.skip(f"nothing to compare with: {error}")
        yield in_own_process(measure, "l5pc_hay2011")


@pytest.fixture(scope="module")
def bac() -> physiology.BacFiring:
    return in_own_process(fire, "l5pc")


def test_resting_potential_agrees_with_the_published_cell(shipped, published):
    assert shipped["rest_mv"] == pytest.approx(published["rest_mv"], abs=1)


def test_input_resistance_agrees_with_the_published_cell(shipped, published):
    assert shipped["resistance_mohm"] == pytest.approx(published["resistance_mohm"], rel=0.15)


def test_rheobase_agrees_with_the_published_cell(shipped, published):
    assert shipped["rheobase_na"] == pytest.approx(published["rheobase_na"], rel=0.2)


@pytest.mark.parametrize("protocol", ["pulse", "epsc"])
def test_neither_stimulus_alone_evokes_a_calcium_spike(bac, protocol):
    assert bac.summary.set_index("protocol").loc[protocol, "plateau_ms"] == 0


def test_the_pair_of_stimuli_evokes_a_calcium_spike(bac):
    # Hay et al. 2011: a plateau of tens of ms, against a back-propagating spike of a few.
    assert bac.summary.set_index("protocol").loc["pair", "plateau_ms"] > 10


def test_the_calcium_spike_adds_a_somatic_spike(bac):
    n_spikes = bac.summary.set_index("protocol")["n_spikes"]
    assert n_spikes["pulse"] == 1
    assert n_spikes["pair"] >= 2


def test_dendritic_current_alone_evokes_no_somatic_spike(bac):
    assert bac.summary.set_index("protocol").loc["epsc", "n_spikes"] == 0
