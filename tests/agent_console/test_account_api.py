"""The own account: signing in step by step, the own password, the own sessions."""

import pytest
from aiohttp import ClientResponse
from sqlalchemy import select, update

from tests.agent_console.desk import PASSWORD, Office
from vouch.accounts.guarding.devices import COOKIE
from vouch.accounts.models import Account, KnownDevice, WebSession
from vouch.accounts.sessions import CSRF_HEADER
from vouch.audit import AuditEntry
from vouch.clock import DAY, MINUTE

NEW = "another-horse-battery"
HOME, ELSEWHERE = "192.0.2.1", "198.51.100.7"


class Browser:
    """A browser with cookies of its own; `address` is where it stands, as our own proxy saw it."""

    def __init__(self, desk: Office, kind: str = "staff", address: str = HOME) -> None:
        self.desk = desk
        self.root = f"/api/account/{kind}"
        self.address = address
        self.cookies: dict[str, str] = {}
        self.csrf = ""

    async def ask(self, method: str, path: str = "", json: object = None) -> ClientResponse:
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items() if value),
            "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36",
            "X-Forwarded-For": self.address,
            CSRF_HEADER: self.csrf,
        }
        path = path if path.startswith("/") else f"{self.root}/{path}".rstrip("/")
        response = await self.desk.client.request(method, path, json=json, headers=headers)
        self.cookies |= {name: morsel.value for name, morsel in response.cookies.items()}
        if response.content_type == "application/json":
            told = await response.json()
            self.csrf = told.get("csrf") or told.get("account", {}).get("csrf") or self.csrf
        return response

    async def sign_in(self, username: str = "agent1", password: str = PASSWORD) -> str:
        """`in`, what is pending, or the code of the problem."""
        return await outcome(await self.ask("POST", "session", {"username": username, "password": password}))


async def outcome(response: ClientResponse) -> str:
    if response.status >= 400:
        return str((await response.json())["code"])
    return str((await response.json())["pending"] or "in")


async def change(desk: Office, username: str = "agent1", **values: object) -> None:
    async with desk.database.write() as session:
        await session.execute(update(Account).where(Account.username == username).values(**values))


@pytest.fixture
def browser(desk: Office) -> Browser:
    return Browser(desk)


async def tags(desk: Office) -> list[str]:
    async with desk.database.read() as session:
        return list((await session.scalars(select(AuditEntry.tag).order_by(AuditEntry.id))).all())


# Signing in


@pytest.mark.parametrize(("kind", "username"), [("staff", "agent1"), ("staff", "admin"), ("dealer", "dealer1")])
async def test_everybody_signs_in_to_their_own_account(desk: Office, kind: str, username: str) -> None:
    browser = Browser(desk, kind)
    assert await browser.sign_in(username) == "in"
    own = await (await browser.ask("GET")).json()
    assert (own["username"], own["pending"], own["factors"], own["recovery_codes"]) == (username, None, [], 0)
    assert (await browser.ask("DELETE", "session")).status == 204
    assert await outcome(await browser.ask("GET")) == "not_signed_in"
    assert await tags(desk) == [f"{kind}:session:opened", f"{kind}:session:ended"]


@pytest.mark.parametrize(("kind", "username"), [("staff", "dealer1"), ("dealer", "agent1"), ("caller", "agent1")])
async def test_nobody_signs_in_as_what_they_are_not(desk: Office, kind: str, username: str) -> None:
    assert await Browser(desk, kind).sign_in(username) in {"wrong_password", "not_found"}


async def test_a_session_of_staff_opens_no_dealers_account(desk: Office, browser: Browser) -> None:
    await browser.sign_in()
    assert await outcome(await browser.ask("GET", "/api/account/dealer")) == "not_signed_in"
    assert await outcome(await browser.ask("GET", "/api/account/caller")) == "not_found"


