"""Every HTTP route for everybody who may ask, for what is theirs, their company's and another company's."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.access import table
from tests.access.actors import Actor, actors, gone, halves, headers, opened
from tests.access.asking import REFUSED, SHUT, Asked, ask, assets
from tests.access.table import Row
from tests.access.world import AGENTS, World
from tests.test_house import ROOT
from vouch.accounts.models import SessionKind
from vouch.accounts.sessions import CSRF_HEADER

pytestmark = [pytest.mark.asyncio(loop_scope="module")]
SWAPPED = {"own": "other", "other": "own"}
"""The world's sides as somebody of the other company sees them."""


def built(rows: Iterable[Row]) -> list[Row]:
    """The lines of what is mounted: assets are, where the pages are built."""
    prefixes = {"/ekyc-web": "ekyc", "/console-web": "agent_console"}
    missing = tuple(f"{prefix}/assets" for prefix, package in prefixes.items() if not assets(ROOT / package))
    return [row for row in rows if not (missing and row.path.startswith(missing))]


ROWS = built(table.http())


async def test_every_route_has_its_line_and_every_line_its_route(world: World) -> None:
    routes = [route for route in world.house.node.app.router.routes() if route.resource is not None]
    mounted = sorted((route.method, route.resource.canonical) for route in routes if route.resource is not None)
    # aiohttp adds HEAD to every GET by itself, with the same handler.
    gets = {(route.resource, route.handler) for route in routes if route.method == "GET"}
    assert all((route.resource, route.handler) in gets for route in routes if route.method == "HEAD")
    assert [each for each in mounted if each[0] != "HEAD"] == sorted((row.method, row.path) for row in ROWS)


async def test_everybody_is_let_in_as_the_table_says(world: World) -> None:
    wrong = []
    for row in ROWS:
        for actor in [*actors(world), *halves(world)]:
            shown = await headers(world, actor)
            for side in ("own",) if row.of == "-" else table.SIDES:
                # What changes something may end the session: each such request has its own.
                shown = await headers(world, actor) if row.changes else shown
                asked = await ask(world, row, actor, shown, side)
                wrong += judged(world, row, actor, side, asked, expected(row, actor))
    assert wrong == []


async def test_people_of_the_other_company_are_let_in_alike(world: World) -> None:
    wrong = []
    for row in ROWS:
        for actor in actors(world, "other"):
            for side in ("other",) if row.of == "-" else ("other", "own"):
                asked = await ask(world, row, actor, await headers(world, actor), side)
                allowed = frozenset(SWAPPED.get(each, each) for each in expected(row, actor))
                wrong += judged(world, row, actor, side, asked, allowed)
    assert wrong == []


def expected(row: Row, actor: Actor) -> frozenset[str]:
    """The sides of a line to which an actor is let in."""
    elsewhere = "/api/console" if actor.kind is SessionKind.DEALER else "/api/ekyc"
    if actor.pending is not None and row.path.startswith(elsewhere):
        return row.sides("none")
    return row.sides(actor.column, actor.word)


def judged(world: World, row: Row, actor: Actor, side: str, asked: Asked, allowed: frozenset[str]) -> list[str]:
    """What is wrong with an answer."""
    found, wanted = [], side in allowed
    if asked.let_in != wanted:
        found.append(
            f"{row} · {actor.name} of {actor.side} · {side}: {'let in' if wanted else 'shut out'}, got {asked}"
        )
    if asked.status >= 400 and asked.status not in SHUT | REFUSED:
        found.append(f"{row} · {actor.name} · {side}: answered {asked}")
    if asked.status < 400 or not wanted:
        leaking = [
            name
            for name, of in world.sides.items()
            if not (allowed & {name} or row.sides("none")) and any(marker in asked.text for marker in of.markers)
        ]
        found += [f"{row} · {actor.name} of {actor.side} · {side}: tells of {name}" for name in leaking]
    return found


LISTS = {
    "/api/console/verifications": ("q={full_name}", "company={company}", "q={number}", "state=created&q={reference}"),
    "/api/console/audit": ("company={company}", "account={agent}", "tag=staff:verification:seen", "subject={agent}"),
    "/api/console/signs": ("cursor=", "company={company}"),
    "/api/console/calls": ("day=today", "agent={agent}", "company={company}"),
}
"""What the lists may be asked by, and what they do not know."""


