import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, make_mocked_request
from sqlalchemy import func, select

from tests.clock import ManualClock
from vouch.accounts.embedding import embedded_kinds
from vouch.accounts.models import Company, Role, SessionKind, WebSession
from vouch.accounts.service import Accounts, NewAccount
from vouch.accounts.sessions import CSRF_HEADER, Sessions, Visitor, cookie_name
from vouch.accounts.tickets import SpentTicket
from vouch.clock import HOUR, MINUTE, SECOND
from vouch.database import Database
from vouch.http import middlewares
from vouch.keys import Keys
from vouch.problems import Problem
from vouch.settings import Settings

SHIFT_S = 12 * 3600
STAFF = SessionKind.STAFF


@pytest.fixture
def sessions(database: Database, clock: ManualClock) -> Sessions:
    return Sessions(database, clock, Keys(b"s" * 32), embedded=False)


@pytest.fixture
def embedded(database: Database, clock: ManualClock) -> Sessions:
    """Of an installation whose pages another site embeds."""
    return Sessions(database, clock, Keys(b"s" * 32), embedded=True)


@pytest.fixture
async def agent(accounts: Accounts) -> str:
    """An agent's id."""
    new = NewAccount("agent1", "Nguyễn Văn A", Role.AGENT, "correct-horse-battery", company="CTKV1")
    return (await accounts.add(new)).id


async def opened(
    sessions: Sessions, agent: str | None, kind: SessionKind = STAFF, verification: str | None = None
) -> str:
    """The `Set-Cookie` of a new session."""
    response = web.Response()
    await sessions.open(response, kind, SHIFT_S, account=agent, verification=verification)
    return response.cookies[cookie_name(kind)].OutputString()


def request(cookie: str | None, method: str = "GET", csrf: str | None = None) -> web.Request:
    headers = {} if cookie is None else {"Cookie": cookie.partition(";")[0]}
    return make_mocked_request(method, "/", headers=headers | ({} if csrf is None else {CSRF_HEADER: csrf}))


async def found(sessions: Sessions, cookie: str, kind: SessionKind = STAFF) -> Visitor:
    visitor = await sessions.find(request(cookie), kind)
    assert visitor is not None
    return visitor


async def refusal(sessions: Sessions, asked: web.Request) -> tuple[int, str]:
    with pytest.raises(Problem) as raised:
        await sessions.require(asked, STAFF)
    return raised.value.status, raised.value.code


# The cookie


async def test_the_cookie_is_bound_to_the_host_and_hidden_from_scripts(sessions: Sessions, agent: str) -> None:
    cookie = await opened(sessions, agent)
    name, *attributes = cookie.split("; ")
    assert name.startswith("__Host-vouch-staff=")
    assert sorted(attributes) == ["HttpOnly", f"Max-Age={SHIFT_S}", "Path=/", "SameSite=Lax", "Secure"]


async def test_embedded_it_is_the_kind_that_chromium_delivers_in_a_foreign_frame(
    embedded: Sessions, agent: str
) -> None:
    cookie = await opened(embedded, agent)
    name, *attributes = cookie.split("; ")
    assert name.startswith("__Host-vouch-staff=")
    assert sorted(attributes) == [
        "HttpOnly",
        f"Max-Age={SHIFT_S}",
        "Partitioned",
        "Path=/",
        "SameSite=None",
        "Secure",
    ]


async def test_signing_out_deletes_the_cookie_with_the_attributes_it_was_set_with(
    sessions: Sessions, embedded: Sessions, agent: str
) -> None:
    for one in (sessions, embedded):
        cookie, response = await opened(one, agent), web.Response()
        await one.end(response, await found(one, cookie))
        deleted = response.cookies[cookie_name(STAFF)].OutputString()
        secret = cookie.partition(";")[0].partition("=")[2]
        expected = cookie.replace(secret, '""').replace(f"Max-Age={SHIFT_S}", "Max-Age=0")
        assert sorted(deleted.split("; ")) == sorted(expected.split("; "))


async def test_the_secret_itself_is_not_stored(sessions: Sessions, database: Database, agent: str) -> None:
    cookie = await opened(sessions, agent)
    async with database.read() as session:
        (row,) = (await session.scalars(select(WebSession))).all()
    stored = [getattr(row, column.key) for column in WebSession.__table__.columns]
    secret = cookie.partition(";")[0].partition("=")[2]
    assert [value for value in stored if secret in str(value)] == []


