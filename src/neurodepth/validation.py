"""Checks of YAML files against the project's schemas, with messages that name the cure."""

import copy
import difflib
import functools
import json
import math
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any, cast

import jsonschema
import yaml

FastLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same values in an eighth of the time
ABOUT_KEYS = ("additionalProperties", "required")  # rules of a schema that complain of a mapping, not of a value
EXPECTED = {  # rules of a schema, and what each expects
    "type": "{}",
    "enum": "{}",
    "const": "{}",
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "pattern": "text that matches {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} keys",
    "uniqueItems": "every item once",
}
NUMBERS = ("integer", "number")  # types of a schema
# JSON Schema takes 3.0 for an integer, which Python does not, and a number may be infinite or none.
_Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, found: isinstance(found, int) and not isinstance(found, bool),
            "number": lambda _, found: (
                isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found)
            ),
        }
    ),
)
ENDINGS = {1: "st", 2: "nd", 3: "rd"}  # of ordinal numbers, but those from 11 to 13
_explained: dict[tuple[str, str], list[str]] = {}  # what is wrong with each mapping, by schema and content


class InvalidFileError(ValueError):
    """A definition or configuration that cannot be used; the message says what to change."""


class Loader(FastLoader):  # type: ignore[misc, valid-type]
    """A safe loader that refuses a key that stands twice in a mapping, of which YAML would drop the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping of a node."""
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if str(key.value) in lines:
                problem = f"the key '{key.value}' stands in line {lines[key.value]} too: keep one"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            lines[str(key.value)] = key.start_mark.line + 1
        return super().construct_mapping(node, deep)


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
        content = yaml.load(path.read_text(encoding="utf-8"), Loader)  # noqa: S506 it is a safe one
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InvalidFileError(
            f"{path}, line {line}: expected UTF-8, found byte 0x{error.object[error.start]:02x}: save the file in UTF-8"
        ) from error
    except yaml.YAMLError as error:
        raise InvalidFileError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
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
    if found := faults(content, schema_name, origin):
        raise InvalidFileError("\n".join(found))


def faults(content: dict[str, Any], schema_name: str, origin: str) -> list[str]:
    """All that a schema finds wrong with a mapping, a line each; arguments as for `check`."""
    # A large study names the same cell in many variants, and the same networks for all cells: each is checked once.
    key = schema_name, repr(content)
    if key not in _explained:
        errors = sorted(_validator(schema_name).iter_errors(content), key=lambda e: list(map(str, e.path)))
        _explained[key] = [_explain(error, content) for error in errors]
    return [f"{origin}: {one}" for one in _explained[key]]


def without_faults(content: dict[str, Any], schema_name: str) -> dict[str, Any]:
    """A copy of a mapping without the values that a schema refuses; unknown keys stay."""
    sound = copy.deepcopy(content)
    for error in _validator(schema_name).iter_errors(content):
        path = list(error.absolute_path)
        while path and isinstance(path[-1], int):  # an item of a list: the list goes
            path.pop()
        if path and error.validator not in ABOUT_KEYS:
            _remove(sound, path)
    return sound


def with_numbers(content: dict[str, Any], schema_name: str) -> dict[str, Any]:
    """A copy in which text that is a number is one where a schema wants one: YAML takes 1e-3, and Snakemake all in `--config`, for text."""
    numbered = copy.deepcopy(content)
    for error in _validator(schema_name).iter_errors(content):
        wants = {kind for one in [error, *error.context] if one.validator == "type" for kind in _types(one)}
        if not isinstance(error.instance, str) or not wants & set(NUMBERS):
            continue
        number = _as_number(error.instance)
        if number is not None:
            *above, last = error.absolute_path
            functools.reduce(lambda part, key: part[key], above, numbered)[last] = number
    return numbered


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
    text = resources.files("neurodepth").joinpath(f"schemas/{schema_name}.yaml").read_text()
    return _Validator(yaml.load(text, FastLoader))  # noqa: S506 it is a safe one


