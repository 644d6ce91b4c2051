"""Pictures from outside: checked, turned upright, stripped of everything but the pixels, encoded anew.

Nothing of what a stranger sent is read in this process: `ekyc.darkroom` has processes of its own for that.
"""

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from ekyc.darkroom.process import Decoder, DecoderLost
from ekyc.darkroom.turns import Turns
from ekyc.darkroom.wire import Message
from vouch.logs import logger
from vouch.problems import Problem

log = logger(__name__)

LARGEST_BYTES = 8 << 20
READABLE_SIDE = 900
"""A card that is narrower than this seldom has a readable code; the picture is taken, with a warning."""
FEWEST_DECODERS = 2
"""So that one picture never keeps everybody waiting."""
_JOB_CPU_S = 4
"""Four times what the largest picture that is taken costs."""
_JOB_WALL_S = 8.0
_REFUSALS = {
    "picture_broken": (422, "This is no JPEG or PNG picture, or it is damaged."),
    "picture_too_large": (413, "A picture may have at most 8 MiB and 24 megapixels."),
    "picture_too_small": (422, "A picture needs at least 200 pixels on each side."),
    "picture_too_complex": (422, "This picture takes too long to read. Take it again, or save it anew as plain JPEG."),
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture as it will be kept."""

    jpeg: bytes
    width: int
    height: int
    sent_sha256: str
    """Hash of the bytes as they were sent, to tell repeated requests; the kept bytes have a hash of their own."""

    @property
    def warnings(self) -> list[str]:
        """Codes of what may make it less useful."""
        return ["low_resolution"] if max(self.width, self.height) < READABLE_SIDE else []


class Darkroom:
    """Prepares pictures and reads the cards' codes in decoders, processes that are ended when a picture costs too much.

    `source` is whose picture it is: each has its turn, and none ever holds all decoders. All of it raises Problem
    `pictures_busy` where too many wait. Decoders start when they are first needed; `close` ends them.
    """

    def __init__(self, decoders: int = FEWEST_DECODERS, wall_s: float = _JOB_WALL_S) -> None:
        self._turns = Turns(max(FEWEST_DECODERS, decoders))
        self._wall_s = wall_s
        self._told_of_files = False
        self._idle: list[Decoder] = []
        self._dying: list[Decoder] = []

    def hold(self, source: str, octets: int) -> AbstractContextManager[None]:
        """Count `octets` of a picture that is about to be received as in memory; Problem `pictures_busy`."""
        return self._turns.hold(source, octets)

    async def prepare(self, data: bytes, source: str) -> Prepared:
        """`data` (JPEG or PNG) as it will be kept; Problem as `check_size` and `_REFUSALS` say."""
        check_size(data)
        head, (jpeg,) = await self._job(source, {"job": "develop"}, [data])
        return Prepared(jpeg, int(head["width"]), int(head["height"]), hashlib.sha256(data).hexdigest())

    async def read_code(self, pictures: list[bytes], source: str) -> str | None:
        """The text of a citizen card's code in pictures that were prepared; None where none can be read."""
        if not pictures:
            return None
        try:
            head, _ = await self._job(source, {"job": "read_code"}, pictures)
        except Problem as problem:
            # What cannot be searched in time is a picture without a code.
            if problem.code != "picture_too_complex":
                raise
            return None
        return None if head["code"] is None else str(head["code"])

    async def thumbnail(self, jpeg: bytes, side: int, source: str) -> bytes:
        """A prepared picture made to fit a square of `side` pixels."""
        _, (small,) = await self._job(source, {"job": "thumbnail", "side": side}, [jpeg])
        return small

    def pids(self) -> list[int]:
        """The decoders that wait for work, by their numbers in the system."""
        return [decoder.pid for decoder in self._idle]

    def close(self) -> None:
        """End all decoders that wait for work; to be called when nothing is asked any more."""
        self._dying += self._idle
        self._idle = []
        for decoder in self._dying:
            decoder.end()
        self._dying = []

    async def _job(self, source: str, job: dict[str, Any], parts: Sequence[bytes]) -> Message:
        async with self._turns.turn(source):
            head, made = await self._ask({**job, "cpu_s": _JOB_CPU_S}, parts)
        if (code := head.get("refused")) is not None:
            raise refusal(code)
        if (error := head.get("failed")) is not None:
            raise RuntimeError(f"a picture decoder failed: {error}")
        return head, made

    async def _ask(self, job: dict[str, Any], parts: Sequence[bytes]) -> Message:
        self._dying = [decoder for decoder in self._dying if not decoder.is_gone()]
        decoder = self._idle.pop() if self._idle else await self._start()
        try:
            answer = await decoder.ask(job, parts, self._wall_s)
        except DecoderLost as lost:
            self._end(decoder)
            log.warning("a picture cost its decoder", job=job["job"], ended_by=str(lost))
            return {"refused": "picture_too_complex"}, []
        except BaseException:
            # Nobody waits for the answer any more; the next one must not get it.
            self._end(decoder)
            raise
        self._idle.append(decoder)
        return answer

    async def _start(self) -> Decoder:
        decoder = await Decoder.start()
        if decoder.opens_files and not self._told_of_files:
            self._told_of_files = True
            log.warning("picture decoders can open files: this system has no Landlock")
        return decoder

    def _end(self, decoder: Decoder) -> None:
        decoder.kill()
        self._dying.append(decoder)


def check_size(data: bytes) -> None:
    """Problem `picture_missing` (empty) or `picture_too_large` (more than 8 MiB)."""
    if not data:
        raise Problem(422, "picture_missing", "The picture is empty.")
    if len(data) > LARGEST_BYTES:
        raise too_large()


def too_large() -> Problem:
    """The answer to a picture that exceeds a limit."""
    return refusal("picture_too_large")


def refusal(code: str) -> Problem:
    """The answer to a picture that is not taken; KeyError where it is no such code."""
    status, detail = _REFUSALS[code]
    return Problem(status, code, detail)
