"""Calls on an aiortc that the seam does not fit: which way a worker takes, and calls held in the other one."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
import pytest_asyncio
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, rtcrtpreceiver
from aiortc.rtcdtlstransport import RTCDtlsTransport
from structlog.testing import capture_logs

from media import aiortc_seam, fallback, rtcp
from media.errors import BadOffer
from media.fallback import MOST_WAITING, FallbackLink, FrameMaker, OutgoingTrack, PacketMaker
from media.plane import FrameUnknown, LegHeard, LegSilent, MediaPlane, MediaSettings
from media.rtp import modular_distance
from media.synthetic import read_counter
from media.worker import choose_link
from media.worker_settings import UdpSettings, WorkerSettings
from tests.media.packets import FRAME, Camera, sound, whole
from tests.media.peers import Peers, Told, counter
from tests.media.strange_worker import HOOKS, ignore_replacement

SETTINGS = WorkerSettings(name="strange-w0", secret="of both")


@pytest.fixture(autouse=True)
def put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `install` replaces is the process's, and the next test wants decoders."""
    for name in ("get_decoder", "depayload"):
        monkeypatch.setattr(rtcrtpreceiver, name, getattr(rtcrtpreceiver, name))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_plane() -> AsyncIterator[tuple[MediaPlane, Told]]:
    """A plane with one worker, on whose aiortc the seam fails its test."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.media.strange_worker", stdin=PIPE, stdout=PIPE
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(SETTINGS.model_dump_json().encode() + b"\n")
    port = json.loads(await worker.stdout.readline())["listening"]
    told = Told()
    plane = MediaPlane(MediaSettings(node="test", secret=SETTINGS.secret), told.take)
    await plane.start()
    await plane.dial({SETTINGS.name: f"127.0.0.1:{port}"})
    async with asyncio.timeout(10):
        while plane.choose() is None:
            await asyncio.sleep(0.02)
    yield plane, told
    await plane.close()
    worker.stdin.close()
    assert await worker.wait() == 0


# --- Which way ------------------------------------------------------------------------------------------------------


async def test_the_installed_library_passes() -> None:
    with capture_logs() as lines:
        assert await choose_link(SETTINGS) is aiortc_seam.PeerLink
    assert lines == []


async def test_another_version_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiortc_seam, "version", lambda _: "1.17.0")
    with capture_logs() as lines:
        assert await choose_link(SETTINGS) is FallbackLink
    assert "install aiortc 1.16" in lines[0]["event"]
    assert lines[0]["reason"] == "RuntimeError: aiortc 1.17.0 is installed; 1.16.* is needed"


async def test_a_private_name_that_is_gone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(RTCDtlsTransport, "_handle_rtp_data")
    with capture_logs() as lines:
        assert await choose_link(SETTINGS) is FallbackLink
    assert "lacks RTCDtlsTransport._handle_rtp_data" in lines[0]["reason"]


async def test_a_hook_that_is_never_called_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in HOOKS:
        monkeypatch.setattr(owner, name, ignore_replacement(owner, name))
    monkeypatch.setattr(aiortc_seam, "SELF_TEST_S", 0.3)
    with capture_logs() as lines:
        assert await choose_link(SETTINGS) is FallbackLink
    assert "packets do not come through" in lines[0]["reason"]


async def test_ports_that_cannot_be_kept_to_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiortc_seam, "version", lambda _: "1.17.0")
    ranged = SETTINGS.model_copy(update={"udp": UdpSettings(ports=(40_000, 40_100))})
    with capture_logs() as lines:
        await choose_link(ranged)
    assert "any UDP port" in lines[1]["event"]


async def test_a_library_that_fits_neither_way_starts_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiortc_seam, "version", lambda _: "3.0.0")
    monkeypatch.delattr(rtcrtpreceiver, "depayload")
    with pytest.raises(RuntimeError, match="lacks depayload"):
        await choose_link(SETTINGS)


# --- Frames and packets ---------------------------------------------------------------------------------------------


def frame_of(packets: list[bytes]) -> bytes:
    """As the library's receiver joins the payloads of one frame."""
    return b"".join(fallback._with_length(None, whole(packet).payload) for packet in packets)


