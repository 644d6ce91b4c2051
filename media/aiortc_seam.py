"""Calls over what aiortc and aioice keep private. Checked against aiortc 1.16 and aioice 0.13.

aiortc does what it is good at: SDP, ICE, DTLS. Its own senders and receivers, which decode and encode, are never
started; once the keys are there, packets are taken from the sockets and given to them, past its queues and tasks.
`check` refuses another version, or one where a name that is used here is missing; `self_test` sends a packet each way.
Where either fails a worker uses `media.fallback` instead.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from importlib.metadata import version
from typing import Any

from aioice.ice import CandidatePair, Connection, StunProtocol
from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.codecs import is_rtx
from aiortc.rtcdtlstransport import RTCDtlsTransport, State
from aiortc.rtcpeerconnection import find_common_codecs, find_common_header_extensions
from aiortc.sdp import MediaDescription
from pylibsrtp import Error as SrtpError

from media import rtcp
from media.aiortc_sockets import gather
from media.errors import BadOffer
from media.events import Kind
from media.incoming import StreamParameters
from media.ingress import guard
from media.ingress.counts import NOT_DECRYPTED, Counts
from media.ingress.guard import IceGuard
from media.ingress.privates import Replaced, require
from media.ingress.sources import MOST_SOURCES
from media.leg import LegParameters
from media.peer import (
    CODECS,
    EXTENSIONS,
    TRANSPORT_SEQUENCE_URI,
    ConnectedHandler,
    PacketHandler,
    kind_of,
    read_offer,
)
from media.rtp import serialize
from media.settings import IceServer
from media.worker_settings import UdpSettings

_COMPONENT = 1
_SHORTEST = 12
SELF_TEST_S = 5.0
"""What the self-test may take: seconds. It needs a twentieth of one; a machine that has just booted is busy."""

_PROBE_S = 0.005
_PRIVATE: tuple[tuple[type, tuple[str, ...]], ...] = (
    (RTCDtlsTransport, ("_handle_rtp_data", "_handle_rtcp_data", "_send_rtp")),
    (StunProtocol, ("datagram_received",)),
    (RTCRtpSender, ("send",)),
    (RTCRtpReceiver, ("receive",)),
    (Connection, ("get_component_candidates", "gather_candidates")),
)


def check() -> None:
    """Raise RuntimeError where the installed libraries are not those that this file was written for."""
    for package, wanted in (("aiortc", "1.16."), ("aioice", "0.13.")):
        if not version(package).startswith(wanted):
            raise RuntimeError(f"{package} {version(package)} is installed; {wanted}* is needed")
    require(_PRIVATE)
    guard.check()


async def self_test() -> None:
    """Let two peers of this process send each other packets over loopback; raises where one does not arrive as it was.

    RuntimeError where nothing arrives; whatever else another version trips over is raised as it comes.
    """
    loopback = UdpSettings(addresses=("127.0.0.1",))
    offering, answering = _OfferingLink(loopback), PeerLink(loopback)
    try:
        async with asyncio.timeout(SELF_TEST_S):
            answer_sdp, agreed = await answering.answer(await offering.offer())
            payload_type = agreed.video.payload_type
            probes = (
                serialize(payload_type, marker=True, sequence=1, timestamp=1, ssrc=1, payload=b"self-test"),
                rtcp.picture_loss(1, 1),
            )
            expected = _expect(offering, probes), _expect(answering, probes)
            await offering.accept(answer_sdp)
            while any(expected):
                for probe in probes:
                    offering.send(probe)
                    answering.send(probe)
                await asyncio.sleep(_PROBE_S)
    except TimeoutError as error:
        raise RuntimeError("packets do not come through aiortc as they should") from error
    finally:
        await offering.close()
        await answering.close()


def _expect(link: "PeerLink", packets: Iterable[bytes]) -> set[bytes]:
    """Those of the packets that have not come yet."""
    expected = set(packets)

    def take(data: bytes) -> None:
        expected.discard(data)

    link.receive(take, take, lambda: None)
    return expected


class PeerLink:
    """The `media.peer.Link` that takes packets before the library parses them."""

    def __init__(self, udp: UdpSettings, ice_servers: tuple[IceServer, ...] = ()) -> None:
        servers = [RTCIceServer(list(each.urls), each.username, each.credential) for each in ice_servers]
        # With one bundle there is one transport, and so one place where packets come out.
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._udp = udp
        self._transceivers: dict[Kind, RTCRtpTransceiver] = {}
        self._replaced = Replaced()
        self._guard: IceGuard | None = None
        self._dtls: RTCDtlsTransport | None = None
        """What packets go through; known once there is an answer."""
        self._way: tuple[CandidatePair, Callable[[bytes, Any], None], Any] | None = None
        """How the last packet went: what sends, and to which address."""

    async def answer(self, offer_sdp: str) -> tuple[str, LegParameters]:
        """Take the offer and give the answer with what was agreed; raises BadOffer. To be called once."""
        offer = read_offer(offer_sdp)
        try:
            # In the offer's order: the library stops the transport of the first if another section leads the bundle.
            self._add_transceivers(map(kind_of, offer.media))
            await self._peer.setRemoteDescription(RTCSessionDescription(str(offer), "offer"))
            for media in offer.media:
                self._agree(media)
            await self._peer.setLocalDescription(await self._peer.createAnswer())
            return self._peer.localDescription.sdp, self._parameters()
        except BadOffer:
            raise
        except Exception as error:
            # A stranger's text meets a library's parser here: whatever it trips over is the stranger's.
            raise BadOffer(type(error).__name__) from error

    def receive(self, on_rtp: PacketHandler, on_rtcp: PacketHandler, on_connected: ConnectedHandler) -> None:
        """See `media.peer.Link`; packets come in the order of arrival."""
        dtls = self._dtls = self._transport()

        async def take_rtp(data: bytes, arrival_time_ms: int) -> None:
            on_rtp(data)

        async def take_rtcp(data: bytes) -> None:
            on_rtcp(data)

        # What came before the keys stands in the library's queue and takes its way.
        self._replaced.put(dtls, "_handle_rtp_data", take_rtp)
        self._replaced.put(dtls, "_handle_rtcp_data", take_rtcp)
        counts = self._guard.counts if self._guard is not None else Counts()
        sources: set[bytes] = set()
        for protocol in dtls.transport._connection._protocols:
            short = partial(_take, dtls, protocol.datagram_received, on_rtp, on_rtcp, counts, sources)
            self._replaced.put(protocol, "datagram_received", short)
        dtls.on("statechange", partial(_look, dtls, on_connected))
        _look(dtls, on_connected)

    def send(self, data: bytes) -> None:
        """Encrypt and send one RTP or RTCP packet; does nothing while the peer is not connected."""
        dtls = self._dtls
        if dtls is None or dtls._state is not State.CONNECTED:
            return
        pair = dtls.transport._connection._nominated.get(_COMPONENT)
        if pair is None:
            return
        way = self._way
        if way is None or way[0] is not pair:
            # Looked up once: it costs as much as a tenth of all for a packet.
            way = self._way = pair, pair.protocol.transport.sendto, pair.remote_addr
        srtp = dtls._tx_srtp
        way[1](srtp.protect_rtcp(data) if rtcp.is_rtcp(data) else srtp.protect(data), way[2])

    async def close(self) -> None:
        """End the connection; safe to call twice."""
        try:
            await self._peer.close()
        finally:
            self._replaced.undo()
            if self._guard is not None:
                self._guard.close()
            if self._dtls is not None:
                self._dtls.remove_all_listeners("statechange")

    def _transport(self) -> RTCDtlsTransport:
        return self._transceivers["video"].receiver.transport

    def _add_transceivers(self, kinds: Iterable[Kind]) -> None:
        for kind in kinds:
            transceiver = self._peer.addTransceiver(kind)
            _never_start(transceiver)
            self._transceivers[kind] = transceiver
        dtls = self._transport()
        connection = dtls.transport.iceGatherer._connection
        self._guard = IceGuard(connection, private_peers=self._udp.private_peers)
        self._guard.watch(dtls)
        setattr(connection, "get_component_candidates", partial(gather, connection, self._udp))  # noqa: B010

    def _agree(self, media: MediaDescription) -> None:
        """Choose codec and extensions ourselves: the library's own choice is a table shared by the whole process."""
        kind = kind_of(media)
        transceiver = self._transceivers[kind]
        codecs = find_common_codecs(CODECS[kind], media.rtp.codecs)
        if not codecs:
            raise BadOffer(f"no codec in common for {kind}")
        first = codecs[0]
        repeats = [each for each in codecs if is_rtx(each) and each.parameters.get("apt") == first.payloadType]
        transceiver._codecs = [first, *repeats[:1]]
        transceiver._headerExtensions = find_common_header_extensions(EXTENSIONS, media.rtp.headerExtensions)

    def _parameters(self) -> LegParameters:
        video = self._transceivers["video"]
        ids = [each.id for each in video._headerExtensions if each.uri == TRANSPORT_SEQUENCE_URI]
        return LegParameters(
            video=_stream("video", video),
            audio=_stream("audio", self._transceivers["audio"]),
            transport_sequence_id=ids[0] if ids else 0,
        )


