"""Signing in and out, tickets, and what the console offers to choose from."""

import pytest
from sqlalchemy import select

from agent_console.codes import PAUSE
from tests.agent_console.desk import Office
from vouch.audit import AuditEntry
from vouch.clock import HOUR
from vouch.companies.service import Rulebook


async def test_a_member_of_staff_signs_in_and_is_known(desk: Office) -> None:
    response = await desk.sign_in("agent1")
    me = await response.json()
    assert {key: me[key] for key in ("username", "full_name", "role", "company")} == {
        "username": "agent1",
        "full_name": "Agent1",
        "role": "agent",
        "company": "CTKV1",
    }
    assert response.headers["Cache-Control"] == "no-store"
    assert await (await desk.ask("agent1", "GET", "/api/console/session")).json() == me


@pytest.mark.parametrize(("username", "password"), [("agent1", "wrong"), ("nobody", "x"), ("dealer1", None)])
async def test_a_wrong_password_and_a_dealer_are_answered_alike(
    desk: Office, username: str, password: str | None
) -> None:
    response = await (desk.sign_in(username, password) if password else desk.sign_in(username))
    assert (response.status, (await response.json())["code"]) == (401, "wrong_password")
    assert not response.cookies


async def test_guessing_is_slowed_down(desk: Office) -> None:
    for _ in range(10):
        await desk.sign_in("agent1", "guess")
    response = await desk.sign_in("agent1")
    assert (response.status, (await response.json())["code"]) == (429, "too_many_attempts")


async def test_signing_out_ends_the_session(desk: Office) -> None:
    assert (await desk.ask("agent1", "DELETE", "/api/console/session")).status == 204
    response = await desk.ask("agent1", "GET", "/api/console/session")
    assert (response.status, (await response.json())["code"]) == (401, "not_signed_in")


async def test_a_session_ends_with_the_shift(desk: Office) -> None:
    await desk.sign_in("agent1")
    desk.clock.advance(13 * HOUR)
    assert (await desk.ask("agent1", "GET", "/api/console/session")).status == 401


async def test_a_disabled_account_is_out_at_once(desk: Office) -> None:
    await desk.sign_in("agent1")
    await desk.accounts.disable("agent1")
    assert (await desk.ask("agent1", "GET", "/api/console/session")).status == 401


async def test_signing_in_and_out_are_in_the_audit_log(desk: Office) -> None:
    await desk.ask("agent1", "DELETE", "/api/console/session")
    async with desk.database.read() as session:
        rows = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()
    who = desk.people["agent1"].id
    assert [(row.tag, row.account, row.company) for row in rows] == [
        ("staff:session:opened", who, "CTKV1"),
        ("staff:session:ended", who, "CTKV1"),
    ]


async def test_a_ticket_needs_the_sessions_token(desk: Office) -> None:
    assert (await (await desk.ask("agent1", "POST", "/api/console/ticket")).json())["ticket"]
    desk.csrf["agent1"] = "another"
    response = await desk.ask("agent1", "POST", "/api/console/ticket")
    assert (response.status, (await response.json())["code"]) == (403, "bad_csrf_token")


async def test_the_codes_come_with_the_script_in_force(desk: Office) -> None:
    codes = await (await desk.ask("agent1", "GET", "/api/console/codes")).json()
    assert set(codes) == {"pause", "own_words", "decline", "reject", "unable", "end", "script"}
    assert "Bộ Khoa học và Công nghệ" in codes["script"]["vi"]
    assert (await desk.client.get("/api/console/codes")).status == 401


async def test_a_team_may_have_pause_reasons_of_its_own(desk: Office) -> None:
    prayer = {"code": "prayer", "vi": "Cầu nguyện", "en": "Prayer"}
    async with desk.database.write() as session:
        now = await desk.database.now(session)
        given = {"pause_reasons": [prayer]}
        await Rulebook(desk.settings).change(session, "CTKV1", given, now, author="me", reason="a test")

    async def shown(username: str) -> tuple[list[str], list[dict[str, str]]]:
        codes = await (await desk.ask(username, "GET", "/api/console/codes")).json()
        return codes["pause"], codes["own_words"]

    assert await shown("agent1") == (["prayer"], [prayer])
    assert await shown("agent3") == (list(PAUSE), [])
    assert await shown("admin") == (list(PAUSE), [prayer]), "the operator sees the agents of every team"
