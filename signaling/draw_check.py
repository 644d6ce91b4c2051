"""Whether a day's draws were what they were promised to be: the journal stepped again, every draw reckoned anew.

A floor keeps drawing with a day's seed until it gets the next one, so a day's draws are those of its seed.
"""

from dataclasses import dataclass, field

from sqlalchemy import select

from routing.candidates import Candidates
from routing.state import Call, Seed, Strategy
from routing.strategies.draw import Draw, commitment
from routing.turn import Turn
from signaling import codec
from signaling.explanations import beginning
from signaling.models import DrawCommitmentRow, FloorCallRow, FloorRow
from signaling.replay import Replayed, call_difference, other_code, replay
from signaling.snapshot_rows import Start, before, oldest
from vouch.clock import DAY, MINUTE
from vouch.database import Database

_CLOCKS_APART = 10 * MINUTE
"""A node whose clock goes ahead of the database's gives out a day's seed before the day."""
_CHUNK = 500


@dataclass(slots=True)
class Findings:
    """What a check found."""

    day: str
    beforehand: bool = False
    """Whether the commitment was published before the day."""
    floors: int = 0
    events: int = 0
    offers: int = 0
    drawn: int = 0
    """Offers that were drawn; the others come of strategies that do not draw."""
    calls: int = 0
    """Calls whose rows were compared."""
    mismatches: list[str] = field(default_factory=list)


class _Watcher:
    """Observer of one floor's replay: reckons the draws of a day's seed anew."""

    def __init__(self, seed: Seed, digest: str, until: int, findings: Findings) -> None:
        self._seed = seed
        self._digest = digest
        self._until = until
        self._findings = findings
        self.calls: dict[str, Call] = {}
        """The calls that were offered, as they were last."""

    def watch(self, turn: Turn, call: Call, candidates: Candidates, chosen: str) -> None:
        """Told of each match."""
        if turn.seed.day != self._seed.day:
            return
        self._findings.offers += 1
        offer = f"offer {call.offers + 1} of call {call.id}"
        if commitment(turn.seed) != self._digest:
            self._findings.mismatches.append(f"{offer}: drawn with a seed that was not committed to")
        if turn.rules.strategy is Strategy.RANDOM:
            self._findings.drawn += 1
            hit = candidates.at(Draw(self._seed, call.id, call.offers + 1).below(candidates.count))
            if hit != chosen:
                self._findings.mismatches.append(f"{offer}: made to {chosen}, the draw hits {hit}")
        self.calls[call.id] = call

    def see(self, replayed: Replayed) -> bool:
        """Look at a step."""
        step = replayed.step
        gone = {call.id: call for call in step.forgotten}
        for call in step.touched_calls & self.calls.keys():
            self.calls[call] = gone.get(call) or step.floor.calls[call]
        return replayed.entry.at < self._until or step.floor.seed.day <= self._seed.day


async def check(database: Database, seed: Seed) -> Findings:
    """Check the draws made with a day's seed on every floor; `seed` is what this installation derives for the day.

    Problem `invalid_query` where its day is none.
    """
    findings = Findings(seed.day)
    since = beginning(seed.day)
    async with database.read() as session:
        published = await session.get(DrawCommitmentRow, seed.day)
        floors = (await session.scalars(select(FloorRow.id).order_by(FloorRow.id))).all()
    if published is None:
        findings.mismatches.append("nothing was committed to for this day")
        return findings
    if commitment(seed) != published.digest:
        findings.mismatches.append("the commitment is not that of this installation's seed")
    findings.beforehand = published.published_at < since
    for floor in floors:
        start = await before(database, floor, since - _CLOCKS_APART) or await oldest(database, floor)
        if start is None:
            findings.mismatches.append(f"floor {floor}: it has no snapshot, so its draws cannot be reckoned anew")
            continue
        watcher = _Watcher(seed, published.digest, since + DAY, findings)
        await _check_floor(database, start, watcher, findings)
    return findings


async def _check_floor(database: Database, start: Start, watcher: _Watcher, findings: Findings) -> None:
    run = await replay(database, start, watcher)
    findings.floors += 1
    findings.events += run.events
    if run.difference is not None:
        findings.mismatches.append(f"floor {start.floor.id}: {run.difference}")
        if said := other_code(start):
            findings.mismatches.append(said)
    ids = sorted(watcher.calls)
    for at in range(0, len(ids), _CHUNK):
        await _compare(database, ids[at : at + _CHUNK], run.floor.version, watcher, findings)


async def _compare(database: Database, ids: list[str], version: int, watcher: _Watcher, findings: Findings) -> None:
    """The stored calls with the replayed ones; those that went on after the replay are left out."""
    async with database.read() as session:
        rows = (await session.scalars(select(FloorCallRow).where(FloorCallRow.id.in_(ids)))).all()
    for row in rows:
        if row.version > version:
            continue
        findings.calls += 1
        if difference := call_difference(codec.load_call(row.data), watcher.calls[row.id]):
            findings.mismatches.append(str(difference))
    findings.mismatches += [f"call {gone}: its row is missing" for gone in sorted({*ids} - {row.id for row in rows})]
