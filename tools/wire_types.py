"""The pages' TypeScript types of the wire, made from `signaling/messages.py` and `signaling/wall_messages.py`.

`python -m tools.wire_types` writes them; with `--check` it only says, by its exit code, whether they are fresh.
"""

import ast
import inspect
import itertools
import sys
import types
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from signaling import messages, wall_messages
from signaling.messages import Message

ROOT = Path(__file__).resolve().parent.parent
TYPES = ROOT / "signaling" / "client" / "src" / "messages.ts"
_PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", Any: "unknown"}
_MAPS = {"FromCaller": messages.FROM_CALLER, "FromConsole": messages.FROM_CONSOLE, "FromFloor": messages.FROM_FLOOR}
_RECEIVED = {kind for kinds in _MAPS.values() for kind in kinds.values()}
_LITERALS = {value: name for name, value in vars(messages).items() if get_origin(value) is Literal}


def typescript() -> str:
    """The whole file: named literals, messages in the order of `messages.py`, and what each namespace receives."""
    named = (vars(messages) | vars(wall_messages)).values()
    kinds = [kind for kind in named if inspect.isclass(kind) and issubclass(kind, Message)]
    parts = [
        "// Made from signaling/messages.py by `./dev fix`; changes belong there.\n",
        *(f"export type {name} = {_union(get_args(literal))};\n" for literal, name in _LITERALS.items()),
        *(_interface(kind) for kind in kinds if kind is not Message),
        *(_map(name, by_event) for name, by_event in _MAPS.items()),
    ]
    return "\n".join(parts)


def _interface(kind: type[Message]) -> str:
    base = kind.__mro__[1]
    extends = "" if base is Message else f" extends {base.__name__}"
    words = _words(kind)
    fields = [_field(kind, name, words.get(name)) for name in inspect.get_annotations(kind) if name != "model_config"]
    return f"/** {_comment(kind)} */\nexport interface {kind.__name__}{extends} {{\n{''.join(fields)}}}\n"


def _field(kind: type[Message], name: str, words: str | None) -> str:
    field = kind.model_fields[name]
    # What a page sends may leave a default out; what the server sends always has it.
    mark = "?" if kind in _RECEIVED and not field.is_required() else ""
    comment = f"  /** {words} */\n" if words else ""
    return f"{comment}  {name}{mark}: {type_of(field.annotation)};\n"


def _map(name: str, by_event: dict[str, type[Message]]) -> str:
    lines = (f'  "{event}": {kind.__name__};\n' for event, kind in by_event.items())
    comment = "/** What the server takes, by the name of the Socket.IO event. */"
    return f"{comment}\nexport interface {name} {{\n{''.join(lines)}}}\n"


def type_of(annotation: Any) -> str:
    """TypeScript for a field's annotation; KeyError for one that JSON has no form for."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return _LITERALS.get(annotation) or _union(arguments)
    if origin in (Union, types.UnionType):
        return " | ".join(type_of(argument) for argument in arguments)
    if origin is Annotated:
        return type_of(arguments[0])
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return f"ReadonlyArray<{type_of(arguments[0])}>"
    if origin is tuple:
        return f"readonly [{', '.join(map(type_of, arguments))}]"
    if inspect.isclass(annotation) and issubclass(annotation, Message):
        return annotation.__name__
    return _PLAIN[annotation]


def _union(values: tuple[str, ...]) -> str:
    return " | ".join(f'"{value}"' for value in values)


def _comment(kind: type[Message]) -> str:
    return (inspect.getdoc(kind) or "").replace("\n", "\n * ")


def _words(kind: type[Message]) -> dict[str, str]:
    """The string that follows each field in the source, by the field's name."""
    body = ast.parse(inspect.getsource(kind)).body[0].body  # type: ignore[attr-defined]
    found = {}
    for field, after in itertools.pairwise(body):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                found[name] = inspect.cleandoc(words).replace("\n", " ")
    return found


def main() -> int:
    """Write the file, or with `--check` compare it; 1 when it is stale."""
    made = typescript()
    if "--check" not in sys.argv[1:]:
        TYPES.parent.mkdir(parents=True, exist_ok=True)
        TYPES.write_text(made)
    elif not TYPES.is_file() or TYPES.read_text() != made:
        print(f"{TYPES.relative_to(ROOT)} differs from signaling/messages.py: run ./dev fix", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
