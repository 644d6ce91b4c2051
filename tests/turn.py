"""A real coturn with the configuration that we ship, as a relay to one address."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from signaling.serve import Tls
from tests import services

CONFIGURATION = Path(__file__).resolve().parents[1] / "deploy" / "turnserver.conf"
_START_S = 20.0


@dataclass(frozen=True)
class TurnServer:
    """A running coturn."""

    host: str
    port: int
    secret: str

    def url(self, transport: str) -> str:
        """Its address for pages, for `udp` or `tcp` (RFC 7065)."""
        return f"turn:{self.host}:{self.port}?transport={transport}"


@contextmanager
def turn_server(
    folder: Path,
    host: str,
    port: int,
    worker: str,
    *,
    loopback: bool = False,
    within: tuple[str, ...] = (),
    tls: tuple[Tls, int] | None = None,
) -> Iterator[TurnServer]:
    """A coturn at `host` that relays to `worker` alone; `within` is a command that it is run by.

    `loopback` lets that be an address of the loopback, which coturn never allows by itself. `tls`: a certificate, and
    the port on which it is used; without it coturn begins as it does where ours is not there.
    """
    server = TurnServer(host, port, "shared with nobody but the relay")
    options = {
        "listening-ip": host,
        "relay-ip": host,
        "listening-port": port,
        "realm": "vouch.example",
        "static-auth-secret": server.secret,
        "allowed-peer-ip": worker,
        "userdb": folder / "turn.db",
        "pidfile": folder / "turn.pid",
    }
    command = [*within, services.program("coturn"), "-c", CONFIGURATION, "--verbose"]
    if tls is not None:
        options |= {"cert": tls[0].certificate, "pkey": tls[0].key, "tls-listening-port": tls[1]}
    command += [f"--{name}={value}" for name, value in options.items()]
    command += ["--allow-loopback-peers"] if loopback else []
    log = folder / "turn.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, preexec_fn=services.die_with_us)  # noqa: PLW1509 - it takes no lock
    try:
        _until(process, log)
        yield server
    finally:
        process.terminate()
        process.wait()


def _until(process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + _START_S
    while b"UDP listener opened" not in log.read_bytes():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < give_up, log.read_text()
        time.sleep(0.02)
