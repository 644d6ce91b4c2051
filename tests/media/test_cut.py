"""Who has left a call is cut, with everything real: the worker's process, connections over loopback, recordings."""

import asyncio
from contextlib import suppress

import pytest

from media.plane import BadOffer, MediaFlowing, RecordedPiece
from media.robot import RobotPeer
from media.synthetic import moving_picture
from tests.media.peers import Peers, Watcher
from vouch.tasks import TaskSet

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def both_seen(peers: Peers) -> tuple[tuple[RobotPeer, Watcher], tuple[RobotPeer, Watcher]]:
    customer, agent = await peers.join("customer", first=1_000), await peers.join("agent", first=9_000)
    await agent[1].next()
    await customer[1].next()
    return customer, agent


async def passes(peers: Peers, leg: str, microseconds: int) -> None:
    """So much of the worker's own time passes, as the recording of who is still there tells it."""

    def length() -> int:
        told = [event for event in peers.events() if isinstance(event, RecordedPiece) and event.leg == leg]
        return told[-1].length if told else 0

    until = length() + microseconds
    await peers.event(lambda _: length() >= until)


def octets(peers: Peers, leg: str) -> tuple[int, list[bool]]:
    """How long a leg's file is, and which of its pieces are the last."""
    told = [event for event in peers.events() if isinstance(event, RecordedPiece) and event.leg == leg]
    return sum(len(piece.data) for piece in told), [piece.last for piece in told if piece.last]


async def test_nothing_reaches_who_is_cut_and_their_recording_ends(peers: Peers) -> None:
    (_, customer_sees), (agent, agent_sees) = await both_seen(peers)
    await peers.event(lambda event: isinstance(event, RecordedPiece) and event.leg == "agent")
    await peers.plane.cut(peers.worker, peers.call, 0, 1)
    await peers.event(lambda event: isinstance(event, RecordedPiece) and event.leg == "agent" and event.last)
    # What the worker had sent by then is decoded first.
    await passes(peers, "customer", 500_000)
    before = len(agent_sees.frames), agent.audio_frames, len(customer_sees.frames), octets(peers, "agent")
    await passes(peers, "customer", 1_500_000)
    assert (len(agent_sees.frames), agent.audio_frames, len(customer_sees.frames), octets(peers, "agent")) == before
    assert before[3][1] == [True]
    kept = await peers.plane.nearest_frame(peers.worker, peers.call, live=True)
    assert kept.jpeg, "the customer is still there, and seen by the evidence"


async def test_an_offer_that_the_cut_overtook_is_refused_and_the_next_agent_is_not(peers: Peers) -> None:
    await both_seen(peers)
    await peers.plane.cut(peers.worker, peers.call, 0, 2)
    for media in (1, 2):
        with pytest.raises(BadOffer):
            await peers.join("agent", media)
    _, next_sees = await peers.join("agent", 3, first=5_000)
    await next_sees.next()


async def test_an_offer_under_way_is_refused_when_its_page_leaves(peers: Peers) -> None:
    await peers.join("customer")
    robot = RobotPeer(moving_picture())
    tasks = TaskSet("offer")
    asked = peers.plane.negotiate(peers.worker, peers.call, "agent", 1, await robot.offer())
    offered = tasks.spawn("offer", asked)
    await asyncio.sleep(0)  # it is on its way, before the cut
    await peers.plane.cut(peers.worker, peers.call, 0, 1)
    with suppress(BadOffer):  # it was being answered; else it was answered before the cut came, and is cut now
        await robot.accept(await offered)
    await passes(peers, "customer", 1_000_000)
    flows = [event for event in peers.events() if isinstance(event, MediaFlowing) and event.leg == "agent"]
    assert flows == []
    await robot.close()


async def test_a_call_that_was_cut_before_its_first_offer_takes_none(peers: Peers) -> None:
    await peers.plane.cut(peers.worker, peers.call, None, None)
    for leg in ("customer", "agent"):
        with pytest.raises(BadOffer):
            await peers.join(leg)  # type: ignore[arg-type]


async def test_a_call_that_is_over_is_not_opened_again_by_an_offer_that_comes_late(peers: Peers) -> None:
    await both_seen(peers)
    summary = await peers.plane.close_call(peers.worker, peers.call)
    with pytest.raises(BadOffer):
        await peers.join("agent", 2)
    assert await peers.plane.close_call(peers.worker, peers.call) == summary
