"""One input of the fuzzer: what is done one after the other, as values and as a text file of hex lines."""

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

CORPUS = Path(__file__).parent / "corpus"


class Op(NamedTuple):
    """One thing that is done to a target."""

    verb: str
    """What; each target has its own."""
    data: bytes
    """To what: a packet, a line, a time."""


class Case(NamedTuple):
    """What one execution does."""

    target: str
    """To whom."""
    ops: tuple[Op, ...]
    """In this order."""

    @property
    def name(self) -> str:
        """Of its content."""
        return sha256(write(self).encode()).hexdigest()[:12]


def write(case: Case, why: str = "") -> str:
    """The case as text."""
    remark = [f"# {why}"] if why else []
    return "\n".join([*remark, case.target, *(f"{op.verb} {op.data.hex()}".rstrip() for op in case.ops)]) + "\n"


def read(text: str) -> Case:
    """What `write` wrote."""
    target, *lines = (line for line in text.splitlines() if not line.startswith("#"))
    return Case(
        target, tuple(Op(verb, bytes.fromhex(data)) for verb, _, data in (line.partition(" ") for line in lines))
    )


def stored() -> dict[str, Case]:
    """The kept cases by their file's name."""
    return {file.stem: read(file.read_text()) for file in sorted(CORPUS.glob("*.txt"))}
