"""What a peer does wrong is answered with a code; what is our own fault is got over."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import socketio
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from ekyc import admission
from media.errors import FrameUnknown
from media.plane import KeptFrame
from routing.events import Tick
from routing.state import LegState
from signaling.demo.robot_page import RobotPage
from signaling.models import EffectRow
from signaling.writer import FloorClosedError
from tests.signaling.conftest import House, ring_and_accept, tick_checks
from vouch.accounts.sessions import CSRF_HEADER
from vouch.tasks import TaskSet

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


async def ticket(house: House, page: Any) -> str:
    """A fresh ticket for the page's namespace."""
    http = house.jars[page]
    address = f"{house.origin}/api/console/ticket"
    async with http.post(address, headers={CSRF_HEADER: page.told["csrf"]}) as answer:
        return str((await answer.json())["ticket"])


async def refusal(house: House, shown: str, **headers: str) -> str | None:
    """Why /console cannot be connected to with a ticket; None where it can."""
    socket = socketio.AsyncClient(reconnection=False, handle_sigint=False)
    told: asyncio.Queue[Any] = asyncio.Queue()
    socket.on("connect", lambda: told.put_nowait(None), namespace="/console")
    socket.on("connect_error", lambda reason: told.put_nowait(reason["message"]), namespace="/console")
    await socket.connect(
        house.origin,
        namespaces=["/console"],
        auth={"ticket": shown},
        transports=["websocket"],
        headers=headers,
        wait=False,
    )
    reason = await asyncio.wait_for(told.get(), 10)
    await socket.disconnect()
    await socket.shutdown()
    return None if reason is None else str(reason)


async def test_a_ticket_is_good_as_it_was_given_and_for_our_own_pages_only(house: House) -> None:
    agent = await house.agent()
    good = await ticket(house, agent)
    assert await refusal(house, good, Origin="https://evil.example") == "foreign_origin"
    assert await refusal(house, good, Origin=house.origin) is None
    assert await refusal(house, f"{good}x") == "ticket_invalid"
    assert await refusal(house, "") == "ticket_invalid"


async def test_messages_that_make_no_sense_are_answered(house: House) -> None:
    agent = await house.agent()
    assert (await agent.press("agent.dance"))["code"] == "unknown_message"
    assert (await agent.press("offer.accept", call="c"))["code"] == "invalid_message"
    assert (await agent.press("offer.accept", call="nothing", offer=1))["code"] == "unknown_call"
    assert (await agent.press("verdict", call="nothing", verdict="confirmed"))["code"] == "unknown_call"


async def test_an_offer_that_is_sent_again_is_answered_again(house: House) -> None:
    caller, agent = await house.call()
    assert caller.peer is not None
    offer = {"request": "the same", "sdp": await caller.peer.offer()}
    answers = [await caller.send("media.offer", **offer) for _ in range(2)]
    assert [answer["code"] for answer in answers] == ["ok", "ok"]
    assert answers[0]["media"] < answers[1]["media"]
    await agent.until_state("active")


async def confirmed(caller: RobotPage, agent: RobotPage) -> None:
    """The agent confirms, and both learn that it counts."""
    await tick_checks(agent)
    answer = await agent.press("verdict", call=agent.call["id"], verdict="confirmed", frame=agent.frame_name())
    assert answer["code"] == "ok"
    assert (await caller.until_state("ended"))["outcome"] == "confirmed"


async def pictures(house: House, call: str, *, until_there_are: int) -> list[tuple[str, int | None]]:
    """Kind and number of each picture of a call."""
    async with asyncio.timeout(10):
        while len(kept := await house.node.effects._evidence.kept(call)) < until_there_are:
            await asyncio.sleep(0.01)
    return sorted((picture.kind, picture.decision) for picture in kept)


async def take_a_picture(agent: RobotPage) -> None:
    answer = await agent.press("picture.take", call=agent.call["id"], frame=agent.frame_name())
    assert answer["code"] == "ok"


