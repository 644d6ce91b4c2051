"""What a floor's transactions cost: events per second through one `FloorWriter`, and statements per transaction.

`./dev bench writer [--calls N] [--at-once N]`: whole calls, request to wrap-up, 16 events each, with call records and
results, without sockets and media, so many at once; on PostgreSQL and on SQLite. A statement is what SQLAlchemy sends
to its driver; BEGIN and COMMIT come to it. Ends with one line of JSON for each database.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import uvloop
from sqlalchemy import event, insert

from ekyc.models import Picture, PictureKind, Verification
from ekyc.names import fold
from routing import events as e
from routing.commands import KeepPicture
from routing.state import CallRules, Check, Frame, Kind, Leg, Phase, Seed, TeamRules, Verdict
from signaling import store
from signaling.records import CallRecords
from signaling.rules import Team
from signaling.writer import Changes, FloorWriter
from tests import services
from tests.ekyc.evidence_fixtures import populate, verification_row
from vouch import migrations
from vouch.accounts.models import Account, Role
from vouch.database import Database
from vouch.ids import new_id
from vouch.tasks import TaskSet

FLOOR = "CTKV1"
AGENTS = 200


class Bench:
    """One floor, its writer, and what was counted."""

    def __init__(self, url: str) -> None:
        self.database, self._pictures_database = Database(url), Database(url)
        self.writer = FloorWriter(FLOOR, self.database, CallRecords(), self._committed)
        self.counts: Counter[str] = Counter()
        self.seconds: list[float] = []
        self._changed = asyncio.Event()
        self._pictures: dict[str, KeepPicture] = {}
        self._tasks = TaskSet("bench")

    async def prepare(self, calls: int) -> list[str]:
        """The accounts, the agents, and a verification for each call."""
        rows = [verification_row("CTKV4", 0) for _ in range(calls)]
        for row in rows:
            row["full_name_folded"] = fold(row["customer"]["full_name"])
        agents = [f"agent-{n}" for n in range(AGENTS)]
        async with self.database.write() as session:
            await session.execute(insert(Verification), rows)
            for agent in agents:
                who: dict[str, Any] = {"username": agent, "full_name": "Lê", "role": Role.AGENT, "company": FLOOR}
                session.add(Account(id=agent, password_hash="-", created_at=0, **who))
            team = Team(TeamRules(wrap_up=60_000_000, pair_cap=None), None)
            await store.ensure(session, FLOOR, team, Seed("2026-11-21", "00ff"), await self.database.now(session))
        self._tasks.spawn("writer", self.writer.run())
        for agent in agents:
            await self.writer.submit(e.AgentJoined(agent, frozenset(), ""))
        await asyncio.gather(*map(self._sign_in, agents))
        return [row["id"] for row in rows]

    async def run(self, verifications: list[str], at_once: int) -> dict[str, Any]:
        """All calls, so many at once."""
        self._count()
        waiting = iter(verifications)

        async def caller() -> None:
            for verification in waiting:
                await self._call(verification)

        used, began = time.process_time(), time.monotonic()
        await asyncio.gather(*(caller() for _ in range(at_once)))
        seconds, used = time.monotonic() - began, time.process_time() - used
        transactions, events = self.counts["COMMIT"], len(self.seconds)
        spread = statistics.quantiles(self.seconds, n=100)
        return {
            "calls_per_s": round(len(verifications) / seconds, 1),
            "events_per_s": round(events / seconds),
            "event_p50_ms": round(1_000 * spread[49], 1),
            "event_p99_ms": round(1_000 * spread[98], 1),
            "events_per_transaction": round(events / transactions, 1),
            "statements_per_transaction": round(self.counts["statement"] / transactions, 1),
            "statements_per_call": round(self.counts["statement"] / len(verifications), 1),
            "processor_ms_per_call": round(1_000 * used / len(verifications), 1),
        }

    async def close(self) -> None:
        """Stop."""
        await self._tasks.close()
        await self.database.close()
        await self._pictures_database.close()

    def _count(self) -> None:
        engine = self.database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", lambda *_: self.counts.update(["statement"]))
        event.listen(engine, "commit", lambda *_: self.counts.update(["COMMIT"]))

    def _committed(self, changes: Changes) -> None:
        for command in changes.commands:
            if isinstance(command, KeepPicture):
                self._pictures[command.call] = command
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _feed(self, what: e.Event) -> None:
        began = time.monotonic()
        await self.writer.submit(what, request=getattr(what, "request", None))
        self.seconds.append(time.monotonic() - began)

    async def _sign_in(self, agent: str) -> None:
        await self.writer.submit(e.AgentConnected(agent, "node.boot", agent))
        await self.writer.submit(e.AgentReady(agent, f"{agent}:ready"), request=f"{agent}:ready")

    async def _call(self, verification: str) -> None:
        call = new_id()
        rules = CallRules()
        await self._feed(
            e.CallRequested(new_id(), call, verification, "CTKV4", 1, 0, frozenset(), rules, "node.boot", "dealer")
        )
        await self._feed(e.CallerConnected(call, "node.boot", call))
        while self._state(call).phase is not Phase.RINGING:
            await self._changed.wait()
        offer = self._state(call).offer
        assert offer is not None
        agent = offer.agent
        await self._feed(e.OfferAccepted(agent, call, offer.number, "w.boot", new_id()))
        await asyncio.gather(*(self._leg(call, leg) for leg in Leg))
        for check in (Check.DATA, Check.FACES):
            await self._feed(e.CheckSet(agent, call, check, True, new_id()))
        frame = Frame(self._state(call).agent_leg.media, 90_000)
        await self._feed(e.VerdictPressed(agent, call, Verdict.CONFIRMED, "", False, "", frame, new_id()))
        await self._keep(verification, self._pictures.pop(call))
        await self._feed(e.EvidenceStored(call, 1))
        await self._feed(e.WrapUpEnded(agent, new_id()))

    async def _leg(self, call: str, leg: Leg) -> None:
        await self._feed(e.MediaOffered(call, leg, self._state(call).leg(leg).socket, new_id(), "w.boot"))
        media = self._state(call).leg(leg).media
        await asyncio.gather(*(self._feed(e.MediaFlowing(call, leg, media, kind)) for kind in Kind))
        await self._feed(e.FramePresented(call, leg, media, 90_000))

    async def _keep(self, verification: str, command: KeepPicture) -> None:
        row = {"id": new_id(), "verification": verification, "call": command.call, "decision": command.decision}
        size = {"width": 1, "height": 1, "clean_key": "k", "clean_sha256": "s", "source": "call", "at": 0}
        async with self._pictures_database.write() as session:
            await session.execute(insert(Picture).values(kind=PictureKind.SNAPSHOT, **row, **size))

    def _state(self, call: str) -> Any:
        floor = self.writer.floor
        assert floor is not None
        return floor.calls[call]


async def measure(name: str, url: str, calls: int, at_once: int) -> None:
    """Print one database's line."""
    database = Database(url)
    await migrations.upgrade(database)
    await database.close()
    await populate(url)
    bench = Bench(url)
    try:
        verifications = await bench.prepare(calls)
        result = await bench.run(verifications, at_once)
    finally:
        await bench.close()
    print(json.dumps({"bench": "writer", "database": name, "calls_at_once": at_once, **result}))


def main() -> None:
    """Measure both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--only", choices=["postgresql", "sqlite"])
    given = parser.parse_args()
    if given.only != "sqlite":
        with services.postgres_cluster() as cluster, cluster.database() as name:
            uvloop.run(measure("postgresql", cluster.url(name), given.calls, given.at_once))
    if given.only != "postgresql":
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "vouch.db"
            uvloop.run(measure("sqlite", f"sqlite+aiosqlite:///{file}", given.calls, given.at_once))


if __name__ == "__main__":
    main()
