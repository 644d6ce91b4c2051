import asyncio

import pytest
from aioice import stun
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtp import RtcpPsfbPacket

from media import aiortc_seam
from media.aiortc_seam import PeerLink
from media.errors import BadOffer
from media.peer import TRANSPORT_SEQUENCE_URI
from media.settings import IceServer
from media.worker_settings import UdpSettings


async def offering() -> RTCPeerConnection:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver("video")
    peer.addTransceiver("audio")
    await peer.setLocalDescription(await peer.createOffer())
    return peer


def candidates(sdp: str) -> list[tuple[str, int]]:
    lines = [line.split() for line in sdp.splitlines() if line.startswith("a=candidate:")]
    return [(fields[4], int(fields[5])) for fields in lines]


def test_the_installed_libraries_are_those_that_this_was_written_for(monkeypatch: pytest.MonkeyPatch) -> None:
    aiortc_seam.check()
    with monkeypatch.context() as patch:
        patch.setattr(aiortc_seam, "version", lambda _: "2.0.0")
        with pytest.raises(RuntimeError, match=r"aiortc 2\.0\.0 is installed"):
            aiortc_seam.check()
    monkeypatch.setattr(aiortc_seam, "_PRIVATE", ((RTCPeerConnection, ("_nothing_of_the_kind",)),))
    with pytest.raises(RuntimeError, match="lacks"):
        aiortc_seam.check()


async def test_packets_pass_both_ways_as_they_are() -> None:
    peer, link = await offering(), PeerLink(UdpSettings())
    answer, agreed = await link.answer(peer.localDescription.sdp)
    arrived: asyncio.Queue[bytes] = asyncio.Queue()
    connected = asyncio.Event()
    link.receive(arrived.put_nowait, arrived.put_nowait, connected.set)
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    transport = peer.getSenders()[0].transport
    rtp = b"\x80" + bytes([agreed.video.payload_type]) + bytes(10) + b"payload"
    async with asyncio.timeout(5):
        while peer.connectionState != "connected":
            await asyncio.sleep(0.01)
        await connected.wait()
        await transport._send_rtp(rtp)
        assert rtp in [await arrived.get()]
        asked = bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=2))
        await transport._send_rtp(asked)
        while await arrived.get() != asked:
            continue
    link.send(rtp)
    await peer.close()
    await link.close()
    link.send(rtp)
    await link.close()


async def test_ports_and_addresses_are_those_that_are_set() -> None:
    peer = await offering()
    link = PeerLink(UdpSettings(addresses=("127.0.0.1",), ports=(47_000, 47_003), announced="203.0.113.9"))
    answer, _ = await link.answer(peer.localDescription.sdp)
    ((host, port), *_) = candidates(answer)
    assert host == "203.0.113.9"
    assert port in range(47_000, 47_004)
    assert len(set(candidates(answer))) == 1
    await link.close()
    await peer.close()


async def test_a_range_is_used_to_its_end_and_no_further() -> None:
    peer = await offering()
    links = [PeerLink(UdpSettings(addresses=("127.0.0.1",), ports=(47_010, 47_011))) for _ in range(3)]
    found = [candidates((await link.answer(peer.localDescription.sdp))[0]) for link in links]
    assert {port for each in found for _, port in each} == {47_010, 47_011}
    assert found[2] == []
    for link in links:
        await link.close()
    await peer.close()


async def test_an_announced_address_stands_for_its_own_family_alone() -> None:
    peer = await offering()
    link = PeerLink(UdpSettings(addresses=("127.0.0.1", "::1"), announced="2001:db8::9"))
    answer, _ = await link.answer(peer.localDescription.sdp)
    assert {host for host, _ in candidates(answer)} == {"127.0.0.1", "2001:db8::9"}
    await link.close()
    await peer.close()


class Stun(asyncio.DatagramProtocol):
    """A STUN server that sees everybody at one address (RFC 8489)."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request = stun.parse_message(data)
        response = stun.Message(request.message_method, stun.Class.RESPONSE, request.transaction_id)
        response.attributes["XOR-MAPPED-ADDRESS"] = ("203.0.113.7", 4_444)
        self._transport.sendto(bytes(response), addr)  # type: ignore[attr-defined]


async def test_what_a_stun_server_sees_is_told_to_the_peer() -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Stun, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    peer = await offering()
    link = PeerLink(UdpSettings(addresses=("127.0.0.1",)), (IceServer((f"stun:127.0.0.1:{port}",)),))
    answer, _ = await link.answer(peer.localDescription.sdp)
    assert ("203.0.113.7", 4_444) in candidates(answer)
    await link.close()
    await peer.close()
    transport.close()


async def test_only_one_picture_and_one_sound_in_one_bundle_are_answered() -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    for kind in ("video", "audio", "video"):
        peer.addTransceiver(kind)
    await peer.setLocalDescription(await peer.createOffer())
    with pytest.raises(BadOffer):
        await PeerLink(UdpSettings()).answer(peer.localDescription.sdp)
    await peer.close()
    peer = await offering()
    with pytest.raises(BadOffer):
        await PeerLink(UdpSettings()).answer(peer.localDescription.sdp.replace("a=group:BUNDLE", "a=group:LS"))
    await peer.close()


async def test_what_is_agreed_is_vp8_opus_and_our_own_feedback() -> None:
    peer, link = await offering(), PeerLink(UdpSettings())
    offer = peer.localDescription.sdp.replace("goog-remb", "transport-cc").replace(
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", TRANSPORT_SEQUENCE_URI
    )
    answer, agreed = await link.answer(offer)
    codecs = {line.split()[1] for line in answer.splitlines() if line.startswith("a=rtpmap:")}
    assert codecs == {"opus/48000/2", "VP8/90000", "rtx/90000"}
    assert f"a=rtcp-fb:{agreed.video.payload_type} transport-cc" in answer
    assert "goog-remb" not in answer
    assert agreed.transport_sequence_id > 0
    assert agreed.video.rtx_payload_type is not None
    assert agreed.audio.rtx_payload_type is None
    await link.close()
    await peer.close()
