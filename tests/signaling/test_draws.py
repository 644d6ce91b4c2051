"""Seeds are committed to before their day and told after it; a day's draws can be reckoned anew."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select, text

from routing import events as e
from routing.state import Seed, Strategy, TeamRules
from routing.strategies.draw import commitment
from signaling import codec
from signaling.draw_check import Findings, check
from signaling.draws import Draws
from signaling.explaining import check_lines
from signaling.explanations import Explanations
from signaling.models import DrawCommitmentRow
from signaling.seeds import Seeds
from tests.signaling.shift import Shift, shift
from vouch.audit import AuditEntry, Tag
from vouch.clock import DAY
from vouch.keys import Keys
from vouch.problems import Problem

TODAY, TOMORROW = "2026-11-20", "2026-11-21"


@pytest.fixture
async def team(migrated_database_url: str) -> AsyncIterator[Shift]:
    """A team that begins on the day before the one that is looked at, when its commitment is published."""
    async with shift(migrated_database_url) as made:
        await published(made).publish()
        yield made


def published(team: Shift) -> Draws:
    return Draws(team.database, team.clock, team.seeds)


async def told(team: Shift) -> dict[str, dict[str, Any]]:
    """What a stranger is told, by day."""
    app = web.Application()
    published(team).add_routes(app)
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/draws")
        assert response.status == 200
        return {each["day"]: each for each in (await response.json())["draws"]}


async def new_day(team: Shift) -> None:
    """It is tomorrow, and the floor has got the new day's seed."""
    team.clock.advance(DAY)
    seed = team.seeds.draw()
    await team.feed(e.SeedSet(seed.day, seed.value))


async def a_day_of_calls(team: Shift) -> None:
    """Tomorrow comes, with five offers of which two are declined."""
    await new_day(team)
    await team.joins("an", "binh", "chi")
    for number in range(3):
        call = await team.caller()
        if number < 2:
            await team.declines(call)
        await team.accepts(call)
        await team.ends(call)


async def tamper(team: Shift, sql: str, **values: object) -> None:
    async with team.database.write() as session:
        await session.execute(text(sql), values)


async def found(team: Shift, seed: Seed | None = None) -> Findings:
    return await check(team.database, seed or team.seeds.of(TOMORROW))


async def test_today_and_the_thirty_days_to_come_are_committed_to_once(team: Shift) -> None:
    await published(team).publish()
    async with team.database.read() as session:
        rows = (await session.scalars(select(DrawCommitmentRow).order_by(DrawCommitmentRow.day))).all()
        lines = (await session.scalars(select(AuditEntry).where(AuditEntry.tag == Tag.DRAW_COMMITTED))).all()
    assert (len(rows), rows[0].day, rows[-1].day) == (31, TODAY, "2026-12-20")
    assert {line.subject: line.details["digest"] for line in lines} == {row.day: row.digest for row in rows}
    assert all(row.digest == commitment(team.seeds.of(row.day)) for row in rows)

    team.clock.advance(DAY)
    await published(team).publish()
    assert max(await told(team)) == "2026-12-21"


async def test_a_seed_is_told_only_when_its_day_is_over_and_no_floor_draws_with_it(team: Shift) -> None:
    before = await told(team)
    assert {each["seed"] for each in before.values()} == {None}

    team.clock.advance(DAY)
    assert (await told(team))[TODAY]["seed"] is None, "the floor still draws with it"
    seed = team.seeds.draw()
    await team.feed(e.SeedSet(seed.day, seed.value))
    after = await told(team)
    assert {day for day, each in after.items() if each["seed"]} == {TODAY}
    assert after[TODAY]["commitment"] == before[TODAY]["commitment"]
    assert commitment(Seed(TODAY, after[TODAY]["seed"])) == before[TODAY]["commitment"]


async def test_no_seed_is_told_that_is_not_the_one_committed_to(team: Shift) -> None:
    team.seeds = Seeds(Keys(b"another"), team.clock)
    await published(team).publish()
    await new_day(team)
    assert (await told(team))[TODAY]["seed"] is None


async def test_the_answer_is_reckoned_once_for_all_who_ask_at_once(team: Shift) -> None:
    draws = published(team)
    assert await draws.published() is await draws.published()


async def test_an_outsider_can_check_a_draw_by_what_he_is_told(team: Shift) -> None:
    noted = (await told(team))[TOMORROW]["commitment"]
    await a_day_of_calls(team)
    await new_day(team)
    seed = (await told(team))[TOMORROW]["seed"]
    explained = await Explanations(team.database, team.clock).of_call("call 1", None)
    assert explained is not None

    assert hashlib.sha256(f"{TOMORROW}|{seed}".encode()).hexdigest() == noted
    for made in explained.offers:
        drawn = hmac.digest(bytes.fromhex(seed), f"{TOMORROW}|call 1|{made.offer}".encode(), "sha256")
        assert made.candidates[int.from_bytes(drawn, "big") % len(made.candidates)] == made.agent
    assert [made.among for made in explained.offers] == [3, 2]


