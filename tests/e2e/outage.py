"""A network that is gone for a while: the browser's network process stands still, its pages go on.

Nothing in Vouch or in the page knows of it, no packet is sent or read, media and signaling alike; no privileges needed.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def outage(mark: str) -> Iterator[None]:
    """The browser that was started with the argument `mark` has no network while this lasts."""
    process = _network_process(mark)
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def _network_process(mark: str) -> int:
    commands, parents = {}, {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            commands[int(folder.name)] = (folder / "cmdline").read_bytes().decode(errors="replace")
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
    browsers = {process for process, command in commands.items() if mark in command and "--type=" not in command}
    services = [process for process, command in commands.items() if "network.mojom.NetworkService" in command]
    return next(process for process in services if browsers & set(_ancestors(process, parents)))


def _ancestors(process: int, parents: dict[int, int]) -> Iterator[int]:
    while process := parents.get(process, 0):
        yield process
