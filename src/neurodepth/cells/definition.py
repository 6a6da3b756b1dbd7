"""Cell definitions: the `cell.yaml` of a cell, one variant of it, and the files it points at."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurodepth import validation
from neurodepth.cells import definition_rules, density_table


@dataclass(frozen=True)
class CellDefinition:
    """One variant of a cell, checked and complete.

    Attributes:
        name: The folder's name.
        variant: The variant's name.
        values: The content of `cell.yaml` with the variant laid over it.
        folder: The cell's own folder.
        mechanisms_path: Folder with the NMODL files; None for a point neuron.
        morphology_folder: Folder of the file that names the morphology; None for a point neuron.
        model_folder: Folder of the file that names a foreign model; None for other cells.
    """

    name: str
    variant: str
    values: dict[str, Any]
    folder: Path
    mechanisms_path: Path | None
    morphology_folder: Path | None
    model_folder: Path | None = None


def releases_at_random(values: dict[str, Any]) -> bool:
    """Whether a cell, given by the values of its definition, has unreliable synapses."""
    return any("release" in kind for kind in values.get("synapses", {}).values())


def no_experiments(values: dict[str, Any]) -> str | None:
    """Why classical experiments say nothing of a cell, whatever its tree; None where they do.

    Args:
        values: Of its definition.
    """
    if releases_at_random(values):
        return "its synapses release vesicles at random, which hides what one input adds"
    if "replay" in values["input"]:
        return "its input is a recording, of which no further background can be drawn"
    return None


def read(folder: str | Path, variant: str | None = None) -> CellDefinition:
    """Read and check `cell.yaml` in a cell's folder.

    Args:
        folder: The cell's folder, such as `models/cells/l5pc`.
        variant: One of the names under `variants`; None takes `default_variant`.

    Raises:
        InvalidFileError: If the file, a key or the variant is unknown.
    """
    path = Path(folder) / "cell.yaml"
    values, folders = _read_extended(path)
    validation.check(values, "cell", str(path))
    variant = variant or values["default_variant"]
    if variant not in values["variants"]:
        known = list(values["variants"])
        raise validation.InvalidFileError(f"{path}: no variant '{variant}': {validation.nearest(variant, known)}")
    values = _lay_over(values, values["variants"][variant])
    validation.check(values, "cell", f"{path}, variant {variant}")
    if found := list(definition_rules.faults(values)):
        raise validation.InvalidFileError("\n".join(f"{path}, variant {variant}: {fault}" for fault in found))
    return CellDefinition(
        path.parent.resolve().name,
        variant,
        values,
        path.parent.resolve(),
        folders.get("mechanisms"),
        folders.get("morphology"),
        folders.get("model"),
    )


def simulation_settings(definition: CellDefinition, study: dict[str, Any]) -> dict[str, Any]:
    """How a cell is simulated: as the study says, with what the cell needs instead.

    Args:
        definition: The cell; a foreign one is never integrated from tables.
        study: The configuration's section `simulation`, or any of its keys.
    """
    settings = study | definition.values.get("simulation", {})
    if definition.values["type"] == "foreign" and settings.get("simulator") == "tabulated":
        settings["simulator"] = "neuron"
    return settings


def _read_extended(path: Path, above: tuple[Path, ...] = ()) -> tuple[dict[str, Any], dict[str, Path]]:
    """Values of a cell.yaml laid over those of the file it extends, and the folders that its paths start from."""
    if path.resolve() in above:
        raise validation.InvalidFileError(f"{above[0]}: extends itself, by way of {above[-1]}: name another file")
    values = validation.read_yaml(path)
    base: dict[str, Any] = {}
    folders: dict[str, Path] = {}
    if extended := values.pop("extends", None):
        base, folders = _read_extended(path.parent / extended, (*above, path.resolve()))
    if densities := values.pop("densities_path", None):
        values = _lay_over(density_table.read(path.parent / densities), values)
    if "mechanisms_path" in values:
        folders["mechanisms"] = (path.parent / values["mechanisms_path"]).resolve()
    for key in ("morphology", "model"):
        if isinstance(own := values.get(key), dict) and "path" in own:
            folders[key] = path.parent.resolve()
    return _lay_over(base, values), folders


def _lay_over(base: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another; a key without a value takes away what is below it."""
    return _without_empty(validation.overlay(base, top))


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_empty(value) if isinstance(value, dict) and key != "variants" else value
        for key, value in values.items()
        if value is not None
    }
