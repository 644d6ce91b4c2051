"""What companies set, whole: changed while calls run, told to the next ones."""

import asyncio
from typing import Any

import aiohttp

from ekyc import tokens
from signaling.demo.robot_page import RobotPage
from tests.signaling.conftest import House, ring, ring_and_accept
from vouch.clock import DAY, SECOND, start_of_day, vietnamese_day
from vouch.companies.service import Rulebook


async def change(house: House, company: str = "CTKV1", **given: object) -> None:
    """As `vouch rules set` does it; the node looks at once and not only within its second."""
    node = house.node
    async with node.database.write() as session:
        now = await node.database.now(session)
        book = Rulebook(node.settings)
        await book.change(session, company, given, now, author="test", reason="a test")
    await node.teams.look(node.floors)
    # A node reckons the database's clock; on a busy machine its reckoning is some milliseconds late.
    async with asyncio.timeout(10):
        while node.clock.now() < now:
            await asyncio.sleep(0.001)


async def call(caller: RobotPage) -> dict[str, str]:
    answer: dict[str, str] = await caller.press("call.ready", consent_version=caller.told["consent"]["version"])
    return answer


async def shown(caller: RobotPage, id_: str) -> dict[str, Any]:
    view = await caller.until(lambda view: view["call"] and view["call"]["id"] == id_)
    found: dict[str, Any] = view["call"]
    return found


async def test_a_rule_of_the_call_holds_for_the_next_call_and_not_for_the_running_one(house: House) -> None:
    caller, agent = await house.call()
    longest = agent.call["deadline"] - agent.call["started_at"]
    await change(house, longest_call_s=600)

    assert agent.call["deadline"] - agent.call["started_at"] == longest == 1800 * SECOND
    await caller.press("call.hangup")
    await agent.until(lambda view: view["call"] is None, seconds=10)
    caller = await house.caller()
    await ring_and_accept(caller, agent)
    assert agent.call["deadline"] - agent.call["started_at"] == 600 * SECOND


async def test_a_rule_of_the_team_holds_from_the_next_offer_on(house: House) -> None:
    agent, caller = await house.ready(), await house.caller()
    offer = await ring(caller, agent)
    await change(house, ring_time_out_s=7)

    assert offer["deadline"] - offer["started_at"] == 20 * SECOND
    assert agent.view["offer"]["deadline"] == offer["deadline"]
    await agent.press("offer.decline", call=offer["call"], offer=offer["offer"], reason="technical")
    await caller.until_state("ended")
    offer = await ring(await house.caller(), agent)
    assert offer["deadline"] - offer["started_at"] == 7 * SECOND


async def test_rules_of_the_call_are_those_of_the_company_that_it_belongs_to(house: House) -> None:
    """Company 1 takes the calls of company 4: its own rule of the call says nothing there."""
    await change(house, "CTKV1", longest_call_s=500)
    await change(house, "CTKV4", longest_call_s=600)
    agent = await house.ready("agent1")
    caller = await house.caller(await house.verification("CTKV4"))
    await ring_and_accept(caller, agent)
    assert agent.call["deadline"] - agent.call["started_at"] == 600 * SECOND


async def test_who_calls_outside_of_the_hours_is_told_when_the_team_is_back(house: House) -> None:
    now = house.node.clock.now()
    await change(house, hours="mon-sun 00:00-24:00", closed_days=vietnamese_day(now).isoformat(), holidays="no")
    tomorrow = start_of_day(now) + DAY
    agent = await house.ready()
    caller = await house.caller()
    assert caller.told["opening"]["opens_at"] == tomorrow
    assert caller.told["opening"]["hours"][6] == {"weekday": 7, "since": "00:00", "until": "24:00"}

    calls = set()
    for _ in range(house.node.settings.calls_per_day + 1):
        queued = await call(caller)
        calls.add(queued["detail"])
        ended = await shown(caller, queued["detail"])
        assert (queued["code"], ended["outcome"], ended["opens_at"]) == ("ok", "closed", tomorrow)
    assert len(calls) == house.node.settings.calls_per_day + 1
    assert agent.view["offer"] is None

    await change(house, hours="always")
    offer = await ring(caller, agent)
    assert offer["attempt"] == house.node.settings.calls_per_day + 2, "every attempt is on record"


async def test_an_agent_who_knows_the_language_gets_the_call(house: House) -> None:
    await change(house, skilled_languages="en")
    ordinary, skilled = await house.ready("agent1"), await house.ready("agent2")
    account = await house.node.accounts.change("agent2", skills=["language:en"])
    assert account is not None
    await house.node.members.look(house.node.floors)

    offer = await ring(await house.caller(await house.verification(language="en")), skilled)

    assert ordinary.view["offer"] is None
    assert offer["call"]


async def test_a_disabled_agents_call_goes_back_to_the_queue(house: House) -> None:
    caller, agent = await house.call()
    await house.node.accounts.disable("agent1")
    await house.node.members.look(house.node.floors)

    waiting = await caller.until_state("waiting")

    assert waiting["position"] == 1
    other = await house.ready("agent2")
    assert (await other.until(lambda view: view.get("offer")))["offer"]["call"] == waiting["id"]
    # Their console is closed, so that nothing of the customer is shown there any more.
    assert not agent._socket.connected


async def test_a_team_has_pause_reasons_of_its_own(house: House) -> None:
    agent = await house.ready()
    assert (await agent.press("agent.pause", reason="prayer"))["code"] == "unknown_reason"
    await change(house, pause_reasons='[{"code": "prayer", "vi": "Cầu nguyện", "en": "Prayer"}]')

    assert (await agent.press("agent.pause", reason="prayer"))["code"] == "ok"
    assert (await agent.press("agent.pause", reason="meal"))["code"] == "unknown_reason"
    await agent.until(lambda view: view["agent"]["reason"] == "prayer")
    async with aiohttp.ClientSession(base_url=house.origin) as stranger, stranger.get("/api/console/codes") as answer:
        assert answer.status == 401


async def test_a_caller_of_priority_goes_before_those_who_came_earlier(house: House) -> None:
    first = await house.caller()
    await call(first)
    await first.until_state("waiting")
    async with house.node.database.write() as session:
        (await tokens.known_client(session, "msale")).highest_priority = 5
    urgent = await house.caller(await house.verification(priority=5))
    await call(urgent)
    await urgent.until(lambda view: view["call"] and view["call"]["position"] == 1)
    await first.until(lambda view: view["call"]["position"] == 2)
