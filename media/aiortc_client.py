"""The seam's other half: a peer of aiortc's ICE, DTLS and SRTP without its senders and receivers, for robots.

Beside `media.aiortc_seam` the only file that touches what aiortc and aioice keep private. Sockets are read when their
owner looks (`PortPoll.drain`) and not by the event loop, which would wake up for each of some hundred packets that a
call's robots get every second. Encryption is real; what comes is decrypted only where somebody asks for it, because
counting it needs only its header, which SRTP leaves readable (RFC 3711 §3.1).
"""

import asyncio
import contextlib
import errno
import select
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from struct import pack, unpack_from
from typing import Any

import pylibsrtp
from aioice import Candidate
from aioice.ice import Connection, StunProtocol
from aiortc import (
    RTCCertificate,
    RTCDtlsTransport,
    RTCIceGatherer,
    RTCIceTransport,
    RTCPeerConnection,
    RTCRtpReceiver,
)
from aiortc.sdp import MediaDescription, candidate_to_sdp
from av import VideoFrame

from media import aiortc_seam, aiortc_sockets
from media.ingress.privates import require

CONNECT_S = 15.0
"""What ICE and DTLS may take: seconds."""
MOST_ROUNDS = 32
"""Datagrams read from one socket at one look; the others wait for the next."""

_DATAGRAM = 2_048
_SOL_UDP, _UDP_SEGMENT = 17, 103
_MOST_SEGMENTS = 40
# What systems and network cards without segmentation say (udp(7)).
_NO_SEGMENTATION = (errno.EIO, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOPROTOOPT)
_SO_TIMESTAMPNS = 35
_PRIVATE: tuple[tuple[type, tuple[str, ...]], ...] = (
    (RTCDtlsTransport, ("_set_role", "_setup_srtp")),
    (Connection, ("get_component_candidates", "request_received")),
    (StunProtocol, ("datagram_received", "connection_lost")),
)

PacketHandler = Callable[[bytes, int], None]
"""Takes one packet, still encrypted, and when the kernel got it: nanoseconds UTC, 0 where that was not asked for."""


def check() -> None:
    """Raise RuntimeError where the installed libraries are not those that the two files were written for."""
    aiortc_seam.check()
    require(_PRIVATE)


class Port(asyncio.DatagramTransport):
    """A UDP socket as aioice wants it, read one datagram at a time by its `PortPoll`."""

    def __init__(self, bound: socket.socket, protocol: StunProtocol, poll: "PortPoll", *, stamped: bool) -> None:
        super().__init__()
        self.socket = bound
        self.on_packet: PacketHandler | None = None
        """Takes RTP and RTCP; None drops them."""
        self.read = self._read_stamped if stamped else self._read
        self._protocol = protocol
        self._poll = poll
        self._segments = True
        self._closing = False
        if stamped:
            bound.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)

    def sendto(self, data: Any, addr: Any = None) -> None:
        """Send one datagram; what the system does not take is lost, as on any network."""
        with contextlib.suppress(OSError):
            self.socket.sendto(data, addr)

    def send_all(self, packets: Sequence[bytes]) -> None:
        """Send to the connected peer packets of one length, of which the last may be shorter: with one system call."""
        with contextlib.suppress(OSError):
            if len(packets) == 1 or not self._segments or len(packets) > _MOST_SEGMENTS:
                for data in packets:
                    self.socket.send(data)
                return
            try:
                self.socket.sendmsg(packets, [(_SOL_UDP, _UDP_SEGMENT, pack("H", len(packets[0])))])
            except OSError as error:
                if error.errno in _NO_SEGMENTATION:
                    self._segments = False
                    self.send_all(packets)

    def close(self) -> None:
        """Close the socket; aioice is told so."""
        if self._closing:
            return
        self._closing = True
        self._poll.remove(self)
        self.socket.close()
        asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self._closing

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What asyncio's own transports tell under these names."""
        if name == "sockname":
            return self.socket.getsockname()
        return self.socket if name == "socket" else default

    def _read(self) -> None:
        data, address = self.socket.recvfrom(_DATAGRAM)
        self._take(data, address, 0)

    def _read_stamped(self) -> None:
        data, ancillary, _, address = self.socket.recvmsg(_DATAGRAM, 64)
        seconds, nanoseconds = unpack_from("qq", ancillary[0][2]) if ancillary else (0, time.time_ns())
        self._take(data, address, seconds * 1_000_000_000 + nanoseconds)

    def _take(self, data: bytes, address: Any, arrived: int) -> None:
        if not data:
            return
        # RFC 7983 §7: what begins so is RTP or RTCP.
        if 127 < data[0] < 192:
            if self.on_packet is not None:
                self.on_packet(data, arrived)
        else:
            self._protocol.datagram_received(data, address)