class _OfferingLink(PeerLink):
    """The other side of the self-test."""

    async def offer(self) -> str:
        """What to give to the side that answers."""
        self._add_transceivers(("audio", "video"))
        await self._peer.setLocalDescription(await self._peer.createOffer())
        return str(self._peer.localDescription.sdp)

    async def accept(self, answer_sdp: str) -> None:
        """Take the answer; the connection begins."""
        await self._peer.setRemoteDescription(RTCSessionDescription(answer_sdp, "answer"))


def _look(dtls: RTCDtlsTransport, on_connected: ConnectedHandler) -> None:
    """Tell of it if the connection stands. Who answers is DTLS client, and so the last to know (RFC 6347 §4.2.4)."""
    if dtls._state is State.CONNECTED:
        on_connected()


def _take(
    dtls: RTCDtlsTransport,
    otherwise: Callable[[bytes, tuple[Any, ...]], None],
    on_rtp: PacketHandler,
    on_rtcp: PacketHandler,
    counts: Counts,
    sources: set[bytes],
    data: bytes,
    address: tuple[Any, ...],
) -> None:
    """Take a datagram from the socket: SRTP straight to the handlers, all else `otherwise`, to the library.

    Its own way to there, with a try to read each as STUN, a queue and a task, costs more than to decrypt the packet.
    Which address it came from does not matter: only the peer has the keys.
    """
    if len(data) < _SHORTEST or not 127 < data[0] < 192 or dtls._rx_srtp is None:
        otherwise(data, address)
        return
    reports = rtcp.is_rtcp(data)
    source = data[4:8] if reports else data[8:12]
    is_new = source not in sources
    if is_new and len(sources) >= MOST_SOURCES:
        counts.dropped["too_many_sources"] += 1
        return
    try:
        plain = dtls._rx_srtp.unprotect_rtcp(data) if reports else dtls._rx_srtp.unprotect(data)
    except (SrtpError, ValueError):
        # Not the peer's, come before, or longer than the library's buffer.
        counts.dropped[NOT_DECRYPTED] += 1
        return
    if is_new:
        sources.add(source)
    (on_rtcp if reports else on_rtp)(plain)


def _never_start(transceiver: RTCRtpTransceiver) -> None:
    """Keep the library's encoder task and decoder thread from ever starting."""

    async def nothing(_: Any) -> None:
        return

    setattr(transceiver.sender, "send", nothing)  # noqa: B010
    setattr(transceiver.receiver, "receive", nothing)  # noqa: B010


def _stream(kind: Kind, transceiver: RTCRtpTransceiver) -> StreamParameters:
    codec, *repeats = transceiver._codecs
    sender = transceiver.sender
    return StreamParameters(
        kind=kind,
        clock_rate=codec.clockRate,
        payload_type=codec.payloadType or 0,
        rtx_payload_type=repeats[0].payloadType if repeats else None,
        ssrc=sender._ssrc,
        rtx_ssrc=sender._rtx_ssrc,
        cname=sender._stream_id,
    )