async def test_each_kind_of_page_has_a_cookie_of_its_own() -> None:
    assert len({cookie_name(kind) for kind in SessionKind}) == 3


# Finding


async def test_a_session_is_found_by_its_cookie(sessions: Sessions, agent: str) -> None:
    visitor = await found(sessions, await opened(sessions, agent))
    assert visitor.account is not None
    assert visitor.account.id == agent


async def test_a_callers_session_opens_one_verification_and_has_no_account(sessions: Sessions, agent: str) -> None:
    cookie = await opened(sessions, None, SessionKind.CALLER, "v1")
    visitor = await found(sessions, cookie, SessionKind.CALLER)
    assert (visitor.account, visitor.session.verification) == (None, "v1")


async def test_a_session_of_one_kind_opens_nothing_of_another(sessions: Sessions, agent: str) -> None:
    cookie = await opened(sessions, None, SessionKind.CALLER, "v1")
    forged = cookie.replace(cookie_name(SessionKind.CALLER), cookie_name(STAFF))
    assert await sessions.find(request(forged), STAFF) is None


async def test_a_session_ends_with_its_shift(sessions: Sessions, agent: str, clock: ManualClock) -> None:
    cookie = await opened(sessions, agent)
    clock.advance(12 * HOUR - 1)
    assert await sessions.find(request(cookie), STAFF)
    clock.advance(1)
    assert await sessions.find(request(cookie), STAFF) is None


@pytest.mark.parametrize("value", ["x", "", "é", "x" * 4_000])
async def test_a_strangers_cookie_is_nothing(value: str, sessions: Sessions) -> None:
    assert await sessions.find(request(f"{cookie_name(STAFF)}={value}"), STAFF) is None


async def test_signing_out_ends_the_session_and_no_other(sessions: Sessions, agent: str) -> None:
    first, second = await opened(sessions, agent), await opened(sessions, agent)
    await sessions.end(web.Response(), await found(sessions, first))
    assert await sessions.find(request(first), STAFF) is None
    assert await sessions.find(request(second), STAFF)


async def test_disabling_an_account_ends_its_sessions_and_its_sockets(
    sessions: Sessions, accounts: Accounts, agent: str
) -> None:
    cookie = await opened(sessions, agent)
    visitor = await found(sessions, cookie)
    ticket = sessions.ticket(visitor)
    assert await sessions.still_valid([visitor]) == {visitor.session.digest}
    await accounts.disable("agent1")
    assert await sessions.find(request(cookie), STAFF) is None
    assert await sessions.redeem(ticket, STAFF) is None
    assert await sessions.still_valid([visitor]) == set()


async def test_a_socket_ends_when_its_account_goes_to_another_company(
    sessions: Sessions, accounts: Accounts, agent: str, database: Database
) -> None:
    async with database.write() as session:
        session.add(Company(id="CTKV2", name="two"))
    visitor = await found(sessions, await opened(sessions, agent))
    await accounts.change("agent1", employer="Đối tác A")
    assert await sessions.still_valid([visitor]) == {visitor.session.digest}
    await accounts.change("agent1", company="CTKV2")
    assert await sessions.still_valid([visitor]) == set()


@pytest.mark.parametrize(
    ("kind", "role", "is_open"),
    [
        (STAFF, Role.SUPERVISOR, True),
        (STAFF, Role.DEALER, False),
        (SessionKind.DEALER, Role.DEALER, True),
        (SessionKind.DEALER, Role.AGENT, False),
        (SessionKind.DEALER, Role.ADMINISTRATOR, False),
    ],
)
async def test_a_session_opens_nothing_once_its_account_has_a_role_of_another_kind(
    sessions: Sessions, accounts: Accounts, agent: str, kind: SessionKind, role: Role, *, is_open: bool
) -> None:
    await accounts.change("agent1", role=Role.DEALER if kind is SessionKind.DEALER else Role.AGENT)
    cookie = await opened(sessions, agent, kind)
    ticket = sessions.ticket(await found(sessions, cookie, kind))
    await accounts.change("agent1", role=role)
    assert (await sessions.find(request(cookie), kind) is not None) == is_open
    assert (await sessions.redeem(ticket, kind) is not None) == is_open


