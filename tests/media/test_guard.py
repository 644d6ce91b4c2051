"""Real connections while strangers send: nothing ends them, nothing grows, nobody else is sent anything."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle, islice
from struct import pack
from typing import Any, cast

import pytest
from aioice import stun
from aioice.ice import CandidatePair, Connection, StunProtocol
from aiortc import rtcrtpreceiver
from aiortc.rtcdtlstransport import RTCDtlsTransport

from media import aiortc_seam, aiortc_sockets, clock, fallback
from media.aiortc_seam import PeerLink
from media.fallback import FallbackLink
from media.ingress import guard
from media.ingress.datagrams import LONGEST
from media.ingress.guard import (
    MOST_ADDRESSES,
    MOST_CHECKS,
    MOST_CHECKS_EACH,
    MOST_PARSED,
    MOST_REQUESTS,
    MOST_WAITING,
    IceGuard,
)
from media.ingress.sources import MOST_SOURCES
from media.rtp import serialize
from media.worker_settings import UdpSettings
from tests.media import forged
from tests.media.forged import HARMLESS, NOT_FROM_OUTSIDE, SHORT
from tests.media.meeting import LOOPBACK, Meeting, meeting, without_candidates
from tests.media.offline import Offline

Way = Callable[[], PeerLink | FallbackLink]
FEW = 64
"""Datagrams that a socket's buffer surely holds."""


