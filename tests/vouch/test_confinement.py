"""Each test confines a process of its own and lets it try."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import media
import vouch
from vouch.confinement import PYTHON, Holds, folders

ROOT = Path(__file__).parents[2]
PRELUDE = """
import ctypes, errno, json, os, resource, signal, socket, sys, threading
from pathlib import Path
import vouch
from vouch import confinement
from vouch.confinement import Confinement, confine, folders, LIBRARIES, NAMES, PYTHON
told = json.loads(sys.argv[1])
def told_by(do, *arguments):
    try:
        do(*arguments)
    except BaseException as error:
        return type(error).__name__
    return "done"
"""


def confined(script: str, **told: object) -> object:
    """Run a script in a process of its own; gives what it leaves in `result`."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", f"{PRELUDE}\n{script}\nprint(json.dumps(result))", json.dumps(told)]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


ABI = confined("result = confine(Confinement()).landlock")
landlock = pytest.mark.skipif(ABI == 0, reason="the system has no Landlock")


@landlock
def test_only_what_was_named_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "data").mkdir()
    for name in ("open/a", "data/secret.key", ".env"):
        (tmp_path / name).write_text("x")
    result = confined(
        """
confine(Confinement(read=(told["folder"] + "/open",)))
folder = Path(told["folder"])
result = {name: told_by((folder / name).read_text) for name in ("open/a", "data/secret.key", ".env")}
result["list"] = told_by(os.listdir, folder)
result["others"] = [told_by(Path(path).read_bytes) for path in told["others"]]
""",
        folder=str(tmp_path),
        others=["/etc/passwd", f"/proc/{os.getpid()}/environ", f"/proc/{os.getpid()}/mem", "/proc/self/environ"],
    )
    assert result == {
        "open/a": "done",
        "data/secret.key": "PermissionError",
        ".env": "PermissionError",
        "list": "PermissionError",
        "others": ["PermissionError"] * 4,
    }


@landlock
def test_nothing_can_be_written_but_where_it_was_named(tmp_path: Path) -> None:
    (tmp_path / "read").mkdir()
    (tmp_path / "write").mkdir()
    for folder in ("read", "write"):
        (tmp_path / folder / "there").write_text("x")
    result = confined(
        """
confine(Confinement(read=(told["folder"] + "/read",), write=(told["folder"] + "/write",)))
def tried(folder):
    return [told_by(*each) for each in (
        ((folder / "new").write_text, "x"), ((folder / "there").write_text, "y"), (os.truncate, folder / "there", 0),
        ((folder / "made").mkdir,), ((folder / "link").symlink_to, "/etc/passwd"), ((folder / "there").unlink,),
    )]
folder = Path(told["folder"])
result = [tried(folder / "read"), tried(folder / "write"), told_by(Path("/dev/shm/vouch-tried").write_text, "x")]
""",
        folder=str(tmp_path),
    )
    refused = ["PermissionError"] * 6
    assert result == [refused, ["done", "done", "done", "done", "PermissionError", "done"], "PermissionError"]
    assert (tmp_path / "read" / "there").read_text() == "x"


@landlock
def test_no_program_is_started_and_no_process_is_signalled_or_traced() -> None:
    result = confined(
        """
confine(Confinement(read=(*PYTHON, *LIBRARIES, sys.executable, "/bin", "/usr/bin")))
def start():
    os.execv(sys.executable, [sys.executable, "-c", "print(1)"])
libc = ctypes.CDLL(None, use_errno=True)
attached = libc.ptrace(16, os.getppid(), None, None), errno.errorcode[ctypes.get_errno()]
result = [told_by(start), told_by(os.kill, told["parent"], 0), attached]
""",
        parent=os.getpid(),
    )
    signalled = "PermissionError" if Holds(int(str(ABI)), no_new_privs=True).signals else "done"
    assert result == ["PermissionError", signalled, [-1, "EPERM"]]


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@landlock
@pytest.mark.parametrize("named", [True, False])
def test_only_named_ports_are_listened_on_and_connected_to(listening: int, named: bool) -> None:
    if not Holds(int(str(ABI)), no_new_privs=True).tcp:
        pytest.skip("this Landlock knows no ports")
    result = confined(
        """
ports = ((0,), (told["port"],)) if told["named"] else ((), ())
confine(Confinement(listen=ports[0], connect=ports[1]))
def listen(port):
    socket.socket().bind(("127.0.0.1", port))
def connect(port):
    socket.socket().connect(("127.0.0.1", port))
def say():
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", told["port"]))
result = [
    told_by(connect, told["port"]), told_by(listen, 0), told_by(listen, 8079), told_by(say),
]
""",
        port=listening,
        named=named,
    )
    allowed = "done" if named else "PermissionError"
    assert result == [allowed, allowed, "PermissionError", "done"], "UDP is not Landlock's"


