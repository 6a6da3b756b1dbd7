"""Sections of a cell in NEURON, from its morphology file, and the mechanisms that they need."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from neuron import h

from neurodepth.cells import mechanisms
from neurodepth.cells.definition import CellDefinition
from neurodepth.validation import InvalidFileError

_loaded_library: list[Path] = []


def load_mechanisms(folder: Path) -> None:
    """Load compiled mechanisms into this process, once.

    Raises:
        RuntimeError: If this process has loaded others: NEURON cannot unload a library.
    """
    if _loaded_library and _loaded_library[0] != folder:
        raise RuntimeError(
            f"this process has loaded {_loaded_library[0]} and NEURON cannot unload it: simulate {folder} in a process of its own"
        )
    if not _loaded_library:
        h.load_file("stdrun.hoc")
        h.load_file("import3d.hoc")
        # A trial runs on one core: more OpenMP threads than cells only spin (Snakemake sets one for each core of a job).
        os.environ["OMP_NUM_THREADS"] = "1"
        os.environ["CORENEURONLIB"] = str(folder / mechanisms.LIBRARY_NAMES[1])
        if not h.nrn_load_dll(str(folder / mechanisms.LIBRARY_NAMES[0])):
            raise RuntimeError(f"{folder}: NEURON could not load the mechanisms; delete the folder and run again")
        _loaded_library.append(folder)


def import_morphology(path: Path, definition: CellDefinition) -> tuple[Any, list[Any], dict[str, list[Any]]]:
    """Make the sections of a cell, with as many segments as its definition asks for.

    Args:
        path: SWC or Neurolucida file.
        definition: The cell, for its axon and the length of its segments.

    Returns:
        The soma, the sections of the axon, and those of the `basal` and the `apical` tree.

    Raises:
        InvalidFileError: If the file has no single soma, lacks a tree, or has a diameter that is not positive.
    """
    reader = h.Import3d_SWC_read() if path.suffix.lower() == ".swc" else h.Import3d_Neurolucida3()
    if path.suffix.lower() != ".swc":
        reader.quiet = 1
    reader.input(str(path))
    sections = _Sections()
    h.Import3d_GUI(reader, False).instantiate(sections)
    found = {name: list(getattr(sections, name, [])) for name in ("soma", "dend", "apic", "axon")}
    if len(found["soma"]) != 1 or not found["dend"] or not found["apic"]:
        counts = ", ".join(f"{len(part)} {name}" for name, part in found.items())
        raise InvalidFileError(f"{path}: expected one soma, basal and apical dendrites, found sections: {counts}")
    soma, trees = found["soma"][0], {"basal": found["dend"], "apical": found["apic"]}
    for section in [soma, *found["dend"], *found["apic"]]:
        for point in range(section.n3d()):
            if section.diam3d(point) <= 0:
                at = f"({section.x3d(point):g}, {section.y3d(point):g}, {section.z3d(point):g})"
                raise InvalidFileError(
                    f"{path}: {section.name().split('.')[-1]} has diameter {section.diam3d(point):g} um at {at}, "
                    "expected a positive one: correct that point in the file"
                )
    for section in found["axon"]:
        h.delete_section(sec=section)
    morphology = definition.values["morphology"]
    axon = _axon_stub(soma, **morphology["axon"]) if "axon" in morphology else []
    for section in [soma, *axon, *found["dend"], *found["apic"]]:
        section.nseg = 1 + 2 * int(section.L / morphology["segment_length_um"])
    return soma, axon, trees


def traced_points(section: Any) -> np.ndarray:
    """Traced points of a section, shape (points, 4): x, y, z and arc length in um."""
    return np.array([(section.x3d(i), section.y3d(i), section.z3d(i), section.arc3d(i)) for i in range(section.n3d())])


class _Sections:
    """Where Import3d puts the sections it makes."""

    soma: list[Any]
    dend: list[Any]
    apic: list[Any]
    axon: list[Any]


def _axon_stub(soma: Any, sections: int, length_um: float, diameter_um: float) -> list[Any]:
    axon: list[Any] = []
    for number in range(sections):
        section = h.Section(name=f"axon[{number}]")
        section.L, section.diam = length_um, diameter_um
        section.connect(axon[-1](1) if axon else soma(0.5), 0)
        axon.append(section)
    return axon
