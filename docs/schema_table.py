"""The directive `schema`: a table of all keys of one of neurodepth's schemas, for docs/reference.

```{schema} config
```
"""

from importlib import resources
from typing import Any, ClassVar

import yaml
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


class SchemaTable(Directive):
    """A row a key: its path, its type with bounds, whether it must be there."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """The table."""
        file = resources.files("neurodepth").joinpath(f"schemas/{self.arguments[0]}.yaml")
        schema = yaml.safe_load(file.read_text())
        rows = list(dict.fromkeys(_keys(schema, schema.get("$defs", {}))))
        group = nodes.tgroup(cols=3)
        group += [nodes.colspec(colwidth=width) for width in (40, 50, 10)]
        group += nodes.thead("", _row(nodes.Text, ("key", "value", "needed")))
        group += nodes.tbody("", *(_row(nodes.Text, row) for row in rows))
        return [nodes.table("", group)]


def _keys(schema: dict[str, Any], definitions: dict[str, Any], path: str = ""):
    """(path, value, needed) of every key, in the schema's order."""
    needed = schema.get("required", [])
    for name, value in schema.get("properties", {}).items():
        value = _resolve(value, definitions)
        here = f"{path}{name}"
        yield here, _describe(value, definitions), "yes" if name in needed else ""
        yield from _keys(value, definitions, f"{here}.")
        if value.get("type") == "array":
            yield from _keys(_resolve(value.get("items", {}), definitions), definitions, f"{here}[].")
    for choice in _choices(schema):  # of several kinds of mapping, the keys of each
        yield from _keys(_resolve(choice, definitions), definitions, path)
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        others = _resolve(others, definitions)
        if "properties" in others or "type" in others or _choices(others):
            yield f"{path}NAME", _describe(others, definitions), ""
            yield from _keys(others, definitions, f"{path}NAME.")


def _choices(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [*schema.get("oneOf", []), *schema.get("anyOf", [])]


def _resolve(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """What a `$ref` points at."""
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _describe(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """A value in words: `integer ≥ 1`, `one of grid, sequential`."""
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        return f"one of {', '.join('null' if one is None else str(one) for one in schema['enum'])}"
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return " or ".join(
                dict.fromkeys(_describe(_resolve(one, definitions), definitions) for one in schema[choice])
            )
    kind = schema.get("type", "any")
    kind = " or ".join(kind) if isinstance(kind, list) else kind
    words = {"object": "keys below", "array": "list"}.get(kind, kind)
    if kind == "array" and (items := _resolve(schema.get("items", {}), definitions)).get("type") != "object":
        words = f"list of {_describe(items, definitions)}" if items else words
    bounds = [f"{sign} {schema[key]:g}" for key, sign in BOUNDS.items() if key in schema]
    return " ".join([words, ", ".join(bounds)]).strip()


def _row(text: type[nodes.Text], values: tuple[str, str, str]) -> nodes.row:
    """A row whose first value is code."""
    first, *others = values
    inner = nodes.Text(first) if first == "key" else nodes.literal("", first)
    cells = [nodes.entry("", nodes.paragraph("", "", inner))]
    return nodes.row("", *cells, *(nodes.entry("", nodes.paragraph("", "", text(one))) for one in others))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("schema", SchemaTable)
    return {"parallel_read_safe": True}
