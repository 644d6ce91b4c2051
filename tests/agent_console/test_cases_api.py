"""Verifications for supervisors; pictures for them and for the agent of the call; every look is written down."""

import pytest

from tests.agent_console.desk import Office

_ROOT = "/api/console/verifications"


@pytest.fixture
def archive(desk: Office) -> Office:
    """A verification in each company, each with a picture; agent1 has the call of the one of CTKV2."""
    desk.shelf.companies = {"v1": "CTKV1", "v2": "CTKV2"}
    desk.shelf.calls = {"c2": "v2"}
    desk.shelf.pictures = {
        ("v1", "k1", False): b"stamped 1",
        ("v1", "k1", True): b"clean 1",
        ("v2", "k2", False): b"stamped 2",
    }
    desk.seats.calls = {desk.people["agent1"].id: "c2"}
    return desk


async def test_a_supervisor_finds_his_companys_and_an_operators_account_all(archive: Office) -> None:
    assert (await (await archive.ask("supervisor1", "GET", _ROOT)).json())["rows"] == ["v1"]
    assert (await (await archive.ask("admin", "GET", _ROOT)).json())["rows"] == ["v1", "v2"]


async def test_every_filter_reaches_the_search(archive: Office) -> None:
    await archive.ask("admin", "GET", f"{_ROOT}?q=+An+&state=rejected&company=CTKV1&from=5&to=9&cursor=z")
    assert archive.shelf.asked == {
        "companies": None,
        "query": "An",
        "state": "rejected",
        "company": "CTKV1",
        "since": 5,
        "until": 9,
        "cursor": "z",
    }


async def test_filters_left_empty_are_left_out(archive: Office) -> None:
    await archive.ask("supervisor1", "GET", f"{_ROOT}?q=&state=&company=&from=&to=&cursor=")
    assert archive.shelf.asked == {
        "companies": frozenset({"CTKV1"}),
        "query": "",
        "state": None,
        "company": None,
        "since": None,
        "until": None,
        "cursor": None,
    }


@pytest.mark.parametrize("instant", ["yesterday", "-1", "1.5", "9" * 19, "²"])
async def test_an_instant_is_microseconds(archive: Office, instant: str) -> None:
    response = await archive.ask("admin", "GET", f"{_ROOT}?from={instant}")
    assert (response.status, (await response.json())["code"]) == (422, "invalid_query")


async def test_a_case_is_shown_to_its_company_and_written_down(archive: Office) -> None:
    assert (await archive.ask("supervisor1", "GET", f"{_ROOT}/v1")).status == 200
    assert (await archive.ask("supervisor1", "GET", f"{_ROOT}/v2")).status == 404
    assert (await archive.ask("admin", "GET", f"{_ROOT}/v2")).status == 200
    assert [(line.tag, line.subject, line.company) for line in await archive.audit()] == [
        ("staff:verification:seen", "v1", "CTKV1"),
        ("staff:verification:seen", "v2", "CTKV2"),
    ]


@pytest.mark.parametrize(("method", "path"), [("GET", _ROOT), ("GET", f"{_ROOT}/v2"), ("POST", f"{_ROOT}/v2/review")])
async def test_agents_neither_search_nor_review(archive: Office, method: str, path: str) -> None:
    response = await archive.ask("agent1", method, path, {"mark": "agree"} if method == "POST" else None)
    assert (response.status, (await response.json())["code"]) == (403, "role_missing")


async def test_a_picture_comes_stamped_unless_the_clean_one_is_asked_for(archive: Office) -> None:
    stamped = await archive.ask("supervisor1", "GET", f"{_ROOT}/v1/pictures/k1")
    clean = await archive.ask("supervisor1", "GET", f"{_ROOT}/v1/pictures/k1?clean=1")
    assert (await stamped.read(), await clean.read()) == (b"stamped 1", b"clean 1")
    assert (stamped.content_type, stamped.headers["Cache-Control"]) == ("image/jpeg", "no-store")
    assert stamped.headers["Content-Disposition"] == 'inline; filename="k1.jpg"'
    assert [(line.tag, line.subject, line.company, line.details) for line in await archive.audit()] == [
        ("staff:picture:seen", "v1", "CTKV1", {"key": "k1", "copy": "stamped"}),
        ("staff:picture:seen", "v1", "CTKV1", {"key": "k1", "copy": "clean"}),
    ]


async def test_the_agent_of_the_call_sees_its_papers_across_companies(archive: Office) -> None:
    response = await archive.ask("agent1", "GET", f"{_ROOT}/v2/pictures/k2")
    assert await response.read() == b"stamped 2"
    (line,) = await archive.audit()
    assert (line.account, line.company) == (archive.people["agent1"].id, "CTKV2")


@pytest.mark.parametrize(
    ("username", "path"),
    [
        ("agent1", "v1/pictures/k1"),
        ("agent3", "v2/pictures/k2"),
        ("supervisor1", "v2/pictures/k2"),
        ("supervisor1", "v1/pictures/k2"),
    ],
)
async def test_nobody_else_sees_a_picture_and_no_look_is_written(archive: Office, username: str, path: str) -> None:
    response = await archive.ask(username, "GET", f"{_ROOT}/{path}")
    assert (response.status, (await response.json())["code"]) == (404, "not_found")
    assert await archive.audit() == []


async def test_a_review_is_kept_under_the_reviewers_account(archive: Office) -> None:
    form = {"mark": "disagree", "note": " The face was covered. "}
    response = await archive.ask("supervisor1", "POST", f"{_ROOT}/v1/review", form)
    assert response.status == 201
    assert await response.json() == {
        "mark": "disagree",
        "note": "The face was covered.",
        "reviewer": archive.people["supervisor1"].id,
    }


async def test_to_disagree_needs_a_note(archive: Office) -> None:
    response = await archive.ask("supervisor1", "POST", f"{_ROOT}/v1/review", {"mark": "disagree", "note": "  "})
    assert (response.status, (await response.json())["code"]) == (422, "note_needed")


async def test_a_mark_is_one_of_two_words(archive: Office) -> None:
    response = await archive.ask("supervisor1", "POST", f"{_ROOT}/v1/review", {"mark": "perhaps"})
    assert (response.status, (await response.json())["code"]) == (422, "invalid_body")
