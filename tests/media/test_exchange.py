"""Calls through a worker with everything real: its process, peer connections over loopback, encoded video."""

import asyncio
import itertools
import operator
from functools import partial

import pytest

from media.plane import (
    BadOffer,
    FrameTooOld,
    FrameUnknown,
    KeptFrame,
    LegHeard,
    LegSilent,
    MediaFlowing,
)
from media.robot import RobotPeer
from media.rtp import modular_distance
from media.synthetic import moving_picture, read_counter
from tests.media.peers import Peers, counter

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def first_live_frame(peers: Peers) -> KeptFrame:
    async with asyncio.timeout(5):
        while True:
            try:
                return await peers.plane.nearest_frame(peers.worker, peers.call, live=True)
            except FrameTooOld:
                continue


async def test_media_flows_both_ways_and_is_reported_once_for_each_stream(peers: Peers) -> None:
    customer, customer_sees = await peers.join("customer", first=1_000)
    _, agent_sees = await peers.join("agent", first=9_000)
    shown_to_agent = await agent_sees.next()
    shown_to_customer = await customer_sees.next()
    assert read_counter(shown_to_agent.image()) in range(1_000, 2_000)
    assert read_counter(shown_to_customer.image()) in range(9_000, 10_000)
    for leg in ("customer", "agent"):
        for kind in ("video", "audio"):
            await peers.event(partial(operator.eq, MediaFlowing(peers.call, leg, 1, kind)))
    assert sum(isinstance(event, MediaFlowing) for event in peers.events()) == 4
    while not customer.audio_frames:
        await customer_sees.next()


async def test_a_named_frame_is_that_very_frame_and_the_agents_own_is_of_the_same_moment(peers: Peers) -> None:
    await peers.join("customer", first=1_000)
    _, agent_sees = await peers.join("agent", first=9_000)
    for _ in range(5):
        shown = await agent_sees.next()
    kept = await peers.plane.frame(peers.worker, peers.call, 1, shown.rtp_timestamp, live=True)
    assert counter(kept.jpeg) == read_counter(shown.image())
    assert (kept.width, kept.height, kept.exact) == (640, 480, True)
    assert kept.rtp_timestamp == shown.rtp_timestamp
    own = await peers.plane.agents_own(peers.worker, peers.call, kept.arrived_at)
    assert counter(own.jpeg) in range(9_000, 10_000)
    assert (own.width, own.height, own.exact) == (640, 480, False)
    assert abs(own.arrived_at - kept.arrived_at) < 500_000


async def test_an_agent_without_a_picture_has_none_to_be_kept(peers: Peers) -> None:
    await peers.join("customer")
    await peers.event(partial(operator.eq, MediaFlowing(peers.call, "customer", 1, "video")))
    with pytest.raises(FrameUnknown):
        await peers.plane.agents_own(peers.worker, peers.call, 0)


async def test_a_name_that_was_never_sent_is_unknown(peers: Peers) -> None:
    await peers.join("customer")
    _, agent_sees = await peers.join("agent")
    shown = await agent_sees.next()
    for media, timestamp in ((1, shown.rtp_timestamp + 1), (2, shown.rtp_timestamp), (1, -1)):
        with pytest.raises(FrameUnknown):
            await peers.plane.frame(peers.worker, peers.call, media, timestamp, live=False)
    with pytest.raises(FrameUnknown):
        await peers.plane.nearest_frame(peers.worker, "no such call", live=False)


async def test_a_frame_of_more_than_two_seconds_ago_is_no_live_picture(peers: Peers) -> None:
    await peers.join("customer")
    _, agent_sees = await peers.join("agent")
    shown = await agent_sees.next()
    kept = await peers.plane.frame(peers.worker, peers.call, 1, shown.rtp_timestamp, live=False)
    assert counter(kept.jpeg) == read_counter(shown.image())
    newest = kept
    while newest.arrived_at - kept.arrived_at <= 2_000_000:
        await agent_sees.next()
        newest = await peers.plane.nearest_frame(peers.worker, peers.call, live=False)
    with pytest.raises(FrameTooOld):
        await peers.plane.frame(peers.worker, peers.call, 1, shown.rtp_timestamp, live=True)


async def test_a_new_agents_page_gets_the_picture_and_the_old_names_are_unknown(peers: Peers) -> None:
    await peers.join("customer", first=1_000)
    _, before_sees = await peers.join("agent", 1)
    before = await before_sees.next()
    _, after_sees = await peers.join("agent", 2)
    after = await after_sees.next()
    assert read_counter(after.image()) in range(1_000, 2_000)
    with pytest.raises(FrameUnknown):
        await peers.plane.frame(peers.worker, peers.call, 1, before.rtp_timestamp, live=False)
    with pytest.raises(FrameUnknown):
        await peers.plane.frame(peers.worker, peers.call, 2, before.rtp_timestamp, live=False)
    kept = await peers.plane.frame(peers.worker, peers.call, 2, after.rtp_timestamp, live=True)
    assert counter(kept.jpeg) == read_counter(after.image())


