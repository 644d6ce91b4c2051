"""Who a leg's media is exchanged with, and by which keys: certificates, ciphers, what has no key (ASVS 5.0, V17.2)."""

import asyncio
import re

from media import rtp
from media.aiortc_seam import PeerLink
from tests.media.meeting import LOOPBACK, Meeting, meeting
from tests.media.test_guard import Way, way

__all__ = ["way"]


def fingerprints(link: Meeting) -> set[str]:
    return {each.value for each in link.ours_dtls.getLocalParameters().fingerprints}


def another(sdp: str) -> str:
    """The offer with fingerprints of a certificate that the peer does not have."""
    return re.sub(r"(a=fingerprint:sha-\d+ )(\w\w)", lambda found: found[1] + ("00" if found[2] != "00" else "01"), sdp)


async def test_a_certificate_that_the_offer_does_not_name_ends_the_leg(way: Way) -> None:
    async with meeting(way(), another) as met:
        ours, failed = met.ours_dtls, asyncio.Event()
        ours.on("statechange", lambda: failed.set() if ours.state == "failed" else None)
        await met.answered()
        async with asyncio.timeout(20):
            await failed.wait()
        assert not met.connected.is_set()
        assert ours._rx_srtp is None


async def test_each_leg_has_a_certificate_of_its_own(way: Way) -> None:
    async with meeting(way()) as one, meeting(way()) as other:
        assert fingerprints(one)
        assert not fingerprints(one) & fingerprints(other)


async def test_the_strongest_that_both_know_is_agreed(way: Way) -> None:
    async with meeting(way()) as met:
        await met.connect()
        assert met.ours_dtls._ssl.get_selected_srtp_profile() == b"SRTP_AEAD_AES_256_GCM"
        assert "GCM" in met.ours_dtls._ssl.get_cipher_name()
        assert met.ours_dtls._ssl.get_protocol_version_name() in {"DTLSv1.2", "DTLSv1.3"}


async def test_media_without_the_peers_key_never_arrives() -> None:
    async with meeting(PeerLink(LOOPBACK)) as met:
        await met.connect()
        forged = b"a picture of somebody else"
        for number in range(20):
            packet = rtp.serialize(
                met._payload_type, marker=False, sequence=number, timestamp=number, ssrc=1, payload=forged
            )
            met.from_the_peer(packet)
            met.from_a_stranger(packet)
        arrived = met.arrived
        met.arrived = asyncio.Queue()
        met.link.receive(lambda data: (arrived.put_nowait(data), met.arrived.put_nowait(data)), lambda _: None, print)
        assert await met.goes_on()
        seen = [arrived.get_nowait() for _ in range(arrived.qsize())]
        assert seen
        assert forged not in seen
        assert met.counts.dropped["not_decrypted"] >= 20
