"""What the public is told of the draws: a commitment to each day's seed beforehand, the seed once the day is over.

Whoever notes a commitment before its day can check afterwards that the seed was not chosen to suit anybody:
`routing.strategies.draw` says how both are made. The seed of a day that a floor still draws with is never told.
"""

from datetime import timedelta

from aiohttp import web
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from routing.strategies.draw import commitment
from signaling import codec
from signaling.models import DrawCommitmentRow, FloorRow
from signaling.seeds import Seeds
from vouch.audit import Tag, record
from vouch.clock import SECOND, Clock, vietnamese_day
from vouch.database import Database
from vouch.http import answer
from vouch.logs import logger
from vouch.statements import insert_rows
from vouch.tasks import TaskSet

log = logger(__name__)

AHEAD = 30
"""For how many days after today a commitment is published."""
_BACK = 90
_LOOK_EVERY_S = 60.0
_KEPT = 10 * SECOND
_NEW = insert_rows(DrawCommitmentRow, ("day", "digest", "published_at"), "ON CONFLICT DO NOTHING RETURNING day")


class PublishedDraw(BaseModel):
    """One day's."""

    day: str
    commitment: str
    """SHA-256 of `DAY|SEED`, both as they stand here."""
    published_at: int
    seed: str | None
    """Hexadecimal digits; None: not told yet."""


class PublishedDraws(BaseModel):
    """The answer of `GET /draws`."""

    draws: list[PublishedDraw]


class Draws:
    """Publishes commitments ahead of time and answers `GET /draws`."""

    def __init__(self, database: Database, clock: Clock, seeds: Seeds) -> None:
        self._database = database
        self._clock = clock
        self._seeds = seeds
        self._published_on = ""
        self._kept: tuple[int, PublishedDraws] | None = None
        self._tasks = TaskSet("draws")

    def add_routes(self, app: web.Application) -> None:
        """`GET /draws`, for everybody."""
        app.router.add_get("/draws", self._answer)

    async def start(self) -> None:
        """Publish, and go on doing so each new day."""
        await self.publish()
        self._tasks.every(_LOOK_EVERY_S, "publish", self.publish)

    async def close(self) -> None:
        """Stop."""
        await self._tasks.close()

    async def publish(self) -> None:
        """Make sure that today and the days to come have commitments; told by several nodes, each is written once."""
        today = vietnamese_day(self._clock.now())
        if self._published_on == today.isoformat():
            return
        days = [(today + timedelta(days=ahead)).isoformat() for ahead in range(AHEAD + 1)]
        async with self._database.write() as session:
            known = select(DrawCommitmentRow).where(DrawCommitmentRow.day >= days[0])
            kept = {row.day: row.digest for row in await session.scalars(known)}
            for day in days:
                digest = commitment(self._seeds.of(day))
                if day not in kept:
                    await self._commit(session, day, digest)
                elif kept[day] != digest:
                    log.error("another secret key has committed to this day: its draws will fail a check", day=day)
        self._published_on = today.isoformat()

    async def _commit(self, session: AsyncSession, day: str, digest: str) -> None:
        now = self._clock.now()
        row = {"day": day, "digest": digest, "published_at": now}
        if (await session.execute(_NEW, row)).first() is not None:
            record(session, Tag.DRAW_COMMITTED, now, subject=day, digest=digest)

    async def published(self) -> PublishedDraws:
        """The commitments of the last days and of those to come, the newest first."""
        now = self._clock.now()
        if self._kept is not None and now < self._kept[0] + _KEPT:
            return self._kept[1]
        since = (vietnamese_day(now) - timedelta(days=_BACK)).isoformat()
        rows = select(DrawCommitmentRow).where(DrawCommitmentRow.day >= since)
        async with self._database.read() as session:
            days = (await session.scalars(rows.order_by(DrawCommitmentRow.day.desc()))).all()
            floors = (await session.scalars(select(FloorRow.data))).all()
        # Until a floor has got the new day's seed it draws with the old one.
        in_use = {codec.load(codec.FloorData, data).seed.day for data in floors}
        first_secret = min({vietnamese_day(now).isoformat(), *in_use})
        told = PublishedDraws(draws=[self._one(row, secret=row.day >= first_secret) for row in days])
        self._kept = now, told
        return told

    def _one(self, row: DrawCommitmentRow, *, secret: bool) -> PublishedDraw:
        seed = None if secret else self._seeds.of(row.day)
        ours = seed is not None and commitment(seed) == row.digest
        return PublishedDraw(
            day=row.day,
            commitment=row.digest,
            published_at=row.published_at,
            seed=seed.value if seed is not None and ours else None,
        )

    async def _answer(self, _request: web.Request) -> web.Response:
        return answer(await self.published())
