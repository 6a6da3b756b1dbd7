"""What is wrong with a cell: its definition in every variant, its mechanisms, its morphology, and whether it can be built."""

import multiprocessing
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from neurodepth import validation
from neurodepth.cells import definition
from neurodepth.cells.definition import CellDefinition
from neurodepth.cells.mechanisms import CompilationError, compile_mechanisms
from neurodepth.cells.morphology import find_morphology
from neurodepth.cells.morphology_faults import swc_faults

DECLARED = re.compile(r"^\s*(?:SUFFIX|POINT_PROCESS)\s+(\w+)", re.MULTILINE)
BUILT_IN = {"pas", "hh", "ExpSyn", "Exp2Syn"}  # NEURON's own


def cell_faults(folder: Path, data_path: str | Path = "data") -> list[str]:
    """Faults of a cell; it is built in NEURON, in a process of its own, once nothing else is wrong with it.

    Args:
        folder: Of its cell.yaml.
        data_path: The user's data folder, searched for the morphology.
    """
    variants, found = _read_variants(folder)
    if variants and variants[0].values["type"] == "compartmental":
        found += [fault for variant in variants for fault in _mechanism_faults(variant)]
        found += _compilation_faults(variants[0])
        found += [fault for variant in variants for fault in _morphology_faults(variant, data_path)]
    found = list(dict.fromkeys(found))  # variants share most of what they have
    return found or _building_faults(_unlike(variants), data_path)


def _read_variants(folder: Path) -> tuple[list[CellDefinition], list[str]]:
    """All variants that can be read, the default one first, and what is wrong with the others."""
    try:
        default = definition.read(folder)
    except validation.InvalidFileError as error:
        return [], str(error).splitlines()
    variants, found = [default], []
    for name in default.values["variants"]:
        try:
            variants.append(definition.read(folder, name))
        except validation.InvalidFileError as error:
            found += str(error).splitlines()
    return variants, found


def _mechanism_faults(cell: CellDefinition) -> Iterator[str]:
    """Names that no NMODL file declares, and parameters of channels that are nowhere inserted."""
    origin, values = f"{cell.folder}/cell.yaml", cell.values
    sources = sorted(cell.mechanisms_path.glob("*.mod")) if cell.mechanisms_path else []
    declared = {name for path in sources for name in DECLARED.findall(path.read_text(errors="replace"))}
    for where, name in _named(values):
        if name not in declared | BUILT_IN:
            nearest = validation.nearest(name, sorted(declared))
            yield f"{origin}: {where}: no mechanism '{name}' in {cell.mechanisms_path}: {nearest}"
    inserted = {name for region in values["regions"].values() for name in region.get("channels_s_per_cm2", {})}
    for key in ("mechanism_parameters", "channel_scale"):
        for name in set(values.get(key, {})) - inserted:
            nearest = validation.nearest(name, sorted(inserted))
            yield f"{origin}: {key}.{name}: expected a channel of a region, found none of that name: {nearest}"


def _named(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Mechanisms that a definition names, each with the key that names it."""
    for region, content in values["regions"].items():
        for name in content.get("channels_s_per_cm2", {}):
            yield f"regions.{region}.channels_s_per_cm2", name
        if "calcium_pool" in content:
            yield f"regions.{region}.calcium_pool", content["calcium_pool"]["mechanism"]
    for kind, synapse in values["synapses"].items():
        yield f"synapses.{kind}", synapse["mechanism"]


def _compilation_faults(cell: CellDefinition) -> list[str]:
    if cell.mechanisms_path is None:
        return []
    try:
        compile_mechanisms(cell.mechanisms_path, coreneuron=False)
    except (FileNotFoundError, CompilationError) as error:
        return [str(error)]
    return []


def _morphology_faults(cell: CellDefinition, data_path: str | Path) -> list[str]:
    try:
        path = find_morphology(cell, data_path)
    except (FileNotFoundError, validation.InvalidFileError) as error:
        return [str(error)]
    return swc_faults(path) if path.suffix.lower() == ".swc" else []  # other files are checked when the cell is built


def _unlike(variants: Sequence[CellDefinition]) -> list[CellDefinition]:
    """One variant of each kind that is built differently: the input alone makes no other cell."""
    kinds: list[dict[str, Any]] = []
    chosen = []
    for variant in variants:
        built = {key: value for key, value in variant.values.items() if key != "input"}
        if built not in kinds:
            kinds.append(built)
            chosen.append(variant)
    return chosen


def _building_faults(variants: Sequence[CellDefinition], data_path: str | Path) -> list[str]:
    if not variants:
        return []
    context = multiprocessing.get_context("spawn")  # NEURON keeps the mechanisms that a process has loaded
    try:
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            return pool.submit(_build_all, variants, str(data_path)).result()
    except BrokenProcessPool:
        return [
            f"{variants[0].folder}: expected a cell that NEURON can build, found that NEURON ended without a word: look at "
            "its morphology"
        ]


def _build_all(variants: Sequence[CellDefinition], data_path: str) -> list[str]:
    """What NEURON, in this process, says of some variants."""
    import gc

    from neurodepth import cells

    found = []
    for variant in variants:
        try:
            cells.build(variant, data_path, simulator="neuron")
        except (ValueError, RuntimeError, FileNotFoundError) as error:
            found.append(f"{variant.name}, variant {variant.variant}: {error}")
        gc.collect()  # NEURON keeps a cell for as long as Python does
    return found
