"""Eight writers on one floor of a real PostgreSQL, its sessions cut now and then; afterwards the history is read.

The rules are those of `tests/routing/test_machine.py`; here they are held by what the database keeps: the journal,
stepped again from the beginning, the calls' rows, the results.
"""

from collections import Counter
from dataclasses import dataclass

import hypothesis
import pytest
from sqlalchemy import insert, select

from ekyc.models import CallRecord, OutboxMessage, Picture, PictureKind, VerdictRecord
from routing import commands as c
from routing.index import build
from routing.laws import broken_in_state, broken_in_step
from routing.state import SECOND, Floor, Seed, TeamRules
from routing.step import step
from signaling import codec, store
from signaling.models import EffectRow, FloorAgentRow, FloorCallRow, FloorRow, JournalRow, PressRow
from signaling.rules import Team
from tests.ekyc.evidence_fixtures import Stage, populate, stage_fixture  # noqa: F401 - fixture
from tests.signaling.crowd import FLOOR, Crowd
from vouch.accounts.models import Account, Role
from vouch.ids import new_id

SEED = Seed("2026-11-21", "00ff")
THOROUGH = hypothesis.settings.default.max_examples > 1000
TIMES = 1000 if THOROUGH else 150
"""How often each of the eight does something; `./dev model` takes its time."""
AGENTS = [letter * 32 for letter in "defg"]


@dataclass
class History:
    """What the crowd left behind."""

    stage: Stage
    crowd: Crowd
    steps: list[tuple[Floor, JournalRow, Floor]]
    commands: list[c.Command]
    floor: Floor


@pytest.fixture
async def populated_url(postgresql_url: str) -> str:
    await populate(postgresql_url)
    return postgresql_url


@pytest.fixture
async def history(stage: Stage) -> History:
    verifications = [await stage.verification() for _ in range(TIMES // 3)]
    async with stage.database.write() as session:
        await store.ensure(session, FLOOR, Team(TeamRules(), None), SEED, await stage.database.now(session))
        for agent in AGENTS:
            who = {"username": agent[:3], "full_name": "Lê", "role": Role.AGENT, "company": FLOOR}
            session.add(Account(id=agent, password_hash="-", created_at=0, **who))
    first = build(FLOOR, TeamRules(), SEED)
    url = stage.database.engine.url.render_as_string(hide_password=False)
    crowd = Crowd(url, verifications, AGENTS, keeper(stage))
    try:
        await crowd.run(url, times=TIMES, kills=TIMES // 25)
    finally:
        await crowd.close()
    return await read(stage, crowd, first)


def keeper(stage: Stage) -> object:
    async def keep(command: c.KeepPicture) -> None:
        async with stage.database.write() as session:
            call = await session.get_one(CallRecord, command.call)
            late = {"kind": PictureKind.LAST_FRAME, "decision": 0} if command.late else None
            kind = late or {"kind": PictureKind.SNAPSHOT, "decision": command.decision}
            size = {"width": 1, "height": 1, "clean_key": "k", "clean_sha256": "s"}
            common = {"id": new_id(), "verification": call.verification, "source": "call", "call": call.id, "at": 0}
            await session.execute(insert(Picture).values(**common, **kind, **size))

    return keep


async def read(stage: Stage, crowd: Crowd, floor: Floor) -> History:
    """Step the journal again from the beginning."""
    steps, commands = [], []
    async with stage.database.read() as session:
        rows = (await session.scalars(select(JournalRow).order_by(JournalRow.id))).all()
    for row in rows:
        event = codec.load(codec.EVENTS[row.type], row.data)
        result = step(floor, event, row.at)
        assert broken_in_state(result.floor) == []
        assert broken_in_step(floor, event, result) == []
        assert result.floor.version == row.version
        steps.append((floor, row, result.floor))
        commands += result.commands
        floor = result.floor
    return History(stage, crowd, steps, commands, floor)


@pytest.mark.timeout(600 if THOROUGH else 120)
async def test_the_history_of_a_crowd(history: History) -> None:
    """One run, because it takes seconds: every rule below is read from it."""
    assert len(history.steps) > 8 * TIMES
    await the_rows_are_what_the_journal_comes_to(history)
    no_deadline_was_missed(history)
    nobody_is_in_two_places(history)
    await every_call_has_one_outcome(history)
    await every_press_has_one_answer(history)
    await effects_are_those_that_were_said(history)


async def the_rows_are_what_the_journal_comes_to(history: History) -> None:
    async with history.stage.database.read() as session:
        row = await session.get_one(FloorRow, FLOOR)
        agents = (await session.scalars(select(FloorAgentRow).where(FloorAgentRow.present))).all()
        left = (await session.scalars(select(FloorCallRow.id).where(FloorCallRow.present))).all()
    assert (row.version, row.now, row.next_deadline) == (history.floor.version, history.floor.now, None)
    assert {each.agent: codec.load_agent(each.data) for each in agents} == dict(history.floor.agents)
    assert left == []


def no_deadline_was_missed(history: History) -> None:
    late = [row.at - alarm.at for before, row, _ in history.steps for alarm in before.index.alarms]
    assert max(late) < 2 * SECOND + history.crowd.stood_still


def nobody_is_in_two_places(history: History) -> None:
    for _, _, floor in history.steps:
        held = Counter(floor.index.serving.values())
        assert set(held.values()) <= {1}
        assert len(floor.index.serving) == len(set(floor.index.serving))


async def every_call_has_one_outcome(history: History) -> None:
    said = Counter(command.call for command in history.commands if isinstance(command, c.CallEnded))
    outcomes = {command.call: command.outcome for command in history.commands if isinstance(command, c.CallEnded)}
    given = [command.call for command in history.commands if isinstance(command, c.VerdictGiven)]
    async with history.stage.database.read() as session:
        records = (await session.scalars(select(CallRecord))).all()
        verdicts = (await session.scalars(select(VerdictRecord.call))).all()
        messages = (await session.scalars(select(OutboxMessage.verification))).all()
    assert set(said.values()) == {1}
    assert {record.id: record.outcome for record in records} == outcomes
    assert {record.dealer for record in records} == {"dealer"}
    assert sorted(verdicts) == sorted(given)
    assert len(set(outcomes.values())) >= 4, f"the crowd should see more of the world: {Counter(outcomes.values())}"
    of_verification = {record.verification: record.id for record in records}
    told = Counter(of_verification[each] for each in messages)
    # A verdict and an end without one are told; a late verdict comes on top of its call's end.
    assert set(told) == set(outcomes)
    assert all(count == 1 + (call in given and outcomes[call] not in {"confirmed"}) for call, count in told.items())


async def every_press_has_one_answer(history: History) -> None:
    async with history.stage.database.read() as session:
        kept = {row.request: f"{row.code} {row.detail}" for row in (await session.scalars(select(PressRow))).all()}
    heard: dict[str, set[str]] = {}
    for member in history.crowd.members:
        for request, answers in member.answers.items():
            heard.setdefault(request, set()).update(answers)
    assert {request: {answer} for request, answer in kept.items()} == heard


async def effects_are_those_that_were_said(history: History) -> None:
    said = [store.effect_id(each) for each in history.commands if isinstance(each, c.Effect)]
    async with history.stage.database.read() as session:
        kept = (await session.scalars(select(EffectRow.id))).all()
    assert sorted(kept) == sorted(said)
