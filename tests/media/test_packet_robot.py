"""Packet robots: real connections on this machine, to each other and to a worker."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable

import pytest

from media.aiortc_client import check
from media.aiortc_seam import PeerLink
from media.call import CallMedia
from media.exchange import Exchange
from media.packet_robot import PacketRobot, RobotSet
from media.packet_sender import Material, material
from media.plane import MediaPlane
from media.synthetic import MODULUS, read_counter
from media.worker_settings import UdpSettings
from tests.media.peers import Told


@pytest.fixture(scope="module")
def made() -> Material:
    return material(seconds=2)


@pytest.fixture
async def robots(made: Material) -> AsyncIterator[RobotSet]:
    robots = RobotSet(made, ("127.0.0.1",))
    robots.start()
    yield robots
    await robots.close()


async def until(condition: Callable[[], object], within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)


async def joined(offering: PacketRobot, answering: PacketRobot) -> None:
    """Two robots, connected without anybody between them."""
    answer, connect = await answering.answer(await offering.offer())
    await asyncio.gather(offering.accept(answer), connect())


def test_the_installed_libraries_have_what_is_used_here() -> None:
    check()


async def test_two_robots_see_and_hear_each_other(robots: RobotSet) -> None:
    pair = robots.robot(), robots.robot()
    await joined(*pair)
    await until(lambda: all(robot.video.frames > 15 and robot.audio.frames > 15 for robot in pair))
    assert [robot.video.lost + robot.video.damaged + robot.audio.damaged for robot in pair] == [0, 0]
    assert all(robot.is_connected for robot in pair)


async def test_what_arrives_is_the_picture_that_was_sent(robots: RobotSet) -> None:
    pair = robots.robot(), robots.robot()
    await joined(*pair)
    await until(lambda: pair[1].video.frames > 5)
    image = await asyncio.to_thread(pair[1].image)
    assert image is not None
    number = read_counter(image)
    assert number is not None
    assert number < MODULUS
    assert number in range(len(robots.material.pictures))


async def test_before_anything_came_there_is_no_picture(robots: RobotSet) -> None:
    assert robots.robot().image() is None


async def test_one_may_send_and_the_other_receive(robots: RobotSet) -> None:
    sending, receiving = robots.robot(direction="sendonly"), robots.robot(direction="recvonly")
    await joined(sending, receiving)
    await until(lambda: receiving.video.frames > 5)
    assert receiving.sender is None
    assert sending.video.packets == 0


async def test_a_key_frame_that_is_asked_for_is_sent(robots: RobotSet) -> None:
    pair = robots.robot(), robots.robot()
    await joined(*pair)
    await until(lambda: pair[1].video.frames)
    pair[1].want_key_frame()
    await until(lambda: pair[0].sender and pair[0].sender.key_requests)


async def test_arrivals_are_told_with_their_time(robots: RobotSet) -> None:
    arrived: list[tuple[int, int]] = []
    sending = robots.robot()
    receiving = robots.robot(on_arrival=lambda payload, at: arrived.append((places.get(payload[-16:], -1), at)))
    places = robots.material.places
    await joined(sending, receiving)
    await until(lambda: len(arrived) > 5)
    assert sending.sender is not None
    sent = dict(sending.sender.sent)
    assert all(0 <= at - sent[place] < 1_000_000_000 for place, at in arrived[:5])


async def test_a_robot_notices_that_the_other_has_left(robots: RobotSet) -> None:
    pair = robots.robot(), robots.robot()
    await joined(*pair)
    await pair[0].close()
    await until(lambda: not pair[1].is_connected)


async def test_leaving_twice_is_no_harm(robots: RobotSet) -> None:
    robot = robots.robot()
    await robot.offer()
    await robot.close()
    await robot.close()


async def test_an_answer_without_an_offer_is_refused(robots: RobotSet) -> None:
    with pytest.raises(ValueError, match="nothing was offered"):
        await robots.robot().accept("v=0")


async def test_a_call_through_a_worker(plane: MediaPlane, told: Told, robots: RobotSet) -> None:
    worker = plane.choose() or ""
    customer, agent = robots.robot(), robots.robot()
    await customer.accept(await plane.negotiate(worker, "call", "customer", 1, await customer.offer()))
    await agent.accept(await plane.negotiate(worker, "call", "agent", 1, await agent.offer()))
    await until(lambda: customer.video.frames > 15 and agent.video.frames > 15)
    kept = await plane.frame(worker, "call", 1, agent.video.newest_timestamp, live=True)
    assert kept.exact
    await plane.close_call(worker, "call")


async def customers_call(exchange: Exchange, robot: PacketRobot, call: str) -> None:
    """A call in which only the customer is, from its beginning to its end."""
    await robot.accept(await exchange.negotiate(call, "customer", 1, await robot.offer(), record=True))
    await until(lambda: robot.sender and len(robot.sender.sent) > 10)
    exchange.close_call(call)
    await until(lambda: not robot.is_connected)


def kept(*calls: str) -> list[str]:
    """Those of the calls that are still in memory."""
    return [each.call for each in gc.get_objects() if isinstance(each, CallMedia) and each.call in calls]


async def test_nothing_of_a_closed_call_waits_for_the_cycle_collector(robots: RobotSet) -> None:
    exchange = Exchange(
        make_link=PeerLink, udp=UdpSettings(("127.0.0.1",)), ice_servers=(), longest_calls=9, on_event=lambda *_: None
    )
    exchange.start()
    gc.collect()
    gc.disable()
    try:
        for call in ("first", "second"):
            await customers_call(exchange, robots.robot(), call)
        # The last one may still be held by what has just ended.
        await until(lambda: len(kept("first", "second")) <= 1)
    finally:
        gc.enable()
        await exchange.close()