def _types(error: jsonschema.ValidationError) -> list[str]:
    found = cast(Any, error.validator_value)
    return found if isinstance(found, list) else [found]


def _remove(content: Any, path: list[str | int]) -> None:
    for key in path[:-1]:
        if isinstance(content, dict) and key not in content:
            return  # gone with what held it
        content = content[key]
    content.pop(path[-1], None)


def _explain(error: jsonschema.ValidationError, content: Any) -> str:
    where = _place(error.absolute_path, content)
    schema, found = error.schema, cast(Any, error.instance)
    if error.validator == "additionalProperties" and isinstance(found, dict) and isinstance(schema, dict):
        known = list(schema.get("properties", {}))
        unknown = [key for key in found if key not in known]
        return "; ".join(
            f"unknown key '{f'{where}.' if where else ''}{key}': {nearest(str(key), known)}" for key in unknown
        )
    if error.validator == "required":
        missing = [key for key in cast(Any, error.validator_value) if f"'{key}' is" in error.message]
        return f"{where or 'top level'}: expected the key '{missing[0]}', found {', '.join(map(str, found)) or 'none'}: add it"
    if error.validator in EXPECTED:
        wanted = EXPECTED[str(error.validator)].format(_listed(error.validator_value))
        return f"{where or 'top level'}: expected {wanted}, found {_shown(found)}{_number_hint(error)}"
    if error.validator == "oneOf" and not error.context:
        exclusive = [key for one in cast(Any, error.validator_value) for key in one.get("required", [])]
        return f"{where}: expected one of {', '.join(exclusive)}, found several: leave the others out"
    if error.validator in ("oneOf", "anyOf") and error.context:
        return _explain_choice(where, error, content)
    return f"{where or 'top level'}: {error.message}"


def _place(path: Iterable[Any], content: Any) -> str:
    """`simulation.step_ms`; of a list `conditions.3rd.trials`, counted from 1 as people do."""
    parts = []
    for key in path:
        parts.append(_ordinal(key + 1) if isinstance(content, list) else str(key))
        content = content[key]
    return ".".join(parts)


def _ordinal(number: int) -> str:
    tens, ones = divmod(number % 100, 10)
    return f"{number}{ENDINGS.get(ones, 'th') if tens != 1 else 'th'}"


def _explain_choice(where: str, error: jsonschema.ValidationError, content: Any) -> str:
    """What keeps a value from being any of the kinds that are allowed; of a mapping, from being the nearest kind."""
    choices: dict[Any, list[jsonschema.ValidationError]] = {}
    for one in error.context:
        choices.setdefault(one.schema_path[0], []).append(one)
    mappings = [
        found for found in choices.values() if not any(one.validator == "type" and not one.path for one in found)
    ]
    if isinstance(error.instance, dict) and mappings:
        return "; ".join(_explain(one, content) for one in min(mappings, key=_distance))
    kinds = [EXPECTED[str(one.validator)].format(_listed(one.validator_value)) for one in error.context]
    return f"{where}: expected {' or '.join(dict.fromkeys(kinds))}, found {_shown(error.instance)}"


def _distance(found: list[jsonschema.ValidationError]) -> tuple[bool, int]:
    """How far a mapping is from a kind: whether it names another one, and what else is wrong."""
    return any(one.validator == "const" for one in found), len(found)


def _listed(value: Any) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)


def _shown(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else json.dumps(value)


def _number_hint(error: jsonschema.ValidationError) -> str:
    """What to write for a number that YAML takes for text, such as 1e-3."""
    if error.validator != "type" or not isinstance(error.instance, str):
        return ""
    number = _as_number(error.instance)
    return "" if number is None else f": YAML reads it as text, write {number}"


def _as_number(text: str) -> int | float | None:
    """What a text says, as a whole number where it is one; None if it is no number."""
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else number