def test_limits_hold_and_cannot_be_raised() -> None:
    result = confined(
        """
confine(Confinement(memory=256 << 20, cpu_s=30, files=16, file_size=1 << 20))
def many():
    held = [os.dup(0) for _ in range(20)]
names = ("RLIMIT_CORE", "RLIMIT_DATA", "RLIMIT_CPU", "RLIMIT_NOFILE", "RLIMIT_FSIZE")
result = {name: resource.getrlimit(getattr(resource, name)) for name in names}
result["memory"] = told_by(bytearray, 300 << 20)
result["files"] = told_by(many)
result["raised"] = told_by(resource.setrlimit, resource.RLIMIT_DATA, (1 << 40, 1 << 40))
"""
    )
    assert isinstance(result, dict)
    assert result == {
        "RLIMIT_CORE": [0, 0],
        "RLIMIT_DATA": [256 << 20] * 2,
        "RLIMIT_CPU": [30, 30],
        "RLIMIT_NOFILE": [16, 16],
        "RLIMIT_FSIZE": [1 << 20] * 2,
        "memory": "MemoryError",
        "files": "OSError",
        "raised": "ValueError",
    }


def test_who_takes_more_processor_time_than_it_has_is_ended() -> None:
    script = f"{PRELUDE}\nconfine(Confinement(cpu_s=1))\nwhile True: pass"
    command = [sys.executable, "-c", script, "{}"]
    run = subprocess.run(command, env={"PYTHONPATH": str(ROOT)}, timeout=60, check=False)
    assert -run.returncode in (signal.SIGXCPU, signal.SIGKILL)


def test_a_limit_that_stands_below_ours_stays() -> None:
    result = confined(
        """
resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
confine(Confinement(files=64))
result = resource.getrlimit(resource.RLIMIT_NOFILE)
"""
    )
    assert result == [32, 32]


def test_no_privilege_is_left_and_none_comes_back() -> None:
    result = confined(
        """
held = confine(Confinement(read=("/proc/self",)))
lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
result = [lines[name].strip() for name in ("NoNewPrivs", "CapEff", "CapPrm")] + [held.no_new_privs]
"""
    )
    assert result == ["1", "0" * 16, "0" * 16, True]


def test_a_thread_that_would_stay_free_is_refused() -> None:
    result = confined(
        """
ended = threading.Event()
threading.Thread(target=ended.wait).start()
result = told_by(confine, Confinement())
ended.set()
"""
    )
    assert result == "RuntimeError"


def test_a_thread_that_began_later_is_confined_too() -> None:
    result = confined(
        """
held = confine(Confinement())
result = []
thread = threading.Thread(target=lambda: result.append(told_by(Path("/etc/passwd").read_text)))
thread.start()
thread.join()
result.append(held.files)
"""
    )
    assert result in (["PermissionError", True], ["done", False])


def test_without_landlock_all_else_is_put_in_force() -> None:
    # The system's answer where it has none, or where it was not switched on at boot.
    result = confined(
        """
class Libc:
    real = ctypes.CDLL(None, use_errno=True)
    prctl, capset, capget = real.prctl, real.capset, real.capget
    def syscall(self, *arguments):
        ctypes.set_errno(errno.ENOSYS)
        return -1
confinement.ctypes.CDLL = lambda *_, **__: Libc()
held = confine(Confinement(files=16))
result = [held.landlock, held.no_new_privs, held.files, held.tcp, held.signals, Path("/etc/passwd").exists()]
result.append(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""
    )
    assert result == [0, True, False, False, False, True, 16]


@pytest.mark.parametrize(
    ("version", "files", "tcp", "signals"), [(1, True, False, False), (4, True, True, False), (7, True, True, True)]
)
def test_what_holds_follows_from_the_version(version: int, files: bool, tcp: bool, signals: bool) -> None:
    holds = Holds(version, no_new_privs=True)
    assert (holds.files, holds.tcp, holds.signals) == (files, tcp, signals)


def test_packages_are_named_by_their_own_folders_and_not_by_that_above_them() -> None:
    assert folders([media, vouch]) == (str(ROOT / "media"), str(ROOT / "vouch"))
    assert not any(ROOT.is_relative_to(path) for path in PYTHON)


@landlock
@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 6])
def test_the_structures_of_older_versions_are_taken_too(version: int) -> None:
    result = confined(
        """
real = ctypes.CDLL(None, use_errno=True)
class Libc:
    prctl, capset, capget = real.prctl, real.capset, real.capget
    def syscall(self, number, *arguments):
        if number == 444 and arguments[0] is None:
            return min(told["version"], real.syscall(number, *arguments))
        return real.syscall(number, *arguments)
confinement.ctypes.CDLL = lambda *_, **__: Libc()
held = confine(Confinement(listen=(0,)))
result = [held.landlock, told_by(Path("/etc/passwd").read_text)]
""",
        version=version,
    )
    assert result == [version, "PermissionError"]


@pytest.mark.parametrize(("dropped", "outcome"), [(True, "done"), (False, "PermissionError")])
def test_a_filter_of_system_calls_that_forbids_dropping_matters_only_where_there_is_something_to_drop(
    dropped: bool, outcome: str
) -> None:
    if os.getuid() != 0:
        pytest.skip("only root has capabilities to begin with")
    result = confined(
        """
import struct
class Libc:
    real = ctypes.CDLL(None, use_errno=True)
    prctl, capget, syscall = real.prctl, real.capget, real.syscall
    def capset(self, *arguments):
        ctypes.set_errno(errno.EPERM)
        return -1
if told["dropped"]:
    assert Libc.real.capset(struct.pack("=Ii", 0x20080522, 0), bytes(24)) == 0
confinement.ctypes.CDLL = lambda *_, **__: Libc()
result = told_by(confine, Confinement())
""",
        dropped=dropped,
    )
    assert result == outcome
