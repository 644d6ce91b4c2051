"""A peer connection over what aiortc makes public, for versions that `media.aiortc_seam` does not fit.

The library's own receivers and senders run here, in threads and tasks of their own, but nothing is decoded: `install`
lets its receivers give encoded frames, and its senders take such frames as they are. From the former RTP packets are
made anew, from what is to be sent frames again; so everything above goes on as ever. What is lost: the timestamps on
the wire are the library's own, so no picture can be asked for by its name; its bandwidth estimate (REMB) keeps browsers
at small pictures; ports cannot be chosen; retransmissions and the peer's reports are not seen.
"""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from functools import partial
from struct import Struct
from typing import Any

import av
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
    rtcrtpreceiver,
)
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from media import clock, rtcp, rtp, vp8
from media.assembly import FrameAssembler, video_packet
from media.errors import BadOffer
from media.events import Kind
from media.incoming import StreamParameters
from media.ingress import addresses, guard
from media.ingress.guard import IceGuard
from media.leg import LegParameters
from media.peer import ConnectedHandler, PacketHandler, kind_of, read_offer
from media.rtp import RtpPacket, Unwrapper
from media.settings import IceServer
from media.worker_settings import UdpSettings
from vouch.tasks import TaskSet

MOST_WAITING = 64
"""Frames that may wait for the library to send them; it takes them as they come."""

_CODECS = ("video/vp8", "audio/opus")
_CLOCK_RATES: dict[Kind, int] = {"video": 90_000, "audio": 48_000}
_PAYLOAD_TYPES: dict[Kind, int] = {"video": 97, "audio": 96}
_LENGTH = Struct("!H")


def install() -> None:
    """Let the library's receivers give encoded frames, in this whole process; raises RuntimeError where they cannot.

    And where strangers' packets cannot be looked at before the library reads them: no calls are better than such calls.
    """
    guard.check()
    for name, ours in (("get_decoder", _PassThrough), ("depayload", _with_length)):
        if not hasattr(rtcrtpreceiver, name):
            raise RuntimeError(f"aiortc.rtcrtpreceiver lacks {name}")
        setattr(rtcrtpreceiver, name, ours)


class _PassThrough:
    """In place of a decoder."""

    def __init__(self, codec: RTCRtpCodecParameters) -> None:
        self._time_base = Fraction(1, codec.clockRate)

    def decode(self, frame: Any) -> "list[av.Packet[Any]]":
        """The payloads of one frame as `_with_length` left them, joined; `frame` has `data` and `timestamp`."""
        packet = av.Packet(frame.data)
        packet.pts, packet.time_base = frame.timestamp, self._time_base
        return [packet]


def _with_length(_: RTCRtpCodecParameters, payload: bytes) -> bytes:
    """In place of taking a payload out of its packaging: the packaging tells whether a frame is missing."""
    return _LENGTH.pack(len(payload)) + payload


class PacketMaker:
    """RTP packets, numbered by us, of the frames that one stream gives. A frame that is missing leaves a hole."""

    def __init__(self, kind: Kind) -> None:
        self._kind: Kind = kind
        self._sequence = 0
        self._picture: vp8.Descriptor | None = None

    def packets(self, payloads: bytes, timestamp: int) -> list[bytes]:
        """One frame; `payloads` each with its length, `timestamp` in ticks from the stream's first."""
        parts = list(_parts(payloads))
        if self._kind == "video" and parts and self._is_after_a_gap(parts[0]):
            self._sequence += 1
        return [self._packet(part, timestamp, last=at == len(parts)) for at, part in enumerate(parts, 1)]

    def _is_after_a_gap(self, payload: bytes) -> bool:
        before, self._picture = self._picture, vp8.parse(payload)
        if before is None or self._picture is None or before.picture_id is None or self._picture.picture_id is None:
            return False
        bits = 15 if self._picture.long_picture_id else 7
        return rtp.modular_distance(before.picture_id, self._picture.picture_id, bits) != 1

    def _packet(self, payload: bytes, timestamp: int, *, last: bool) -> bytes:
        self._sequence += 1
        return rtp.serialize(
            _PAYLOAD_TYPES[self._kind],
            marker=last and self._kind == "video",
            sequence=self._sequence & 0xFFFF,
            timestamp=timestamp % (1 << 32),
            ssrc=1,
            payload=payload,
        )


