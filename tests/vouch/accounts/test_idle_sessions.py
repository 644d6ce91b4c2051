"""Sessions that are left alone, that ended lately, and that are pending."""

import pytest
from aiohttp import web
from sqlalchemy import select

from tests.clock import ManualClock
from tests.vouch.accounts.test_sessions import SHIFT_S, STAFF, found, opened, refusal, request
from vouch.accounts.models import Pending, Role, SessionKind, WebSession
from vouch.accounts.service import Accounts, NewAccount
from vouch.accounts.sessions import Sessions, cookie_name
from vouch.clock import HOUR, MINUTE, SECOND
from vouch.database import Database
from vouch.keys import Keys


@pytest.fixture
def sessions(database: Database, clock: ManualClock) -> Sessions:
    return Sessions(database, clock, Keys(b"s" * 32), embedded=False)


@pytest.fixture
async def agent(accounts: Accounts) -> str:
    """An agent's id."""
    new = NewAccount("agent1", "Nguyễn Văn A", Role.AGENT, "correct-horse-battery", company="CTKV1")
    return (await accounts.add(new)).id


@pytest.fixture
def watched(database: Database, clock: ManualClock) -> Sessions:
    """Staff are signed out after half an hour in which they did nothing."""
    return Sessions(database, clock, Keys(b"s" * 32), embedded=False, idle_s={STAFF: 1800})


async def seen_at(database: Database) -> int | None:
    async with database.read() as session:
        return (await session.scalars(select(WebSession.seen_at))).one()


async def test_a_session_that_is_left_alone_ends(watched: Sessions, agent: str, clock: ManualClock) -> None:
    cookie = await opened(watched, agent)
    clock.advance(30 * MINUTE - 1)
    visitor = await found(watched, cookie)
    clock.advance(30 * MINUTE - 1)
    assert await watched.find(request(cookie), STAFF), "a request is a sign of life"
    ticket = watched.ticket(visitor)
    clock.advance(30 * MINUTE)
    assert await watched.find(request(cookie), STAFF) is None
    assert await watched.redeem(ticket, STAFF) is None
    assert await watched.of_account(agent) == []


async def test_a_page_that_is_open_is_not_left_alone(watched: Sessions, agent: str, clock: ManualClock) -> None:
    cookie = await opened(watched, agent)
    visitor = await found(watched, cookie)
    for _ in range(10):
        clock.advance(29 * MINUTE)
        assert await watched.still_valid([visitor]) == {visitor.session.digest}
    assert await watched.find(request(cookie), STAFF)


async def test_other_kinds_are_not_watched(watched: Sessions, agent: str, clock: ManualClock) -> None:
    cookie = await opened(watched, None, SessionKind.CALLER, "v1")
    clock.advance(3 * HOUR)
    assert await watched.find(request(cookie), SessionKind.CALLER)


async def test_use_is_written_down_once_a_minute_at_most(
    watched: Sessions, agent: str, clock: ManualClock, database: Database
) -> None:
    cookie = await opened(watched, agent)
    began = clock.now()
    for _ in range(3):
        clock.advance(20 * SECOND)
        visitor = await found(watched, cookie)
        await watched.still_valid([visitor])
    assert await seen_at(database) == began + 20 * SECOND, "a socket that never was seen is, at once"
    clock.advance(40 * SECOND + 1)
    await found(watched, cookie)
    assert await seen_at(database) == clock.now()


@pytest.mark.parametrize("pending", list(Pending))
async def test_what_is_pending_is_signed_in_to_nothing_else(sessions: Sessions, agent: str, pending: Pending) -> None:
    response = web.Response()
    session = await sessions.open(response, STAFF, SHIFT_S, account=agent, pending=pending)
    cookie = response.cookies[cookie_name(STAFF)].OutputString()
    assert f"Max-Age={15 * 60}" in cookie
    assert await sessions.find(request(cookie), STAFF) is None
    status, code = await refusal(sessions, request(cookie))
    assert (status, code.split("_")[0]) == (403, "password" if pending == Pending.PASSWORD else "second")
    visitor = await sessions.require(request(cookie), STAFF, pending)
    assert await sessions.redeem(sessions.ticket(visitor), STAFF) is None
    assert visitor.session.digest == session.digest


async def test_sessions_that_ended_lately_are_told(sessions: Sessions, agent: str, clock: ManualClock) -> None:
    gone, kept = await opened(sessions, agent), await opened(sessions, agent)
    digests = [(await found(sessions, cookie)).session.digest for cookie in (gone, kept)]
    assert await sessions.ended_lately() == set()
    await sessions.end(web.Response(), await found(sessions, gone))
    assert await sessions.ended_lately() == {digests[0]}
    clock.advance(MINUTE)
    assert await sessions.ended_lately() == set()
    assert await sessions.find(request(gone), STAFF) is None
