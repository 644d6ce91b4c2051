"""Network namespaces of this machine (namespaces(7)): made, entered by a thread, removed. Needs root."""

import asyncio
import ctypes
import itertools
import os
import subprocess
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")
_FOLDER = Path("/run/netns")
_CLONE_NEWNET = 0x40000000  # sched.h
_PREFIX = "vouch-test-"
_numbers = itertools.count()


def add(role: str) -> str:
    """A new namespace with a loopback; gives its name. Those that a killed run left behind are removed.

    CalledProcessError where this machine or user cannot have one.
    """
    for left in _FOLDER.glob(f"{_PREFIX}*"):
        if not Path("/proc", left.name.removeprefix(_PREFIX).split("-")[0]).exists():
            remove(left.name)
    name = f"{_PREFIX}{os.getpid()}-{next(_numbers)}-{role}"
    ip("netns", "add", name)
    ip("-n", name, "link", "set", "lo", "up")
    return name


def remove(name: str) -> None:
    """Remove a namespace, if it is there; what still runs in it keeps it, without a name."""
    with suppress(subprocess.CalledProcessError):
        ip("netns", "del", name)


def ip(*arguments: str) -> None:
    """Run ip(8); CalledProcessError where it refuses."""
    subprocess.run(["ip", *arguments], check=True)


def within(name: str) -> tuple[str, ...]:
    """What a command begins with to be run in a namespace."""
    return ("ip", "netns", "exec", name)


@contextmanager
def entered(name: str) -> Iterator[None]:
    """What this thread opens belongs to the namespace while this lasts. Nothing may be awaited in it."""
    with open("/proc/thread-self/ns/net") as own:  # noqa: PTH123 - a file descriptor is wanted
        _enter(name)
        try:
            yield
        finally:
            _set_namespace(own.fileno())


class Inside:
    """An event loop in a thread that stays in a namespace; processes that it starts are in there too."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name)
        self._thread.start()

    def _run(self) -> None:
        _enter(self._name)
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Have the loop in there do it, and wait."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def close(self) -> None:
        """End the loop; whatever runs in it must have ended."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


def _enter(name: str) -> None:
    with (_FOLDER / name).open() as namespace:
        _set_namespace(namespace.fileno())


def _set_namespace(descriptor: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns(2) failed")
