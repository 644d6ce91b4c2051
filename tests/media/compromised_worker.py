"""A media worker that strangers have taken over: beside its work it tries what each line of its standard input names.

The first line is its settings, as for any worker; each further one is JSON, `[what, argument]`, and is answered by a
line of JSON on standard output: what came of it.
"""

import asyncio
import json
import os
import resource
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from media import worker


def connect(address: str) -> None:
    host, _, port = address.rpartition(":")
    with socket.socket() as made:
        made.settimeout(2)
        made.connect((host, int(port)))


def listen(port: int) -> None:
    with socket.socket() as made:
        made.bind(("127.0.0.1", port))


def bare(_: object) -> None:
    """Listen to every packet of the machine."""
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()


DOES: dict[str, Callable[[Any], Any]] = {
    "read": lambda path: Path(path).read_bytes()[:1] and None,
    "list": lambda path: sorted(Path(path).iterdir()) and None,
    "write": lambda path: Path(path).write_text("x"),
    "remove": os.unlink,
    "start": lambda path: os.execv(path, [path]),  # noqa: S606 - that is what it tries
    "signal": lambda pid: os.kill(pid, 0),
    "connect": connect,
    "listen": listen,
    "bare": bare,
    "limit": lambda name: list(resource.getrlimit(getattr(resource, name))),
    "import": lambda name: __import__(name) and None,
    "resolve": lambda name: socket.getaddrinfo(name, 1) and None,
}


def attempt(what: str, argument: Any) -> Any:
    try:
        return DOES[what](argument)
    except Exception as error:  # noqa: BLE001 - it is what the test asks for
        return f"{type(error).__name__}: {error}"


def watch(_loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    def take() -> None:
        # As `worker.main` reads it: the first line through the buffered reader.
        for line in sys.stdin.buffer:
            told = json.dumps({"came": attempt(*json.loads(line))})
            os.write(1, told.encode() + b"\n")
        _loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=take, daemon=True).start()


if __name__ == "__main__":
    worker.watch_parent = watch
    worker.main()
