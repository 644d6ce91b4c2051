"""Why a call reached whom it reached, and why calls did or did not reach an agent, told from the journal alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from sqlalchemy import text

from routing import events as e
from routing.state import SECOND, Strategy, TeamRules
from signaling.explaining import agent_lines, call_lines
from signaling.explanation_models import AgentDay, CallExplanation, Stretch
from signaling.explanations import Explanations
from tests.signaling.shift import TEAM, Shift, shift
from vouch.clock import DAY, MINUTE
from vouch.problems import Problem
from vouch.tasks import TaskSet

DAY_OF_TEST = "2026-11-20"
VI = frozenset({"vi"})
KM = frozenset({"km"})


@pytest.fixture
async def open_shift(migrated_database_url: str) -> AsyncIterator[Any]:
    """Begins a shift of a team with given rules."""
    async with AsyncExitStack() as stack:

        async def begin(**rules: Any) -> Shift:
            made = shift(migrated_database_url, rules=TeamRules(**rules))
            return await stack.enter_async_context(made)

        yield begin


@pytest.fixture
async def team(open_shift: Any) -> Shift:
    """A team on its floor, nobody there yet."""
    made: Shift = await open_shift()
    return made


def asked(team: Shift, most: int | None = 1000) -> Explanations:
    return Explanations(team.database, team.clock, most)


async def of_call(team: Shift, call: str, *companies: str) -> CallExplanation:
    told = await asked(team).of_call(call, frozenset(companies) or None)
    assert told is not None
    assert told.exact
    assert told.difference is None
    return told


async def of_agent(team: Shift, name: str, day: str | None = None) -> AgentDay:
    team.clock.advance(SECOND)  # a day is told up to now, and now is not part of it
    told = await asked(team).of_agent(team.agents[name], day, None)
    assert told is not None
    assert told.exact
    return told


def excluded(told: CallExplanation, offer: int) -> dict[str, str]:
    """Who was not among the candidates of an offer, and why."""
    (made,) = [each for each in told.offers if each.offer == offer]
    assert sum(made.reasons.values()) == len(made.excluded)
    return {each.agent.username: each.reason for each in made.excluded}


async def test_each_match_tells_who_could_be_chosen_and_why_the_others_not(open_shift: Any) -> None:
    team: Shift = await open_shift(pair_cap=1)
    await team.joins("an", skills=VI)
    met = await team.caller("dealer 7", skills=VI)
    await team.accepts(met)
    await team.ends(met)
    await team.joins("binh", skills=VI)
    await team.joins("chi", skills=KM)
    await team.joins("dung", "em", skills=VI)
    await team.feed(e.AgentPaused(team.agents["dung"], team.request(), "lunch"))
    await team.feed(e.AgentDisconnected(team.agents["em"], 1))

    call = await team.caller("dealer 7", skills=VI)
    assert await team.declines(call) == team.agents["binh"]
    await team.feed(e.AgentReady(team.agents["dung"], team.request()))
    assert await team.accepts(call) == team.agents["dung"]

    told = await of_call(team, call)
    assert [(made.agent.username, made.among, made.result) for made in told.offers] == [
        ("binh", 1, "declined"),
        ("dung", 1, "accepted"),
    ]
    assert excluded(told, 1) == {"an": "met_too_often", "chi": "lacks_skill", "dung": "paused", "em": "offline"}
    assert excluded(told, 2) == {"an": "met_too_often", "binh": "declined", "chi": "lacks_skill", "em": "offline"}
    assert all(made.drawn_right for made in told.offers)
    assert [(wait.place, wait.reachable) for wait in told.waits] == [(1, False), (1, True)]
    assert told.waits[-1].reasons == {
        "declined": 1,
        "lacks_skill": 1,
        "met_too_often": 1,
        "offline": 1,
        "paused": 1,
    }
    lines = call_lines(told)
    assert any(
        "offer 1 to binh, one of 1 (drawn with the seed of 2026-11-20); declined at 10:00:" in line for line in lines
    )
    assert "    paused: dung" in lines
    assert any("waits, place 1 of 1; declined 1, lacks_skill 1" in line for line in lines)


async def test_an_offer_that_rings_out_is_told_as_such_and_so_is_one_that_still_rings(team: Shift) -> None:
    await team.joins("an", "binh")
    call = await team.caller()
    first = team.call(call).offer
    assert first is not None
    await team.feed(e.Tick(), seconds=30)
    told = await of_call(team, call)
    assert [made.result for made in told.offers] == ["rang_out", None]
    assert told.offers[0].agent.id == first.agent
    assert excluded(told, 2) == {told.offers[0].agent.username: "paused"}
    assert "rings" in call_lines(told)[-3]


async def test_a_caller_who_gives_up_ends_the_offer(team: Shift) -> None:
    await team.joins("an")
    call = await team.caller()
    await team.ends(call)
    told = await of_call(team, call)
    assert (told.outcome, [made.result for made in told.offers]) == ("cancelled", ["call_ended"])


async def test_places_in_the_queue_and_offers_that_are_held(team: Shift) -> None:
    await team.joins("an")
    await team.feed(e.OffersHeld("disk_full"))
    first, second = await team.caller(), await team.caller()
    await team.ends(first)
    told = await of_call(team, second)
    assert [(wait.place, wait.queue, wait.held) for wait in told.waits] == [
        (2, 2, ["disk_full"]),
        (2, 2, ["disk_full"]),
        (1, 1, ["disk_full"]),
    ]
    assert "offers are held: disk_full" in call_lines(told)[-1]
    assert told.offers == []


async def test_a_strategy_that_does_not_draw(open_shift: Any) -> None:
    team: Shift = await open_shift(strategy=Strategy.LONGEST_IDLE)
    await team.joins("an", "binh")
    call = await team.caller()
    (made,) = (await of_call(team, call)).offers
    assert (made.agent.username, made.drawn_right, made.strategy) == ("an", None, "longest_idle")
    assert (await of_agent(team, "binh")).offers == {"not_first": 1}


async def test_names_of_a_team_are_for_those_who_may_see_the_team(team: Shift) -> None:
    await team.joins("an", "binh", "chi")
    call = await team.caller()
    of_team, of_company = await of_call(team, call, TEAM), await of_call(team, call, "CTKV4")
    assert len(of_team.offers[0].candidates) == 3
    assert of_company.offers[0].candidates == of_company.offers[0].excluded == []
    assert of_company.offers[0].agent == of_team.offers[0].agent
    assert of_company.offers[0].among == 3
    assert await asked(team).of_call(call, frozenset({"CTKV9"})) is None
    assert await asked(team).of_call("nothing", None) is None


def standings(told: AgentDay) -> list[tuple[str, str]]:
    return [(stretch.standing, stretch.reason) for stretch in told.stretches]


def one(told: AgentDay, standing: str) -> Stretch:
    (found,) = [stretch for stretch in told.stretches if stretch.standing == standing]
    return found


async def test_an_agents_day_says_how_he_stood_and_why_offers_were_not_made_to_him(team: Shift) -> None:
    await team.joins("an", "binh")
    for _ in range(6):
        call = await team.caller()
        await team.ends(call)
    await team.feed(e.AgentPaused(team.agents["an"], team.request(), "lunch"), seconds=60)
    for _ in range(2):
        call = await team.caller()
        await team.ends(call)
    team.clock.advance(10 * MINUTE)

    told = await of_agent(team, "an")
    assert standings(told)[:4] == [("absent", ""), ("offline", ""), ("paused", "just_joined"), ("free", "")]
    assert standings(told)[-1] == ("paused", "lunch")
    assert told.offers["paused"] == 2
    assert told.offers["chosen"] + told.offers["not_drawn"] == 6
    assert (told.candidate, told.expected, told.drawn) == (6, 3.0, told.offers["chosen"])
    assert told.since == told.stretches[0].since
    assert told.until == team.clock.now() == told.stretches[-1].until
    assert sum(told.standing_us.values()) == told.until - told.since
    lines = agent_lines(told)
    assert f"draws he was in: 6; by chance 3.0 of them hit him, {told.drawn} did" in lines
    assert "    offers meanwhile: paused 2" in lines


async def test_why_no_call_reached_an_agent_who_was_free(team: Shift) -> None:
    await team.joins("an", skills=VI)
    assert "    no caller waited" in agent_lines(await of_agent(team, "an"))

    await team.caller(skills=KM)
    refused = await team.caller(skills=VI)
    await team.joins("binh", skills=VI)
    await team.feed(e.AgentPaused(team.agents["binh"], team.request(), "lunch"))
    await team.declines(refused)
    told = await of_agent(team, "an", DAY_OF_TEST)
    assert told.stretches[-1].waiting == {"declined": 1, "lacks_skill": 1}
    assert "    callers waited: declined 1, lacks_skill 1" in agent_lines(told)

    await team.feed(e.OffersHeld("no_media_worker"))
    await team.caller(skills=VI)
    last = (await of_agent(team, "an")).stretches[-1]
    assert (last.held, last.waiting["held"]) == (["no_media_worker"], 1)
    assert "    offers were held: no_media_worker" in agent_lines(await of_agent(team, "an"))


async def test_callers_whose_page_is_gone_are_told_apart_from_those_who_connect_later(team: Shift) -> None:
    await team.joins("an", "binh")
    gone = await team.caller(connects=False)
    await team.caller()
    told = [await of_agent(team, name) for name in ("an", "binh")]
    (free,) = [day.stretches[-1] for day in told if day.stretches[-1].standing == "free"]
    assert free.waiting == {"unreachable": 1}
    assert (await of_call(team, gone)).waits[0].reachable is False
    busy = next(day for day in told if day.stretches[-1].standing == "busy")
    assert busy.stretches[-1].call == team.calls[-1]


async def test_a_day_is_a_vietnamese_day(team: Shift) -> None:
    await team.joins("an")
    team.clock.advance(DAY)
    await team.feed(e.SeedSet("2026-11-21", "00" * 32))
    call = await team.caller()
    first, second = await of_agent(team, "an", DAY_OF_TEST), await of_agent(team, "an", "2026-11-21")
    assert (first.until - first.since, first.offers) == (14 * 60 * MINUTE, {})
    assert first.until == second.since
    assert standings(second) == [("free", ""), ("busy", "")]
    assert (second.offers, second.stretches[-1].call) == ({"chosen": 1}, call)
    assert (await of_agent(team, "an", "2026-11-22")).stretches == []


async def test_what_cannot_be_answered(team: Shift) -> None:
    await team.joins("an")
    call = await team.caller()
    an = team.agents["an"]
    assert await asked(team).of_agent("nobody", None, None) is None
    assert await asked(team).of_agent(an, None, frozenset({"CTKV9"})) is None
    for day in ("yesterday", "2026-13-01"):
        with pytest.raises(Problem) as wrong:
            await asked(team).of_agent(an, day, None)
        assert wrong.value.code == "invalid_query"
    with pytest.raises(Problem) as too_much:
        await asked(team, most=3).of_agent(an, None, None)
    assert too_much.value.code == "too_much"
    async with team.database.write() as session:
        await session.execute(text("DELETE FROM floor_snapshot"))
    for question in (asked(team).of_agent(an, None, None), asked(team).of_call(call, None)):
        with pytest.raises(Problem) as none:
            await question
        assert none.value.code == "no_snapshot"


async def test_answers_are_given_one_at_a_time_and_few_may_wait(team: Shift) -> None:
    await team.joins("an")
    call = await team.caller()
    explanations, tasks = asked(team), TaskSet("those who ask")
    async with explanations._turn:
        waiting = [tasks.spawn("ask", explanations.of_call(call, None)) for _ in range(4)]
        while explanations._waiting < len(waiting):
            await asyncio.sleep(0)
        with pytest.raises(Problem) as busy:
            await explanations.of_call(call, None)
    assert busy.value.code == "busy"
    assert [told.call for told in await asyncio.gather(*waiting)] == [call] * 4
    await tasks.close()


async def test_a_journal_that_differs_is_told_with_what_was_found_before(team: Shift) -> None:
    await team.joins("an", "binh")
    call = await team.caller()
    await team.declines(call)
    async with team.database.write() as session:
        await session.execute(text("UPDATE journal SET data = '{}' WHERE type = 'OfferDeclined'"))
    told = await asked(team).of_call(call, None)
    assert told is not None
    assert (told.exact, len(told.offers)) == (False, 1)
    assert "cannot be stepped" in str(told.difference)
    team.clock.advance(SECOND)
    day = await asked(team).of_agent(team.agents["an"], None, None)
    assert day is not None
    assert "cannot be stepped" in str(day.difference)


async def test_no_seed_is_told(team: Shift) -> None:
    await team.joins("an", "binh")
    call = await team.caller()
    told = (await of_call(team, call)).model_dump_json() + (await of_agent(team, "an")).model_dump_json()
    assert team.floor.seed.value not in told