def test_a_frame_becomes_the_packets_that_it_came_in() -> None:
    camera, maker = Camera(), PacketMaker("video")
    sent = camera.frame(key=True)
    made = [whole(packet) for packet in maker.packets(frame_of(sent), 0)]
    assert [packet.payload for packet in made] == [whole(packet).payload for packet in sent]
    assert [packet.marker for packet in made] == [False, True]
    later = [whole(packet) for packet in maker.packets(frame_of(camera.frame()), FRAME)]
    assert [packet.sequence for packet in made + later] == [1, 2, 3, 4]
    assert {packet.timestamp for packet in later} == {FRAME}


@pytest.mark.parametrize("first", [0, 32_767])
def test_a_missing_frame_leaves_a_hole_among_the_sequence_numbers(first: int) -> None:
    camera, maker = Camera(picture_id=first), PacketMaker("video")
    frames = [camera.frame(key=True), camera.frame(), camera.frame(), camera.frame()]
    came = [packet for n in (0, 1, 3) for packet in maker.packets(frame_of(frames[n]), n * FRAME)]
    assert [whole(packet).sequence for packet in came] == [1, 2, 3, 4, 6, 7]


def test_packets_become_the_frames_that_they_were_made_of() -> None:
    camera, maker = Camera(timestamp=(1 << 32) - FRAME), FrameMaker("video")
    packets = [packet for key in (True, False) for packet in camera.frame(key=key)]
    made = [each for packet in packets for each in maker.frames(whole(packet), 0)]
    assert [(bytes(frame), frame.pts, is_key) for frame, is_key in made] == [
        (b"\x10headtail", 0, True),
        (b"\x11headtail", FRAME, False),
    ]
    ((spoken, _),) = FrameMaker("audio").frames(whole(sound(1, 7)), 0)
    assert bytes(spoken) == b"sound"


async def test_after_what_could_not_be_sent_only_a_key_frame_goes_on() -> None:
    camera, track = Camera(), OutgoingTrack("video")

    def put(*, key: bool = False, connected: bool = True) -> list[bool]:
        return [track.put(whole(packet), 0, connected=connected) for packet in camera.frame(key=key)]

    assert put(key=True, connected=False)[-1], "nobody is there to ask for one"
    assert not put()[-1]
    assert put(key=True)[-1]
    for _ in range(MOST_WAITING):
        last = put()
    assert not last[-1], "one frame too many for the sender"
    for _ in range(MOST_WAITING):
        await track.recv()
    assert not put()[-1]
    assert put(key=True)[-1]
    assert bytes(await track.recv()) == b"\x10headtail"


def test_peers_are_told_the_addresses_that_are_set() -> None:
    lines = [
        f"a=candidate:1 1 udp 1 {host} 4000 typ {kind}\r\n"
        for host, kind in (
            ("192.0.2.1", "host"),
            ("192.0.2.2", "host"),
            ("2001:db8::1", "host"),
            ("198.51.100.1", "relay"),
        )
    ]
    told = fallback._told("".join(lines), UdpSettings(addresses=("192.0.2.1", "2001:db8::1"), announced="203.0.113.9"))
    assert [line.split()[4] for line in told.splitlines()] == ["203.0.113.9", "2001:db8::1", "198.51.100.1"]
    assert fallback._told("".join(lines), UdpSettings()) == "".join(lines)


# --- One connection -------------------------------------------------------------------------------------------------


