"""Bodies made from a pydantic model: one that it takes, and those with one field in which something hostile stands."""

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

_PLAIN = "123456789"
TEXTS: dict[str, str] = {
    "U+0000": '"1234\\u00005678"',
    "escape": '"1234\\u001b5678"',
    "C1": '"1234\\u00855678"',
    "lone surrogate": '"1234\\ud8005678"',
    "noncharacter": '"1234\\uffff5678"',
    "noncharacter of another plane": '"1234\\ud83f\\udfff5678"',
    "64 KiB and more": '"' + "9" * 70_000 + '"',
    "1 MB": '"' + "9" * 1_000_000 + '"',
    "nested": "[" * 100 + "]" * 100,
    "nested deeply": "[" * 5_000 + "]" * 5_000,
    "objects in objects": '{"a":' * 100 + "1" + "}" * 100,
}
"""By name: JSON in place of a text."""
NUMBERS: dict[str, str] = {
    "below zero": "-1",
    "64 bits and more": str(2**64),
    "thirty digits": "9" * 30,
    "thousands of digits": "9" * 5_000,
    "a fraction": "1.5",
    "no number": "NaN",
    "larger than any": "1e999",
    "a text": '"\\u0000"',
    "nested": "[" * 100 + "]" * 100,
}
"""By name: JSON in place of a whole number."""
_HOLE = "vouch-hole"


def sample(model: type[BaseModel], **known: Any) -> dict[str, Any]:
    """A body that the model takes; `known` is put in place of top fields."""
    schema = model.model_json_schema(mode="validation")
    made: dict[str, Any] = _sample(schema, schema.get("$defs", {})) | known
    model.model_validate_json(json.dumps(made))
    return made


def poisoned(model: type[BaseModel], **known: Any) -> Iterator[tuple[str, str]]:
    """Each text and number of a model in turn replaced by something hostile: what and where, and the body's JSON."""
    schema, body = model.model_json_schema(mode="validation"), sample(model, **known)
    for path, kind in _leaves(schema, schema.get("$defs", {}), ()):
        holed = json.dumps(_holed(body, path))
        for name, text in (TEXTS if kind == "string" else NUMBERS).items():
            yield f"{'.'.join(map(str, path))}: {name}", holed.replace(f'"{_HOLE}"', text)


def _holed(body: Any, path: tuple[str | int, ...]) -> Any:
    if not path:
        return _HOLE
    if isinstance(body, list):
        return [_holed(each, path[1:]) for each in body]
    return body | {path[0]: _holed(body[path[0]], path[1:])}


def _chosen(node: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """The schema itself: behind its reference, and of several that which has most to fill."""
    if "$ref" in node:
        return _chosen(defs[node["$ref"].rpartition("/")[2]], defs)
    choices = [_chosen(each, defs) for each in node.get("anyOf", ()) if each.get("type") != "null"]
    return max(choices, key=lambda each: each.get("type") == "object", default=node)


def _sample(node: dict[str, Any], defs: dict[str, Any]) -> Any:
    node = _chosen(node, defs)
    if "enum" in node or "const" in node:
        return node.get("const", node.get("enum", [None])[0])
    match node.get("type"):
        case "object":
            named = {name: _sample(part, defs) for name, part in node.get("properties", {}).items()}
            return named or {"key": _PLAIN}
        case "array":
            return [_sample(node["items"], defs)]
        case "integer":
            return node.get("minimum", 0)
        case "boolean":
            return False
        case _:
            return _text(node)


def _text(node: dict[str, Any]) -> str:
    if node.get("format") == "date":
        return "1990-01-31"
    return _PLAIN if node.get("maxLength", 99) >= len(_PLAIN) else "vi"


def _leaves(
    node: dict[str, Any], defs: dict[str, Any], path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    node = _chosen(node, defs)
    match node.get("type"):
        case "object":
            for name, part in node.get("properties", {}).items():
                yield from _leaves(part, defs, (*path, name))
        case "array":
            yield from _leaves(node["items"], defs, (*path, 0))
        case "string" | "integer" as kind:
            yield path, str(kind)
