"""The process in which strangers' pictures are decoded: one job after the other, from standard input (a socket).

It has no environment and no keys, and opens no file, where the system has Landlock; its memory is bounded from the
start and its processor time for each job. Whatever a picture makes of it, the node ends it and starts another. It is
`python -m ekyc.darkroom.decoder`.
"""

import io
import math
import resource
import socket
from typing import Any

from PIL import Image

from ekyc.card_reader import read_code
from ekyc.darkroom.bounds import SHORTEST_SIDE, Refused
from ekyc.darkroom.develop import develop, thumbnail
from ekyc.darkroom.wire import LENGTHS, Message, lengths, packed, unpacked
from vouch.confinement import Confinement, confine

LARGEST_DATA = 384 << 20
"""Octets of memory that it may write to; the largest picture that is taken needs some 300 MiB."""
_READING_S = 1.5
_DESCRIPTORS = 16


def perform(job: dict[str, Any], parts: list[bytes]) -> Message:
    """Do one job and give its answer; raises Refused, MemoryError, and what a fault of ours raises."""
    match job["job"]:
        case "develop":
            made = develop(parts[0])
            return {"width": made.width, "height": made.height}, [made.jpeg]
        case "read_code":
            return {"code": read_code(parts, _READING_S)}, []
        case "thumbnail":
            return {}, [thumbnail(parts[0], job["side"])]
        case other:
            raise ValueError(f"no such job: {other}")


def main() -> None:
    """Serve until the other end is gone."""
    _load()
    held = confine(Confinement(memory=LARGEST_DATA, files=_DESCRIPTORS, file_size=0))
    with socket.socket(fileno=0) as line:
        line.sendall(packed({"ready": True, "files": held.files}))
        while (asked := _receive(line)) is not None:
            line.sendall(packed(*_answer(*asked)))


def _load() -> None:
    """Do each kind of job once: what the libraries load when they are first used cannot be loaded later."""
    for form in ("PNG", "JPEG"):
        sent = io.BytesIO()
        Image.new("RGBA" if form == "PNG" else "RGB", (SHORTEST_SIDE, SHORTEST_SIDE)).save(sent, form)
        made = develop(sent.getvalue())
        read_code([thumbnail(made.jpeg, SHORTEST_SIDE // 2)], _READING_S)


def _answer(job: dict[str, Any], parts: list[bytes]) -> Message:
    _allow(job["cpu_s"])
    try:
        return perform(job, parts)
    except Refused as refused:
        return {"refused": refused.code}, []
    except MemoryError:
        return {"refused": "picture_too_complex"}, []
    except Exception as error:  # noqa: BLE001 - told to the node, which raises it
        # Its name alone: a message may quote what the picture says.
        return {"failed": type(error).__name__}, []


def _allow(seconds: float) -> None:
    """The system ends this process (SIGXCPU) when the job takes more processor time than this."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit, (_, hard) = math.ceil(used.ru_utime + used.ru_stime + seconds), resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _receive(line: socket.socket) -> Message | None:
    prefix = _exactly(line, LENGTHS.size)
    if prefix is None:
        return None
    head, body = (_exactly(line, length) for length in lengths(prefix))
    return None if head is None or body is None else unpacked(head, body)


def _exactly(line: socket.socket, length: int) -> bytes | None:
    got = bytearray(length)
    view, at = memoryview(got), 0
    while at < length:
        if not (count := line.recv_into(view[at:])):
            return None
        at += count
    return bytes(got)


if __name__ == "__main__":
    main()
