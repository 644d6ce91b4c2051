"""The sockets of a connection over aioice: bound in a range, guarded, told to the peer. Part of `media.aiortc_seam`."""

import asyncio
import random
import socket
from copy import copy

from aioice import Candidate
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import Connection, StunProtocol, server_reflexive_candidate

from media.ingress import addresses as reachable
from media.ingress.guard import GuardedProtocol
from media.worker_settings import UdpSettings

RECEIVE_BUFFER = 1 << 20
"""Octets of each socket's receive buffer: a stall of the machine must not lose what came meanwhile."""
STUN_TIMEOUT_S = 5
"""How long a STUN server is waited for: seconds."""


async def gather(connection: Connection, udp: UdpSettings, component: int, addresses: list[str]) -> list[Candidate]:
    """In place of aioice's own gathering, which knows neither port ranges nor announced addresses."""
    candidates: list[Candidate] = []
    for address in reachable.usable(udp.addresses or addresses or ("127.0.0.1",)):
        protocol = await _bind(connection, address, udp.ports)
        if protocol is None:
            continue
        listens(connection, protocol, component)
        candidates.append(_told(protocol.local_candidate, udp.announced))
    if udp.announced is None or ":" in udp.announced:
        candidates += await _reflexive(connection)
    # The library goes on with TURN alone, having no address of its own to bind.
    return candidates + await Connection.get_component_candidates(connection, component, [])


def listens(connection: Connection, protocol: StunProtocol, component: int) -> Candidate:
    """Let a connection use a socket of this machine; gives what it is as a candidate."""
    host, port = protocol.transport.get_extra_info("sockname")[:2]
    protocol.local_candidate = Candidate(
        foundation=candidate_foundation("host", "udp", host),
        component=component,
        transport="udp",
        priority=candidate_priority(component, "host"),
        host=host,
        port=port,
        type="host",
    )
    connection._protocols.append(protocol)
    return protocol.local_candidate


def _told(candidate: Candidate, announced_address: str | None) -> Candidate:
    """The candidate as the peer is told of it; the announced address stands for those of its own family."""
    told = copy(candidate)
    if announced_address is not None and (":" in announced_address) == (":" in candidate.host):
        told.host = announced_address
    return told


async def _bind(connection: Connection, address: str, ports: tuple[int, int] | None) -> StunProtocol | None:
    """A socket on the address; on the first free port from a random one on, where a range is given."""
    bound = udp_socket(address)
    if not any(_try_bind(bound, address, port) for port in _ports(ports)):
        bound.close()
        return None
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_datagram_endpoint(lambda: GuardedProtocol(connection), sock=bound)
    return protocol


def udp_socket(address: str) -> socket.socket:
    """A socket of the address's family with room for what comes during a stall; not bound yet."""
    bound = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    bound.setblocking(False)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    return bound


def _ports(ports: tuple[int, int] | None) -> list[int]:
    if ports is None:
        return [0]
    every = range(ports[0], ports[1] + 1)
    first = random.randrange(len(every))  # noqa: S311 - spreads the calls, hides nothing
    return [*every[first:], *every[:first]]


def _try_bind(bound: socket.socket, address: str, port: int) -> bool:
    try:
        bound.bind((address, port))
    except OSError:
        return False
    return True


async def _reflexive(connection: Connection) -> list[Candidate]:
    """What a STUN server sees of our IPv4 sockets, where one is set."""
    if connection.stun_server is None:
        return []
    asked = [
        server_reflexive_candidate(protocol, connection.stun_server)
        for protocol in connection._protocols
        if ":" not in protocol.local_candidate.host
    ]
    try:
        async with asyncio.timeout(STUN_TIMEOUT_S):
            answers = await asyncio.gather(*asked, return_exceptions=True)
    except TimeoutError:
        return []
    return [_without_related(answer[0]) for answer in answers if not isinstance(answer, BaseException)]


def _without_related(candidate: Candidate) -> Candidate:
    """The candidate without the address behind it, which is nobody's business (RFC 8839 §5.1)."""
    candidate.related_address, candidate.related_port = "0.0.0.0", 9  # noqa: S104 - nothing is bound
    return candidate
