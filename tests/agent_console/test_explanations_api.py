"""Supervisors ask why a call reached whom it reached, and why an agent got the calls that he got."""

import pytest

from tests.agent_console.desk import Office


@pytest.fixture
def told(desk: Office) -> Office:
    """A call of CTKV1 and one of CTKV2; an agent of each."""
    desk.stories.calls = {"c1": ("v1", "CTKV1"), "c2": ("v2", "CTKV2")}
    desk.stories.teams = {"a1": "CTKV1", "a3": "CTKV2"}
    return desk


async def test_a_supervisor_reads_why_a_call_reached_its_agent(told: Office) -> None:
    response = await told.ask("supervisor1", "GET", "/api/console/calls/c1/explanation")
    assert await response.json() == {"call": "c1", "verification": "v1", "company": "CTKV1"}
    (line,) = await told.audit()
    assert (line.tag, line.company, line.subject) == ("staff:explanation:seen", "CTKV1", "v1")
    assert (line.account, line.details) == (told.people["supervisor1"].id, {"call": "c1"})


async def test_a_supervisor_reads_an_agents_day(told: Office) -> None:
    response = await told.ask("supervisor1", "GET", "/api/console/agents/a1/explanation?day=2026-11-20")
    assert await response.json() == {"agent": "a1", "team": "CTKV1", "day": "2026-11-20"}
    (line,) = await told.audit()
    assert (line.tag, line.company, line.subject) == ("staff:explanation:seen", "CTKV1", "a1")
    assert line.details == {"day": "2026-11-20"}


@pytest.mark.parametrize("path", ["calls/c2", "agents/a3", "calls/nothing", "agents/nobody"])
async def test_what_is_of_another_company_is_not_found(told: Office, path: str) -> None:
    response = await told.ask("supervisor1", "GET", f"/api/console/{path}/explanation")
    assert (response.status, (await response.json())["code"]) == (404, "not_found")
    assert await told.audit() == []


@pytest.mark.parametrize("path", ["calls/c2", "agents/a3"])
async def test_the_operators_administrator_sees_every_company(told: Office, path: str) -> None:
    assert (await told.ask("admin", "GET", f"/api/console/{path}/explanation")).status == 200


@pytest.mark.parametrize("path", ["calls/c1", "agents/a1"])
async def test_explanations_are_not_for_agents(told: Office, path: str) -> None:
    response = await told.ask("agent1", "GET", f"/api/console/{path}/explanation")
    assert (response.status, (await response.json())["code"]) == (403, "role_missing")
    assert (await told.client.get(f"/api/console/{path}/explanation")).status == 401
