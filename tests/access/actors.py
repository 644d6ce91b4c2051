"""Whoever asks: sessions of every kind as the product opens them, sessions that have ended, tokens, and nobody."""

from dataclasses import dataclass, field, replace

from aiohttp import web
from sqlalchemy import update

from tests.access.world import PEERS, World
from vouch.accounts.models import Account, Pending, Role, SessionKind, WebSession
from vouch.accounts.sessions import CSRF_HEADER, Visitor, cookie_name
from vouch.clock import HOUR
from vouch.ids import new_id, new_secret

_PENDING = {Pending.PASSWORD: "pw", Pending.SECOND_FACTOR: "2nd", Pending.ENROLMENT: "new"}
_ROLES = {"dealer": "dealer", "agent": "agent", "super": "supervisor", "admin": "administrator"}


@dataclass(frozen=True)
class Actor:
    """Somebody who asks; `column` is theirs in the table."""

    name: str
    column: str
    side: str = "own"
    """The side of the world that is theirs."""
    kind: SessionKind | None = None
    role: str = ""
    account: Account | None = None
    token: str = ""
    pending: Pending | None = None

    @property
    def account_kind(self) -> str:
        """The kind of session that a path under /api/account names."""
        return "dealer" if self.kind is SessionKind.DEALER else "staff"

    @property
    def word(self) -> str:
        """What is pending, in the table's words."""
        return _PENDING[self.pending] if self.pending else ""


@dataclass(frozen=True)
class Opened:
    """A session and the headers by which a browser shows it."""

    row: WebSession
    secret: str
    account: Account | None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def visitor(self) -> Visitor:
        """As the node's own parts take it."""
        return Visitor(self.row, self.account)

    def ticket(self, world: World) -> str:
        """A fresh ticket for a socket, as the routes give it; whether it opens anything is asked when it is shown."""
        return world.house.node.sessions.ticket(self.visitor)


def actors(world: World, side: str = "own") -> list[Actor]:
    """One of each column, each on `side` (own or other)."""
    msale = [Actor("token", "token", side, token=world.tokens[side])]
    several = [Actor("multi", "multi", side, token=world.tokens["many"])]
    page = Actor("page", "page", side, SessionKind.CALLER)
    columns = [column for column in _ROLES if (column, side) != ("admin", "other")]
    signed_in = [_signed_in(world, column, side) for column in columns]
    if side == "own":
        # What they see is decided by the company that the account has, or has not.
        signed_in += [_reviewer(world, "admin1", "super"), _reviewer(world, "supervisor0", "admin")]
    return [Actor("nobody", "none", side), page, *signed_in, *msale, *(several if side == "own" else [])]


def halves(world: World) -> list[Actor]:
    """Agents and dealers who gave the right password and have something pending."""
    return [
        replace(_signed_in(world, column, "own"), name=f"half {column}: {word}", column="half", pending=pending)
        for column in ("agent", "dealer")
        for pending, word in _PENDING.items()
    ]


def _reviewer(world: World, username: str, column: str) -> Actor:
    account = world.people[username]
    return Actor(username, column, "own", SessionKind.STAFF, account.role, account)


def _signed_in(world: World, column: str, side: str) -> Actor:
    role = _ROLES[column]
    kind = SessionKind.DEALER if role == Role.DEALER else SessionKind.STAFF
    return Actor(column, column, side, kind, role, world.people[PEERS[role][side]])


async def opened(world: World, actor: Actor) -> Opened:
    """A fresh session of an actor, as the product opens it."""
    assert actor.kind is not None
    response, verification = web.Response(), None
    if actor.kind is SessionKind.CALLER:
        verification = world.sides[actor.side].verification
    account = actor.account
    made = await world.house.node.sessions.open(
        response,
        actor.kind,
        3600,
        account=account.id if account else None,
        verification=verification,
        pending=actor.pending,
    )
    secret = response.cookies[cookie_name(actor.kind)].value
    return Opened(made, secret, account, shown(actor.kind, secret, made.csrf))


def shown(kind: SessionKind, secret: str, csrf: str) -> dict[str, str]:
    """What a browser sends of a session."""
    return {"Cookie": f"{cookie_name(kind)}={secret}", CSRF_HEADER: csrf}


async def headers(world: World, actor: Actor) -> dict[str, str]:
    """What a request of an actor carries."""
    if actor.token:
        return {"Authorization": f"Bearer {actor.token}"}
    return (await opened(world, actor)).headers if actor.kind is not None else {}


