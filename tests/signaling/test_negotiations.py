"""Offers on their way: what a later step of the same commit has taken back never reaches the worker."""

import asyncio
from typing import Any, cast

from media.plane import MediaPlane
from routing import events as e
from routing.commands import Negotiate
from routing.state import Leg
from signaling.floors import Floors
from signaling.messages import MediaAnswer
from signaling.negotiations import Negotiations, _Waiting, is_current
from signaling.writer import Changes
from tests.routing.playbook import Playbook


class Beside:
    """Floors that only listen, and a worker that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.committed: Any = None

    def listen(self, listener: Any) -> None:
        self.committed = listener

    async def negotiate(self, _worker: str, _call: str, _leg: str, media: int, _sdp: str) -> str:
        self.asked.append(media)
        return "answer"


async def test_who_left_in_the_same_commit_is_refused_and_the_worker_not_asked() -> None:
    play = Playbook()
    play.active()
    before = play.floor
    offer = e.MediaOffered("c1", Leg.AGENT, 1, "again", "w1")
    (said,) = play.quietly(offer)
    assert isinstance(said, Negotiate)
    assert is_current(play.floor, said)
    offered = play.floor
    play.quietly(e.AgentChanged("a1", frozenset(), "employer", valid=False))

    beside = Beside()
    negotiations = Negotiations(cast(Floors, beside), cast(MediaPlane, beside))
    answers: list[MediaAnswer] = []
    for after in (play.floor, offered):
        waiting = negotiations._waiting["again"] = _waits()
        beside.committed(Changes(before, after, (said,), frozenset({"c1"}), (), frozenset()))
        answers.append(await waiting.answer)
    assert [(answer.code, answer.media) for answer in answers] == [("not_connected_yet", 2), ("ok", 2)]
    assert beside.asked == [2]
    await negotiations.close()


def _waits() -> _Waiting:
    return _Waiting("offer", asyncio.get_running_loop().create_future())


async def test_an_offer_of_a_call_that_is_over_or_of_an_older_number_is_not_current() -> None:
    play = Playbook()
    play.active()
    older = Negotiate("c1", Leg.CUSTOMER, 1, "w1", "r")
    assert is_current(play.floor, older)
    play.negotiate(Leg.CUSTOMER)
    assert not is_current(play.floor, older)
    play.quietly(e.CallerHungUp("c1", 1, "bye"))
    assert not is_current(play.floor, Negotiate("c1", Leg.CUSTOMER, 2, "w1", "r"))
