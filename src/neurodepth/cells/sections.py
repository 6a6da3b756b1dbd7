"""Sections of a cell in NEURON, from its morphology file, and the mechanisms that they need."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from neuron import h

from neurodepth.cells import mechanisms, neuroml
from neurodepth.cells.definition import CellDefinition
from neurodepth.cells.morphology_file import check_swc
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


def import_morphology(path: Path, definition: CellDefinition) -> dict[str, list[Any]]:
    """Make the sections of a cell, with as many segments as its definition asks for.

    Args:
        path: SWC, Neurolucida or NeuroML file.
        definition: The cell, for its axon and the length of its segments.

    Returns:
        Sections of the `soma` (one), the `axon`, and the `basal` and the `apical` tree; a tree may have none.

    Raises:
        InvalidFileError: If the file is of another kind, has no single soma or no dendrite, or has a point without
            parent, finite coordinates or a positive diameter.
    """
    kind = path.suffix.lower()
    if kind in (".swc", ".nml"):
        reader = h.Import3d_SWC_read()
    elif kind == ".asc":
        reader = h.Import3d_Neurolucida3()
        reader.quiet = 1
    else:
        raise InvalidFileError(
            f"{path}: expected a file .swc, .asc (Neurolucida) or .nml (NeuroML), found '{path.suffix}': convert it"
        )
    with tempfile.TemporaryDirectory() as folder:
        readable = path
        if kind == ".nml":
            readable = Path(folder) / "tree.swc"
            neuroml.write_swc(path, readable)
        elif not str(path).isascii():  # of which NEURON reads no file
            readable = Path(folder) / f"tree{kind}"
            shutil.copy(path, readable)
        if kind != ".asc":
            check_swc(path if kind == ".swc" else readable)
        reader.input(str(readable))
    sections = _Sections()
    h.Import3d_GUI(reader, False).instantiate(sections)
    found = {name: list(getattr(sections, name, [])) for name in ("soma", "dend", "apic", "axon")}
    if len(found["soma"]) != 1 or not (found["dend"] or found["apic"]):
        counts = ", ".join(f"{len(part)} {name}" for name, part in found.items())
        raise InvalidFileError(f"{path}: expected one soma and dendrites, found sections: {counts}: correct the file")
    soma = found["soma"][0]
    for section in found["axon"]:
        h.delete_section(sec=section)
    _check_points(path, soma, [*found["dend"], *found["apic"]])
    morphology = definition.values["morphology"]
    _scale_lengths([*found["dend"], *found["apic"]], soma, morphology.get("length_factor", 1))
    axon = _axon_stub(soma, **morphology["axon"]) if "axon" in morphology else []
    for section in [soma, *axon, *found["dend"], *found["apic"]]:
        section.nseg = 1 + 2 * int(section.L / morphology["segment_length_um"])
    return {"soma": [soma], "axon": axon, "basal": found["dend"], "apical": found["apic"]}


def traced_points(section: Any) -> np.ndarray:
    """Traced points of a section, shape (points, 4): x, y, z and arc length in um."""
    return np.array([(section.x3d(i), section.y3d(i), section.z3d(i), section.arc3d(i)) for i in range(section.n3d())])


def untraced_points(sections: list[Any]) -> dict[Any, np.ndarray]:
    """Where NEURON would draw those sections that have no traced points, as `traced_points` gives it; they keep having none."""
    untraced = [section for section in sections if not section.n3d()]
    kept = {section: (section.L, [segment.diam for segment in section]) for section in untraced}
    h.define_shape()
    found = {section: traced_points(section) for section in untraced}
    for section, (length_um, diameters_um) in kept.items():
        section.pt3dclear()  # with points, NEURON would change the areas of a section that tapers
        section.L = length_um
        for segment, diameter_um in zip(section, diameters_um, strict=True):
            segment.diam = diameter_um
    return found


def _scale_lengths(dendrites: list[Any], soma: Any, factor: float) -> None:
    """Move the points of dendrites away from the soma's middle, or towards it; diameters stay."""
    if factor == 1:
        return
    centre_um = traced_points(soma)[:, :3].mean(axis=0)
    for section in dendrites:
        for point, place_um in enumerate(traced_points(section)[:, :3]):
            h.pt3dchange(point, *(centre_um + factor * (place_um - centre_um)), section.diam3d(point), sec=section)


class _Sections:
    """Where Import3d puts the sections it makes."""

    soma: list[Any]
    dend: list[Any]
    apic: list[Any]
    axon: list[Any]


def _check_points(path: Path, soma: Any, dendrites: list[Any]) -> None:
    """Check what NEURON has read: of a Neurolucida file nothing else is."""
    for section in [soma, *dendrites]:
        name = section.name().split(".")[-1]
        if section != soma and section.parentseg() is None:
            raise InvalidFileError(
                f"{path}: {name} hangs on the axon or on nothing, expected the soma or a dendrite (the file's axon is "
                "left out): connect or remove that branch"
            )
        for point, place_um in enumerate(traced_points(section)[:, :3]):
            at, diameter_um = "({:g}, {:g}, {:g})".format(*place_um), section.diam3d(point)
            if not np.isfinite(place_um).all():
                raise InvalidFileError(
                    f"{path}: {name} has a point at {at}, expected finite coordinates in um: correct it in the file"
                )
            if not 0 < diameter_um < np.inf:
                raise InvalidFileError(
                    f"{path}: {name} has diameter {diameter_um:g} um at {at}, expected a positive one: "
                    "correct that point in the file"
                )


def _axon_stub(soma: Any, sections: int, length_um: float, diameter_um: float) -> list[Any]:
    axon: list[Any] = []
    for number in range(sections):
        section = h.Section(name=f"axon[{number}]")
        section.L, section.diam = length_um, diameter_um
        section.connect(axon[-1](1) if axon else soma(0.5), 0)
        axon.append(section)
    return axon
