"""A media worker on an aiortc that has changed inside: packets do not come where `media.aiortc_seam` takes them."""

from typing import Any

from aiortc.rtcdtlstransport import RTCDtlsTransport

from media import aiortc_seam, worker


def ignore_replacement(transport: type[RTCDtlsTransport]) -> property:
    """The library's own method, which nobody can replace in one instance."""

    def ignore(_: RTCDtlsTransport, handler: Any) -> None:
        return

    return property(transport._handle_rtp_data.__get__, ignore)


if __name__ == "__main__":
    aiortc_seam.SELF_TEST_S = 0.5
    setattr(RTCDtlsTransport, "_handle_rtp_data", ignore_replacement(RTCDtlsTransport))  # noqa: B010
    worker.main()