def _parts(payloads: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(payloads):
        begin = at + _LENGTH.size
        at = begin + _LENGTH.unpack_from(payloads, at)[0]
        yield payloads[begin:at]


class FrameMaker:
    """Frames, with the time of each, of the RTP packets that are to be sent in one stream."""

    def __init__(self, kind: Kind) -> None:
        self._kind: Kind = kind
        self._sequences, self._timestamps = Unwrapper(16), Unwrapper(32)
        self._assembler = FrameAssembler()
        self._first: int | None = None

    def frames(self, packet: RtpPacket, now: int) -> "list[tuple[av.Packet[Any], bool]]":
        """What is whole with this packet, each frame with whether it needs nothing before it."""
        if self._kind == "audio":
            return [(self._frame(packet.payload, packet.timestamp), True)]
        packet.sequence = self._sequences.unwrap(packet.sequence)
        taken = video_packet(packet, vp8.parse(packet.payload), now)
        return [(self._frame(each.data, each.timestamp), each.is_key) for each in self._assembler.add(taken)]

    def _frame(self, data: bytes, timestamp: int) -> "av.Packet[Any]":
        whole = self._timestamps.unwrap(timestamp)
        if self._first is None:
            self._first = whole
        frame = av.Packet(data)
        frame.pts, frame.time_base = whole - self._first, Fraction(1, _CLOCK_RATES[self._kind])
        return frame


class OutgoingTrack(MediaStreamTrack):
    """What the library's sender pulls encoded frames from."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        self._frames: asyncio.Queue[av.Packet[Any]] = asyncio.Queue(MOST_WAITING)
        self._maker = FrameMaker(kind)
        self._broken = True

    async def recv(self) -> Any:
        """The next frame; raises MediaStreamError after the end."""
        if self.readyState != "live":
            raise MediaStreamError
        return await self._frames.get()

    def put(self, packet: RtpPacket, now: int, *, connected: bool) -> bool:
        """Take an RTP packet; False where the peer could see something but for the want of a key frame."""
        for frame, is_key in self._maker.frames(packet, now):
            self._broken = not connected or self._frames.full() or (self._broken and not is_key)
            if not self._broken:
                self._frames.put_nowait(frame)
        return not connected or not self._broken


class FallbackLink:
    """The `media.peer.Link` for a strange aiortc; `install` comes first."""

    def __init__(self, udp: UdpSettings, ice_servers: tuple[IceServer, ...] = ()) -> None:
        servers = [RTCIceServer(list(each.urls), each.username, each.credential) for each in ice_servers]
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._udp = udp
        self._tasks = TaskSet("fallback link")
        self._tracks: dict[Kind, OutgoingTrack] = {"video": OutgoingTrack("video"), "audio": OutgoingTrack("audio")}
        self._transceivers: dict[Kind, RTCRtpTransceiver] = {}
        # What is agreed with the peer is between it and the library; this is what the packets carry that we make.
        self._parameters = LegParameters(_stream("video"), _stream("audio"), 0, timestamps_kept=False)
        self._wanted = asyncio.Event()
        """A key frame of what goes out."""
        self._guard: IceGuard | None = None

    async def answer(self, offer_sdp: str) -> tuple[str, LegParameters]:
        """See `media.peer.Link`."""
        offer = read_offer(offer_sdp)
        try:
            for kind in map(kind_of, offer.media):
                self._add_transceiver(kind)
            self._watch()
            await self._peer.setRemoteDescription(RTCSessionDescription(str(offer), "offer"))
            await self._peer.setLocalDescription(await self._peer.createAnswer())
            return _told(self._peer.localDescription.sdp, self._udp), self._parameters
        except Exception as error:
            raise BadOffer(type(error).__name__) from error

    def receive(self, on_rtp: PacketHandler, on_rtcp: PacketHandler, on_connected: ConnectedHandler) -> None:
        """See `media.peer.Link`; of RTCP only the wish for a key frame is told."""
        self._peer.on("connectionstatechange", partial(self._look, on_connected))
        self._look(on_connected)
        for kind, transceiver in self._transceivers.items():
            if transceiver.receiver.track is not None:
                self._tasks.spawn(f"receive {kind}", self._read(kind, transceiver.receiver.track, on_rtp))
        # The library calls this when the peer asks for a key frame; by itself it only makes a note for its encoder.
        sender = self._transceivers["video"].sender
        if hasattr(sender, "_send_keyframe"):
            setattr(sender, "_send_keyframe", self._wanted.set)  # noqa: B010 - one instance is changed, not the class
        self._tasks.spawn("ask for key frames", self._ask(on_rtcp))

    def send(self, data: bytes) -> None:
        """See `media.peer.Link`; of RTCP only the wish for a key frame is sent, the library says the rest itself."""
        if rtcp.is_rtcp(data):
            if any(isinstance(message, rtcp.KeyFrameRequest) for message in rtcp.parse(data)):
                self._tasks.spawn("ask for a key frame", self._ask_peer())
        elif (packet := rtp.parse(data, 0)) is not None:
            self._put("video" if packet.payload_type == _PAYLOAD_TYPES["video"] else "audio", packet)

    async def close(self) -> None:
        """See `media.peer.Link`."""
        await self._peer.close()
        if self._guard is not None:
            self._guard.close()
        self._peer.remove_all_listeners("connectionstatechange")
        await self._tasks.close()

    @property
    def _is_connected(self) -> bool:
        return bool(self._peer.connectionState == "connected")

    def _look(self, on_connected: ConnectedHandler) -> None:
        if self._is_connected:
            on_connected()

    def _put(self, kind: Kind, packet: RtpPacket) -> None:
        if not self._tracks[kind].put(packet, clock.now(), connected=self._is_connected) and kind == "video":
            self._wanted.set()

    def _add_transceiver(self, kind: Kind) -> None:
        transceiver = self._peer.addTransceiver(self._tracks[kind])
        known = RTCRtpSender.getCapabilities(kind).codecs
        # Without a format of its own for what is sent again: its SSRC would be taken for the stream's.
        transceiver.setCodecPreferences([each for each in known if each.mimeType.lower() in _CODECS])
        self._transceivers[kind] = transceiver

    def _watch(self) -> None:
        """Guard the one transport that there is."""
        dtls = self._transceivers["video"].receiver.transport
        self._guard = IceGuard(dtls.transport.iceGatherer._connection, private_peers=self._udp.private_peers)
        self._guard.watch(dtls)
        self._guard.bound_sources(dtls)

    async def _read(self, kind: Kind, track: MediaStreamTrack, on_rtp: PacketHandler) -> None:
        maker = PacketMaker(kind)
        while True:
            try:
                frame: Any = await track.recv()
            except MediaStreamError:
                return
            for packet in maker.packets(bytes(frame), frame.pts):
                on_rtp(packet)

    async def _ask(self, on_rtcp: PacketHandler) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            on_rtcp(rtcp.picture_loss(0, self._parameters.video.ssrc))

    async def _ask_peer(self) -> None:
        receiver = self._transceivers["video"].receiver
        sources = receiver.getSynchronizationSources()
        # Private, and only of use: without it the peer's own key frames must do.
        with suppress(AttributeError, TypeError):
            for each in sources:
                await receiver._send_rtcp_pli(each.source)


def _stream(kind: Kind) -> StreamParameters:
    ssrc = secrets.randbits(31)
    return StreamParameters(kind, _CLOCK_RATES[kind], _PAYLOAD_TYPES[kind], None, ssrc, ssrc, "")


def _told(answer_sdp: str, udp: UdpSettings) -> str:
    """The answer with the addresses that peers are to be told: those that are set, or what stands for them."""
    lines = answer_sdp.splitlines(keepends=True)
    hosts = [host for line in lines if (host := _host(line)) and (not udp.addresses or host in udp.addresses)]
    usable = set(addresses.usable(hosts))
    return "".join(line for line in (_told_line(each, usable, udp) for each in lines) if line)


def _host(line: str) -> str | None:
    """The address of a candidate of this machine; None where a line is none."""
    fields = line.split(" ")
    return fields[4] if line.startswith("a=candidate:") and fields[7].strip() == "host" else None


def _told_line(line: str, usable: set[str], udp: UdpSettings) -> str:
    host = _host(line)
    if host is None:
        return line
    if host not in usable:
        return ""
    if udp.announced is None or (":" in udp.announced) != (":" in host):
        return line
    fields = line.split(" ")
    fields[4] = udp.announced
    return " ".join(fields)