@pytest.fixture(params=["seam", "fallback"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Way:
    """Both ways of holding a connection."""
    if request.param == "seam":
        return lambda: PeerLink(LOOPBACK)
    for name in ("get_decoder", "depayload"):
        monkeypatch.setattr(rtcrtpreceiver, name, getattr(rtcrtpreceiver, name))
    fallback.install()
    # It cannot choose its addresses.
    return lambda: FallbackLink(UdpSettings())


def in_turns(datagrams: Iterable[bytes]) -> Iterator[list[bytes]]:
    """All of them, some at a time."""
    left = iter(datagrams)
    while some := list(islice(left, FEW)):
        yield some


async def send_all(datagrams: Iterable[bytes], send: Callable[[bytes], None], met: Meeting) -> None:
    """Send them all, each few once those before have arrived: a packet of the peer comes through behind them."""
    for some in in_turns(datagrams):
        for each in some:
            send(each)
        assert await met.goes_on()


# --- Nothing ends a connection --------------------------------------------------------------------------------------


async def test_no_datagram_of_a_stranger_or_in_the_peers_name_ends_a_leg(way: Way) -> None:
    everything = [*SHORT, *HARMLESS.values(), *NOT_FROM_OUTSIDE.values()]
    async with meeting(way()) as met:
        await met.connect()
        await send_all(everything, met.from_a_stranger, met)
        await send_all(everything, met.from_the_peer, met)
        names = [f"{met.ours.local_username}:{met.ours.remote_username}", f"{met.ours.local_username}:", "\0" * 9]
        await send_all([each for name in names for each in forged.malformed_checks(name)], met.from_a_stranger, met)
        assert met.counts.faults > 0, "some of them trip the library's parser"
        assert met.counts.dropped.total() > len(SHORT) * 3 // 2
        assert met.raised == []


async def test_no_datagram_of_a_stranger_disturbs_what_begins(way: Way) -> None:
    async with meeting(way(), without_candidates) as met:
        for some in in_turns([*SHORT, *HARMLESS.values(), *NOT_FROM_OUTSIDE.values()]):
            before = met.counts.dropped.total()
            for each in some:
                met.from_a_stranger(each)
            await met.dropped(before + len(some))
        stream = cycle([*HARMLESS.values(), *NOT_FROM_OUTSIDE.values(), b"", b"\x16"])

        def spray() -> list[bytes]:
            for each in islice(stream, 20):
                met.from_a_stranger(each)
            return []

        met.forge(spray)
        await met.connect()
        assert await met.goes_on()
        assert met.counts.dropped["of_strangers"] > 0
        assert met.raised == []


@pytest.mark.parametrize("name", HARMLESS)
async def test_what_is_forged_in_the_peers_name_while_it_shakes_hands_changes_nothing(name: str) -> None:
    async with meeting() as met:
        met.forge(lambda: [HARMLESS[name]] * 3)
        await met.connect()
        assert await met.goes_on()
        assert met.raised == []


async def test_short_ones_in_the_peers_name_while_it_shakes_hands_change_nothing(way: Way) -> None:
    stream = cycle(SHORT)
    async with meeting(way()) as met:
        met.forge(lambda: list(islice(stream, FEW)))
        await met.connect()
        await send_all(SHORT, met.from_the_peer, met)
        assert met.raised == []


async def test_what_a_library_raises_about_a_packet_is_counted_and_the_leg_goes_on(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {"times": 0}
    receive = RTCDtlsTransport._recv_next

    async def breaks(self: RTCDtlsTransport) -> None:
        await receive(self)
        if self in watched and broken["times"] < 2:
            broken["times"] += 1
            raise out_of_range

    out_of_range, watched = IndexError("index out of range"), list[RTCDtlsTransport]()
    monkeypatch.setattr(RTCDtlsTransport, "_recv_next", breaks)
    async with meeting(way()) as met:
        watched.append(met.ours_dtls)
        await met.connect()
        assert await met.goes_on()
        assert broken["times"] == met.counts.faults == 2
        assert met.raised == []


async def test_a_handshake_that_the_library_trips_over_fails_and_is_told_to_nobody(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with meeting(way()) as met:
        ours, failed = met.ours_dtls, asyncio.Event()
        ours.on("statechange", lambda: failed.set() if ours.state == "failed" else None)

        def trips(_: RTCDtlsTransport, __: object) -> None:
            raise ValueError("a certificate like no other")

        monkeypatch.setattr(ours, "_validate_peer_identity", trips.__get__(ours))
        await met.answered()
        async with asyncio.timeout(5):
            await failed.wait()
        assert not met.connected.is_set()
        assert met.counts.faults == 1
        assert met.raised == []


# --- Nothing grows --------------------------------------------------------------------------------------------------


async def test_before_ice_nothing_but_stun_is_taken_and_nothing_waits(way: Way) -> None:
    whole = [*HARMLESS.values(), *NOT_FROM_OUTSIDE.values(), b"\x80\x61" + bytes(1_200)]
    async with meeting(way(), without_candidates) as met:
        for _ in range(20):
            before = met.counts.dropped.total()
            for each in whole:
                met.from_a_stranger(each)
            await met.dropped(before + len(whole))
        assert met.ours._queue.qsize() == 0
        assert met.counts.dropped["before_ice"] >= 20 * len(NOT_FROM_OUTSIDE)


async def test_what_waits_for_the_library_has_a_bound_of_number_and_octets() -> None:
    connection = Connection(ice_controlling=False)
    guarded = IceGuard(connection, private_peers=True)
    for _ in range(3 * MOST_WAITING):
        connection.data_received(b"\x80" * LONGEST, 1)
    connection.data_received(b"\0nothing", 1)
    assert connection._queue.qsize() == MOST_WAITING
    assert guarded.counts.dropped == {"too_many_waiting": 2 * MOST_WAITING, "malformed": 1}


async def test_sources_of_a_peer_have_a_bound(way: Way) -> None:
    async with meeting(way()) as met:
        await met.connect()
        assert await met.goes_on()
        for ssrc in range(2, 3 * MOST_SOURCES):
            await met.dtls._send_rtp(serialize(96, marker=False, sequence=1, timestamp=1, ssrc=ssrc, payload=b"x"))
        await met.dropped(2 * MOST_SOURCES - 4)
        assert met.counts.dropped["too_many_sources"] > MOST_SOURCES
        assert await met.goes_on()


async def test_the_addresses_of_one_peers_checks_have_a_bound_and_so_has_their_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    time = [0]
    monkeypatch.setattr(clock, "now", lambda: time[0])
    peer = Offline()
    for port in range(5_000, 5_000 + 3 * MOST_ADDRESSES):
        peer.hear(("192.0.2.9", port))
    assert len(peer.connection._early_checks) == len(peer.answers) == MOST_ADDRESSES
    for _ in range(3 * MOST_REQUESTS):
        peer.hear(("192.0.2.9", 5_000))
    assert len(peer.answers) <= MOST_REQUESTS
    time[0] += 1_000_000
    before = len(peer.answers)
    peer.hear(("192.0.2.9", 5_000))
    assert len(peer.answers) == before + 1


async def test_the_checks_that_are_looked_at_have_a_bound_whatever_proof_they_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    time, looked_at, parse = [0], [0], stun.parse_message

    def counted(*given: Any, **more: Any) -> stun.Message:
        looked_at[0] += 1
        return parse(*given, **more)

    monkeypatch.setattr(clock, "now", lambda: time[0])
    monkeypatch.setattr(stun, "parse_message", counted)
    peer = Offline()
    wrong = forged.check(f"{peer.connection.local_username}:theirs", "a password that it does not have")
    for _ in range(3 * MOST_PARSED):
        peer.protocol.datagram_received(wrong, ("192.0.2.9", 5_000))
    assert looked_at[0] == MOST_PARSED
    assert peer.guard.counts.dropped == {"no_proof": MOST_PARSED, "too_many_checks": 2 * MOST_PARSED}
    time[0] += 1_000_000
    peer.hear(("192.0.2.9", 5_000))
    assert len(peer.answers) == 1


async def test_what_holds_a_hundred_attributes_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    peer = Offline()
    asked = peer.request()
    peer.protocol.transactions[asked.transaction_id] = cast(Any, None)
    name = f"{peer.connection.local_username}:theirs".encode()
    user = pack("!HH", 0x0006, len(name)) + name + bytes(-len(name) % 4)
    attributes = user + pack("!HHBBHI", 0x0020, 8, 0, 1, 1, 1) * 100
    monkeypatch.setattr(stun, "parse_message", None)
    for kind in (0x0001, 0x0101, 0x0111):
        stuffed = pack("!HHI", kind, len(attributes), 0x2112A442) + asked.transaction_id + attributes
        peer.protocol.datagram_received(stuffed, ("192.0.2.9", 5_000))
    peer.protocol.transactions.clear()
    assert peer.guard.counts.dropped == {"malformed": 3}
    assert peer.guard.counts.faults == 0


async def test_a_check_without_a_priority_is_answered_where_its_sender_is_known() -> None:
    peer = Offline()
    peer.hear(("192.0.2.9", 5_000), without="PRIORITY")
    assert peer.answers == []
    peer.hear(("192.0.2.9", 5_000))
    peer.hear(("192.0.2.9", 5_000), without="PRIORITY")
    assert len(peer.answers) == 2


async def test_what_is_sent_to_addresses_that_never_answer_has_a_bound() -> None:
    peer = Offline()
    for _ in range(2 * MOST_CHECKS_EACH):
        for port in range(6_000, 6_016):
            peer.protocol.send_stun(peer.request(), ("192.0.2.9", port))
    sent = [address for _, address in peer.answers]
    assert len(sent) == MOST_CHECKS
    assert max(map(sent.count, sent)) <= MOST_CHECKS_EACH
    # Whoever proved who it is has a bound of its own, whatever else was tried.
    peer.hear(("192.0.2.9", 7_000))
    peer.answers.clear()
    for _ in range(2 * MOST_CHECKS_EACH):
        peer.protocol.send_stun(peer.request(), ("192.0.2.9", 7_000))
    assert len(peer.answers) == MOST_CHECKS_EACH


# --- Nobody else is sent anything -----------------------------------------------------------------------------------


async def test_who_has_no_proof_is_told_nothing(way: Way) -> None:
    async with meeting(way()) as met:
        await met.connect()
        ours, theirs = met.ours.local_username, met.ours.remote_username
        password = met.ours.local_password
        checks = [
            forged.check(f"{ours}:{theirs}", "another" + password),
            forged.check(f"{ours}:someone", password),
            forged.check(f"someone:{theirs}", password),
            bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST)),
            bytes(stun.Message(stun.Method.ALLOCATE, stun.Class.REQUEST)),
            *forged.malformed_checks(f"{ours}:{theirs}"),
        ]
        before = met.counts.dropped.total() + met.counts.faults
        for each in checks:
            met.from_a_stranger(each)
        async with asyncio.timeout(5):
            while met.counts.dropped.total() + met.counts.faults < before + len(checks):
                await asyncio.sleep(0.001)
        assert met.heard_by_the_stranger() is None
        proved = forged.check(f"{ours}:{theirs}", password)
        met.from_a_stranger(proved)
        assert len(await met.answer_to_the_stranger()) <= len(proved)
        assert met.raised == []


async def test_a_datagram_before_the_socket_listens_raises_nothing() -> None:
    connection = Connection(ice_controlling=False)
    guarded = IceGuard(connection, private_peers=True)
    protocol = await aiortc_sockets._bind(connection, "127.0.0.1", None)
    assert protocol is not None
    everything = [b"", b"\x16", *HARMLESS.values(), forged.check(f"{connection.local_username}:x", "wrong")]
    for each in everything:
        protocol.datagram_received(each, ("127.0.0.1", 5_000))
    assert guarded.counts.dropped.total() == len(everything)
    assert guarded.counts.dropped["before_listening"] > 5
    assert guarded.counts.faults == 0
    await protocol.close()


async def test_dtls_is_taken_from_where_a_check_came_later_in_the_call() -> None:
    peer = Offline()
    first, later, stranger = ("192.0.2.9", 5_000), ("198.51.100.7", 6_000), ("198.51.100.8", 6_000)

    def taken() -> list[tuple[str, int]]:
        waiting = peer.connection._queue.qsize()
        found = []
        for address in (first, later, stranger):
            peer.protocol.datagram_received(forged.SERVER_HELLO, address)
            if peer.connection._queue.qsize() > waiting:
                waiting += 1
                found.append(address)
        return found

    peer.hear(first)
    assert taken() == [], "a check of theirs alone is no pair"
    pair = CandidatePair(peer.protocol, peer.candidate(*first))
    peer.connection.check_state(pair, CandidatePair.State.SUCCEEDED)
    assert taken() == [first]
    peer.hear(later)
    assert taken() == [first, later]


async def test_a_peer_that_changes_its_role_for_ever_costs_no_more_than_one_that_is_silent() -> None:
    peer = Offline()
    peer.connection.remote_username, peer.connection.remote_password = "theirs", "p" * 22
    candidate = peer.candidate("192.0.2.9", 5_000)
    peer.connection._remote_candidates_end = True
    peer.on_sent = lambda message, _: asyncio.get_running_loop().call_soon(peer.refuse_role, message)
    peer.connection._remote_candidates.append(candidate)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await peer.connection.connect()
    assert len(peer.answers) == MOST_CHECKS_EACH
    await peer.connection.close()


# --- What it rests on -----------------------------------------------------------------------------------------------


def test_where_the_libraries_have_no_place_for_it_there_is_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    guard.check()
    with monkeypatch.context() as patch:
        patch.delattr(Connection, "request_received")
        for start in (aiortc_seam.check, fallback.install):
            with pytest.raises(RuntimeError, match=r"lacks Connection\.request_received"):
                start()
    monkeypatch.setattr(guard, "_PRIVATE", ())
    monkeypatch.setattr(guard, "RTCIceGatherer", lambda iceServers: object())  # noqa: N803 - the library's name
    with pytest.raises(RuntimeError, match="lacks _protocols, _queue"):
        guard.check()


async def test_connections_without_a_guard_are_as_ever() -> None:
    IceGuard(Connection(ice_controlling=False), private_peers=True).close()
    connection = Connection(ice_controlling=True)
    await connection.gather_candidates()
    for protocol in connection._protocols:
        assert isinstance(protocol, StunProtocol)
        protocol.datagram_received(b"anything", ("192.0.2.9", 5_000))
    assert connection._queue.qsize() == len(connection._protocols)
    await connection.close()
