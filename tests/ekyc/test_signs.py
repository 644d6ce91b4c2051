"""Signs of collusion: what raises one, what does not, once an hour, and who sees it."""

from typing import Any

import pytest
from sqlalchemy import event, select, text

from ekyc import calls, signs
from ekyc.sign_models import Sign
from ekyc.signs import DIALLED_UNTIL, EARLY_HANG_UPS, SOON, WINDOW, Past, SignBook, early, given_up
from tests.ekyc.evidence_fixtures import AGENT, OTHER_AGENT, Stage, populated_url, stage_fixture  # noqa: F401 - fixtures
from vouch.audit import AuditEntry, Tag
from vouch.clock import MINUTE, SECOND
from vouch.ids import new_id
from vouch.problems import Problem

DEALER = "dealer7"


async def call(
    stage: Stage,
    outcome: str,
    *,
    agent: str | None = AGENT,
    talked: int = 60 * SECOND,
    dealer: str | None = DEALER,
    team: str = "CTKV1",
) -> str:
    """A call of a verification of its own, from the queue to its end."""
    verification, name = await stage.verification(), new_id()
    async with stage.database.write() as session:
        await calls.opened(session, [calls.Opened(name, verification, 1, team, stage.clock.now(), dealer)])
        stage.clock.advance(5 * SECOND)
        if agent is not None:
            await calls.accepted(session, name, agent, stage.clock.now())
            stage.clock.advance(talked)
        await calls.ended(session, name, outcome, "active", agent, stage.clock.now(), ())
    return name


async def raised(stage: Stage) -> list[Sign]:
    async with stage.database.read() as session:
        return list((await session.scalars(select(Sign).order_by(Sign.at, Sign.id))).all())


async def test_three_early_hang_ups_in_an_hour_are_one_sign(stage: Stage) -> None:
    hung_up = [await call(stage, "agent_ended", talked=SOON) for _ in range(3)]
    (sign,) = await raised(stage)
    assert (sign.kind, sign.team, sign.agent, sign.dealer) == (EARLY_HANG_UPS, "CTKV1", AGENT, None)
    assert sign.calls == hung_up
    async with stage.database.read() as session:
        (line,) = (await session.scalars(select(AuditEntry).where(AuditEntry.tag == Tag.SIGN_RAISED))).all()
    assert (line.company, line.subject, line.details["calls"]) == ("CTKV1", AGENT, hung_up)
    await call(stage, "agent_ended", talked=SOON)
    assert len(await raised(stage)) == 1, "the same hour"
    stage.clock.advance(WINDOW)
    for _ in range(3):
        await call(stage, "agent_ended", talked=SOON)
    assert len(await raised(stage)) == 2


@pytest.mark.parametrize(
    "three",
    [
        [("agent_ended", AGENT, SOON)] * 2 + [("agent_ended", OTHER_AGENT, SOON)],
        [("agent_ended", AGENT, SOON)] * 2 + [("agent_ended", AGENT, SOON + 1)],
        [("agent_ended", AGENT, SOON)] * 2 + [("cancelled", AGENT, SOON)],
        [("connection_lost", AGENT, SOON)] * 3,
        [("rejected", AGENT, SOON)] * 3,
    ],
)
async def test_what_is_no_early_hang_up(stage: Stage, three: list[tuple[str, str, int]]) -> None:
    for outcome, agent, talked in three:
        await call(stage, outcome, agent=agent, talked=talked)
    assert await raised(stage) == []


