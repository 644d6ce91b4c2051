"""Which addresses are dialled for a peer, alone and by real connections; and which of ours it is told."""

import asyncio
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest
from aioice.ice import get_host_addresses
from aiortc import RTCConfiguration, RTCPeerConnection

from media.aiortc_seam import PeerLink
from media.fallback import FallbackLink, _told
from media.ingress.addresses import Reach, are_local, may_dial, reach, usable
from media.peer import read_offer
from media.worker_settings import UdpSettings
from tests.media.offline import Offline

HERE = ["127.0.0.1", "127.9.9.9", "169.254.169.254", "::1", "fe80::1", "fe80::1%eth0"]
NOWHERE = [str(IPv4Address(0)), "0.1.2.3", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "ff02::1", "a.local"]
PRIVATE = ["10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "198.18.0.1", "fd00::1", "fec0::1"]
PUBLIC = ["203.0.113.9", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1", "2a00::1"]


def in_other_words(host: str) -> list[str]:
    """The IPv4 address as IPv6 has it: mapped, compatible, behind NAT64, 6to4."""
    octets = socket.inet_aton(host).hex()
    both = f"{octets[:4]}:{octets[4:]}"
    return [f"::ffff:{host}", f"::ffff:{both}", f"64:ff9b::{both}", f"2002:{both}::1"]


@pytest.mark.parametrize(
    ("hosts", "found"),
    [(HERE, Reach.HERE), (NOWHERE, Reach.NOWHERE), (PRIVATE, Reach.PRIVATE), (PUBLIC, Reach.PUBLIC)],
)
def test_how_far_an_address_reaches_however_it_is_written(hosts: list[str], found: Reach) -> None:
    assert {host: reach(host) for host in hosts} == dict.fromkeys(hosts, found)
    written = [each for host in hosts if host.count(".") == 3 for each in in_other_words(host)]
    assert {host: reach(host) for host in written} == dict.fromkeys(written, found)


def test_what_is_dialled() -> None:
    def dialled(*, local: bool, private_peers: bool) -> set[Reach]:
        hosts = [*HERE, *NOWHERE, *PRIVATE, *PUBLIC]
        return {reach(host) for host in hosts if may_dial(host, 5_000, local=local, private_peers=private_peers)}

    assert dialled(local=False, private_peers=False) == {Reach.PUBLIC}
    assert dialled(local=False, private_peers=True) == {Reach.PUBLIC, Reach.PRIVATE}
    assert dialled(local=True, private_peers=False) == {Reach.PUBLIC, Reach.PRIVATE, Reach.HERE}
    for port in (-1, 0, 22, 53, 1_023, 65_536, 1 << 40):
        assert not may_dial(PUBLIC[0], port, local=True, private_peers=True)


def test_pages_are_told_no_address_of_this_machine_alone_but_where_there_is_no_other() -> None:
    assert usable(["127.0.0.1", "203.0.113.9", "169.254.3.4", "fe80::1", "10.0.0.1"]) == ["203.0.113.9", "10.0.0.1"]
    assert usable(["127.0.0.1", "::1"]) == ["127.0.0.1", "::1"]
    assert are_local(["127.0.0.1", "::1"])
    assert not are_local(["127.0.0.1", "10.0.0.1"])
    assert not are_local([])


# --- Offers ---------------------------------------------------------------------------------------------------------


async def offer_with(*candidates: str) -> str:
    """An offer of both kinds that names these addresses and no other, in both sections."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    for kind in ("audio", "video"):
        peer.addTransceiver(kind)
    await peer.setLocalDescription(await peer.createOffer())
    lines = [line for line in peer.localDescription.sdp.splitlines() if not line.startswith(("a=cand", "a=end-of"))]
    await peer.close()
    told = [f"a={each}" for each in candidates]
    sections = [[*told, line] if line.startswith("a=mid:") else [line] for line in lines]
    return "".join(f"{line}\r\n" for section in sections for line in section)


def candidate(host: str, port: int, *, component: int = 1, protocol: str = "udp") -> str:
    return f"candidate:{port} {component} {protocol} 1 {host} {port} typ host"


async def test_of_an_offer_only_what_one_machine_can_have_is_kept_and_each_once() -> None:
    offer = await offer_with(
        *[candidate("203.0.113.9", 5_000)] * 3,
        *[candidate("203.0.113.8", port) for port in range(5_000, 5_020)],
        *[candidate(host, 5_000) for host in NOWHERE],
        *[candidate("203.0.113.7", port) for port in (0, 53, 1_023, 65_536)],
        candidate("203.0.113.6", 5_000, component=2),
        candidate("203.0.113.6", 5_000, protocol="tcp"),
        candidate("203.0.113.5", 5_000, protocol="UDP"),
    )
    for section in read_offer(offer).media:
        assert [(each.ip, each.port) for each in section.ice_candidates] == [
            ("203.0.113.9", 5_000),
            *[("203.0.113.8", port) for port in range(5_000, 5_004)],
            ("203.0.113.5", 5_000),
        ]


# --- Real connections -----------------------------------------------------------------------------------------------


@pytest.fixture
def ports() -> Iterator[list[socket.socket]]:
    """Sockets of services inside, of IPv4 and IPv6 loopback, that hear what is sent to them."""
    heard: list[socket.socket] = []
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        for _ in range(8):
            each = socket.socket(family, socket.SOCK_DGRAM)
            each.bind((host, 0))
            each.setblocking(False)
            heard.append(each)
    yield heard
    for each in heard:
        each.close()


def count(ports: list[socket.socket]) -> int:
    """Datagrams that have come to them since they were asked."""
    found = 0
    for each in ports:
        while True:
            try:
                each.recv(2_048)
            except BlockingIOError:
                break
            found += 1
    return found


@pytest.mark.skipif(not get_host_addresses(use_ipv4=True, use_ipv6=False), reason="this machine has only loopback")
@pytest.mark.parametrize("make", [PeerLink, FallbackLink])
async def test_one_offer_makes_us_send_nothing_inside(
    ports: list[socket.socket], make: type[PeerLink | FallbackLink]
) -> None:
    named = [each.getsockname()[:2] for each in ports]
    offer = await offer_with(*(candidate(host, port) for host, port in named))
    for udp, wanted in ((UdpSettings(), False), (UdpSettings(addresses=("127.0.0.1", "::1")), make is PeerLink)):
        link = make(udp)
        answer, _ = await link.answer(offer)
        assert link._guard is not None
        connection = link._guard._connection
        while not connection._early_checks_done:
            await asyncio.sleep(0)
        # Every check has begun, or there is none to begin.
        async with asyncio.timeout(5):
            while any(
                each.task is None and each.state.name in ("FROZEN", "WAITING") for each in connection._check_list
            ):
                await asyncio.sleep(0.01)
        assert bool(count(ports)) == bool(connection._check_list) == wanted
        assert ("127.0.0.1" in answer) == wanted
        await link.close()


@pytest.mark.parametrize("private_peers", [True, False])
async def test_whoever_has_the_proof_does_not_lead_us_inside_by_where_its_checks_come_from(private_peers: bool) -> None:
    peer = Offline(private_peers=private_peers)
    # No system takes these from outside; what stands for them, and a link's own, can be forged.
    loopback = ["127.0.0.1", "127.9.9.9", "::1"]
    for host in [*HERE, *in_other_words("127.0.0.1"), *NOWHERE[:6], *PRIVATE, *PUBLIC]:
        peer.hear((host, 5_000))
    peer.hear((PUBLIC[0], 53))
    peer.hear((loopback[0], 53))
    allowed = [*loopback, *(PRIVATE if private_peers else []), *PUBLIC]
    assert [address for _, address in peer.answers] == [(host, 5_000) for host in allowed]
    assert len(peer.connection._early_checks) == len(allowed)
    peer.answers.clear()
    for host in [*HERE, *PRIVATE, *PUBLIC]:
        peer.protocol.send_stun(peer.request(), (host, 5_000))
    assert [address for _, address in peer.answers] == [(host, 5_000) for host in allowed]


async def test_candidates_inside_are_never_paired() -> None:
    peer = Offline(private_peers=False)
    for host in [*HERE[:5], *PRIVATE, *PUBLIC]:
        await peer.connection.add_remote_candidate(peer.candidate(host, 5_000))
    paired = {pair.remote_addr[0] for pair in peer.connection._check_list}
    assert paired == {host for host in PUBLIC if ":" not in host}


# --- Answers --------------------------------------------------------------------------------------------------------


def hosts_of(sdp: str) -> list[str]:
    return [line.split()[4] for line in sdp.splitlines() if line.startswith("a=candidate:")]


async def test_an_answer_tells_the_announced_address_alone_for_its_family_and_nothing_local_beside_others() -> None:
    ours = get_host_addresses(use_ipv4=True, use_ipv6=False)[:1]
    link = PeerLink(UdpSettings(addresses=("127.0.0.1", *ours), announced="203.0.113.9"))
    answer, _ = await link.answer(await offer_with(candidate("203.0.113.1", 5_000)))
    assert set(hosts_of(answer)) == {"203.0.113.9"}
    assert "127.0.0.1" not in answer
    await link.close()


def test_the_fallback_tells_the_same() -> None:
    lines = [
        f"a=candidate:1 1 udp 1 {host} 4000 typ host\r\n"
        for host in ("127.0.0.2", "169.254.1.1", "192.0.2.1", "fe80::1")
    ]
    assert hosts_of(_told("".join(lines), UdpSettings())) == ["192.0.2.1"]
    assert hosts_of(_told("".join(lines), UdpSettings(announced="203.0.113.9"))) == ["203.0.113.9"]
    assert hosts_of(_told(lines[0], UdpSettings())) == ["127.0.0.2"]