async def test_a_session_that_was_opened_just_as_the_account_was_disabled_is_nothing(
    sessions: Sessions, accounts: Accounts, agent: str
) -> None:
    await accounts.disable("agent1")
    assert await sessions.find(request(await opened(sessions, agent)), STAFF) is None


async def test_sessions_that_ended_long_ago_are_swept(
    sessions: Sessions, database: Database, agent: str, clock: ManualClock
) -> None:
    for _ in range(3):
        await opened(sessions, agent)
    clock.advance(SHIFT_S * SECOND + 25 * HOUR)
    await opened(sessions, agent)
    await sessions.sweep()
    async with database.read() as session:
        assert (await session.execute(select(func.count()).select_from(WebSession))).scalar_one() == 1


# Requests


async def test_who_has_not_signed_in_is_told_so(sessions: Sessions) -> None:
    assert await refusal(sessions, request(None)) == (401, "not_signed_in")


async def test_looking_needs_no_token(sessions: Sessions, agent: str) -> None:
    cookie = await opened(sessions, agent)
    for method in ("GET", "HEAD"):
        assert (await sessions.require(request(cookie, method), STAFF)).account is not None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_changing_something_needs_the_sessions_own_token(method: str, sessions: Sessions, agent: str) -> None:
    cookie, other = await opened(sessions, agent), await opened(sessions, agent)
    own, foreign = (await found(sessions, cookie)).session.csrf, (await found(sessions, other)).session.csrf
    for wrong in (None, "", "x", foreign, own[:-1], "é"):
        assert await refusal(sessions, request(cookie, method, wrong)) == (403, "bad_csrf_token")
    assert (await sessions.require(request(cookie, method, own), STAFF)).account is not None


async def test_bytes_that_are_no_text_are_a_strangers_too(sessions: Sessions, agent: str) -> None:
    async def change(asked: web.Request) -> web.StreamResponse:
        await sessions.require(asked, STAFF)
        return web.Response()

    app = web.Application(middlewares=middlewares(Settings()))
    app.router.add_post("/", change)
    good = (await opened(sessions, agent)).partition(";")[0].encode()
    async with TestServer(app) as server:
        assert server.port is not None
        for cookie, status in ((cookie_name(STAFF).encode() + b"=\xff", b"401"), (good, b"403")):
            reader, writer = await asyncio.open_connection(server.host, server.port)
            token = CSRF_HEADER.encode() + b": \xff"
            lines = (b"POST / HTTP/1.1", b"Host: test", b"Connection: close", b"Cookie: " + cookie, token, b"", b"")
            writer.write(b"\r\n".join(lines))
            assert (await reader.read()).split()[1] == status
            writer.close()
            await writer.wait_closed()


# The socket's ticket


async def test_a_ticket_is_its_session_for_a_minute(sessions: Sessions, agent: str, clock: ManualClock) -> None:
    visitor = await found(sessions, await opened(sessions, agent))
    ticket = sessions.ticket(visitor)
    clock.advance(MINUTE)
    redeemed = await sessions.redeem(ticket, STAFF)
    assert redeemed is not None
    assert redeemed.session.digest == visitor.session.digest
    clock.advance(1)
    assert await sessions.redeem(ticket, STAFF) is None


async def test_a_ticket_of_one_kind_opens_no_socket_of_another(sessions: Sessions, agent: str) -> None:
    cookie = await opened(sessions, None, SessionKind.CALLER, "v1")
    ticket = sessions.ticket(await found(sessions, cookie, SessionKind.CALLER))
    assert await sessions.redeem(ticket, STAFF) is None
    assert await sessions.redeem(ticket, SessionKind.CALLER)


async def test_a_ticket_ends_with_its_session(sessions: Sessions, agent: str, clock: ManualClock) -> None:
    visitor = await found(sessions, await opened(sessions, agent))
    ticket = sessions.ticket(visitor)
    await sessions.end(web.Response(), visitor)
    assert await sessions.redeem(ticket, STAFF) is None
    assert await sessions.still_valid([visitor]) == set()


async def test_a_ticket_of_another_installation_is_nothing(
    sessions: Sessions, database: Database, clock: ManualClock, agent: str
) -> None:
    other = Sessions(database, clock, Keys(b"t" * 32), embedded=False)
    ticket = other.ticket(await found(sessions, await opened(sessions, agent)))
    assert await sessions.redeem(ticket, STAFF) is None
    for text in ("", "x", "\udcff"):
        assert await sessions.redeem(text, STAFF) is None


