"""Robot peers in calls: joined, watched, and closed at the end."""

import asyncio
import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from media.plane import Leg, MediaEvent, MediaPlane
from media.robot import ReceivedFrame, RobotPeer
from media.synthetic import moving_picture, read_counter

WORKER = "test-w0"
"""Name of the first worker of a node called test."""


class Told:
    """Events in order, and waiting for one of them."""

    def __init__(self) -> None:
        self.events: list[MediaEvent] = []
        self._changed = asyncio.Condition()

    async def take(self, event: MediaEvent) -> None:
        async with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    async def wait_for(self, wanted: Callable[[MediaEvent], bool], within_s: float = 10.0) -> MediaEvent:
        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(lambda: any(map(wanted, self.events)))
        return next(filter(wanted, self.events))


class Watcher:
    """The frames that a peer received, and waiting for one of them."""

    def __init__(self) -> None:
        self.frames: list[ReceivedFrame] = []
        self._arrived = asyncio.Event()

    def take(self, frame: ReceivedFrame) -> None:
        self.frames.append(frame)
        self._arrived.set()

    async def wait_for(self, wanted: Callable[[ReceivedFrame], bool], within_s: float = 10.0) -> ReceivedFrame:
        """The first frame from now on that is wanted."""
        begin = len(self.frames)
        async with asyncio.timeout(within_s):
            while True:
                for frame in self.frames[begin:]:
                    if wanted(frame):
                        return frame
                begin = len(self.frames)
                self._arrived.clear()
                await self._arrived.wait()

    async def next(self) -> ReceivedFrame:
        return await self.wait_for(lambda _: True)


class Peers:
    """Makes peers that join one call."""

    def __init__(self, plane: MediaPlane, told: Told, call: str = "call") -> None:
        self.plane, self.call = plane, call
        self.worker = plane.choose() or ""
        self._told = told
        self._robots: list[RobotPeer] = []

    async def join(self, leg: Leg, media: int = 1, *, first: int = 0) -> tuple[RobotPeer, Watcher]:
        """A new peer whose pictures are numbered from `first` on."""
        watcher = Watcher()
        robot = RobotPeer(moving_picture(first=first), on_frame=watcher.take)
        self._robots.append(robot)
        await robot.accept(await self.plane.negotiate(self.worker, self.call, leg, media, await robot.offer()))
        return robot, watcher

    def events(self) -> list[MediaEvent]:
        """What was told of this call."""
        return [event for event in self._told.events if getattr(event, "call", None) == self.call]

    async def event(self, wanted: Callable[[MediaEvent], bool]) -> MediaEvent:
        """The first event of this call that is wanted; waits for it."""
        return await self._told.wait_for(lambda event: getattr(event, "call", None) == self.call and wanted(event))

    async def close_robots(self) -> None:
        for robot in self._robots:
            await robot.close()

    async def close(self) -> None:
        await self.close_robots()
        await self.plane.close_call(self.worker, self.call)


def counter(jpeg: bytes | None) -> int | None:
    """The number in a kept picture."""
    assert jpeg is not None
    return read_counter(np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")))