async def test_a_new_customers_page_goes_on_in_the_agents_stream(peers: Peers) -> None:
    await peers.join("customer", 1, first=1_000)
    _, agent_sees = await peers.join("agent")
    for _ in range(3):
        before = await agent_sees.next()
    await peers.join("customer", 2, first=5_000)
    after = await agent_sees.wait_for(lambda frame: (read_counter(frame.image()) or 0) >= 5_000)

    stamps = [frame.rtp_timestamp for frame in agent_sees.frames]
    steps = [modular_distance(earlier, later) for earlier, later in itertools.pairwise(stamps)]
    assert all(0 < step < 3 * 90_000 for step in steps)
    for shown in (before, after):
        kept = await peers.plane.frame(peers.worker, peers.call, 1, shown.rtp_timestamp, live=False)
        assert counter(kept.jpeg) == read_counter(shown.image())


async def test_silence_is_reported_with_its_age_and_its_end(peers: Peers) -> None:
    customer, _ = await peers.join("customer")
    _, agent_sees = await peers.join("agent")
    shown = await agent_sees.next()
    customer.stop_packets()
    silent = await peers.event(lambda event: isinstance(event, LegSilent))
    assert isinstance(silent, LegSilent)
    assert (silent.call, silent.leg, silent.media, silent.report) == (peers.call, "customer", 1, 1)
    assert 3_000_000 < silent.age < 4_500_000
    with pytest.raises(FrameTooOld):
        await peers.plane.frame(peers.worker, peers.call, 1, shown.rtp_timestamp, live=True)
    customer.resume_packets()
    heard = await peers.event(lambda event: isinstance(event, LegHeard))
    assert heard == LegHeard(peers.call, "customer", 1, 2)
    assert not (await first_live_frame(peers)).exact


async def test_a_look_finds_a_silence_of_one_second(peers: Peers) -> None:
    customer, _ = await peers.join("customer")
    _, agent_sees = await peers.join("agent")
    await agent_sees.next()
    customer.stop_packets()
    while not any(isinstance(event, LegSilent) for event in peers.events()):
        await peers.plane.look(peers.worker, peers.call, "customer")
    silent = next(event for event in peers.events() if isinstance(event, LegSilent))
    assert 1_000_000 < silent.age < 3_000_000


async def test_a_connection_that_never_comes_goes_on_with_the_silence_of_the_one_it_replaced(peers: Peers) -> None:
    customer, _ = await peers.join("customer", 1)
    await peers.event(lambda event: event == MediaFlowing(peers.call, "customer", 1, "video"))
    await customer.close()
    absent = RobotPeer(moving_picture())
    await peers.plane.negotiate(peers.worker, peers.call, "customer", 2, await absent.offer())
    silent = await peers.event(lambda event: isinstance(event, LegSilent))
    assert isinstance(silent, LegSilent)
    assert (silent.leg, silent.media) == ("customer", 2)
    await absent.close()


async def test_the_same_offer_has_the_same_answer_and_an_old_number_none(peers: Peers) -> None:
    robot = RobotPeer(moving_picture())
    offer = await robot.offer()
    answer = await peers.plane.negotiate(peers.worker, peers.call, "customer", 2, offer)
    assert await peers.plane.negotiate(peers.worker, peers.call, "customer", 2, offer) == answer
    with pytest.raises(BadOffer):
        await peers.plane.negotiate(peers.worker, peers.call, "customer", 1, offer)
    await robot.close()


@pytest.mark.parametrize(
    "offer",
    [
        "",
        "v=0",
        "not a session description",
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n",
        "m=video x UDP/TLS/RTP/SAVPF 97\r\n",
        "v=0\r\na=group:BUNDLE\r\nm=audio 1 X 1 2 3\r\na=candidate:nonsense\r\n",
    ],
)
async def test_a_broken_offer_is_refused_and_opens_nothing(peers: Peers, offer: str) -> None:
    with pytest.raises(BadOffer):
        await peers.plane.negotiate(peers.worker, peers.call, "customer", 1, offer)
    assert (await peers.plane.close_call(peers.worker, peers.call)).legs == ()


async def test_an_offer_without_vp8_is_refused(peers: Peers) -> None:
    robot = RobotPeer(moving_picture())
    offer = (await robot.offer()).replace("VP8", "VP9")
    with pytest.raises(BadOffer):
        await peers.plane.negotiate(peers.worker, peers.call, "customer", 1, offer)
    await robot.close()


async def test_a_closed_call_says_what_it_carried_however_often(peers: Peers) -> None:
    _, customer_sees = await peers.join("customer", 1)
    _, agent_sees = await peers.join("agent", 1)
    await agent_sees.next()
    await customer_sees.next()
    summary = await peers.plane.close_call(peers.worker, peers.call)
    assert [(leg.leg, leg.media) for leg in summary.legs] == [("customer", 1), ("agent", 1)]
    assert all(leg.video_packets > 0 and leg.first_packet_at is not None for leg in summary.legs)
    assert await peers.plane.close_call(peers.worker, peers.call) == summary
    with pytest.raises(FrameUnknown):
        await peers.plane.nearest_frame(peers.worker, peers.call, live=False)