class PortPoll:
    """The sockets of one set of robots."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._ports: dict[int, Port] = {}

    def add(self, port: Port) -> None:
        """Read from this one too."""
        self._ports[port.socket.fileno()] = port
        self._epoll.register(port.socket.fileno(), select.EPOLLIN)

    def remove(self, port: Port) -> None:
        """Read from it no more; before it is closed."""
        if self._ports.pop(port.socket.fileno(), None) is not None:
            self._epoll.unregister(port.socket.fileno())

    def drain(self) -> None:
        """Hand over all that has come."""
        for _ in range(MOST_ROUNDS):
            ready = self._epoll.poll(0)
            if not ready:
                return
            for number, _ in ready:
                port = self._ports.get(number)
                if port is not None:
                    # ConnectionError: the other side's port is closed, as ICMP says.
                    with contextlib.suppress(BlockingIOError, ConnectionError):
                        port.read()

    def close(self) -> None:
        """After all ports are closed."""
        self._epoll.close()


@dataclass(frozen=True)
class LocalTransport:
    """What the other side must be told of ours."""

    username: str
    """ICE user name fragment."""
    password: str
    """ICE password."""
    fingerprint: str
    """SHA-256 of our certificate, as in SDP (RFC 8122 §5)."""
    candidates: tuple[str, ...]
    """Our addresses, as in SDP."""


class ClientLink:
    """One transport: gathered, connected, closed. `leads` for the side that offers (RFC 8445 §6.1.1)."""

    def __init__(
        self,
        poll: PortPoll,
        certificate: RTCCertificate,
        *,
        leads: bool,
        addresses: tuple[str, ...] = (),
        stamped: bool = False,
    ) -> None:
        self._poll, self._certificate, self._addresses, self._stamped = poll, certificate, addresses, stamped
        # Without the empty list the library would ask a public server abroad.
        self._gatherer = RTCIceGatherer(iceServers=[])
        self._connection = self._gatherer._connection
        self._connection.ice_controlling = leads
        setattr(self._connection, "get_component_candidates", partial(self._gather))  # noqa: B010 - one instance
        self._ice = RTCIceTransport(self._gatherer)
        self._dtls = RTCDtlsTransport(self._ice, [certificate])
        self._ports: list[Port] = []
        self._port: Port | None = None
        self._sealing: Any = None
        self._opening: Any = None

    @property
    def is_connected(self) -> bool:
        """Whether packets can be sent: from `connect` on, until the other side says goodbye."""
        return self._port is not None and self._dtls.state == "connected"

    async def gather(self) -> LocalTransport:
        """Open the sockets; to be called once."""
        await self._gatherer.gather()
        mine = self._gatherer.getLocalParameters()
        prints = {each.algorithm: each.value for each in self._certificate.getFingerprints()}
        return LocalTransport(
            username=mine.usernameFragment or "",
            password=mine.password or "",
            fingerprint=prints["sha-256"],
            candidates=tuple(candidate_to_sdp(each) for each in self._gatherer.getLocalCandidates()),
        )

    async def connect(self, remote: MediaDescription, on_packet: PacketHandler) -> None:
        """Reach the other side; packets then go to `on_packet`. Raises ConnectionError where that fails."""
        if remote.ice is None or remote.dtls is None:
            raise ConnectionError("the description names no transport")
        self._dtls._set_role("server" if remote.dtls.role == "client" else "client")
        try:
            async with asyncio.timeout(CONNECT_S):
                for candidate in remote.ice_candidates:
                    await self._ice.addRemoteCandidate(candidate)
                await self._ice.addRemoteCandidate(None)
                await self._ice.start(remote.ice)
                if self._ice.state == "completed":
                    await self._dtls.start(remote.dtls)
        except TimeoutError as error:
            raise ConnectionError("no answer from the other side") from error
        if self._dtls.state != "connected":
            raise ConnectionError(f"ICE {self._ice.state}, DTLS {self._dtls.state}")
        self._settle(on_packet)

    def send(self, packets: Sequence[bytes]) -> None:
        """Encrypt RTP packets of one length, of which the last may be shorter, and send them."""
        if self._port is not None and packets:
            protect = self._sealing.protect
            self._port.send_all([protect(data) for data in packets])

    def send_control(self, data: bytes) -> None:
        """Encrypt one RTCP packet and send it."""
        if self._port is not None:
            self._port.send_all([self._sealing.protect_rtcp(data)])

    def open(self, data: bytes) -> bytes | None:
        """An RTP packet decrypted; None where it is not the other side's or was opened before."""
        try:
            opened: bytes = self._opening.unprotect(data)
        except pylibsrtp.Error:
            return None
        return opened

    def open_control(self, data: bytes) -> bytes | None:
        """An RTCP packet decrypted; None where it is not the other side's."""
        try:
            opened: bytes = self._opening.unprotect_rtcp(data)
        except pylibsrtp.Error:
            return None
        return opened

    async def close(self) -> None:
        """Say goodbye; safe to call twice."""
        self._port = None
        await self._dtls.stop()
        await self._ice.stop()

    def _settle(self, on_packet: PacketHandler) -> None:
        """Sending uses only the pair that was found; the other side may have settled on another."""
        pair = self._connection._nominated[1]
        port = pair.protocol.transport
        if not isinstance(port, Port):
            raise TypeError("the pair has a socket that is not ours")
        # A connected socket needs no route looked up for each packet.
        port.socket.connect(pair.remote_addr)
        for each in self._ports:
            each.on_packet = on_packet
        self._sealing, self._opening = self._dtls._tx_srtp, self._dtls._rx_srtp
        self._port = port

    async def _gather(self, component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:  # noqa: ASYNC109
        """In place of aioice's own gathering, whose sockets the event loop reads."""
        return [self._bind(address, component) for address in self._addresses or addresses or ("127.0.0.1",)]

    def _bind(self, address: str, component: int) -> Candidate:
        bound = aiortc_sockets.udp_socket(address)
        bound.bind((address, 0))
        protocol = StunProtocol(self._connection)
        port = Port(bound, protocol, self._poll, stamped=self._stamped)
        protocol.connection_made(port)
        self._ports.append(port)
        self._poll.add(port)
        return aiortc_sockets.listens(self._connection, protocol, component)


def hold_packets(peer: RTCPeerConnection) -> None:
    """Let nothing of a whole aiortc peer's media out any more, RTCP included, while ICE and DTLS go on."""

    async def drop(_: bytes) -> None:
        return

    for transceiver in peer.getTransceivers():
        setattr(transceiver.sender.transport, "_send_rtp", drop)  # noqa: B010 - one instance, not the class


def release_packets(peer: RTCPeerConnection) -> None:
    """Undo `hold_packets`."""
    for transport in {transceiver.sender.transport for transceiver in peer.getTransceivers()}:
        if "_send_rtp" in vars(transport):
            delattr(transport, "_send_rtp")


def rtp_timestamp(receiver: RTCRtpReceiver, frame: VideoFrame) -> int:
    """The RTP timestamp of a frame that the library decoded; it counts them from its first one."""
    first: int = getattr(receiver, "_RTCRtpReceiver__timestamp_mapper")._origin  # noqa: B009 - mypy knows no mangling
    return ((frame.pts or 0) + first) % (1 << 32)
