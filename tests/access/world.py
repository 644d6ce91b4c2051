"""A house with a call of each side on somebody's desk, and the ids of all that routes can be asked about."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from ekyc import tokens
from ekyc.sign_models import Sign
from ekyc.signs import EARLY_HANG_UPS
from signaling.demo.people import person
from signaling.demo.robot_page import RobotPage
from signaling.demo.robots import open_verification
from signaling.demo.seed import CLIENT
from tests.installation import Installation
from tests.papers import papers
from tests.passwords import make_quick
from tests.signaling.conftest import House, open_house, ring_and_accept
from vouch.accounts.models import Account, Role
from vouch.accounts.service import NewAccount
from vouch.ids import new_id, new_secret

ELSEWHERE = "app"
"""A client of CTKV1 beside mSale."""
NO_LIMIT = "1000000/second"
_MORE = (
    ("supervisor2", Role.SUPERVISOR, "CTKV2"),
    ("supervisor3", Role.SUPERVISOR, "CTKV1"),
    ("supervisor0", Role.SUPERVISOR, None),
    ("admin1", Role.ADMINISTRATOR, "CTKV1"),
    ("admin2", Role.ADMINISTRATOR, None),
    ("dealer3", Role.DEALER, "CTKV1"),
)
AGENTS = {"own": "agent1", "beside": "agent2", "other": "agent3"}
PEERS = {
    "dealer": {"own": "dealer1", "beside": "dealer3", "other": "dealer2"},
    "agent": AGENTS,
    "supervisor": {"own": "supervisor1", "beside": "supervisor3", "other": "supervisor2"},
    "administrator": {"own": "admin", "beside": "admin2", "other": "supervisor2"},
}
"""By role: who stands for which side where the subject is an account's own."""


@dataclass
class Side:
    """Subjects of one side."""

    company: str
    client: str
    opened: dict[str, Any] = field(default_factory=dict)
    """What the client was told of its verification."""
    verification: str = ""
    call: str = ""
    key: str = ""
    """Of a picture of the verification."""
    markers: tuple[str, ...] = ()
    """What an answer to whoever is shut out must not hold."""


@dataclass
class World:
    """A running node on which every side has a verification; by `build` also a call, its recordings and a sign."""

    house: House
    sides: dict[str, Side]
    tokens: dict[str, str]
    """Company tokens: `own`, `other`, `many`, and those that have ended: `revoked`, `expired`."""
    people: dict[str, Account]
    passwords: dict[str, str]
    client: aiohttp.ClientSession
    """Without cookies of its own."""
    drafts: dict[str, str] = field(default_factory=dict)
    """By the name of the dealer who has begun it."""


async def begin(stack: AsyncExitStack, installation: Installation) -> World:
    """Start the node with people, tokens and verifications; nobody has called."""
    limits = {"token_rate": NO_LIMIT, "join_rate": NO_LIMIT, "network_rate": NO_LIMIT}
    times = {"wrap_up_s": 3600, "ring_time_out_s": 300}
    house = await open_house(stack, installation, drafts_per_hour=100_000, **limits, **times)
    passwords = dict(house.seeds.passwords) | {name: new_secret() for name, *_ in _MORE}
    for name, role, company in _MORE:
        await house.node.accounts.add(NewAccount(name, name.title(), role, passwords[name], company))
    await make_quick(house.node.database, passwords)
    people = {name: found for name in passwords if (found := await house.node.accounts.find(name)) is not None}
    sides = {"own": Side("CTKV1", CLIENT), "beside": Side("CTKV1", ELSEWHERE), "other": Side("CTKV2", CLIENT)}
    issued = await _tokens(house)
    by = {"own": issued["own"], "beside": issued["elsewhere"], "other": issued["other"]}
    for number, (name, side) in enumerate(sides.items(), 1):
        await _open(house, by[name], side, number)
    client = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
    return World(house, sides, issued, people, passwords, client)


async def build(stack: AsyncExitStack, installation: Installation) -> World:
    """The same with everything that routes can be asked about; one call after the other."""
    world = await begin(stack, installation)
    for name, side in world.sides.items():
        caller = await world.house.caller(side.opened)
        # Ready only now: the call is for this agent, whoever else is of the team.
        agent = await world.house.ready(AGENTS[name])
        await ring_and_accept(caller, agent)
        await _end(world.house, side, agent)
    await _raise_signs(world)
    return world


async def _open(house: House, token: str, side: Side, number: int) -> None:
    """Open the verification of a person who does not exist."""
    who = person(number)
    told = {"full_name": who.full_name, "id_number": who.id_number, "address": who.address}
    customer = told | {"date_of_birth": who.born.isoformat(), "id_type": "chip_card"}
    subscriber = {"msisdn": who.msisdn, "sub_type": "ET1", "customer_type": "individual", "payment": "prepaid"}
    reference = f"ref-{new_id()}"
    made = papers(customer=customer, subscriber=subscriber, external_ref=reference)
    side.opened = await open_verification(house.origin, token, made)
    side.verification = side.opened["id"]
    side.markers = (who.full_name, who.id_number, who.msisdn, reference, side.verification)


async def _end(house: House, side: Side, agent: RobotPage) -> None:
    """The agent reads the dossier, ends the call once both sides are on disk, and keeps it on the desk."""
    side.call = agent.call["id"]
    path = f"{house.origin}/api/console/calls/{side.call}"
    async with house.jars[agent].get(path) as answer:
        dossier = await answer.json()
        assert answer.status == 200, dossier
    side.key = dossier["pictures"][0]["key"]
    side.markers += (side.call, dossier["number"])
    await agent.until(lambda view: view["call"] is not None and "recording" not in view["call"]["shut_gates"])
    assert (await agent.press("call.end", call=side.call, reason="other"))["code"] == "ok"
    await agent.until(lambda view: view["call"] is not None and view["call"]["kept"])


async def _tokens(house: House) -> dict[str, str]:
    """Beside the seeds': of another client, of several companies, and two that are valid no more."""
    made = {"own": house.seeds.tokens["CTKV1"], "other": house.seeds.tokens["CTKV2"]}
    async with house.node.database.write() as session:
        now = house.node.clock.now()
        msale, app, gone, old = [
            (await tokens.client_named(session, name, now)).id for name in (CLIENT, ELSEWHERE, "gone", "old")
        ]
        made["many"] = (await tokens.issue(session, msale, "CTKV1", now, also=("CTKV2",))).secret
        made["elsewhere"] = (await tokens.issue(session, app, "CTKV1", now)).secret
        made["revoked"] = (await tokens.issue(session, gone, "CTKV1", now)).secret
        await tokens.revoke(session, gone, "CTKV1", now)
        made["expired"] = (await tokens.issue(session, old, "CTKV1", now)).secret
        await tokens.rotate(session, old, "CTKV1", now, 0)
    return made


async def _raise_signs(world: World) -> None:
    now = world.house.node.clock.now()
    async with world.house.node.database.write() as session:
        for name, side in world.sides.items():
            sign = {"team": side.company, "agent": world.people[AGENTS[name]].id, "calls": [side.call]}
            session.add(Sign(id=new_id(), kind=EARLY_HANG_UPS, dealer=None, at=now, **sign))