async def test_a_day_of_honest_draws_stands_the_check(team: Shift) -> None:
    await a_day_of_calls(team)
    findings = await found(team)
    assert findings.mismatches == []
    assert (findings.beforehand, findings.floors, findings.offers, findings.drawn, findings.calls) == (True, 1, 5, 5, 3)
    assert check_lines(findings)[-1] == "0 mismatches"
    assert (await check(team.database, team.seeds.of(TODAY))).offers == 0
    assert not (await check(team.database, team.seeds.of(TODAY))).beforehand


async def test_offers_of_the_next_day_are_not_this_days(team: Shift) -> None:
    await a_day_of_calls(team)
    await new_day(team)
    await team.caller()
    findings = await found(team)
    assert (findings.mismatches, findings.offers, findings.calls) == ([], 5, 3)


async def test_a_seed_that_was_not_committed_to_is_found(team: Shift) -> None:
    await new_day(team)
    await team.feed(e.SeedSet(TOMORROW, "00" * 32))
    await team.joins("an", "binh")
    await team.caller()
    findings = await found(team)
    assert findings.mismatches[0] == "offer 1 of call call 1: drawn with a seed that was not committed to"


async def test_a_seed_that_somebody_changed_in_the_journal_is_found(team: Shift) -> None:
    await a_day_of_calls(team)
    async with team.database.read() as session:
        brought = (await session.execute(text("SELECT data FROM journal WHERE type = 'SeedSet'"))).scalar_one()
    old = codec.load(e.SeedSet, brought).seed
    await tamper(
        team, "UPDATE journal SET data = replace(data, CAST(:old AS TEXT), CAST(:new AS TEXT))", old=old, new="11" * 32
    )
    assert "drawn with a seed that was not committed to" in (await found(team)).mismatches[0]


async def test_a_commitment_that_somebody_changed_is_found(team: Shift) -> None:
    await a_day_of_calls(team)
    await tamper(team, "UPDATE draw_commitment SET digest = 'x'")
    assert (await found(team)).mismatches[0] == "the commitment is not that of this installation's seed"
    await tamper(team, "DELETE FROM draw_commitment")
    assert (await found(team)).mismatches == ["nothing was committed to for this day"]


async def test_a_call_that_somebody_gave_to_another_agent_is_found(team: Shift) -> None:
    await a_day_of_calls(team)
    async with team.database.read() as session:
        data = str((await session.execute(text("SELECT data FROM floor_call WHERE id = 'call 3'"))).scalar_one())
    given = next(agent for agent in ("id of an", "id of binh", "id of chi") if f'"agent":"{agent}"' in data)
    changed = data.replace(f'"agent":"{given}"', '"agent":"id of em"')
    await tamper(team, "UPDATE floor_call SET data = :data WHERE id = 'call 3'", data=changed)
    assert (await found(team)).mismatches == [f"call call 3: agent is stored as 'id of em', replayed as '{given}'"]
    await tamper(team, "DELETE FROM floor_call WHERE id = 'call 3'")
    assert (await found(team)).mismatches == ["call call 3: its row is missing"]


async def test_an_accepted_offer_that_somebody_gave_to_another_agent_is_found(team: Shift) -> None:
    await a_day_of_calls(team)
    await tamper(team, "UPDATE journal SET data = replace(data, 'id of', 'ID of') WHERE type = 'OfferAccepted'")
    assert "(OfferAccepted): the floor's version is" in (await found(team)).mismatches[0]


async def test_strategies_that_do_not_draw_are_counted_apart(team: Shift) -> None:
    await new_day(team)
    await team.feed(e.TeamChanged(TeamRules(strategy=Strategy.FEWEST_CALLS)))
    await team.joins("an", "binh")
    await team.caller()
    findings = await found(team)
    assert (findings.mismatches, findings.offers, findings.drawn) == ([], 1, 0)


async def test_a_floor_without_snapshots_cannot_be_checked(team: Shift) -> None:
    await tamper(team, "DELETE FROM floor_snapshot")
    assert "has no snapshot" in (await found(team)).mismatches[0]


async def test_what_is_no_day_is_said_so(team: Shift) -> None:
    with pytest.raises(Problem, match="2026-11-21"):
        await check(team.database, team.seeds.of("someday"))
