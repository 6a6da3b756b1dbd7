"""Checks of YAML files against the project's schemas, with messages that name the cure."""

import difflib
import functools
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import yaml

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same values in an eighth of the time


class InvalidFileError(ValueError):
    """A definition or configuration that cannot be used; the message says what to change."""


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML file whose top level is a mapping.

    Raises:
        InvalidFileError: If the file is missing, is not YAML or holds no mapping.
    """
    path = Path(path)
    if not path.is_file():
        neighbours = sorted(p.name for p in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
        raise InvalidFileError(f"{path}: no such file; {path.parent} holds {', '.join(neighbours) or 'no YAML file'}")
    try:
        content = yaml.load(path.read_text(), Loader)  # noqa: S506 both are safe
    except yaml.YAMLError as error:
        raise InvalidFileError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise InvalidFileError(f"{path}: expected a mapping of keys to values, found {type(content).__name__}")
    return content


def check(content: dict[str, Any], schema_name: str, origin: str) -> None:
    """Check a mapping against one of the schemas in `neurodepth/schemas`.

    Args:
        content: What was read.
        schema_name: The schema's file name without `.yaml`: `config`, `cell` or `network`.
        origin: Where `content` came from, for the message.

    Raises:
        InvalidFileError: Names the key, what was found, what is allowed and, for an unknown key, the nearest known one.
    """
    errors = sorted(_validator(schema_name).iter_errors(content), key=lambda e: list(map(str, e.path)))
    if errors:
        raise InvalidFileError("\n".join(f"{origin}: {_explain(error)}" for error in errors))


def overlay(base: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another: mappings merge key by key, everything else is replaced."""
    merged = dict(base)
    for key, value in top.items():
        old = merged.get(key)
        merged[key] = overlay(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def nearest(word: str, known: list[str]) -> str:
    """A sentence that names the known word nearest to a misspelt one, or lists them all."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'?" if close else f"expected one of: {', '.join(sorted(known))}"


@functools.cache
def _validator(schema_name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        yaml.safe_load(resources.files("neurodepth").joinpath(f"schemas/{schema_name}.yaml").read_text())
    )


def _explain(error: jsonschema.ValidationError) -> str:
    where = ".".join(str(part) for part in error.absolute_path)
    schema = error.schema
    if error.validator == "additionalProperties" and isinstance(error.instance, dict) and isinstance(schema, dict):
        known = list(schema.get("properties", {}))
        unknown = [key for key in error.instance if key not in known]
        return "; ".join(
            f"unknown key '{f'{where}.' if where else ''}{key}': {nearest(str(key), known)}" for key in unknown
        )
    return f"{where or 'top level'}: {error.message}"