async def test_what_is_pending_opens_nothing_else(desk: Office, browser: Browser) -> None:
    await change(desk, password_drawn_at=1)
    assert await browser.sign_in() == "password"
    for method, path in (
        ("GET", "sessions"),
        ("DELETE", "sessions"),
        ("POST", "app"),
        ("POST", "passkey"),
        ("POST", "recovery-codes"),
        ("POST", "second-step"),
        ("POST", "/api/console/ticket"),
        ("GET", "/api/console/codes"),
        ("GET", "/api/console/calls"),
    ):
        response = await browser.ask(method, path, {})
        assert (response.status, await outcome(response)) == (403, "password_must_change"), path
    assert (await (await browser.ask("GET", "/api/console/session")).json())["pending"] == "password"
    assert await tags(desk) == []


async def test_what_is_pending_is_to_be_done_within_a_quarter_of_an_hour(desk: Office, browser: Browser) -> None:
    await change(desk, password_drawn_at=1)
    await browser.sign_in()
    desk.clock.advance(15 * MINUTE)
    assert await outcome(await browser.ask("GET")) == "not_signed_in"


async def test_strangers_shut_nobody_out_of_a_browser_of_their_own(desk: Office, browser: Browser) -> None:
    assert await browser.sign_in() == "in"
    for number in range(100):
        await Browser(desk, address=f"10.0.{number}.1").sign_in(password="guess")
    refused = await Browser(desk, address=ELSEWHERE).ask(
        "POST", "session", {"username": "agent1", "password": PASSWORD}
    )
    assert (refused.status, refused.headers["Retry-After"]) == (429, str(DAY // 1_000_000))
    moved = replace_address(browser, ELSEWHERE)
    assert await moved.sign_in() == "in"


def replace_address(browser: Browser, address: str) -> Browser:
    """The same browser in another network, signed out."""
    moved = Browser(browser.desk, address=address)
    moved.cookies = {COOKIE: browser.cookies[COOKIE]}
    return moved


async def test_a_browser_is_known_once_somebody_is_in_and_not_while_something_is_pending(
    desk: Office, browser: Browser
) -> None:
    await change(desk, password_drawn_at=1)
    await browser.sign_in()
    assert COOKIE not in browser.cookies
    assert await outcome(await browser.ask("POST", "password", {"current": PASSWORD, "new": NEW})) == "in"
    first = browser.cookies[COOKIE]
    await browser.sign_in(password=NEW)
    assert browser.cookies[COOKIE] == first
    async with desk.database.read() as session:
        (kept,) = (await session.scalars(select(KnownDevice))).all()
    assert (kept.account, first in kept.device) == (desk.people["agent1"].id, False)


# The password


async def test_a_drawn_password_is_changed_and_the_console_opens(desk: Office, browser: Browser) -> None:
    await change(desk, password_drawn_at=1)
    await browser.sign_in()
    pending = dict(browser.cookies)
    response = await browser.ask("POST", "password", {"current": PASSWORD, "new": NEW})
    assert await outcome(response) == "in"
    assert (await browser.ask("POST", "/api/console/ticket")).status == 200
    browser.cookies = pending
    assert await outcome(await browser.ask("GET")) == "not_signed_in", "the session that opened less is over"
    assert await tags(desk) == ["account:password:changed", "staff:session:opened"]


async def test_a_new_password_ends_every_other_session_and_this_one_goes_on(desk: Office, browser: Browser) -> None:
    other = Browser(desk)
    await browser.sign_in()
    await other.sign_in()
    assert await outcome(await browser.ask("POST", "password", {"current": PASSWORD, "new": NEW})) == "in"
    assert await outcome(await browser.ask("GET")) == "in"
    assert await outcome(await other.ask("GET")) == "not_signed_in"
    assert await other.sign_in() == "wrong_password"
    assert await other.sign_in(password=NEW) == "in"


@pytest.mark.parametrize(
    ("current", "new", "code"),
    [
        ("wrong", NEW, "wrong_password"),
        (PASSWORD, PASSWORD, "password_unchanged"),
        (PASSWORD, "short", "password_too_short"),
        (PASSWORD, "mưa rơi trên mái tôn " * 13, "password_too_long"),
        (PASSWORD, "agent1-ctkv1", "password_common"),
    ],
)
async def test_a_password_that_is_not_taken_changes_nothing(
    desk: Office, browser: Browser, current: str, new: str, code: str
) -> None:
    await browser.sign_in()
    assert await outcome(await browser.ask("POST", "password", {"current": current, "new": new})) == code
    assert await Browser(desk).sign_in() == "in"


async def test_a_stranger_at_an_open_page_has_ten_guesses_at_the_password(desk: Office, browser: Browser) -> None:
    await browser.sign_in()
    for _ in range(10):
        assert await outcome(await browser.ask("POST", "password", {"current": "x", "new": NEW})) == "wrong_password"
    assert await outcome(await browser.ask("POST", "password", {"current": PASSWORD, "new": NEW})) == (
        "too_many_attempts"
    )
    assert await Browser(desk).sign_in() == "in", "and shuts nobody out by them"


# Sessions


async def test_ones_own_sessions_are_listed_with_where_they_are(desk: Office, browser: Browser) -> None:
    other = Browser(desk, address="2001:db8::7")
    await browser.sign_in()
    desk.clock.advance(5 * MINUTE)
    await other.sign_in()
    await Browser(desk).sign_in("supervisor1")
    listed = (await (await other.ask("GET", "sessions")).json())["sessions"]
    assert [(each["this"], each["browser"], each["network"]) for each in listed] == [
        (True, "Chrome, Windows", "2001:db8::/64"),
        (False, "Chrome, Windows", HOME),
    ]
    assert listed[0]["created_at"] == listed[1]["created_at"] + 5 * MINUTE
    async with desk.database.read() as session:
        stored = set((await session.scalars(select(WebSession.digest))).all())
    assert not stored & {each["id"] for each in listed}


async def test_a_session_is_ended_from_another(desk: Office, browser: Browser) -> None:
    other = Browser(desk)
    await browser.sign_in()
    await other.sign_in()
    listed = (await (await browser.ask("GET", "sessions")).json())["sessions"]
    (theirs,) = (each["id"] for each in listed if not each["this"])
    assert (await browser.ask("DELETE", f"sessions/{theirs}")).status == 204
    assert await outcome(await other.ask("GET")) == "not_signed_in"
    assert await outcome(await browser.ask("GET")) == "in"
    assert await outcome(await browser.ask("DELETE", f"sessions/{theirs}")) == "not_found"


async def test_nobody_ends_anothers_session(desk: Office, browser: Browser) -> None:
    other = Browser(desk)
    await browser.sign_in()
    await other.sign_in("supervisor1")
    (theirs,) = (await (await other.ask("GET", "sessions")).json())["sessions"]
    assert await outcome(await browser.ask("DELETE", f"sessions/{theirs['id']}")) == "not_found"
    assert await outcome(await other.ask("GET")) == "in"


async def test_signing_out_everywhere_is_signing_out_here_too(desk: Office, browser: Browser) -> None:
    other = Browser(desk)
    await browser.sign_in()
    await other.sign_in()
    assert (await browser.ask("DELETE", "sessions")).status == 204
    for each in (browser, other):
        assert await outcome(await each.ask("GET")) == "not_signed_in"
    async with desk.database.read() as session:
        assert len((await session.scalars(select(KnownDevice))).all()) == 1, "the other browser is a stranger's now"


async def test_changing_needs_the_sessions_own_token(desk: Office, browser: Browser) -> None:
    await browser.sign_in()
    browser.csrf = "another"
    for method, path in (("POST", "password"), ("DELETE", "sessions"), ("DELETE", "session"), ("POST", "app")):
        assert await outcome(await browser.ask(method, path, {})) == "bad_csrf_token"
