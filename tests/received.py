"""Every model that somebody outside fills: the sockets' messages, and what HTTP handlers read, found in the source."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from signaling import messages

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("vouch", "ekyc", "agent_console", "signaling")
SOCKETS = {"/caller": messages.FROM_CALLER, "/console": messages.FROM_CONSOLE, "/floor": messages.FROM_FLOOR}
_PARSERS = {"read": 1, "parse": 0}
"""`vouch.http`'s functions that make a model of a body, and the place of the model among their arguments."""
_TOLD = {"enum", "const", "format", "anyOf", "oneOf", "allOf"}
_BOUNDS = {
    "string": ("maxLength", "pattern"),
    "integer": ("minimum", "maximum"),
    "number": ("minimum", "maximum"),
    "array": ("maxItems",),
}


def http_models() -> dict[str, type[BaseModel]]:
    """By name: what `vouch.http.read` and `parse` are called with, and what others' answers are parsed by."""
    found: dict[str, type[BaseModel]] = {}
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            if "demo" in file.parts:
                continue  # other systems, simulated
            for name in _named(ast.parse(file.read_text())):
                module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
                model = getattr(module, name, None)
                if isinstance(model, type) and issubclass(model, BaseModel):
                    found[f"{module.__name__}.{name}"] = model
    return found


def _named(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if name in _PARSERS:
                place = _PARSERS[name]
                if len(args) > place and isinstance(args[place], ast.Name):
                    yield args[place].id  # type: ignore[attr-defined]
            case ast.Attribute(value=ast.Name(id=name), attr="model_validate_json"):
                yield name


def socket_models() -> dict[str, type[BaseModel]]:
    """By namespace and event."""
    return {f"{namespace} {event}": kind for namespace, kinds in SOCKETS.items() for event, kind in kinds.items()}


def unbounded(model: type[BaseModel]) -> list[str]:
    """The paths in a model's JSON schema at which something may be as long, deep or large as the peer likes."""
    schema = model.model_json_schema(mode="validation")
    return list(_Walk(schema.get("$defs", {})).of(schema, model.__name__, ()))


class _Walk:
    """Goes through a JSON schema."""

    def __init__(self, defs: dict[str, Any]) -> None:
        self._defs = defs

    def of(self, node: dict[str, Any], path: str, within: tuple[str, ...]) -> Iterator[str]:
        if "$ref" in node:
            name = node["$ref"].rpartition("/")[2]
            if name in within:
                yield f"{path}: it may be as deep as the peer likes"
                return
            node, within = self._defs[name], (*within, name)
        yield from _own(node, path)
        for part, inner in _parts(node):
            yield from self.of(inner, path + part, within)


def _own(node: dict[str, Any], path: str) -> Iterator[str]:
    if not node.keys() & (_TOLD | {"type"}):
        yield f"{path}: anything is taken"
    for bound in () if node.keys() & _TOLD else _BOUNDS.get(node.get("type", ""), ()):
        if bound not in node:
            yield f"{path}: no {bound}"
    if _keys(node) is True:
        yield f"{path}: any key is taken"
    if isinstance(_keys(node), dict) and "maxProperties" not in node:
        yield f"{path}: no maxProperties"


def _parts(node: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a schema is made of, and what is added to its path."""
    for name, part in node.get("properties", {}).items():
        yield f".{name}", part
    for choice in (*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())):
        yield "", choice
    items = node.get("items")
    for part in (*node.get("prefixItems", ()), *([items] if isinstance(items, dict) else ())):
        yield "[]", part
    if isinstance(keys := _keys(node), dict):
        yield "{}", keys


def _keys(node: dict[str, Any]) -> Any:
    """What is taken under keys that are not named: a schema, True for anything, False for nothing."""
    if node.get("type") != "object":
        return False
    patterns = list(node.get("patternProperties", {}).values())
    return patterns[0] if patterns else node.get("additionalProperties", "properties" not in node)
