"""What node and decoder say to each other over a pair of sockets: a head of JSON, and the pictures' octets after it.

No objects travel: a decoder that a picture has taken over can answer nothing but a few words and octets.
"""

import json
import struct
from collections.abc import Sequence
from typing import Any

LENGTHS = struct.Struct(">II")
"""Octets of the head, octets of the rest."""
LONGEST_HEAD = 64 << 10
LONGEST_BODY = 64 << 20
"""Three pictures of 8 MiB to a decoder, or the largest JPEG that 24 megapixels can become from it."""

Message = tuple[dict[str, Any], list[bytes]]


def packed(head: dict[str, Any], parts: Sequence[bytes] = ()) -> bytes:
    """A message's octets: `head`, and `parts` after it."""
    told = json.dumps({**head, "sizes": [len(part) for part in parts]}).encode()
    return b"".join((LENGTHS.pack(len(told), sum(map(len, parts))), told, *parts))


def lengths(prefix: bytes) -> tuple[int, int]:
    """How long head and body are; ValueError where they are longer than any honest one."""
    head, body = LENGTHS.unpack(prefix)
    if head > LONGEST_HEAD or body > LONGEST_BODY:
        raise ValueError("too long")
    return head, body


def unpacked(head: bytes, body: bytes) -> Message:
    """The message; ValueError where it is none."""
    told = json.loads(head)
    sizes = told.pop("sizes", None) if isinstance(told, dict) else None
    if not isinstance(sizes, list) or not all(isinstance(size, int) and size >= 0 for size in sizes):
        raise ValueError("not a message")
    if sum(sizes) != len(body):
        raise ValueError("sizes that do not add up")
    parts, at = [], 0
    for size in sizes:
        parts.append(body[at : at + size])
        at += size
    return told, parts