async def test_the_wish_for_a_key_frame_passes_both_ways() -> None:
    fallback.install()
    peer, link = RTCPeerConnection(RTCConfiguration(iceServers=[])), FallbackLink(UdpSettings())
    peer.addTransceiver("audio")
    video = peer.addTransceiver("video")
    await peer.setLocalDescription(await peer.createOffer())
    answer, agreed = await link.answer(peer.localDescription.sdp)
    wanted: asyncio.Queue[bytes] = asyncio.Queue()
    connected = asyncio.Event()
    link.receive(wanted.put_nowait, wanted.put_nowait, connected.set)
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    asked = asyncio.Event()
    video.sender._send_keyframe = asked.set
    async with asyncio.timeout(5):
        await connected.wait()
        while wanted.empty():
            await video.receiver._send_rtcp_pli(_ssrc(answer))
            await asyncio.sleep(0.01)
        assert await wanted.get() == rtcp.picture_loss(0, agreed.video.ssrc)
        packet = Camera(ssrc=video.sender._ssrc).frame(key=True)[0]
        while not asked.is_set():
            await video.sender.transport._send_rtp(packet)
            link.send(rtcp.picture_loss(agreed.video.ssrc, 1))
            await asyncio.sleep(0.01)
    await link.close()
    await peer.close()
    await link.close()


def _ssrc(answer: str) -> int:
    """Of the answer's video."""
    section = answer[answer.index("m=video") :]
    return int(section[section.index("a=ssrc:") + 7 :].split()[0])


async def test_an_offer_without_vp8_is_refused() -> None:
    peer, link = RTCPeerConnection(RTCConfiguration(iceServers=[])), FallbackLink(UdpSettings())
    for kind in ("audio", "video"):
        peer.addTransceiver(kind)
    await peer.setLocalDescription(await peer.createOffer())
    with pytest.raises(BadOffer):
        await link.answer(peer.localDescription.sdp.replace("VP8", "VP9"))
    await link.close()
    await peer.close()


# --- Calls ----------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio(loop_scope="module")
async def test_pictures_arrive_on_both_sides_and_one_is_kept(peers: Peers) -> None:
    customer, customer_sees = await peers.join("customer", first=1_000)
    _, agent_sees = await peers.join("agent", first=9_000)
    assert read_counter((await agent_sees.next()).image()) in range(1_000, 2_000)
    assert read_counter((await customer_sees.next()).image()) in range(9_000, 10_000)
    shown = await agent_sees.next()
    kept = await peers.plane.frame(peers.worker, peers.call, 1, shown.rtp_timestamp, live=True)
    assert not kept.exact, "its name on the wire is the library's own"
    assert counter(kept.jpeg) in range(1_000, 2_000)
    own = await peers.plane.agents_own(peers.worker, peers.call, kept.arrived_at)
    assert counter(own.jpeg) in range(9_000, 10_000)
    with pytest.raises(FrameUnknown):
        await peers.plane.frame(peers.worker, peers.call, 2, shown.rtp_timestamp, live=True)
    while not customer.audio_frames:
        await customer_sees.next()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_new_customers_page_goes_on_in_the_agents_stream(peers: Peers) -> None:
    before, _ = await peers.join("customer", 1, first=1_000)
    _, agent_sees = await peers.join("agent")
    await agent_sees.next()
    await before.close()
    await peers.join("customer", 2, first=5_000)
    await agent_sees.wait_for(lambda frame: (read_counter(frame.image()) or 0) >= 5_000)
    stamps = [frame.rtp_timestamp for frame in agent_sees.frames]
    assert all(0 < modular_distance(earlier, later) < 3 * 90_000 for earlier, later in pairwise(stamps))


@pytest.mark.asyncio(loop_scope="module")
async def test_silence_is_noticed_and_its_end(peers: Peers) -> None:
    customer, _ = await peers.join("customer")
    _, agent_sees = await peers.join("agent")
    await agent_sees.next()
    customer.stop_packets()
    silent = await peers.event(lambda event: isinstance(event, LegSilent))
    assert isinstance(silent, LegSilent)
    assert silent.leg == "customer"
    customer.resume_packets()
    assert await peers.event(lambda event: isinstance(event, LegHeard)) == LegHeard(peers.call, "customer", 1, 2)
