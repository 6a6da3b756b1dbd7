"""What is wrong with a cell: its definition in every variant, its files, whether it can be built, and what it then does."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from neurodepth import validation
from neurodepth.cells import definition, neuroml
from neurodepth.cells.definition import CellDefinition
from neurodepth.cells.foreign.files import find_model
from neurodepth.cells.mechanisms import CompilationError, compile_mechanisms, declared, mechanism_files
from neurodepth.cells.morphology import find_morphology
from neurodepth.cells.morphology_faults import swc_faults
from neurodepth.checking.behaviour import behaviour_faults, silent_faults
from neurodepth.checking.models import ending_calls, model_faults

BUILT_IN = {"pas", "hh", "ExpSyn", "Exp2Syn"}  # NEURON's own
NEURON_SAYS = "hoc_execerror: "


def cell_faults(folder: Path, data_path: str | Path = "data") -> list[str]:
    """Faults of a cell; it is built in NEURON, in a process of its own, once nothing else is wrong with it.

    Args:
        folder: Of its cell.yaml.
        data_path: The user's data folder, searched for the morphology or model.
    """
    variants, found = _read_variants(folder)
    if variants and variants[0].values["type"] != "point":
        found += [fault for variant in variants for fault in _mechanism_faults(variant)]
        found += [fault for variant in variants for fault in _source_faults(variant, data_path)]
        found += _compilation_faults(variants[0], data_path)
    found = list(dict.fromkeys(found))  # variants share most of what they have
    return found or _building_faults(_unlike(variants), data_path)


def to_fetch(folder: Path, data_path: str | Path = "data") -> str:
    """Why a published cell cannot be looked at yet: which file the workflow would fetch; empty where nothing is to be fetched."""
    try:
        cell = definition.read(folder)
        if "fetch" in cell.values.get("morphology", {}):
            find_morphology(cell, data_path)
        if "archive" in cell.values.get("model", {}):
            find_model(cell, data_path)
    except FileNotFoundError as error:
        return str(error)
    except validation.InvalidFileError:
        return ""  # a fault, which `cell_faults` names
    return ""


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
    known = set().union(*map(declared, sources))
    for where, name in _named(values):
        if name not in known | BUILT_IN:
            nearest = validation.nearest(name, sorted(known))
            yield f"{origin}: {where}: no mechanism '{name}' in {cell.mechanisms_path}: {nearest}"
    inserted = {name for region in values.get("regions", {}).values() for name in region.get("channels_s_per_cm2", {})}
    for key in ("mechanism_parameters", "channel_scale"):
        for name in set(values.get(key, {})) - inserted:
            nearest = validation.nearest(name, sorted(inserted))
            yield f"{origin}: {key}.{name}: expected a channel of a region, found none of that name: {nearest}"


def _named(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Mechanisms that a definition names, each with the key that names it."""
    for region, content in values.get("regions", {}).items():
        for name in content.get("channels_s_per_cm2", {}):
            yield f"regions.{region}.channels_s_per_cm2", name
        if "calcium_pool" in content:
            yield f"regions.{region}.calcium_pool", content["calcium_pool"]["mechanism"]
    for kind, synapse in values["synapses"].items():
        yield f"synapses.{kind}", synapse["mechanism"]


def _source_faults(cell: CellDefinition, data_path: str | Path) -> list[str]:
    """Faults of what a cell is made from: its morphology, or somebody's model."""
    return _morphology_faults(cell, data_path) if "morphology" in cell.values else model_faults(cell, data_path)


def _compilation_faults(cell: CellDefinition, data_path: str | Path) -> list[str]:
    try:
        compile_mechanisms(mechanism_files(cell, data_path), coreneuron=False)
    except CompilationError as error:
        hint = "\nIf the cell does without a mechanism, name it under model.left_out." if "model" in cell.values else ""
        return [f"{error}{hint}"]
    except (FileNotFoundError, validation.InvalidFileError) as error:
        return [str(error)]
    return []


def _morphology_faults(cell: CellDefinition, data_path: str | Path) -> list[str]:
    try:
        path = find_morphology(cell, data_path)
    except (FileNotFoundError, validation.InvalidFileError) as error:
        return [str(error)]
    kind = path.suffix.lower()
    if kind == ".nml":
        try:
            neuroml.read(path)
        except validation.InvalidFileError as error:
            return str(error).splitlines()
    return swc_faults(path) if kind == ".swc" else []  # other files are checked when the cell is built


def _unlike(variants: Sequence[CellDefinition]) -> list[CellDefinition]:
    """One variant of each kind that is built differently; the input alone makes no other cell, but a point neuron runs under it."""
    kinds: list[dict[str, Any]] = []
    chosen = []
    for variant in variants:
        is_point = variant.values["type"] == "point"
        built = {key: value for key, value in variant.values.items() if is_point or key != "input"}
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
        calls = ending_calls(variants[0], data_path) if "model" in variants[0].values else []
        remedy = "see below" if calls else "look at its morphology or program"
        return [
            f"{variants[0].folder}: expected a cell that NEURON can build, found that NEURON ended without a word: {remedy}",
            *calls,
        ]


def _build_all(variants: Sequence[CellDefinition], data_path: str) -> list[str]:
    """What NEURON, in this process, says of some variants."""
    import gc

    from neurodepth import cells

    found: list[str] = []
    for number, variant in enumerate(variants):
        name = f"{variant.name}, variant {variant.variant}"
        try:
            cell = cells.build(variant, data_path, simulator="neuron")
            if variant.values["type"] == "point":
                found += [f"{name}: {fault}" for fault in silent_faults(cell)]
            elif number == 0:
                found += [f"{name}: {fault}" for fault in behaviour_faults(cell)]
            del cell
        except (ValueError, RuntimeError, FileNotFoundError) as error:
            found += [f"{name}: {fault}" for fault in _explained(variant, error)]
            if "model" in variant.values:
                break  # a program that has failed cannot be run again in this process
        gc.collect()  # NEURON keeps a cell for as long as Python does
    return found


def _explained(cell: CellDefinition, error: Exception) -> list[str]:
    """An error's lines; what NEURON says by itself names neither file nor remedy."""
    if not (message := str(error)).startswith(NEURON_SAYS):
        return message.splitlines()
    place = "model's files and arguments" if "model" in cell.values else "morphology, the regions and the mechanisms"
    return [
        f"{cell.folder}/cell.yaml: expected a cell that NEURON can build, found '{message.removeprefix(NEURON_SAYS)}': look at the {place}"
    ]