async def test_no_question_to_a_list_shows_more_than_the_table_says(world: World) -> None:
    wrong = []
    for row in (row for row in ROWS if row.path in LISTS):
        for actor in (actor for actor in actors(world) if row.sides(actor.column)):
            shown, allowed = await headers(world, actor), expected(row, actor)
            for side, of in world.sides.items():
                said = {"company": of.company, "agent": world.people[AGENTS[side]].id, "number": of.markers[-1]}
                said |= {"full_name": of.markers[0], "reference": of.markers[3]}
                for question in LISTS[row.path]:
                    asked = await ask(world, row, actor, shown, side, query="?" + question.format(**said))
                    seen = {name for name, each in world.sides.items() if each.verification in asked.text}
                    if not seen <= allowed:
                        wrong.append(f"{row}?{question} · {actor.name} · {side}: {asked}, {seen}")
    assert wrong == []


async def test_who_is_gone_or_of_another_kind_is_nobody(world: World) -> None:
    wrong = []
    others, nobody = await gone(world), actors(world)[0]
    for row in ROWS:
        # A path of accounts names the kind of session: each is asked for.
        for kind in (SessionKind.STAFF, SessionKind.DEALER) if "{kind}" in row.path else (SessionKind.STAFF,):
            whose = replace(nobody, kind=kind)
            stranger = await ask(world, row, whose, {})
            for name, shown in others.items():
                asked = await ask(world, row, whose, shown)
                same = (asked.status, asked.code) == (stranger.status, stranger.code)
                if not same or (not row.changes and asked.body != stranger.body):
                    wrong.append(f"{row} of {kind} · {name}: nobody got {stranger}, got {asked}")
    assert wrong == []


def changing() -> list[Row]:
    """The lines of what may change something."""
    return [row for row in ROWS if row.changes]


async def test_no_session_changes_anything_without_its_token(world: World) -> None:
    wrong = []
    askers = [actor for actor in [*actors(world), *halves(world)] if actor.kind is not None]
    for row in changing():
        for actor in (actor for actor in askers if expected(row, actor) and not row.sides("none")):
            session, another = await opened(world, actor), await opened(world, actor)
            for token in (None, "", another.row.csrf, session.row.csrf[:-1]):
                shown = {name: value for name, value in session.headers.items() if name != CSRF_HEADER}
                shown |= {} if token is None else {CSRF_HEADER: token}
                asked = await ask(world, row, actor, shown)
                if (asked.status, asked.code) != (403, "bad_csrf_token"):
                    wrong.append(f"{row} · {actor.name}, token {token!r}: {asked}")
    assert wrong == []


async def test_no_page_of_another_origin_changes_anything(world: World) -> None:
    wrong = []
    own = world.house.origin
    foreign = (
        "https://evil.example",
        "null",
        own.replace("http:", "https:"),
        own + "0",
        own + ".evil.example",
        own.replace("127.0.0.1", "user@127.0.0.1"),
        own.replace("127.0.0.1", "localhost"),
        "http://[",
    )
    for row in changing():
        for actor in actors(world):
            if not row.sides(actor.column):
                continue
            shown = await headers(world, actor)
            for origin in foreign:
                asked = await ask(world, row, actor, shown | {"Origin": origin})
                if (asked.status, asked.code) != (403, "foreign_origin"):
                    wrong.append(f"{row} · {actor.name} from {origin}: {asked}")
    assert wrong == []


# Host, Origin, and whether the request is taken; {own} is the address of the node.
ORIGINS = (
    ("{own}", None, True),
    ("{own}", "http://{own}", True),
    ("{own}", "http://{own}/", True),
    ("inside.example", "http://{own}", True),
    ("inside.example", None, True),
    ("inside.example", "http://inside.example", True),
    ("inside.example", "https://inside.example", False),
    ("inside.example", "http://evil.example", False),
    ("{own}", "http://inside.example", False),
    ("{own}", "", False),
)


async def test_the_origin_is_the_public_address_or_the_one_that_was_asked(world: World) -> None:
    own = world.house.origin.removeprefix("http://")
    row = next(row for row in ROWS if str(row) == "POST /api/console/ticket")
    agent = next(actor for actor in actors(world) if actor.column == "agent")
    shown, got = await headers(world, agent), []
    for host, origin, _ in ORIGINS:
        more = {"Host": host.format(own=own)} | ({} if origin is None else {"Origin": origin.format(own=own)})
        asked = await ask(world, row, agent, shown | more)
        assert (asked.status, asked.code) in {(200, ""), (403, "foreign_origin")}
        got.append((host, origin, asked.status == 200))
    assert got == list(ORIGINS)
