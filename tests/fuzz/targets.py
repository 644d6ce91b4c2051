"""What is fuzzed beside whole calls: readers of packets, offers and messages. Each says what an input showed of it."""

import asyncio
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from media import protocol, rtcp, rtp, twcc, vp8
from media.aiortc_seam import PeerLink
from media.errors import BadOffer
from media.peer import Link, read_offer
from media.worker_settings import UdpSettings
from tests.fuzz.cases import Case, Op

PACKET_S = 0.005
"""What one packet may cost: seconds of processor time. At a hundred in a second even that would be half a core."""
OFFER_S = 0.2
"""What reading one offer may cost; a connection costs a fifth of it anyway."""
MESSAGE_S = 0.01
"""What reading one message of a node may cost."""
LONGEST_RTCP = 1_400
"""Octets of a packet of ours, so that it passes every network whole."""

Features = set[Hashable]
Target = Callable[[tuple[Op, ...]], Features]


class Slow(AssertionError):  # noqa: N818 - a finding
    """Something took longer than it may; to be tried again, because the machine may have been busy."""


class _Clock:
    """Which clock `within` reads; that of the thread counts no other's time and costs fifty times more."""

    now: Callable[[], float] = time.perf_counter


@contextmanager
def measured_well() -> Iterator[None]:
    """Have `within` count what this thread used itself."""
    _Clock.now = time.thread_time
    try:
        yield
    finally:
        _Clock.now = time.perf_counter


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise Slow where the block takes longer than that."""
    began = _Clock.now()
    yield
    took = _Clock.now() - began
    if took > seconds:
        raise Slow(f"took {took * 1_000:.1f} ms of at most {seconds * 1_000:.0f}")


def wire(ops: tuple[Op, ...]) -> Features:
    """Octets through every reader of packets, and what was read through the writers again."""
    found: Features = set()
    for _, data in ops:
        with within(PACKET_S):
            found |= {*_read_rtp(data), *_read_rtcp(data), _read_feedback(data)}
    return found


def _read_rtp(data: bytes) -> Iterator[Hashable]:
    for extension in (0, 1, 3, 14):
        packet = rtp.parse(data, extension)
        if packet is None:
            yield "no rtp"
            continue
        yield "rtp", packet.transport_sequence is None, bool(packet.payload), packet.marker
        assert len(packet.payload) <= len(data) - 12
        if packet.payload and not extension:
            yield from _read_vp8(packet.payload)


def _read_vp8(payload: bytes) -> Iterator[Hashable]:
    found = vp8.parse(payload)
    if found is None:
        yield "no vp8"
        return
    yield found.starts_frame, vp8.starts_key_frame(payload, found), found.picture_id is None, found.tl0picidx is None
    yield found.size, found.long_picture_id
    again = vp8.rewrite(payload, found, 0x1234, 0x56)
    written = vp8.parse(again)
    assert written is not None
    assert len(again) <= len(payload) + 1
    assert again[written.size :] == payload[found.size :]
    assert written.picture_id == (None if found.picture_id is None else 0x1234)
    assert written.tl0picidx == (None if found.tl0picidx is None else 0x56)
    assert written.starts_frame == found.starts_frame


def _read_rtcp(data: bytes) -> Iterator[Hashable]:
    messages = rtcp.parse(data)
    assert len(messages) <= len(data) // 4
    for message in messages:
        yield type(message).__name__
        if isinstance(message, rtcp.Nack):
            assert len(message.sequences) <= len(data) * 17 // 4
            again = rtcp.nack(1, message.ssrc, sorted(set(message.sequences)))
            (read,) = rtcp.parse(again) or [rtcp.Nack(message.ssrc, ())]
            assert isinstance(read, rtcp.Nack)
            assert set(read.sequences) == set(message.sequences)


def _read_feedback(data: bytes) -> Hashable:
    try:
        feedback = twcc.parse(data)
    except ValueError as error:
        return str(error)
    assert len(feedback.arrivals) <= twcc.LONGEST
    recorder = twcc.ArrivalRecorder()
    came = [(n, at) for n, at in enumerate(feedback.arrivals, feedback.base_sequence) if at is not None]
    for number, at in sorted(came, key=lambda each: each[1]):
        recorder.add(number & 0xFFFF, at)
    for packet in recorder.flush(1, 2):
        whole_rtcp(packet)
        twcc.parse(packet)
    return "feedback", len(came).bit_length(), len(feedback.arrivals).bit_length()


def whole_rtcp(data: bytes) -> None:
    """A compound packet of ours is whole and short enough."""
    assert len(data) <= LONGEST_RTCP, f"{len(data)} octets of RTCP"
    at = 0
    while at < len(data):
        assert data[at] >> 6 == 2
        at += 4 + 4 * int.from_bytes(data[at + 2 : at + 4], "big")
    assert at == len(data)


def messages(ops: tuple[Op, ...]) -> Features:
    """Lines through the readers of what nodes and workers tell each other; what is read reads the same again."""
    found: Features = set()
    readers: dict[str, Callable[[Any], Any]] = {
        "worker": protocol.to_worker.validate_json,
        "node": lambda data: protocol.decode(data.decode()),
        "octets": protocol.decode,
    }
    for verb, data in ops:
        with within(MESSAGE_S):
            try:
                message = readers[verb](data)
            except (ValidationError, UnicodeDecodeError) as error:
                found |= _why(error)
                continue
        found.add(type(message).__name__)
        again = protocol.encode(message)
        reader = protocol.to_worker.validate_json if verb == "worker" else protocol.decode
        assert reader(again) == message
    return found


def _why(error: ValidationError | UnicodeDecodeError) -> Features:
    if isinstance(error, UnicodeDecodeError):
        return {"no text"}
    return {(each["type"], each["loc"][:2]) for each in error.errors(include_url=False, include_input=False)}


def offers(ops: tuple[Op, ...]) -> Features:
    """Lines as one offer: read, and answered by a connection that is closed at once. Nobody is ever dialled."""
    text = "\r\n".join(op.data.decode(errors="replace") for op in ops)[:65_536]
    with within(OFFER_S):
        try:
            read_offer(text)
        except BadOffer as refused:
            return {str(refused)}
    nobody = "\r\n".join(line for line in text.splitlines() if not line.startswith("a=candidate"))
    return _RUNNER.run(_answer(nobody))


async def _answer(offer: str) -> Features:
    link: Link = PeerLink(UdpSettings(addresses=("127.0.0.1",)))
    try:
        with within(OFFER_S):
            answer, agreed = await link.answer(offer)
    except BadOffer as refused:
        return {("refused", str(refused))}
    finally:
        await link.close()
    await _settled()
    assert "a=fingerprint" in answer
    return {"answered", agreed.video.rtx_payload_type is None, agreed.transport_sequence_id > 0}


async def _settled() -> None:
    """Nothing goes on after a connection was closed."""
    async with asyncio.timeout(2):
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0)


_RUNNER = asyncio.Runner()


def run(case: Case, targets: dict[str, Target]) -> Features:
    """Do a case; raises AssertionError where something does not hold, and whatever else is raised."""
    return {(case.target, feature) for feature in targets[case.target](case.ops)}
