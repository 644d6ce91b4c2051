"""The audit log for supervisors and administrators, what is written of lists, and signs by team."""

import pytest

from tests.agent_console.desk import Office
from vouch.audit import Tag, record
from vouch.clock import MINUTE

_LOG = "/api/console/audit"
_SIGNS = "/api/console/signs"


@pytest.fixture
async def log(desk: Office) -> Office:
    """A line of each company, and one of none."""
    async with desk.database.write() as session:
        for at, company in enumerate(("CTKV1", "CTKV2", None)):
            record(session, Tag.SHOP_KEPT, at, company=company, actor="root(0)@host", subject="S1", name="x")
    return desk


async def tags(office: Office, username: str, query: str = "") -> list[tuple[str, str | None]]:
    response = await office.ask(username, "GET", f"{_LOG}?tag=command:shop:kept{query}")
    assert response.status == 200, await response.text()
    return [(line["tag"], line["company"]) for line in (await response.json())["lines"]]


async def test_supervisors_read_their_companys_lines_and_the_operators_accounts_all(log: Office) -> None:
    kept = "command:shop:kept"
    assert await tags(log, "supervisor1") == [(kept, "CTKV1")]
    assert await tags(log, "supervisor1", "&company=CTKV1") == [(kept, "CTKV1")]
    assert await tags(log, "admin") == [(kept, None), (kept, "CTKV2"), (kept, "CTKV1")]
    assert await tags(log, "admin", "&company=CTKV2") == [(kept, "CTKV2")]
    assert await tags(log, "admin", "&from=1&to=2") == [(kept, "CTKV2")]
    refused = await log.ask("supervisor1", "GET", f"{_LOG}?company=CTKV2")
    assert (refused.status, (await refused.json())["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", [_LOG, _SIGNS])
async def test_nobody_else_reads_it(log: Office, path: str) -> None:
    response = await log.ask("agent1", "GET", path)
    assert (response.status, (await response.json())["code"]) == (403, "role_missing")
    assert (await log.client.get(path)).status == 401


async def test_reading_it_is_a_line_in_it(log: Office) -> None:
    await log.ask("supervisor1", "GET", f"{_LOG}?subject=S1")
    line = (await log.audit())[-1]
    assert (line.tag, line.company, line.account) == (Tag.LOG_READ, "CTKV1", log.people["supervisor1"].id)
    assert line.details == {"filters": ["company", "subject"], "lines": 1}


async def test_a_line_names_the_accounts(log: Office) -> None:
    await log.ask("admin", "GET", _LOG)
    read = await (await log.ask("admin", "GET", f"{_LOG}?tag={Tag.LOG_READ}")).json()
    assert read["lines"][0]["username"] == "admin"
    assert read["cursor"] is None


@pytest.mark.parametrize(("query", "code"), [("from=yesterday", "invalid_query"), ("cursor=x", "bad_cursor")])
async def test_what_cannot_be_asked(log: Office, query: str, code: str) -> None:
    response = await log.ask("admin", "GET", f"{_LOG}?{query}")
    assert (response.status, (await response.json())["code"]) == (422, code)


@pytest.mark.parametrize(
    ("term", "kind"),
    [
        ("", "none"),
        ("Nguyễn Thị Hoà", "text"),
        ("001099012345", "number"),
        ("+84 901 234 567", "number"),
        ("ABCD-1234", "call_number"),
    ],
)
async def test_a_search_says_what_sort_of_thing_was_sought_and_never_what(desk: Office, term: str, kind: str) -> None:
    desk.shelf.companies = {"v1": "CTKV1", "v2": "CTKV2"}
    query = term.replace("+", "%2B").replace(" ", "+")
    await desk.ask("supervisor1", "GET", f"/api/console/verifications?q={query}&state=rejected")
    (line,) = await desk.audit()
    assert (line.tag, line.account, line.company) == (Tag.SEARCHED, desk.people["supervisor1"].id, "CTKV1")
    assert line.details == {"term": kind, "filters": ["state"], "hits": 1}


async def test_lists_that_pages_ask_for_again_are_written_once_in_ten_minutes(desk: Office) -> None:
    for path, username, tag in (
        (_SIGNS, "supervisor1", Tag.SIGNS_LISTED),
        ("/api/console/calls", "agent1", Tag.CALLS_LISTED),
    ):
        for _ in range(3):
            assert (await desk.ask(username, "GET", path)).status == 200
        assert [line.tag for line in await desk.audit()].count(tag) == 1
        desk.clock.advance(10 * MINUTE)
        await desk.ask(username, "GET", path)
        assert [line.tag for line in await desk.audit()].count(tag) == 2


async def test_signs_are_shown_by_team(desk: Office) -> None:
    desk.signs.teams = ["CTKV1", "CTKV2"]
    assert (await (await desk.ask("supervisor1", "GET", _SIGNS)).json())["rows"] == ["CTKV1"]
    answered = await (await desk.ask("admin", "GET", f"{_SIGNS}?cursor=1.a")).json()
    assert (answered["rows"], answered["cursor"]) == (["CTKV1", "CTKV2"], "1.a")


async def test_a_refused_sign_in_is_written(desk: Office) -> None:
    assert (await desk.sign_in("agent1", "not their password")).status == 401
    read = await (await desk.ask("admin", "GET", f"{_LOG}?tag={Tag.SIGN_IN_FAILED}")).json()
    (line,) = read["lines"]
    assert (line["subject_username"], line["company"], line["details"]["count"]) == ("agent1", "CTKV1", 1)