async def test_a_socket_lives_as_long_as_its_session(sessions: Sessions, agent: str, clock: ManualClock) -> None:
    visitor = await found(sessions, await opened(sessions, agent))
    clock.advance(SHIFT_S * SECOND - 1)
    assert await sessions.still_valid([visitor]) == {visitor.session.digest}
    clock.advance(1)
    assert await sessions.still_valid([visitor]) == set()


async def test_many_sockets_are_looked_up_at_once(
    sessions: Sessions, accounts: Accounts, agent: str, clock: ManualClock
) -> None:
    other = await accounts.add(NewAccount("agent2", "Trần Thị B", Role.AGENT, "correct-horse-battery", "CTKV1"))
    staff = [await found(sessions, await opened(sessions, account)) for account in (agent, other.id)]
    caller = await found(
        sessions, await opened(sessions, None, SessionKind.CALLER, verification="v1"), SessionKind.CALLER
    )
    everybody = [*staff, caller]
    assert await sessions.still_valid(everybody) == {visitor.session.digest for visitor in everybody}
    await accounts.change("agent2", valid_from=clock.now() + SECOND)
    assert await sessions.still_valid(everybody) == {staff[0].session.digest, caller.session.digest}
    clock.advance(SECOND)
    assert await sessions.still_valid(everybody) == {visitor.session.digest for visitor in everybody}
    clock.advance(SHIFT_S * SECOND)
    assert await sessions.still_valid(everybody) == set()
    assert await sessions.still_valid([]) == set()


async def test_a_ticket_is_good_once_on_whichever_node(database: Database, clock: ManualClock, agent: str) -> None:
    one, two = (Sessions(database, clock, Keys(b"k" * 32), embedded=False) for _ in range(2))
    visitor = await found(one, await opened(one, agent))
    first, second = one.ticket(visitor), one.ticket(visitor)
    redeemed = await asyncio.gather(*(each.redeem(first, STAFF) for each in (one, two, one, two)))
    assert sum(each is not None for each in redeemed) == 1
    assert await two.redeem(first, STAFF) is None
    # Another spelling of the same signature is no other ticket.
    for ending in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        assert await two.redeem(first[:-1] + ending, STAFF) is None
    assert await two.redeem(second, STAFF)


async def test_used_tickets_are_forgotten_when_nobody_could_use_them(
    database: Database, clock: ManualClock, agent: str
) -> None:
    sessions = Sessions(database, clock, Keys(b"k" * 32), embedded=False)
    ticket = sessions.ticket(await found(sessions, await opened(sessions, agent)))
    assert await sessions.redeem(ticket, STAFF)
    await sessions.sweep()
    assert await sessions.redeem(ticket, STAFF) is None
    clock.advance(3 * MINUTE)
    await sessions.sweep()
    async with database.read() as session:
        assert (await session.execute(select(SpentTicket))).first() is None
    assert await sessions.redeem(ticket, STAFF) is None


@pytest.mark.parametrize(
    ("settings", "kinds"),
    [
        (Settings(_env_file=None), set()),
        (Settings(_env_file=None, frame_ancestors=("https://a.example",)), set(SessionKind)),
        (
            Settings(_env_file=None, frame_ancestors=("https://a.example",), console_frame_ancestors=("none",)),
            {SessionKind.DEALER, SessionKind.CALLER},
        ),
        (Settings(_env_file=None, call_frame_ancestors=("https://a.example",)), {SessionKind.CALLER}),
        (
            Settings(_env_file=None, ekyc_frame_ancestors=("https://a.example",)),
            {SessionKind.DEALER, SessionKind.CALLER},
        ),
        (Settings(_env_file=None, console_frame_ancestors=("https://a.example",)), {SessionKind.STAFF}),
    ],
)
async def test_cookies_of_pages_that_others_embed_are_delivered_in_frames_and_no_others(
    settings: Settings, kinds: set[SessionKind], database: Database, clock: ManualClock
) -> None:
    sessions = Sessions(database, clock, Keys(b"s" * 32), embedded=embedded_kinds(settings))
    for kind in SessionKind:
        cookie = await opened(sessions, None, kind, "v")
        assert ("SameSite=None; Partitioned" in cookie) == (kind in kinds)
        assert ("SameSite=Lax" in cookie) == (kind not in kinds)
