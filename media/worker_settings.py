"""What a worker is told by its node at the start; the meanings are those of `media.settings.MediaSettings`.

A file of its own, because the node reads it too and has no use for the libraries that the worker loads.
"""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from media.settings import IceServer


@dataclass(frozen=True)
class UdpSettings:
    """Where media is received; see `media.settings.MediaSettings`."""

    addresses: tuple[str, ...] = ()
    """Local addresses; empty is all of the machine's."""
    ports: tuple[int, int] | None = None
    """First and last port; None leaves the choice to the system."""
    announced: str | None = None
    """Address told to the peers in place of the local one of the same family."""
    private_peers: bool = True
    """Whether peers are reached on private ranges."""


class WorkerSettings(BaseModel):
    """What a worker is told by whoever starts it; the meanings are those of `media.settings.MediaSettings`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    secret: str
    host: str = "127.0.0.1"
    port: int = 0
    ice_servers: tuple[IceServer, ...] = ()
    udp: UdpSettings = UdpSettings()
    longest_calls: int = 60
    memory_mib: int = 512
    evidence: bool = True
    log_level: str = "INFO"
