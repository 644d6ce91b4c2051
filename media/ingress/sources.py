"""A bound on the sources (SSRCs) that one peer may have, for the library's own reader of SRTP.

libsrtp keeps something for each for good and walks through them all for every packet: 20,000 took ten seconds. Those
who have the keys can do that; `media.aiortc_seam` has the same bound in its own reader, where a call more would count.
"""

from typing import Any

from aiortc.rtcdtlstransport import RTCDtlsTransport
from pylibsrtp import Error

from media.ingress.counts import Counts
from media.ingress.privates import Replaced

MOST_SOURCES = 32
"""SSRCs of one peer; browsers have four."""


class _Bounded:
    """What decrypts for one peer."""

    def __init__(self, session: Any, counts: Counts) -> None:
        self._session, self._counts = session, counts
        self._sources: set[bytes] = set()

    def unprotect(self, data: bytes) -> bytes:
        """Decrypt an RTP packet; raises what the library raises."""
        return self._known(data[8:12], self._session.unprotect, data)

    def unprotect_rtcp(self, data: bytes) -> bytes:
        """Decrypt an RTCP packet."""
        return self._known(data[4:8], self._session.unprotect_rtcp, data)

    def _known(self, source: bytes, decrypt: Any, data: bytes) -> bytes:
        if source not in self._sources and len(self._sources) >= MOST_SOURCES:
            self._counts.dropped["too_many_sources"] += 1
            raise Error("too many sources")
        plain: bytes = decrypt(data)
        # Only now: whoever has no keys must not use the places up.
        self._sources.add(source)
        return plain


def bound(dtls: RTCDtlsTransport, counts: Counts, replaced: Replaced) -> None:
    """Let a transport decrypt for no more sources than that, once it has keys."""
    set_up = dtls._setup_srtp

    def set_up_bounded() -> None:
        set_up()
        if dtls._rx_srtp is not None:
            vars(dtls)["_rx_srtp"] = _Bounded(dtls._rx_srtp, counts)

    replaced.put(dtls, "_setup_srtp", set_up_bounded)