async def test_the_agents_own_picture_is_kept_beside_the_verdicts_and_beside_no_other(house: House) -> None:
    caller, agent = await house.call()
    call = agent.call["id"]
    await take_a_picture(agent)
    await confirmed(caller, agent)
    assert await pictures(house, call, until_there_are=3) == [("agent", 1), ("extra", 1), ("snapshot", 1)]


async def test_a_verdict_counts_where_there_is_no_picture_of_the_agent(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller, agent = await house.call()
    call, asked = agent.call["id"], asyncio.Event()

    async def has_none(*_: Any) -> KeptFrame:
        asked.set()
        raise FrameUnknown

    monkeypatch.setattr(house.node.effects._plane, "agents_own", has_none)
    await confirmed(caller, agent)
    await asyncio.wait_for(asked.wait(), 10)
    await until(lambda: not house.node.effects._waiting)
    assert await pictures(house, call, until_there_are=1) == [("snapshot", 1)]


async def test_effects_go_on_after_a_database_that_was_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    caller, agent = await house.call()
    perform, failures = house.node.effects._perform, iter([OperationalError("", {}, Exception())])

    async def away(due: Any) -> Any:
        for failure in failures:
            raise failure
        return await perform(due)

    monkeypatch.setattr(house.node.effects, "_perform", away)
    await confirmed(caller, agent)


async def test_what_a_node_left_that_was_killed_after_the_commit_is_done_in_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller, agent = await house.call()
    take, left = house.node.effects._take, set[str]()

    def take_what_was_left(due: Any) -> None:
        if due.id in left:
            take(due)
        left.add(due.id)

    monkeypatch.setattr(house.node.effects, "_take", take_what_was_left)
    await confirmed(caller, agent)
    assert len(left) >= 1


@pytest.fixture
def marking_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done is marked at the start and at the end alone."""
    monkeypatch.setattr("signaling.effects._LOOK_EVERY_S", 3600.0)


async def left_open(house: House) -> int:
    """How many effects are not marked as done."""
    async with house.node.database.read() as session:
        return len((await session.scalars(select(EffectRow.id).where(EffectRow.done_at.is_(None)))).all())


async def test_what_is_done_is_marked_before_a_node_stops(marking_seldom: None, house: House) -> None:
    caller, agent = await house.call()
    await confirmed(caller, agent)
    async with asyncio.timeout(10):
        while house.node.effects._waiting:
            await asyncio.sleep(0.01)
    assert await left_open(house) == 2, "the picture is kept and the media closed"
    await house.node.effects.close()
    assert await left_open(house) == 0


async def test_whoever_waits_for_a_node_that_stops_is_told(house: House) -> None:
    caller, agent = await house.caller(), await house.ready()
    await ring_and_accept(caller, agent)
    writer = await house.node.floors.writer("CTKV1")
    await house.node.floors.close()
    with pytest.raises(FloorClosedError):
        await writer.submit(Tick())


async def test_a_page_that_went_while_its_call_was_being_queued_is_not_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller, pressing = await house.caller(), TaskSet("pressing")
    admit, asked, gone = admission.admit, asyncio.Event(), asyncio.Event()

    async def admit_later(*request: Any) -> admission.Admission:
        asked.set()
        await gone.wait()
        return await admit(*request)

    monkeypatch.setattr("signaling.callers.admission.admit", admit_later)
    press = caller.press("call.ready", consent_version=caller.told["consent"]["version"])
    pressing.spawn("press", press)
    await asyncio.wait_for(asked.wait(), 10)
    await caller.close()
    await until(lambda: len(house.node.hub._sockets) == 0)
    gone.set()
    # The floor has counted it in; maybe twice by now, because its handler asks once more for the number it never got.
    await until(lambda: [leg.socket > 0 for leg in customers(house)] == [True])
    await until(lambda: [leg.socket_up for leg in customers(house)] == [False])
    await pressing.close()


def customers(house: House) -> list[LegState]:
    return [call.customer_leg for floor in house.node.floors.all() for call in floor.calls.values()]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)
