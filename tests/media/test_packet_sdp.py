"""Session descriptions of packet robots."""

import pytest

from media.aiortc_client import LocalTransport
from media.packet_sdp import Numbers, Sources, read, write

LOCAL = LocalTransport("name", "password0123456789012345", "AA:BB", ("1 1 udp 2130706431 127.0.0.1 4000 typ host",))
SOURCES = Sources(1, 2, 3, "robot")


def test_an_offer_says_what_it_was_written_from() -> None:
    said = read(write(LOCAL, SOURCES, direction="sendrecv", setup="actpass", numbers=Numbers()))
    assert said.numbers == Numbers()
    assert said.sections == (("audio", "0"), ("video", "1"))
    assert said.transport.ice_candidates[0].port == 4_000
    assert said.transport.ice.usernameFragment == "name"
    assert said.transport.dtls is not None
    assert [each.algorithm for each in said.transport.dtls.fingerprints] == ["sha-256"]


def test_an_answer_uses_the_offers_numbers_and_names() -> None:
    numbers = Numbers(audio=100, video=101, repeated=None, transport_sequence=0)
    sections = (("video", "v"), ("audio", "a"))
    answer = write(LOCAL, None, direction="recvonly", setup="active", numbers=numbers, sections=sections)
    said = read(answer)
    assert (said.numbers, said.sections) == (numbers, sections)
    assert "a=ssrc" not in answer
    assert "a=recvonly" in answer


def test_sound_alone_is_no_call() -> None:
    offer = write(LOCAL, SOURCES, direction="sendrecv", setup="actpass", numbers=Numbers())
    with pytest.raises(ValueError, match="one section"):
        read(offer[: offer.index("m=video")])


def test_other_codecs_are_no_call() -> None:
    offer = write(LOCAL, SOURCES, direction="sendrecv", setup="actpass", numbers=Numbers())
    with pytest.raises(ValueError, match="VP8"):
        read(offer.replace("VP8", "H264"))