async def gone_sessions(world: World) -> dict[str, Opened]:
    """Sessions that once opened something."""
    by = {actor.name: actor for actor in actors(world)}
    ways = {column: [*_ENDED, *(() if column == "page" else _LEFT)] for column in (*_ROLES, "page")}
    return {f"{column}, {name}": await how(world, by[column]) for column, hows in ways.items() for name, how in hows}


async def gone(world: World) -> dict[str, dict[str, str]]:
    """Headers that once opened something, or open something else: each is nobody's."""
    by = {actor.name: actor for actor in actors(world)}
    ended = {name: session.headers for name, session in (await gone_sessions(world)).items()}
    mixed = {
        f"{column} as {kind}": await _as_another(world, by[column], kind)
        for column in ("dealer", "page", "agent", "admin")
        for kind in SessionKind
        if kind is not by[column].kind
    }
    secrets = {name: world.tokens[name] for name in ("revoked", "expired")}
    secrets |= {"made up": f"vouch_company_{new_secret()}", "a session's": (await opened(world, by["admin"])).secret}
    bad = {f"token, {name}": {"Authorization": f"Bearer {secret}"} for name, secret in secrets.items()}
    bad["a token as a cookie"] = shown(SessionKind.STAFF, world.tokens["own"], "")
    return ended | mixed | bad | {"page, before a later link": await _superseded(world)}


async def _changed(world: World, session: Opened, **changes: int) -> Opened:
    async with world.house.node.database.write() as transaction:
        chosen = update(WebSession).where(WebSession.digest == session.row.digest)
        await transaction.execute(chosen.values(**changes))
    return session


async def _expired(world: World, actor: Actor) -> Opened:
    return await _changed(world, await opened(world, actor), expires_at=world.house.node.clock.now() - 1)


async def _signed_out(world: World, actor: Actor) -> Opened:
    session = await opened(world, actor)
    await world.house.node.sessions.end(web.Response(), session.visitor)
    return session


async def _left_alone(world: World, actor: Actor) -> Opened:
    long_ago = world.house.node.clock.now() - 5 * HOUR
    return await _changed(world, await opened(world, actor), created_at=long_ago, seen_at=long_ago)


async def _disabled(world: World, actor: Actor) -> Opened:
    """Of an account that is shut; a session is opened at the same moment."""
    return await _of_an_account(world, actor, disabled_at=world.house.node.clock.now())


async def _not_yet_valid(world: World, actor: Actor) -> Opened:
    return await _of_an_account(world, actor, valid_from=world.house.node.clock.now() + 24 * HOUR)


async def _no_longer_valid(world: World, actor: Actor) -> Opened:
    return await _of_an_account(world, actor, valid_until=world.house.node.clock.now() - 1)


async def _in_another_role(world: World, actor: Actor) -> Opened:
    """Of an account whose role is one of the other kind of session by now."""
    return await _of_an_account(world, actor, role=Role.AGENT if actor.role == Role.DEALER else Role.DEALER)


async def _of_an_account(world: World, actor: Actor, **changes: int | str) -> Opened:
    """A session of a copy of the actor's account, which changes while the session lives."""
    assert actor.account is not None
    kept = {name: getattr(actor.account, name) for name in ("full_name", "role", "company", "password_hash")}
    copy = Account(id=new_id(), username=f"copy {new_id()}", created_at=0, **kept)
    async with world.house.node.database.write() as transaction:
        transaction.add(copy)
    session = await opened(world, replace(actor, account=copy))
    async with world.house.node.database.write() as transaction:
        await transaction.execute(update(Account).where(Account.id == copy.id).values(**changes))
    return session


async def _as_another(world: World, actor: Actor, kind: SessionKind) -> dict[str, str]:
    """A session's secret in the cookie of another kind of page."""
    session = await opened(world, actor)
    return shown(kind, session.secret, session.row.csrf)


async def _superseded(world: World) -> dict[str, str]:
    """The page of a link, once the client has asked for a fresh one."""
    page = next(actor for actor in actors(world) if actor.column == "page")
    session = await opened(world, page)
    address = f"{world.house.origin}/api/v1/verifications/{world.sides['own'].verification}/join"
    async with world.client.post(address, headers={"Authorization": f"Bearer {world.tokens['own']}"}) as answer:
        assert answer.status == 201, await answer.text()
    return session.headers


_ENDED = (("expired", _expired), ("signed out", _signed_out))
_LEFT = (
    ("left alone", _left_alone),
    ("disabled", _disabled),
    ("not yet valid", _not_yet_valid),
    ("no longer valid", _no_longer_valid),
    ("in another role", _in_another_role),
)
