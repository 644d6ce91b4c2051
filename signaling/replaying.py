"""`vouch replay`: a call or a whole floor stepped again, in words, and what differs from what is stored."""

from dataclasses import dataclass

from sqlalchemy import select

from routing.state import Floor
from signaling import codec, store
from signaling.call_trail import CallTrail, words
from signaling.models import FloorCallRow, FloorRow
from signaling.replay import Difference, Nothing, Run, call_difference, floor_difference, other_code, replay
from signaling.snapshot_rows import Start, at_version, before, last_event, oldest
from vouch.accounts.models import Account, Role
from vouch.clock import in_vietnam
from vouch.database import Database
from vouch.problems import Problem


@dataclass(frozen=True, slots=True)
class Report:
    """What is printed, and what is wrong, if anything."""

    lines: list[str]
    wrong: str | None


async def replay_call(database: Database, call: str) -> Report:
    """Everything that happened to a call, step by step, and whether its row is what comes out; Problem `not_found`."""
    async with database.read() as session:
        row = await session.get(FloorCallRow, call)
        agents = await session.scalars(select(Account).where(Account.role == Role.AGENT))
        names = {account.id: account.username for account in agents}
    if row is None:
        raise Problem(404, "not_found", f"There is no call {call}.")
    stored = codec.load_call(row.data)
    start = _found(await before(database, row.floor, stored.queued_at), row.floor)
    trail = CallTrail(call, row.version)
    run = await replay(database, start, trail)
    difference = run.difference or call_difference(stored, trail.last)
    title = f"Call {call} of verification {stored.verification}, {in_vietnam(stored.queued_at):%Y-%m-%d}:"
    return _report([title, *(words(mark, names) for mark in trail.marks)], start, run, difference)


async def replay_floor(database: Database, floor: str, version: int | None) -> Report:
    """Whether a whole floor as it stands is what comes out of its journal, from a version on; Problem `not_found`."""
    present, last = await _present(database, floor)
    start = await (oldest(database, floor) if version is None else at_version(database, floor, version))
    start = _found(start, floor)
    run = await replay(database, start, Nothing(), last=last)
    difference = run.difference or floor_difference(present, run.floor)
    title = f"Floor {floor}, version {start.floor.version} to {present.version}:"
    counts = f"{len(present.agents)} agents, {len(present.calls)} calls"
    return _report([title, counts], start, run, difference)


async def _present(database: Database, floor: str) -> tuple[Floor, int]:
    """The floor as its rows have it, and the last row of the journal that it holds."""
    async with database.read() as session:
        if await session.get(FloorRow, floor) is None:
            raise Problem(404, "not_found", f"There is no floor {floor}.")
        present, _ = await store.look(session, floor, None)
    async with database.read() as session:
        return present, await last_event(session, present)


def _found(start: Start | None, floor: str) -> Start:
    if start is None:
        raise Problem(409, "no_snapshot", f"Floor {floor} has no snapshot that is old enough to start from.")
    return start


def _report(lines: list[str], start: Start, run: Run, difference: Difference | None) -> Report:
    stepped = f"{run.events} events stepped from version {start.floor.version}"
    if difference is None:
        return Report([*lines, f"{stepped}: the same as what is stored."], None)
    return Report([*lines, f"{stepped}."], " ".join(filter(None, (f"{difference}.", other_code(start)))))
