"""Where servers run that are measured: on core 0, behind a pair of virtual network cards; their clients are on core 1.

Janus leaves loopback out, so each server gets a network namespace of its own, and all of them the same way. Without
root or `ip` everything is on loopback.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SERVER_CORE, CLIENT_CORE = 0, 1
# RFC 2544 §C.2.2: for benchmarks of networks.
_CLIENT, _SERVER, _MASK = "198.18.0.1", "198.18.0.2", "/30"


@dataclass(frozen=True)
class Wire:
    """Between the clients and whatever is measured."""

    client: str
    """The clients' address."""
    server: str
    """The servers' address."""
    prefix: tuple[str, ...]
    """What a server's command line begins with."""
    is_apart: bool
    """Whether servers have a network of their own."""


@contextlib.contextmanager
def wire() -> Iterator[Wire]:
    """Lay the wire, and take it away at the end; this process moves to the clients' core."""
    # Whoever ends this in good order must leave no namespace behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    cores = os.sched_getaffinity(0)
    apart = {SERVER_CORE, CLIENT_CORE} <= cores
    pin = ("taskset", "--cpu-list", str(SERVER_CORE)) if apart and shutil.which("taskset") else ()
    if apart:
        os.sched_setaffinity(0, {CLIENT_CORE})
    try:
        if os.geteuid() == 0 and shutil.which("ip"):
            with _namespace() as name:
                yield Wire(_CLIENT, _SERVER, ("ip", "netns", "exec", name, *pin), is_apart=True)
        else:
            yield Wire("127.0.0.1", "127.0.0.1", pin, is_apart=False)
    finally:
        os.sched_setaffinity(0, cores)


@contextlib.contextmanager
def _namespace() -> Iterator[str]:
    name, ours, theirs = f"vouch-bench-{os.getpid()}", f"vb{os.getpid()}c", f"vb{os.getpid()}s"
    _ip("netns", "add", name)
    try:
        _ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name)
        _ip("address", "add", _CLIENT + _MASK, "dev", ours)
        _ip("link", "set", ours, "up")
        for words in (("address", "add", _SERVER + _MASK, "dev", theirs), ("link", "set", theirs, "up")):
            _ip("-n", name, *words)
        _ip("-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        _ip("netns", "delete", name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def processor_s(pid: int) -> float:
    """Seconds of processor time that a process has used, its threads included (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
