"""Every way out of a call with real sockets and media: who leaves gets nothing from then on, and is recorded no more.

The page that leaves is no honest one: it keeps its peer connection and goes on sending. Time is told by a second call
of the same worker, which nothing may disturb.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from aiohttp import ClientResponseError
from sqlalchemy import select

from ekyc.models import Recording
from media.plane import WorkerGone
from media.robot import ReceivedFrame, RobotPeer
from media.synthetic import Image, moving_picture, read_counter
from routing.events import LegSilent
from routing.state import Channel, Leg
from signaling.demo.robot_page import RobotPage
from tests.signaling.conftest import House, Start, ring_and_accept, tick_checks
from vouch.accounts.models import Role
from vouch.accounts.sessions import CSRF_HEADER
from vouch.clock import SECOND

FRAMES = 20
"""Of the bystander's call, which are more than a second."""


class Watched:
    """A page whose pictures are numbered, and what reaches its peer."""

    def __init__(self, page: RobotPage, first: int) -> None:
        self.page = page
        self.sent = first
        """The number of the next picture that it sends."""
        self.seen: list[ReceivedFrame] = []
        self._arrived = asyncio.Event()
        page._video = self._pictures
        self._presented, page._presented = page._presented, self._take  # type: ignore[method-assign]

    def _pictures(self) -> Iterator[Image | bytes]:
        for picture in moving_picture(first=self.sent):
            self.sent += 1
            yield picture

    def _take(self, frame: ReceivedFrame) -> None:
        self.seen.append(frame)
        self._arrived.set()
        self._presented(frame)

    def stay(self) -> None:
        """Whatever the server says: neither close the connection nor make another."""
        self.page._needs_media = lambda: False  # type: ignore[method-assign]
        self.page._close_peer = self._not  # type: ignore[method-assign]

    async def _not(self, _: Any) -> None:
        """Stay."""

    async def more(self, frames: int) -> None:
        """Wait for so many pictures more."""
        until = len(self.seen) + frames
        async with asyncio.timeout(20):
            while len(self.seen) < until:
                self._arrived.clear()
                await self._arrived.wait()

    def newest(self) -> int:
        """The number of the newest picture of the other side that came."""
        numbers = [read_counter(frame.image()) for frame in self.seen[-5:]]
        return max(number for number in numbers if number is not None)


@dataclass
class Scene:
    """A call that somebody leaves, and one beside it."""

    house: House
    caller: RobotPage
    agent: RobotPage
    call: str
    worker: str

    @property
    def account(self) -> str:
        return "agent1"

    async def silent(self, leg: Leg) -> None:
        """The worker is believed to have heard nothing for the whole grace, though the page sends on."""
        told = LegSilent(self.call, leg, Channel.MEDIA, 1, 99, 15 * SECOND)
        await self.house.node.floors.post("CTKV1", told)


async def disabled(scene: Scene) -> None:
    await scene.house.node.accounts.disable(scene.account)


async def role_changed(scene: Scene) -> None:
    await scene.house.node.accounts.change(scene.account, role=Role.SUPERVISOR)


async def company_changed(scene: Scene) -> None:
    await scene.house.node.accounts.change(scene.account, company="CTKV2")


async def validity_over(scene: Scene) -> None:
    await scene.house.node.accounts.change(scene.account, valid_until=scene.house.node.clock.now())


async def signed_out(scene: Scene) -> None:
    http = scene.house.jars[scene.agent]
    headers = {CSRF_HEADER: scene.agent.told["csrf"]}
    async with http.delete(f"{scene.house.origin}/api/console/session", headers=headers) as answer:
        assert answer.status < 300


async def signed_out_without_a_socket(scene: Scene) -> None:
    await scene.agent._socket.disconnect()
    await signed_out(scene)


async def password_changed(scene: Scene) -> None:
    await scene.house.node.accounts.set_password(scene.account, "another password than before")


async def other_console(scene: Scene) -> None:
    await scene.house.agent(scene.account)


async def agent_lost(scene: Scene) -> None:
    await scene.silent(Leg.AGENT)


async def agent_ended(scene: Scene) -> None:
    assert (await scene.agent.press("call.end", call=scene.call, reason="technical"))["code"] == "ok"


async def confirmed(scene: Scene) -> None:
    await tick_checks(scene.agent)
    frame = scene.agent.frame_name()
    pressed = {"call": scene.call, "verdict": "confirmed", "frame": frame, "reason": None}
    assert (await scene.agent.press("verdict", **pressed))["code"] == "ok"


async def customer_lost(scene: Scene) -> None:
    await scene.silent(Leg.CUSTOMER)


async def hung_up(scene: Scene) -> None:
    assert (await scene.caller.press("call.hangup"))["code"] == "ok"


async def other_tab(scene: Scene) -> None:
    await scene.house.again(scene.caller)


class Way(NamedTuple):
    leaves: Callable[[Scene], Awaitable[None]]
    who: frozenset[Leg]


BOTH = frozenset(Leg)
WAYS = (
    Way(disabled, BOTH),
    Way(role_changed, BOTH),
    Way(company_changed, BOTH),
    Way(validity_over, BOTH),
    Way(signed_out, BOTH),
    Way(signed_out_without_a_socket, BOTH),
    Way(password_changed, BOTH),
    Way(other_console, frozenset({Leg.AGENT})),
    Way(agent_lost, BOTH),
    Way(agent_ended, BOTH),
    Way(confirmed, BOTH),
    Way(customer_lost, BOTH),
    Way(hung_up, BOTH),
    Way(other_tab, frozenset({Leg.CUSTOMER})),
)


@pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.leaves.__name__)
async def test_who_leaves_gets_nothing_more_and_is_recorded_no_more(start: Start, way: Way) -> None:
    house = await start(recording=True, wrap_up_s=60)
    _, beside = await call(house, "agent2")
    customer, agent = await call(house, "agent1")
    known = house.node.floors.call("CTKV1", agent.page.call["id"])
    assert known is not None
    assert known.worker is not None
    scene = Scene(house, customer.page, agent.page, known.id, known.worker)
    legs = {Leg.CUSTOMER: (customer, agent), Leg.AGENT: (agent, customer)}
    for leg in way.who:
        await legs[leg][0].more(1)
        legs[leg][0].stay()

    left = await until_left(scene, way)
    # Sent after the cut, on the same connection and answered in order: by then the worker has heard of it.
    await house.node.effects._plane.look(scene.worker, scene.call, "agent")
    sent_by_then = {leg: other.sent for leg, (_, other) in legs.items()}
    await beside.more(FRAMES)

    for leg in way.who:
        assert legs[leg][0].newest() < sent_by_then[leg], "a picture that was sent after they had left"
        assert await recorded_until(scene, leg) < left + SECOND // 2, "the recording of who left goes on"
    for own, _ in legs.values():
        if own.page.peer is not None:
            await own.page.peer.close()


async def call(house: House, username: str) -> tuple[Watched, Watched]:
    """An active call: its customer, and the agent of this name."""
    agent = Watched(await house.ready(username), 5_000)
    customer = Watched(await house.caller(), 1_000)
    await ring_and_accept(customer.page, agent.page)
    return customer, agent


async def until_left(scene: Scene, way: Way) -> int:
    """Let it happen; gives the time at which the floor said so, with the worker told by then."""
    cut = asyncio.Event()
    at: list[int] = []

    def committed(changes: Any) -> None:
        for said in changes.commands:
            if getattr(said, "call", "") == scene.call and type(said).__name__ in {"CutMedia", "CloseMedia"} and not at:
                at.append(scene.house.node.clock.now())
                cut.set()

    scene.house.node.floors.listen(committed)
    await way.leaves(scene)
    async with asyncio.timeout(15):
        await cut.wait()
    return at[0]


async def recorded_until(scene: Scene, leg: Leg) -> int:
    """When the last thing in the first file of a leg was sent; waits until it is closed."""
    row = select(Recording).where(Recording.call == scene.call, Recording.leg == leg.value, Recording.media == 1)
    async with asyncio.timeout(10):
        while True:
            async with scene.house.node.database.read() as session:
                found = (await session.scalars(row)).one()
            if found.length is not None:
                return found.began_at + found.length
            await asyncio.sleep(0.05)


async def test_who_has_left_makes_no_new_connection(house: House) -> None:
    caller, agent = await house.call()
    await caller.press("call.hangup")
    peer = RobotPeer(moving_picture())
    answer = await caller.press("media.offer", sdp=await peer.offer())
    await peer.close()
    assert answer["code"] == "call_ended"
    await agent.until_state("ended")


async def test_the_console_of_a_shut_account_is_closed_with_the_commit(house: House) -> None:
    agent = await house.ready()
    await house.node.accounts.disable("agent1")
    async with asyncio.timeout(6):
        while agent._socket.connected:
            await asyncio.sleep(0.01)
    with pytest.raises(ClientResponseError, match="401"):
        await agent.open()


async def test_a_cut_waits_for_no_slow_picture_and_is_told_again_until_it_is_heard(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call's line stands at a picture that is never kept; the worker's first answer gets lost."""
    _, agent = await house.call()
    plane, cut = house.node.effects._plane, house.node.effects._plane.cut
    told: list[tuple[Any, ...]] = []
    held = asyncio.Event()

    async def never(*_: Any, **__: Any) -> Any:
        held.set()
        await asyncio.Event().wait()

    async def deaf_at_first(*arguments: Any) -> None:
        told.append(arguments)
        if len(told) > 1:
            await cut(*arguments)
        else:
            raise WorkerGone

    monkeypatch.setattr(plane, "frame", never)
    monkeypatch.setattr(plane, "cut", deaf_at_first)
    taken = await agent.press("picture.take", call=agent.call["id"], frame=agent.frame_name())
    assert taken["code"] == "ok"
    await asyncio.wait_for(held.wait(), 5)
    await house.node.accounts.disable("agent1")
    async with asyncio.timeout(8):
        while len(told) < 2:
            await asyncio.sleep(0.01)
    assert told[0][2:] == told[1][2:] == (1, 1)


async def test_what_a_node_left_that_died_before_it_cut_is_done_by_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.call()
    effects, left = house.node.effects, set[str]()
    take, cut = effects._take, effects._plane.cut
    told = asyncio.Event()

    def take_what_was_left(due: Any) -> None:
        if due.id in left:
            take(due)
        left.add(due.id)

    async def tell(*arguments: Any) -> None:
        await cut(*arguments)
        told.set()

    monkeypatch.setattr(effects, "_take", take_what_was_left)
    monkeypatch.setattr(effects._plane, "cut", tell)
    await house.node.accounts.disable("agent1")
    await asyncio.wait_for(told.wait(), 10)
    assert len(left) == 1


async def test_the_same_page_goes_on_with_its_media_by_a_new_socket(house: House) -> None:
    caller, agent = await house.call()
    peer, number = caller.peer, caller.media
    await caller._socket.disconnect()
    await caller.open()
    shown = agent.last_frame
    async with asyncio.timeout(10):
        while agent.last_frame is shown:
            await asyncio.sleep(0.01)
    assert (caller.peer, caller.media) == (peer, number)
    known = house.node.floors.call("CTKV1", agent.call["id"])
    assert known is not None
    assert (known.customer_leg.socket, known.customer_leg.media) == (2, number)
