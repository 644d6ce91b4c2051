import re
import time

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from media.errors import BadOffer
from media.peer import MOST_CANDIDATES, MOST_CODECS, MOST_FEEDBACK, MOST_LINES, MOST_SOURCES, read_offer


@pytest.fixture
async def offer() -> str:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    for kind in ("audio", "video"):
        peer.addTransceiver(kind)
    await peer.setLocalDescription(await peer.createOffer())
    sdp: str = peer.localDescription.sdp
    await peer.close()
    return sdp.replace("a=end-of-candidates\r\n", "")


def test_only_what_is_of_use_is_taken_over(offer: str) -> None:
    read = read_offer(offer)
    assert [media.kind for media in read.media] == ["audio", "video"]
    assert {codec.name for media in read.media for codec in media.rtp.codecs} == {"opus", "VP8", "rtx"}


def test_names_and_surplus_candidates_of_a_peer_are_not_tried(offer: str) -> None:
    name = "a=candidate:1 1 udp 2130706431 12345678-1234-1234-1234-123456789abc.local 50000 typ host\r\n"
    many = [f"a=candidate:{n} 1 udp 1 192.0.2.{n} 50000 typ host\r\n" for n in range(1, 100)]
    read = read_offer(offer + name + "".join(many))
    assert all(not each.ip.endswith(".local") for media in read.media for each in media.ice_candidates)
    assert len(read.media[1].ice_candidates) == MOST_CANDIDATES


def test_an_offer_that_repeats_itself_is_cut_down_before_it_costs_anything(offer: str) -> None:
    feedback = "a=rtcp-fb:* nack\r\n" * 700
    sources = "".join(f"a=ssrc:{n} cname:a\r\n" for n in range(600))
    began = time.thread_time()
    read = read_offer(offer + feedback + sources)
    assert len(str(read)) < 10_000
    assert time.thread_time() - began < 0.2
    assert max(len(codec.rtcpFeedback) for codec in read.media[1].rtp.codecs) == MOST_FEEDBACK
    assert len(read.media[1].ssrc) == MOST_SOURCES


@pytest.mark.parametrize("group", ["0 2", "1 0", "0 0", "0", ""])
def test_the_bundle_must_be_the_sections_in_their_order(offer: str, group: str) -> None:
    assert "a=group:BUNDLE 0 1\r\n" in offer
    with pytest.raises(BadOffer, match="bundled"):
        read_offer(offer.replace("BUNDLE 0 1", f"BUNDLE {group}"))
    with pytest.raises(BadOffer, match="bundled"):
        read_offer(offer.replace("BUNDLE 0 1", "BUNDLE 0 0").replace("a=mid:1", "a=mid:0"))


def test_a_section_without_an_rtcp_line_keeps_its_rtcp_mux(offer: str) -> None:
    """Firefox has none where a section is bundle-only (RFC 9429 §5.2.1)."""
    assert str(read_offer(re.sub("a=rtcp:.*\r\n", "", offer))).count("a=rtcp-mux\r\n") == 2


def test_an_offer_longer_than_any_browsers_is_refused(offer: str) -> None:
    with pytest.raises(BadOffer, match="too long"):
        read_offer(offer + "a=ssrc:1 cname:a\r\n" * MOST_LINES)
    codecs = "".join(f"a=rtpmap:{n} VP8/90000\r\n" for n in range(MOST_CODECS + 1))
    with pytest.raises(BadOffer):
        read_offer(offer + codecs)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("ice-ufrag", "u" * 257),
        ("ice-ufrag", "u" * 30_000),
        ("ice-ufrag", "abc"),
        ("ice-ufrag", "ab:cd"),
        ("ice-ufrag", "ab cd"),
        ("ice-ufrag", "\u00e9" * 200),
        ("ice-pwd", "p" * 21),
        ("ice-pwd", "p" * 30_000),
        ("ice-pwd", "p" * 21 + "\u00e9"),
    ],
)
def test_a_name_or_password_that_is_none_of_ices_is_refused(offer: str, attribute: str, value: str) -> None:
    """Checks bear the name: a peer that names the addresses too must not choose how much is sent there."""
    for section in (0, 1):
        parts = re.split(rf"(?<=a={attribute}:)\S+", offer)
        kept = re.findall(rf"(?<=a={attribute}:)\S+", offer)
        kept[section] = value
        with pytest.raises(BadOffer):
            read_offer("".join(part + said for part, said in zip(parts, [*kept, ""], strict=True)))
