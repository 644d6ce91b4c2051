"""A media worker on an aiortc that has changed inside: packets do not come where `media.aiortc_seam` takes them."""

from typing import Any

from aiortc.rtcdtlstransport import RTCDtlsTransport

from media import aiortc_seam, worker
from media.ingress.guard import GuardedProtocol

HOOKS: tuple[tuple[type, str], ...] = ((RTCDtlsTransport, "_handle_rtp_data"), (GuardedProtocol, "datagram_received"))
"""Where packets are taken."""


def ignore_replacement(owner: type, name: str) -> property:
    """The library's own method, which nobody can replace in one instance."""

    def ignore(_: object, handler: Any) -> None:
        return

    return property(getattr(owner, name).__get__, ignore)


if __name__ == "__main__":
    aiortc_seam.SELF_TEST_S = 0.5
    for owner, name in HOOKS:
        setattr(owner, name, ignore_replacement(owner, name))
    worker.main()