async def test_hang_ups_far_apart_are_no_sign(stage: Stage) -> None:
    for _ in range(4):
        await call(stage, "agent_ended", talked=SOON)
        stage.clock.advance(WINDOW // 2)
    assert await raised(stage) == []


async def test_a_dealer_who_dials_until_one_agent_answers(stage: Stage) -> None:
    given_up = [
        await call(stage, "cancelled", agent=None),
        await call(stage, "cancelled", agent=OTHER_AGENT, talked=SOON),
        await call(stage, "cancelled", agent=None),
    ]
    await call(stage, "confirmed")
    (sign,) = await raised(stage)
    assert (sign.kind, sign.team, sign.agent, sign.dealer) == (DIALLED_UNTIL, "CTKV1", AGENT, DEALER)
    assert sign.calls == given_up
    await call(stage, "confirmed")
    assert len(await raised(stage)) == 1


_GIVEN_UP: dict[str, Any] = {"outcome": "cancelled", "agent": None}


@pytest.mark.parametrize(
    ("before", "last"),
    [
        ([_GIVEN_UP] * 2, {"outcome": "confirmed"}),
        ([_GIVEN_UP] * 3, {"outcome": "rejected"}),
        ([_GIVEN_UP] * 3, {"outcome": "confirmed", "dealer": "another"}),
        ([_GIVEN_UP] * 3, {"outcome": "confirmed", "dealer": None}),
        ([_GIVEN_UP | {"dealer": None}] * 3, {"outcome": "confirmed", "dealer": None}),
        ([_GIVEN_UP] * 2 + [{"outcome": "cancelled", "agent": AGENT, "talked": SOON}], {"outcome": "confirmed"}),
        ([_GIVEN_UP] * 2 + [{"outcome": "cancelled", "agent": OTHER_AGENT}], {"outcome": "confirmed"}),
        ([_GIVEN_UP] * 2 + [{"outcome": "no_agent", "agent": None}], {"outcome": "confirmed"}),
    ],
)
async def test_what_is_no_dialling_until(stage: Stage, before: list[dict[str, Any]], last: dict[str, Any]) -> None:
    for each in before:
        await call(stage, **each)
    await call(stage, **last)
    assert await raised(stage) == []


async def test_what_was_given_up_more_than_an_hour_before_does_not_count(stage: Stage) -> None:
    for _ in range(3):
        await call(stage, "cancelled", agent=None)
    stage.clock.advance(WINDOW)
    await call(stage, "confirmed")
    assert await raised(stage) == []


async def test_supervisors_see_their_teams_signs_newest_first(stage: Stage) -> None:
    for team in ("CTKV1", "CTKV4", "CTKV1"):
        for _ in range(3):
            await call(stage, "agent_ended", talked=SOON, team=team)
        stage.clock.advance(WINDOW + MINUTE)
    book = SignBook(stage.database)
    everything, mine = await book.page(None, None), await book.page(frozenset({"CTKV1"}), None)
    assert [sign.team for sign in everything.signs] == ["CTKV1", "CTKV4", "CTKV1"]
    assert [sign.team for sign in mine.signs] == ["CTKV1", "CTKV1"]
    assert mine.signs[0].at > mine.signs[1].at
    assert mine.signs[0].agent == "agent1"
    assert [len(each.number) for each in mine.signs[0].calls] == [9, 9, 9]
    after = await book.page(None, f"{everything.signs[0].at}.{everything.signs[0].id}")
    assert after.signs == everything.signs[1:]
    with pytest.raises(Problem, match="cursor"):
        await book.page(None, "yesterday")


async def test_an_ordinary_end_asks_nothing_more_and_the_others_ask_an_index(stage: Stage) -> None:
    said: list[str] = []
    event.listen(stage.database.engine.sync_engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    await call(stage, "no_agent", agent=None)
    await call(stage, "rejected")
    assert not [each for each in said if "queued_at >=" in each]
    await call(stage, "confirmed")
    await call(stage, "agent_ended", talked=SOON)
    assert len([each for each in said if "queued_at >=" in each]) == 2
    if stage.database.is_sqlite:
        async with stage.database.read() as session:
            for column in ("agent", "dealer"):
                plan = text(f"EXPLAIN QUERY PLAN SELECT id FROM call_record WHERE {column} = 'x' AND queued_at >= 1")  # noqa: S608
                assert f"ix_call_record_{column}_queued_at" in str((await session.execute(plan)).all())


def test_judging_is_pure() -> None:
    past = Past("c", AGENT, 0, SOON, "agent_ended")
    assert early(past)
    assert not early(past._replace(accepted_at=None))
    assert not early(past._replace(ended_at=None))
    assert given_up(Past("c", None, None, 9, "cancelled"), AGENT)
    assert not given_up(Past("c", AGENT, 0, 9, "cancelled"), AGENT)
    assert signs.TIMES == 3
