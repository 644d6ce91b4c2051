"""Confines this process before it reads what strangers sent: files, TCP ports, signals, memory, processor time.

What it is not: a container. It takes away what the process itself never needs, for good, and whoever starts it gives
the rest (a user of its own, a cgroup). What holds where:

- everywhere: the limits (`setrlimit`), no core dump;
- Linux: no capability is left, which matters where it is root, and `no_new_privs`, so that none comes back;
- Linux with Landlock (5.13; TCP ports from 6.7, signals and abstract sockets from 6.12): only the named paths can be
  opened, no program can be started, no other process can be traced or have its memory read.

Landlock knows neither UDP nor sockets that have a path. Its interface is three system calls that never change (see
landlock(7)); they are called directly, because what PyPI has for them are first releases of one person each.
"""

import ctypes
import os
import resource
import stat
import struct
import sys
import sysconfig
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture that Python runs on
_VERSION = 1 << 0
_BENEATH, _PORT = 1, 2
_NO_NEW_PRIVS = 38
_CAPABILITIES = 0x20080522

_WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 1, 1 << 2, 1 << 3, 1 << 14
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_FILE, _REFER = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 13
_READ = _READ_FILE | _READ_DIR
_WRITE = _READ | _WRITE_FILE | _TRUNCATE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_FILE | _REFER
_OF_FILES = _READ_FILE | _WRITE_FILE | _TRUNCATE
"""Rights that a rule for a file, and not a folder, may name."""
_BIND, _CONNECT = 1 << 0, 1 << 1
_ABSTRACT_SOCKETS, _SIGNALS = 1 << 0, 1 << 1

PYTHON: tuple[str, ...] = (
    *dict.fromkeys(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    f"{sys.base_prefix}/lib",
)
"""Where the interpreter and its packages import and load from; not the environment's root, which may hold anything."""
LIBRARIES: tuple[str, ...] = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"),
    *("/etc/ld.so.cache", "/etc/ssl/openssl.cnf", "/etc/localtime", "/usr/share/zoneinfo", "/dev/urandom"),
)
"""What shared libraries read when they are loaded, of the system's own."""
NAMES: tuple[str, ...] = (
    *("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services"),
)
"""What looking up a host's name reads."""


@dataclass(frozen=True)
class Confinement:
    """What a process may still do; the defaults are nothing at all, and no limit."""

    read: tuple[str | Path, ...] = ()
    """Files, and folders with all beneath them, that it may open to read; what is not there is passed over."""
    write: tuple[str | Path, ...] = ()
    """Files and folders that it may also change, create and remove in."""
    listen: tuple[int, ...] = ()
    """TCP ports that it may listen on; 0: one that the system picks."""
    connect: tuple[int, ...] = ()
    """TCP ports that it may connect to, wherever they are."""
    memory: int | None = None
    """Octets that it may allocate (RLIMIT_DATA: heap and private mappings, reserved ones too); more is MemoryError."""
    cpu_s: int | None = None
    """Seconds of processor time, after which the system ends it (SIGXCPU); None for whoever lives long."""
    files: int | None = None
    """Descriptors that it may have open at once, sockets among them."""
    file_size: int | None = None
    """Octets of a file that it writes, its standard error among them where that is a file."""


@dataclass(frozen=True)
class Holds:
    """What has been put in force."""

    landlock: int
    """Version of Landlock's interface; 0: there is none, and files are as open as the user's rights leave them."""
    no_new_privs: bool
    """Whether programs with more rights than their caller give none."""

    @property
    def files(self) -> bool:
        """Whether paths that were not named are out of reach."""
        return self.landlock >= 1

    @property
    def tcp(self) -> bool:
        """Whether ports that were not named are out of reach."""
        return self.landlock >= 4

    @property
    def signals(self) -> bool:
        """Whether other processes cannot be signalled."""
        return self.landlock >= 6


def confine(to: Confinement) -> Holds:
    """Confine this process and all that it will start, for good. To be called while it has one thread.

    Raises RuntimeError where another thread runs already, which would stay free, and OSError where the system refuses
    what it has. Where Landlock is absent all else is put in force; the
    caller says so in its log (`Holds.files`).
    """
    if _threads() > 1:
        raise RuntimeError("other threads run already, and would not be confined")
    _limit(to)
    if not sys.platform.startswith("linux"):
        return Holds(0, no_new_privs=False)
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.prctl(_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0))))
    _drop_capabilities(libc)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION))
    if version < 1:
        return Holds(0, no_new_privs=True)
    _restrict(libc, int(version), to)
    return Holds(int(version), no_new_privs=True)


def folders(packages: Iterable[ModuleType]) -> tuple[str, ...]:
    """Where these packages' own files are: each one's folder alone, not that in which it lies."""
    return tuple(str(folder) for package in packages for folder in package.__path__)


def _threads() -> int:
    try:
        return sum(1 for _ in Path("/proc/self/task").iterdir())  # libraries' too, which `threading` does not know
    except OSError:
        return threading.active_count()


def _limit(to: Confinement) -> None:
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_DATA: to.memory,
        resource.RLIMIT_CPU: to.cpu_s,
        resource.RLIMIT_NOFILE: to.files,
        resource.RLIMIT_FSIZE: to.file_size,
    }
    for limit, value in limits.items():
        if value is not None:
            _, hard = resource.getrlimit(limit)
            # The stricter one of two stands: the unit's or container's may be below ours.
            stricter = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(limit, (stricter, stricter))


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    head = struct.pack("=Ii", _CAPABILITIES, 0)
    if libc.capset(head, bytes(24)) == 0:
        return
    # A unit's filter of system calls may forbid this one, and then mostly nothing is there to be dropped.
    refused, held = ctypes.get_errno(), ctypes.create_string_buffer(24)
    if libc.capget(head, held) != 0 or any(held.raw):
        raise OSError(refused, os.strerror(refused))


def _restrict(libc: ctypes.CDLL, version: int, to: Confinement) -> None:
    handled = _all_rights(version)
    # Each version of the interface has lengthened the structure: files; TCP ports (4); scopes (6).
    attributes = struct.pack("=QQQ", handled, _BIND | _CONNECT, _ABSTRACT_SOCKETS | _SIGNALS)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _checked(libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint(0)))
    try:
        for paths, rights in ((to.read, _READ), (to.write, _WRITE)):
            for path in paths:
                _allow_path(libc, ruleset, os.fspath(path), rights & handled)
        if version >= 4:
            for ports, right in ((to.listen, _BIND), (to.connect, _CONNECT)):
                for port in ports:
                    _add(libc, ruleset, _PORT, struct.pack("=QQ", right, port))
        _checked(libc.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0)))
    finally:
        os.close(ruleset)


def _all_rights(version: int) -> int:
    """Every right on files that this version can take away: 13 at first, then renaming, truncating, device control."""
    return (1 << (13 + min(version - 1, 2) + (version >= 5))) - 1


def _allow_path(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= _OF_FILES
        _add(libc, ruleset, _BENEATH, struct.pack("=Qi", rights, opened))
    finally:
        os.close(opened)


def _add(libc: ctypes.CDLL, ruleset: int, kind: int, rule: bytes) -> None:
    _checked(libc.syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(kind), rule, ctypes.c_uint(0)))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(result)
