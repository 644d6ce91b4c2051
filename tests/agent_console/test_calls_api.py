"""An agent reads the dossier of the call on his own desk, and his list of today."""

import pytest

from tests.agent_console.desk import Office
from vouch.clock import start_of_day


@pytest.fixture
def ringing(desk: Office) -> Office:
    """A call of a CTKV4 customer rings at agent1; another one is on nobody's desk."""
    desk.shelf.companies = {"v1": "CTKV4", "v2": "CTKV1"}
    desk.shelf.calls = {"c1": "v1", "c2": "v2"}
    desk.seats.calls = {desk.people["agent1"].id: "c1"}
    return desk


async def test_an_agent_reads_the_dossier_of_his_call(ringing: Office) -> None:
    response = await ringing.ask("agent1", "GET", "/api/console/calls/c1")
    assert await response.json() == {"call": "c1", "verification": "v1", "company": "CTKV4"}
    (line,) = await ringing.audit()
    assert (line.tag, line.company, line.subject) == ("staff:verification:seen", "CTKV4", "v1")
    assert (line.account, line.details) == (ringing.people["agent1"].id, {"call": "c1"})


@pytest.mark.parametrize(("username", "call"), [("agent1", "c2"), ("agent3", "c1"), ("agent1", "no-such-call")])
async def test_no_other_call_is_his_to_read(ringing: Office, username: str, call: str) -> None:
    response = await ringing.ask(username, "GET", f"/api/console/calls/{call}")
    assert (response.status, (await response.json())["code"]) == (404, "not_found")
    assert await ringing.audit() == []


async def test_a_call_that_has_left_the_shelf_is_not_found(ringing: Office) -> None:
    del ringing.shelf.calls["c1"]
    assert (await ringing.ask("agent1", "GET", "/api/console/calls/c1")).status == 404


@pytest.mark.parametrize("username", ["supervisor1", "admin"])
async def test_dossiers_are_for_agents_alone(ringing: Office, username: str) -> None:
    response = await ringing.ask(username, "GET", "/api/console/calls/c1")
    assert (response.status, (await response.json())["code"]) == (403, "role_missing")


async def test_todays_list_begins_at_midnight_in_vietnam(ringing: Office) -> None:
    response = await ringing.ask("agent1", "GET", "/api/console/calls?day=today&cursor=abc")
    assert (await response.json())["rows"] == ["c1", "c2"]
    assert ringing.shelf.asked == {
        "agent": ringing.people["agent1"].id,
        "since": start_of_day(ringing.clock.now()),
        "cursor": "abc",
    }


async def test_only_today_is_offered(ringing: Office) -> None:
    response = await ringing.ask("agent1", "GET", "/api/console/calls?day=yesterday")
    assert (response.status, (await response.json())["code"]) == (422, "invalid_query")


async def test_strangers_are_asked_to_sign_in(ringing: Office) -> None:
    assert (await ringing.client.get("/api/console/calls/c1")).status == 401
    assert (await ringing.client.get("/api/console/calls")).status == 401
