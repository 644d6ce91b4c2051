import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.synthetic import encode, moving_picture
from media.vp8 import parse, picture_size, rewrite, starts_key_frame

KEY, DELTA = b"\x10\x02\x00", b"\x11\x02\x00"


def descriptor(
    *, picture_id: int | None = None, long: bool = True, tl0picidx: int | None = None, tid: bool = False
) -> bytes:
    """The descriptor of a frame's first packet (RFC 7741 §4.2)."""
    flags = (picture_id is not None) << 7 | (tl0picidx is not None) << 6 | tid << 5
    if not flags:
        return b"\x10"
    body = b""
    if picture_id is not None:
        body += (0x8000 | picture_id).to_bytes(2, "big") if long else bytes([picture_id])
    if tl0picidx is not None:
        body += bytes([tl0picidx])
    return bytes([0x90, flags]) + body + (b"\x20" if tid else b"")


@pytest.mark.parametrize("picture_id", [None, 0, 127, 128, 32_767])
@pytest.mark.parametrize("tl0picidx", [None, 0, 255])
@pytest.mark.parametrize("tid", [False, True])
def test_what_stands_in_a_descriptor_is_found(picture_id: int | None, tl0picidx: int | None, tid: bool) -> None:
    head = descriptor(picture_id=picture_id, tl0picidx=tl0picidx, tid=tid)
    found = parse(head + KEY)
    assert found is not None
    assert (found.picture_id, found.tl0picidx, found.size) == (picture_id, tl0picidx, len(head))
    assert found.starts_frame


def test_a_short_picture_id_is_read_and_made_long() -> None:
    payload = descriptor(picture_id=5, long=False, tl0picidx=9) + KEY
    found = parse(payload)
    assert found is not None
    assert (found.picture_id, found.long_picture_id) == (5, False)
    changed = rewrite(payload, found, 130, 10)
    again = parse(changed)
    assert again is not None
    assert (again.picture_id, again.long_picture_id, again.tl0picidx) == (130, True, 10)
    assert changed.endswith(KEY)


@given(picture_id=st.integers(-(1 << 20), 1 << 20), tl0picidx=st.integers(-1_000, 1_000))
def test_rewriting_wraps_and_touches_nothing_else(picture_id: int, tl0picidx: int) -> None:
    payload = descriptor(picture_id=7, tl0picidx=8, tid=True) + DELTA
    found = parse(payload)
    assert found is not None
    expected = descriptor(picture_id=picture_id % (1 << 15), tl0picidx=tl0picidx % 256, tid=True) + DELTA
    assert rewrite(payload, found, picture_id, tl0picidx) == expected


def test_rewriting_leaves_a_bare_descriptor_alone() -> None:
    found = parse(b"\x10" + KEY)
    assert found is not None
    assert rewrite(b"\x10" + KEY, found, 5, 6) == b"\x10" + KEY


def test_a_key_frame_is_known_by_its_first_packet_alone() -> None:
    for head, frame, expected in (
        (b"\x10", KEY, True),
        (b"\x10", DELTA, False),
        (b"\x00", KEY, False),
        (b"\x11", KEY, False),
    ):
        found = parse(head + frame)
        assert found is not None
        assert starts_key_frame(head + frame, found) is expected


def test_a_descriptor_that_is_cut_off_or_alone_is_none() -> None:
    whole = descriptor(picture_id=300, tl0picidx=1, tid=True)
    assert all(parse(whole[:length]) is None for length in range(len(whole) + 1))


@given(st.binary(max_size=12))
def test_nothing_that_a_peer_sends_raises(payload: bytes) -> None:
    found = parse(payload)
    if found is not None:
        starts_key_frame(payload, found)
        rewrite(payload, found, 1, 1)


@pytest.mark.parametrize("size", [(16, 16), (640, 480), (176, 144)])
def test_a_key_frame_tells_the_size_of_its_picture(size: tuple[int, int]) -> None:
    (frame,) = encode(moving_picture(*size), count=1)
    assert picture_size(frame) == size


def test_the_upper_two_bits_of_a_side_are_a_scale_and_no_size() -> None:
    assert picture_size(b"\x10\x00\x00\x9d\x01\x2a" + b"\x80\xc2\xe0\x41") == (640, 480)


@pytest.mark.parametrize("sides", [b"\x00\x00\xe0\x01", b"\x80\x02\x00\x00", b"\x00\xc0\x00\xc0", b"\x80\x02\xe0"])
def test_a_picture_without_any_pixels_tells_none(sides: bytes) -> None:
    assert picture_size(b"\x10\x00\x00\x9d\x01\x2a" + sides) is None


def test_what_lacks_the_start_code_tells_no_size() -> None:
    assert picture_size(b"\x10\x00\x00\x9d\x01\x2b\x80\x02\xe0\x01") is None
