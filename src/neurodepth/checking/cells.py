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
from neurodepth.cells.input_rates import with_rates_of_trees
from neurodepth.cells.mechanisms import CompilationError, compile_mechanisms, declared, mechanism_files
from neurodepth.cells.morphology import find_morphology
from neurodepth.cells.morphology_file import swc_faults
from neurodepth.checking.behaviour import BRIEF_MS, driven_faults, input_faults, rest_faults, silent_faults
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
    return found or _building_faults(_built_alike(variants), data_path)


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
        if name == default.variant:
            continue
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


def _built_alike(variants: Sequence[CellDefinition]) -> list[list[CellDefinition]]:
    """Variants of each kind that is built differently; the input alone makes no other cell, but a point neuron runs under it."""
    kinds: list[dict[str, Any]] = []
    groups: list[list[CellDefinition]] = []
    for variant in variants:
        is_point = variant.values["type"] == "point"
        built = {key: value for key, value in variant.values.items() if is_point or key != "input"}
        if built in kinds:
            groups[kinds.index(built)].append(variant)
        else:
            kinds.append(built)
            groups.append([variant])
    return groups


def _building_faults(groups: Sequence[Sequence[CellDefinition]], data_path: str | Path) -> list[str]:
    if not groups:
        return []
    variants = [group[0] for group in groups]
    context = multiprocessing.get_context("spawn")  # NEURON keeps the mechanisms that a process has loaded
    try:
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            return pool.submit(_build_all, groups, str(data_path)).result()
    except BrokenProcessPool:
        calls = ending_calls(variants[0], data_path) if "model" in variants[0].values else []
        remedy = "see below" if calls else "look at its morphology or program"
        return [
            f"{variants[0].folder}: expected a cell that NEURON can build, found that NEURON ended without a word: {remedy}",
            *calls,
        ]


def _build_all(groups: Sequence[Sequence[CellDefinition]], data_path: str) -> list[str]:
    """What NEURON, in this process, says of the first variant of each group, and what is drawn as the input of all of them."""
    import gc

    from neurodepth import cells

    found: list[tuple[CellDefinition, str]] = []
    for number, variants in enumerate(groups):
        variant = variants[0]
        try:
            cell = cells.build(variant, data_path, simulator="neuron")
            of_input = [(one, fault) for one in variants for fault in _of_input(one, cell)]
            found += of_input
            if variant.values["type"] == "point":
                faults = [] if of_input else silent_faults(cell)
            elif number == 0:
                faults = rest_faults(cell) or driven_faults(cell)
            else:
                faults = rest_faults(cell, BRIEF_MS)
            del cell
            if number == 0 and variant.values["type"] == "compartmental" and not faults:
                faults = _table_faults(variant, data_path)
            found += [(variant, fault) for fault in faults]
        except Exception as error:  # whatever a definition or a program brings about is a fault of theirs
            found += [(variant, fault) for fault in _explained(variant, error)]
            if "model" in variant.values:
                break  # a program that has failed cannot be run again in this process
        gc.collect()  # NEURON keeps a cell for as long as Python does
    return _said_once(found)


def _said_once(found: Sequence[tuple[CellDefinition, str]]) -> list[str]:
    """A line a fault, which many variants may share."""
    of_fault: dict[str, list[CellDefinition]] = {}
    for variant, fault in found:
        of_fault.setdefault(fault, []).append(variant)
    lines = []
    for fault, variants in of_fault.items():
        others = f" and {len(variants) - 1} more" if len(variants) > 1 else ""
        lines.append(f"{variants[0].name}, variant {variants[0].variant}{others}: {fault}")
    return lines


def _of_input(variant: CellDefinition, cell: Any) -> list[str]:
    """Faults of the input of a variant of a cell that is built."""
    if variant.values["type"] != "point":
        variant = with_rates_of_trees(variant, cell.segments)
    return input_faults(cell.synapses, variant.values["input"])


def _table_faults(variant: CellDefinition, data_path: str) -> list[str]:
    """What keeps a cell from the default simulator, where its definition names none."""
    from neurodepth import cells
    from neurodepth.cells.tabulated.probe import UnsupportedMechanismError

    if "simulator" in variant.values.get("simulation", {}):
        return []
    try:
        cells.build(variant, data_path, simulator="tabulated")
    except UnsupportedMechanismError as error:
        return [str(error)]
    return []


def _explained(cell: CellDefinition, error: Exception) -> list[str]:
    """An error's lines; what NEURON says by itself names neither file nor remedy."""
    if not isinstance(error, ValueError | RuntimeError | FileNotFoundError):
        return [
            f"{cell.folder}/cell.yaml: expected a cell that can be built and simulated, found {type(error).__name__}: {error}"
        ]
    if not (message := str(error)).startswith(NEURON_SAYS):
        return message.splitlines()
    place = "model's files and arguments" if "model" in cell.values else "morphology, the regions and the mechanisms"
    return [
        f"{cell.folder}/cell.yaml: expected a cell that NEURON can build, found '{message.removeprefix(NEURON_SAYS)}': look at the {place}"
    ]
