from struct import pack

from hypothesis import given
from hypothesis import strategies as st

from media.rtp import (
    ONE_BYTE_PROFILE,
    TWO_BYTE_PROFILE,
    RtpPacket,
    Unwrapper,
    modular_distance,
    parse,
    serialize,
    serialize_numbered,
)


def with_extension(profile: int, body: bytes, payload: bytes = b"payload") -> bytes:
    body += bytes(-len(body) % 4)
    return pack("!BBHIIHH", 0x90, 97, 1, 2, 3, profile, len(body) // 4) + body + payload


@given(
    payload_type=st.integers(0, 127),
    marker=st.booleans(),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(max_size=20),
)
def test_what_is_written_is_read(
    *, payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int, payload: bytes
) -> None:
    data = serialize(payload_type, marker=marker, sequence=sequence, timestamp=timestamp, ssrc=ssrc, payload=payload)
    assert parse(data, 3) == RtpPacket(payload_type, marker, sequence, timestamp, ssrc, payload, None)


@given(
    marker=st.booleans(),
    extension=st.integers(1, 14),
    number=st.integers(0, 0xFFFF),
    payload=st.binary(max_size=20),
)
def test_a_transport_wide_number_goes_with_a_packet(
    *, marker: bool, extension: int, number: int, payload: bytes
) -> None:
    data = serialize_numbered(
        97,
        marker=marker,
        sequence=1,
        timestamp=0xFFFFFFFF,
        ssrc=0xFFFFFFFF,
        payload=payload,
        extension=extension,
        number=number,
    )
    assert parse(data, extension) == RtpPacket(97, marker, 1, 0xFFFFFFFF, 0xFFFFFFFF, payload, number)
    (identifier,) = {extension % 14 + 1}
    other = parse(data, identifier)
    assert other is not None
    assert other.transport_sequence is None


def test_the_octets_of_a_numbered_packet_are_those_of_rfc_8285() -> None:
    data = serialize_numbered(
        97, marker=True, sequence=2, timestamp=3, ssrc=4, payload=b"x", extension=5, number=0xABCD
    )
    assert data == bytes.fromhex("90e1000200000003000000" + "04bede0001" + "51abcd00") + b"x"


@given(st.binary(max_size=60))
def test_nothing_that_a_peer_sends_raises(data: bytes) -> None:
    parse(data, 3)
    parse(b"\x90" + data, 3)


def test_the_transport_wide_number_is_found_among_other_extensions() -> None:
    one_byte = bytes([0x10, ord("0"), 0x00, 0x22, 1, 2, 3, 0x31, 0xAB, 0xCD])
    assert _transport_sequence(with_extension(ONE_BYTE_PROFILE, one_byte)) == 0xABCD
    two_byte = bytes([1, 1, ord("0"), 0, 3, 2, 0xAB, 0xCD])
    assert _transport_sequence(with_extension(TWO_BYTE_PROFILE, two_byte)) == 0xABCD
    assert _transport_sequence(with_extension(TWO_BYTE_PROFILE | 0x5, two_byte)) == 0xABCD


def test_a_number_of_another_length_or_kind_is_none() -> None:
    assert _transport_sequence(with_extension(ONE_BYTE_PROFILE, bytes([0x30, 0xAB]))) is None
    assert _transport_sequence(with_extension(ONE_BYTE_PROFILE, bytes([0x21, 0xAB, 0xCD]))) is None
    assert _transport_sequence(with_extension(ONE_BYTE_PROFILE, bytes([0x00, 0x00, 0x00, 0x31]))) is None
    assert _transport_sequence(with_extension(0x1234, bytes([0x31, 0xAB, 0xCD]))) is None


def _transport_sequence(data: bytes) -> int | None:
    packet = parse(data, 3)
    assert packet is not None
    assert packet.payload == b"payload"
    return packet.transport_sequence


def test_padding_and_contributing_sources_are_taken_off() -> None:
    data = pack("!BBHIII", 0xA1, 0x80 | 97, 1, 2, 3, 99) + b"payload" + bytes([0, 0, 3])
    packet = parse(data, 0)
    assert packet is not None
    assert (packet.payload, packet.marker) == (b"payload", True)


def test_what_is_cut_off_is_no_packet() -> None:
    whole = with_extension(ONE_BYTE_PROFILE, bytes([0x31, 1, 2]), payload=b"")
    assert all(parse(whole[:length], 3) is None for length in range(len(whole)))
    assert parse(b"\x00" * 12, 0) is None
    assert parse(bytes([0xA0]) + bytes(12), 0) is None
    assert parse(bytes([0xA0]) + bytes(11) + b"\x02", 0) is None


def test_numbers_go_on_over_their_wrap() -> None:
    unwrapper = Unwrapper(16)
    first = unwrapper.unwrap(0xFFFE)
    assert [unwrapper.unwrap(value) - first for value in (0xFFFF, 0, 1, 0xFFFF, 2)] == [1, 2, 3, 1, 4]


def test_a_late_first_number_stays_positive() -> None:
    unwrapper = Unwrapper(16)
    unwrapper.unwrap(0)
    assert unwrapper.unwrap(0xFFFF) == 0xFFFF


@given(start=st.integers(0, 0xFFFF), steps=st.lists(st.integers(-100, 1_000), max_size=200))
def test_unwrapping_follows_any_walk_of_small_steps(start: int, steps: list[int]) -> None:
    unwrapper = Unwrapper(16)
    newest = true = start
    assert unwrapper.unwrap(start) == 0x10000 + start
    for step in steps:
        true = newest + step
        newest = max(newest, true)
        assert unwrapper.unwrap(true & 0xFFFF) == 0x10000 + true


def test_distance_is_counted_forward() -> None:
    assert modular_distance(0xFFFFFFFF, 1) == 2
    assert modular_distance(1, 0xFFFFFFFF) == 0xFFFFFFFE
    assert modular_distance(0x7FFF, 0, bits=15) == 1
