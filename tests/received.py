"""Every model that somebody outside fills: the sockets' messages, and what HTTP handlers read, found in their source."""

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


def http_models() -> dict[str, type[BaseModel]]:
    """By name: the models that `vouch.http.read` and `parse` are called with, and those that parse answers of others."""
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
    return list(_unbounded(schema, schema.get("$defs", {}), model.__name__, ()))


def _unbounded(node: dict[str, Any], defs: dict[str, Any], path: str, within: tuple[str, ...]) -> Iterator[str]:
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        if name in within:
            yield f"{path}: it may be as deep as the peer likes"
            return
        node, within = defs[name], (*within, name)
    for choice in (*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())):
        yield from _unbounded(choice, defs, path, within)
    kind = node.get("type")
    told = {"enum", "const", "format"} & node.keys() or {"anyOf", "oneOf", "allOf"} & node.keys()
    wanted = {
        "string": ("maxLength", "pattern"),
        "integer": ("minimum", "maximum"),
        "number": ("minimum", "maximum"),
        "array": ("maxItems",),
    }
    if kind is None and not told:
        yield f"{path}: anything is taken"
    for bound in () if told else wanted.get(kind, ()):
        if bound not in node:
            yield f"{path}: no {bound}"
    for name, part in node.get("properties", {}).items():
        yield from _unbounded(part, defs, f"{path}.{name}", within)
    for part in (*node.get("prefixItems", ()), *([node["items"]] if isinstance(node.get("items"), dict) else ())):
        yield from _unbounded(part, defs, f"{path}[]", within)
    patterns = list(node.get("patternProperties", {}).values())
    more = patterns[0] if patterns else node.get("additionalProperties", "properties" not in node)
    more = more if kind == "object" else False
    if isinstance(more, dict):
        if "maxProperties" not in node:
            yield f"{path}: no maxProperties"
        yield from _unbounded(more, defs, f"{path}{{}}", within)
    elif more is True:
        yield f"{path}: any key is taken"
