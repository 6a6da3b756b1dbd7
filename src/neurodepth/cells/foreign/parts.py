"""Which sections of a foreign model are soma, axon, basal and apical dendrite."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from neuron import h, nrn

from neurodepth.cells.definition import CellDefinition
from neurodepth.validation import InvalidFileError, nearest

PARTS = ("soma", "axon", "basal", "apical")
THINNEST_UM = 1e-3  # NEURON replaces a diameter of 0 by 1e-6 um
SHOWN = 3  # sections named in a message


def choose_parts(model: Any, definition: CellDefinition) -> dict[str, list[Any]]:
    """Sections of each part of a model, which must be all that live in this process.

    Args:
        model: What its template or function made.
        definition: The cell; `model.sections` names a list of the model for each part, or a pattern of names.

    Raises:
        InvalidFileError: With all that is wrong, a line each.
    """
    origin, chosen = f"{definition.folder}/cell.yaml", definition.values["model"]["sections"]
    parts: dict[str, list[Any]] = {name: [] for name in PARTS}
    found = []
    for name, wanted in chosen.items():
        try:
            parts[name] = _choose(model, wanted)
        except LookupError as error:
            found.append(f"{origin}: model.sections.{name}: {error.args[0]}")
    if not found:
        found = [f"{origin}: {fault}" for fault in _faults(parts, chosen)]
    if found:
        raise InvalidFileError("\n".join(found))
    return parts


def _choose(model: Any, wanted: str | dict[str, str]) -> list[Any]:
    """Sections of a list of the model, or with matching names.

    Raises:
        LookupError: What is wrong, if there is none.
    """
    if isinstance(wanted, dict):
        try:
            pattern = re.compile(wanted["names"])
        except re.error as error:
            raise LookupError(
                f"expected a regular expression, found '{wanted['names']}' ({error}): escape brackets, soma\\[0\\]"
            ) from error
        sections = [section for section in h.allsec() if pattern.fullmatch(_name(section))]
        if not sections:
            shown = _shown(list(h.allsec()))
            raise LookupError(
                f"expected sections with names like '{wanted['names']}', found {shown}: correct the pattern"
            )
        return sections
    public = [name for name in dir(model) if not name.startswith("_")]
    if wanted not in public:
        raise LookupError(f"no list '{wanted}' in the model: {nearest(wanted, public)}")
    value = getattr(model, wanted)
    sections = [value] if isinstance(value, nrn.Section) else list(value) if isinstance(value, Iterable) else [value]
    if any(not isinstance(section, nrn.Section) for section in sections):
        raise LookupError(f"expected sections or a list of them, found that '{wanted}' is {value!r}: name another one")
    if not sections:
        raise LookupError(
            f"expected sections, found that the list '{wanted}' is empty: name another one, or leave the part out if the "
            "model has none"
        )
    return sections


def _faults(parts: dict[str, list[Any]], chosen: dict[str, Any]) -> Iterator[str]:
    """What is wrong with parts that are there."""
    if len(parts["soma"]) + len(parts["axon"]) == sum(1 for _ in h.allsec()):
        yield (
            "model.sections: expected dendrites, on which the synapses lie, found a model without any: take one that has "
            "them, or a point neuron (type: point)"
        )
    elif not parts["basal"] and not parts["apical"]:
        yield f"model.sections: expected dendrites, basal or apical, found {', '.join(chosen)}: name theirs too"
    times = Counter(section for sections in parts.values() for section in sections)
    if twice := [section for section, number in times.items() if number > 1]:
        yield f"model.sections: expected each section in one part, found {_shown(twice)} in several: mend a list or pattern"
    if without := [section for section in h.allsec() if section not in times]:
        yield f"model.sections: expected a part for every section, found {_shown(without)} in none: name a list or pattern"
    thin = [section for section in times if _thinnest_um(section) < THINNEST_UM]
    if thin:
        yield f"expected positive diameters, found {_shown(thin)} without: correct the model's morphology"
    whole = [section for section in times if section not in thin]
    if odd := [section for section in whole if not np.isfinite([segment.area() for segment in section]).all()]:
        yield f"expected finite areas, found {_shown(odd)} without: correct the model's morphology"


def _thinnest_um(section: Any) -> float:
    """Smallest diameter of a section; 0 where NEURON, as it does at the first look, refuses one that is not positive."""
    try:
        return min(segment.diam for segment in section)
    except RuntimeError:
        return 0


def _name(section: Any) -> str:
    """A section's name without that of the cell."""
    return section.name().split(".")[-1]


def _shown(sections: list[Any]) -> str:
    names = [_name(section) for section in sections]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
