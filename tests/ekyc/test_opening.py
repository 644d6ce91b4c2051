"""A caller's page knows when the team that takes its calls works."""

from typing import Any

from tests.ekyc import flows
from tests.ekyc.conftest import Site, new_verification
from vouch.clock import HOUR, MINUTE
from vouch.companies.service import Rulebook
from vouch.settings import Settings


async def opening(site: Site, files: dict[str, bytes], company: str = "CTKV1", **changes: Any) -> dict[str, Any]:
    opened = await flows.opened(
        site, files, data=new_verification(**changes), headers=site.bearer(company), key=f"{company}-{len(changes)}"
    )
    response = await site.client.post("/api/call/session", json={"join_token": opened["join_token"]})
    found: dict[str, Any] = (await response.json())["opening"]
    return found


async def set_hours(site: Site, company: str, hours: str) -> None:
    async with site.database.write() as session:
        book, now = Rulebook(Settings(_env_file=None)), site.clock.now()
        await book.change(session, company, {"hours": hours}, now, author="me", reason="a test")


async def test_a_team_that_works_now_tells_its_week_alone(site: Site, files: dict[str, bytes]) -> None:
    await set_hours(site, "CTKV1", "fri 08:00-12:00 13:00-24:00; sun 00:00-06:30")
    assert await opening(site, files) == {
        "hours": [
            {"weekday": 5, "since": "08:00", "until": "12:00"},
            {"weekday": 5, "since": "13:00", "until": "24:00"},
            {"weekday": 7, "since": "00:00", "until": "06:30"},
        ],
        "opens_at": None,
    }


async def test_a_team_that_is_closed_tells_when_it_is_back(site: Site, files: dict[str, bytes]) -> None:
    """It is ten in the morning."""
    await set_hours(site, "CTKV1", "fri 10:30-11:00")
    assert (await opening(site, files))["opens_at"] == site.clock.now() + 30 * MINUTE
    site.clock.advance(HOUR)
    shown = await (await site.client.get("/api/call/session")).json()
    assert shown["opening"]["opens_at"] == site.clock.now() + 7 * 24 * HOUR - 30 * MINUTE


@flows.ON_SQLITE
async def test_a_team_that_always_works_has_no_hours(site: Site, files: dict[str, bytes]) -> None:
    await set_hours(site, "CTKV1", "always")
    assert await opening(site, files) == {"hours": [], "opens_at": None}


@flows.ON_SQLITE
async def test_the_hours_are_those_of_the_team_and_not_of_the_company(site: Site, files: dict[str, bytes]) -> None:
    await set_hours(site, "CTKV1", "fri 10:30-11:00")
    await set_hours(site, "CTKV4", "always")
    assert (await opening(site, files, "CTKV4"))["opens_at"]
    online = {"channel": "online", "ekyc": {"passed": True}}
    assert not (await opening(site, files, "CTKV4", **online))["hours"], "which takes its own calls online"
