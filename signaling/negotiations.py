"""SDP offers on their way through the floor: kept in this node's memory until the floor has given them a number.

The floor never sees SDP. A page's offer waits here under its request; when the floor's command `Negotiate` for it is
committed, the offer goes to the call's media worker and the answer back to the page. A node that dies loses both, and
the page offers anew.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from media.errors import MediaRefused
from media.plane import MediaPlane
from routing import codes
from routing.commands import Answered, Negotiate
from routing.events import MediaOffered
from routing.state import HELD_BY_AGENT, Floor
from signaling.floors import Floors
from signaling.messages import MediaAnswer
from signaling.offer_limits import OfferLimits
from signaling.writer import Changes
from vouch.logs import call_context, logger
from vouch.tasks import TaskSet

log = logger(__name__)

_ANSWER_S = 10.0
_COSTLY = frozenset({"ok", "bad_offer"})
"""What a worker has looked at; one that no worker was there for is offered again soon."""


@dataclass(slots=True)
class _Waiting:
    sdp: str
    answer: asyncio.Future[MediaAnswer]


class Negotiations:
    """The offers that pages have made to this node."""

    def __init__(self, floors: Floors, plane: MediaPlane, limits: OfferLimits | None = None) -> None:
        self._floors = floors
        self._plane = plane
        self._limits = limits or OfferLimits()
        self._waiting: dict[str, _Waiting] = {}
        self._tasks = TaskSet("negotiations")
        floors.listen(self._committed)

    async def close(self) -> None:
        """Drop what is under way."""
        await self._tasks.close()

    async def offer(self, floor: str, event: MediaOffered, sdp: str) -> MediaAnswer:
        """Negotiate a leg's new peer connection; a refusal comes as its code. Raises TimeoutError after 10 s."""
        if wait_s := self._limits.take(event.call, event.leg):
            return MediaAnswer(code="too_many_offers", detail="Offer again after `wait_s` seconds.", wait_s=wait_s)
        answer = await self._negotiated(floor, event, sdp)
        if answer.code not in _COSTLY:
            self._limits.give_back(event.call, event.leg)
        return answer

    async def _negotiated(self, floor: str, event: MediaOffered, sdp: str) -> MediaAnswer:
        waiting = _Waiting(sdp, asyncio.get_running_loop().create_future())
        self._waiting[event.request] = waiting
        try:
            with self._floors.expected(event.request) as refused:
                await (await self._floors.writer(floor)).submit(event, request=event.request)
                return await self._first(waiting.answer, refused)
        finally:
            del self._waiting[event.request]

    async def _first(self, answer: asyncio.Future[MediaAnswer], refused: asyncio.Future[Answered]) -> MediaAnswer:
        """The worker's answer, or the floor's refusal: it gives only one of the two."""
        both: set[asyncio.Future[Any]] = {answer, refused}
        done, _ = await asyncio.wait(both, timeout=_ANSWER_S, return_when=asyncio.FIRST_COMPLETED)
        if answer in done:
            return answer.result()
        if refused in done:
            return MediaAnswer(code=refused.result().code, detail=refused.result().detail)
        raise TimeoutError

    def _committed(self, changes: Changes) -> None:
        for gone in changes.forgotten:
            self._limits.forget(gone.id)
        for command in changes.commands:
            if isinstance(command, Negotiate) and (waiting := self._waiting.get(command.request)):
                if is_current(changes.after, command):
                    self._tasks.spawn(f"call {command.call}", self._negotiate(command, waiting))
                elif not waiting.answer.done():
                    waiting.answer.set_result(MediaAnswer(code=codes.NOT_CONNECTED_YET, media=command.media))

    async def _negotiate(self, command: Negotiate, waiting: _Waiting) -> None:
        with call_context(command.call, leg=command.leg.value):
            try:
                sdp = await self._plane.negotiate(
                    command.worker, command.call, command.leg.value, command.media, waiting.sdp
                )
                answer = MediaAnswer(sdp=sdp, media=command.media)
            except MediaRefused as refused:
                log.warning("offer refused", code=refused.code)
                answer = MediaAnswer(code=refused.code, media=command.media)
        if not waiting.answer.done():
            waiting.answer.set_result(answer)


def is_current(floor: Floor, command: Negotiate) -> bool:
    """Whether whoever offered is still in the call, and by this number: a later step of the same commit may say no.

    What a later commit says reaches the worker by itself, which refuses numbers that were cut.
    """
    call = floor.calls.get(command.call)
    return call is not None and call.phase in HELD_BY_AGENT and call.leg(command.leg).media == command.media
