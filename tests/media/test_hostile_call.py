"""A call through a real worker while a stranger sends to its ports: frames go on, and the worker stays as it was."""

import asyncio
import re
import socket
from collections.abc import Iterable
from pathlib import Path

from media.plane import LegSilent, MediaPlane
from media.robot import RobotPeer
from media.synthetic import moving_picture
from tests.media.forged import HARMLESS, NOT_FROM_OUTSIDE, SHORT
from tests.media.peers import WORKER, Told, Watcher

AT_A_TIME = 100
"""Datagrams between two breaths, so that a worker on a busy machine gets most of them."""


def ports(answer: str) -> set[int]:
    """Where the worker listens for this leg."""
    return {int(port) for port in re.findall(r"a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 (\d+)", answer)}


def resident(pid: int) -> int:
    """Of a process: octets of memory."""
    (kibibytes,) = re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(kibibytes) << 10


async def send(datagrams: Iterable[bytes], to: set[int]) -> int:
    """Send them to all the ports; gives the octets."""
    sent = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for number, each in enumerate(datagrams):
            for port in to:
                sent += stranger.sendto(each, ("127.0.0.1", port))
            if number % AT_A_TIME == 0:
                await asyncio.sleep(0.002)
    return sent


async def test_frames_go_on_whatever_a_stranger_sends_before_and_while_they_flow(
    loopback_plane: MediaPlane, told: Told
) -> None:
    plane, worker = loopback_plane, loopback_plane.choose() or ""
    everything = [*SHORT, *HARMLESS.values(), *NOT_FROM_OUTSIDE.values()]
    robots, sees = [], {}
    for leg in ("customer", "agent"):
        watcher = sees[leg] = Watcher()
        robot = RobotPeer(moving_picture(), on_frame=watcher.take)
        robots.append((robot, await plane.negotiate(worker, "call", leg, 1, await robot.offer())))
    every = {port for _, answer in robots for port in ports(answer)}
    assert len(every) == 2
    await send(everything, every)
    for robot, answer in robots:
        await robot.accept(answer)
    for watcher in sees.values():
        await watcher.next()
    await send(everything, every)
    for watcher in sees.values():
        before = len(watcher.frames)
        await watcher.wait_for(lambda _, watcher=watcher, before=before: len(watcher.frames) > before + 15)
    assert not any(isinstance(event, LegSilent) for event in told.events)
    for robot, _ in robots:
        await robot.close()
    await plane.close_call(worker, "call")


async def test_junk_to_a_leg_that_nobody_joins_leaves_the_memory_where_it_was(loopback_plane: MediaPlane) -> None:
    plane, worker = loopback_plane, loopback_plane.choose() or ""
    robot = RobotPeer(moving_picture())
    answer = await plane.negotiate(worker, "call", "customer", 1, await robot.offer())
    pid = plane.pid(WORKER)
    assert pid is not None
    junk = [b"\x00" * 1_400, b"\x16\xfe\xfd" + bytes(1_397), b"\x80\x61" + bytes(1_398)] * 1_000
    await send(junk, ports(answer))
    before = resident(pid)
    sent = sum([await send(junk, ports(answer)) for _ in range(5)])
    assert sent > 20 << 20
    assert resident(pid) < before + (4 << 20)
    await robot.close()
    await plane.close_call(worker, "call")
