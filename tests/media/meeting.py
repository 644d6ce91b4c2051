"""One real connection of ours with a whole aiortc peer, and sockets beside it that send what nobody asked for."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aioice.ice import Connection
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcdtlstransport import RTCDtlsTransport

from media import rtp
from media.aiortc_seam import PeerLink
from media.fallback import FallbackLink
from media.ingress.counts import Counts
from media.worker_settings import UdpSettings

LOOPBACK = UdpSettings(addresses=("127.0.0.1",))
WITHIN_S = 20.0
SPOKEN = 6
"""Packets of sound at a time: the library's own receiver holds the first few back."""
Forged = Callable[[], Sequence[bytes]]


class Meeting:
    """A peer that has offered and a link that has answered; nothing has been sent before `connect`."""

    def __init__(self, link: PeerLink | FallbackLink) -> None:
        self.link = link
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self.connected = asyncio.Event()
        self.raised: list[dict[str, Any]] = []
        """What reached the loop's exception handler."""
        self._answer = ""
        self._payload_type = 0
        self._sequence = 0
        self.stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.stranger.setblocking(False)

    async def begin(self, edit: Callable[[str], str]) -> None:
        """Offer and answer."""
        asyncio.get_running_loop().set_exception_handler(lambda _, context: self.raised.append(context))
        for kind in ("video", "audio"):
            self.peer.addTransceiver(kind)
        await self.peer.setLocalDescription(await self.peer.createOffer())
        self._answer, _ = await self.link.answer(edit(self.peer.localDescription.sdp))
        self._payload_type = read_payload_type(self._answer)
        self.stranger.bind((self.address[0], 0))
        self.link.receive(self.arrived.put_nowait, lambda _: None, self.connected.set)

    @property
    def counts(self) -> Counts:
        """Of our side."""
        assert self.link._guard is not None
        return self.link._guard.counts

    @property
    def ours(self) -> Connection:
        """Our side's ICE."""
        assert self.link._guard is not None
        return self.link._guard._connection

    @property
    def ours_dtls(self) -> RTCDtlsTransport:
        """Our side's DTLS."""
        assert self.link._guard is not None
        assert self.link._guard._dtls is not None
        return self.link._guard._dtls

    @property
    def address(self) -> tuple[str, int]:
        """Of our first socket, of IPv4."""
        every = [each.transport.get_extra_info("sockname")[:2] for each in self.ours._protocols]
        host, port = next(each for each in every if ":" not in each[0])
        return host, port

    @property
    def dtls(self) -> RTCDtlsTransport:
        """The peer's."""
        return self.peer.getSenders()[0].transport

    def from_a_stranger(self, data: bytes) -> None:
        """Send from an address that ICE knows nothing of."""
        self.stranger.sendto(data, self.address)

    def from_the_peer(self, data: bytes) -> None:
        """Send past the peer's libraries from the address that the two settled on, as who forges it would."""
        pair = self.dtls.transport._connection._nominated[1]
        pair.protocol.transport.sendto(data, pair.remote_addr)

    def forge(self, forged: Forged) -> None:
        """Before everything that the peer says in DTLS, send this from its address."""
        send = self.dtls.transport._send

        async def forge_and_send(data: bytes) -> None:
            for each in forged():
                self.from_the_peer(each)
            await send(data)

        setattr(self.dtls.transport, "_send", forge_and_send)  # noqa: B010 - one instance, not the class

    async def answered(self) -> None:
        """Let the peer know the answer: it begins."""
        await self.peer.setRemoteDescription(RTCSessionDescription(self._answer, "answer"))

    async def connect(self) -> None:
        """`answered`, and wait until both sides can send; TimeoutError where they never can."""
        await self.answered()
        async with asyncio.timeout(WITHIN_S):
            await self.connected.wait()
            while self.peer.connectionState != "connected":
                await asyncio.sleep(0.005)

    async def goes_on(self) -> bool:
        """Whether what the peer says still comes through, behind everything that was sent before it."""
        payload = b"still here %d" % self._sequence
        for _ in range(SPOKEN):
            self._sequence += 1
            packet = rtp.serialize(
                self._payload_type,
                marker=False,
                sequence=self._sequence & 0xFFFF,
                timestamp=self._sequence * 960,
                ssrc=1,
                payload=payload,
            )
            await self.dtls._send_rtp(packet)
        async with asyncio.timeout(WITHIN_S):
            while payload not in await self.arrived.get():
                continue
        return True

    async def dropped(self, count: int) -> None:
        """Wait until so many datagrams have been dropped in all."""
        async with asyncio.timeout(WITHIN_S):
            while self.counts.dropped.total() < count:
                await asyncio.sleep(0.001)

    def heard_by_the_stranger(self) -> bytes | None:
        """The next datagram that came back; None where none did."""
        try:
            return self.stranger.recv(2_048)
        except BlockingIOError:
            return None

    async def answer_to_the_stranger(self) -> bytes:
        """The next datagram that comes back."""
        async with asyncio.timeout(WITHIN_S):
            return await asyncio.get_running_loop().sock_recv(self.stranger, 2_048)

    async def close(self) -> None:
        """End both sides."""
        await self.peer.close()
        await self.link.close()
        self.stranger.close()


def read_payload_type(answer: str) -> int:
    """Of Opus."""
    line = next(line for line in answer.splitlines() if line.startswith("a=rtpmap:") and "opus" in line)
    return int(line.removeprefix("a=rtpmap:").split()[0])


def without_candidates(sdp: str) -> str:
    """An offer that names no address: nobody is dialled before the peer's own checks come."""
    return "".join(line for line in sdp.splitlines(keepends=True) if not line.startswith("a=candidate"))


@asynccontextmanager
async def meeting(
    link: PeerLink | FallbackLink | None = None, edit: Callable[[str], str] = lambda sdp: sdp
) -> AsyncIterator[Meeting]:
    """A peer and a link that has answered its offer."""
    made = Meeting(PeerLink(LOOPBACK) if link is None else link)
    await made.begin(edit)
    try:
        yield made
    finally:
        await made.close()
