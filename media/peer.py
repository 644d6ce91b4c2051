"""One peer connection as calls use it: what every kind of it can do, and how a stranger's offer is read.

Counterparts: `media.aiortc_seam` (the one that is meant to be used) and `media.fallback` (for another aiortc).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

from aiortc import RTCIceCandidate
from aiortc.rtcrtpparameters import (
    RTCRtcpFeedback,
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionParameters,
)
from aiortc.sdp import MediaDescription, SessionDescription

from media.errors import BadOffer
from media.events import Kind
from media.ingress.addresses import may_dial
from media.leg import LegParameters
from media.settings import IceServer
from media.worker_settings import UdpSettings

MOST_LINES = 1_500
"""Lines of an offer; browsers write some 250. The library's parser needs a time that grows with their square."""
MOST_CODECS = 128
"""Codecs of one section of an offer; browsers name some 40."""
MOST_CANDIDATES = 16
"""Of a peer's candidates that are tried: each makes us send packets to an address of the peer's choice."""
MOST_PORTS = 4
"""Of the candidates at one address: a browser has a port or two."""
MOST_FEEDBACK = 16
"""Kinds of feedback of one codec; browsers name five."""
MOST_SOURCES = 2
"""SSRCs of a section that are of use: of its stream and of what is sent again."""
_UFRAG, _PASSWORD = re.compile(r"[0-9A-Za-z+/]{4,256}"), re.compile(r"[0-9A-Za-z+/]{22,256}")
"""RFC 8839 §5.4. The name stands in every check that we send to the addresses which the same peer names."""

TRANSPORT_SEQUENCE_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
"""Name of the header extension that carries the transport-wide sequence number."""
_TRANSPORT_FEEDBACK = RTCRtcpFeedback(type="transport-cc")
CODECS: dict[str, list[RTCRtpCodecParameters]] = {
    "audio": [
        RTCRtpCodecParameters(
            mimeType="audio/opus",
            clockRate=48000,
            channels=2,
            payloadType=96,
            rtcpFeedback=[_TRANSPORT_FEEDBACK],
            # Forward error correction inside Opus (RFC 7587 §6.1), because sound is not asked for again.
            parameters={"minptime": 10, "useinbandfec": 1},
        )
    ],
    "video": [
        RTCRtpCodecParameters(
            mimeType="video/VP8",
            clockRate=90000,
            payloadType=97,
            rtcpFeedback=[
                RTCRtcpFeedback(type="nack"),
                RTCRtcpFeedback(type="nack", parameter="pli"),
                RTCRtcpFeedback(type="ccm", parameter="fir"),
                # In place of goog-remb: with both a browser follows the older one and sends 320x240.
                _TRANSPORT_FEEDBACK,
            ],
        ),
        RTCRtpCodecParameters(mimeType="video/rtx", clockRate=90000, payloadType=98, parameters={"apt": 97}),
    ],
}
"""What we answer with, by kind; numbers are taken over from the offer."""
EXTENSIONS = [RTCRtpHeaderExtensionParameters(id=1, uri=TRANSPORT_SEQUENCE_URI)]
"""The same of header extensions."""
_OF_USE = ("vp8", "opus", "rtx")

PacketHandler = Callable[[bytes], None]
"""Takes one decrypted packet; it raises nothing."""
ConnectedHandler = Callable[[], None]
"""Is told that packets go both ways from now on; it raises nothing."""


class Link(Protocol):
    """One peer connection that answers an offer and carries encoded packets both ways."""

    async def answer(self, offer_sdp: str) -> tuple[str, LegParameters]:
        """Take the offer and give the answer with what was agreed; raises BadOffer. To be called once."""

    def receive(self, on_rtp: PacketHandler, on_rtcp: PacketHandler, on_connected: ConnectedHandler) -> None:
        """Hand over every valid packet from now on, of each stream one after the other. After `answer`.

        `on_connected` is called before the first of them, when what is sent arrives too.
        """

    def send(self, data: bytes) -> None:
        """Send one RTP or RTCP packet; does nothing while the peer is not connected."""

    async def close(self) -> None:
        """End the connection; safe to call twice."""


LinkMaker = Callable[[UdpSettings, tuple[IceServer, ...]], Link]
"""Makes a connection that receives media there and asks these servers about itself."""


def read_offer(offer_sdp: str) -> SessionDescription:
    """The offer, parsed and cut down to what is of use and safe; raises BadOffer."""
    if len(offer_sdp.splitlines()) > MOST_LINES:
        raise BadOffer("the offer is too long")
    try:
        offer = SessionDescription.parse(offer_sdp)
        bundles = [each.items for each in offer.group if each.semantic == "BUNDLE"]
        names = [media.rtp.muxId for media in offer.media]
        kinds = sorted(media.kind for media in offer.media)
        whole = (
            # In their order and no other: the library stops the one transport when it finds them otherwise.
            bundles[:1] == [names]
            and len(set(names)) == len(names)
            and all(media.dtls and media.dtls.fingerprints for media in offer.media)
            and all(len(media.rtp.codecs) <= MOST_CODECS for media in offer.media)
            and all(map(_has_true_ice, offer.media))
        )
    except Exception as error:
        # A stranger's text meets a library's parser here: whatever it trips over is the stranger's.
        raise BadOffer(type(error).__name__) from error
    if kinds != ["audio", "video"] or not whole:
        raise BadOffer("the offer must have one audio and one video section, bundled, with fingerprints")
    for media in offer.media:
        _cut_down(media)
    return offer


def kind_of(media: MediaDescription) -> Kind:
    """What a section is about."""
    return "video" if media.kind == "video" else "audio"


def _has_true_ice(media: MediaDescription) -> bool:
    """Whether ICE's name and password, where the section has them, are as they must be."""
    ice = media.ice
    given = ((_UFRAG, ice.usernameFragment), (_PASSWORD, ice.password)) if ice is not None else ()
    return all(value is None or pattern.fullmatch(value) for pattern, value in given)


def _cut_down(media: MediaDescription) -> None:
    media.ice_candidates = _worth_trying(media.ice_candidates)
    # Or the library gives up where none of these is dialled, while the peer can still be learned from its checks.
    media.ice_candidates_complete = False
    media.rtp.codecs = [each for each in media.rtp.codecs if each.name.lower() in _OF_USE]
    for codec in media.rtp.codecs:
        del codec.rtcpFeedback[MOST_FEEDBACK:]
    del media.ssrc[MOST_SOURCES:]
    # The library writes rtcp-mux only below an `a=rtcp` line, and Firefox has none in a section that is bundle-only.
    if media.rtcp_mux and media.rtcp_port is None:
        media.rtcp_port = 9


def _worth_trying(candidates: Iterable[RTCIceCandidate]) -> list[RTCIceCandidate]:
    """Those that name an address of one machine: each address and port once, and few ports of one address.

    Names (mDNS) would have to be resolved first; such a peer is learned from its own checks (RFC 8445 §7.3.1.3). Which
    of these are dialled depends on where we listen, and is said by `media.ingress.guard`.
    """
    chosen: dict[tuple[str, int], RTCIceCandidate] = {}
    ports: Counter[str] = Counter()
    for each in candidates:
        # Below the component for RTCP nothing is sent, and the library trips over it.
        is_ours = each.protocol.lower() == "udp" and each.component == 1 and (each.ip, each.port) not in chosen
        if is_ours and ports[each.ip] < MOST_PORTS and may_dial(each.ip, each.port, local=True, private_peers=True):
            chosen[each.ip, each.port] = each
            ports[each.ip] += 1
    return list(chosen.values())[:MOST_CANDIDATES]
