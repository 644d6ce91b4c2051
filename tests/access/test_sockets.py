"""Every namespace for every ticket, every message for one's own call and for others', and what views tell of others."""

import json
from typing import Any

import pytest

from agent_console import codes
from media.synthetic import moving_picture
from signaling.demo.robot_page import RobotPage
from signaling.demo.robots import browser, console_session
from tests import poison, received
from tests.access import table
from tests.access.actors import Opened, actors, gone_sessions, halves, opened
from tests.access.world import AGENTS, World
from tests.signaling.conftest import ring
from tests.signaling.raw_socket import RawSocket
from vouch.ids import new_id

pytestmark = [pytest.mark.asyncio(loop_scope="module")]
NAMESPACES, MESSAGES = table.namespaces(), table.messages()
REFUSED = frozenset({"not_your_call", "unknown_call", "offer_gone"})
NAMING = [message for message, cells in MESSAGES.items() if cells["/console"] == "own"]
"""What an agent can say of a call by its id."""
ANYBODYS = ("connect", "disconnect", "connect_error", "error", "message", "view", "changes", "replaced", "*", "")
SAYERS = {"/caller": "page", "/console": "agent", "/floor": "super"}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that bear everything: when they end is another test's."""
    for name in ("_STRIKES", "_MESSAGES", "_CHARACTERS"):
        monkeypatch.setattr(f"signaling.transport.link.{name}", 1 << 40)


async def answer_to(world: World, namespace: str, ticket: str) -> tuple[RawSocket, str]:
    """A connection, and what it hears of a ticket."""
    raw = await RawSocket.open(world.house.origin)
    await raw.send(f"40{namespace},{json.dumps({'ticket': ticket})}")
    return raw, await raw.next("40", "44")


async def is_let_in(world: World, namespace: str, ticket: str) -> bool:
    raw, told = await answer_to(world, namespace, ticket)
    await raw.close()
    assert told.startswith("40" + namespace) or "ticket_invalid" in told, told
    return told.startswith("40")


async def test_every_message_has_its_line_and_every_line_its_message() -> None:
    written = {
        namespace: {message for message, cells in MESSAGES.items() if cells[namespace] != "no"}
        for namespace in NAMESPACES
    }
    assert written == {namespace: set(messages) for namespace, messages in received.SOCKETS.items()}


async def test_every_namespace_has_its_line(quiet_world: World) -> None:
    mounted = quiet_world.house.node._namespaces
    assert set(NAMESPACES) == set(mounted)
    assert {name: set(each.messages) for name, each in mounted.items()} == {
        namespace: set(messages) for namespace, messages in received.SOCKETS.items()
    }


async def test_a_ticket_opens_what_the_table_says(quiet_world: World) -> None:
    wrong = []
    askers = [*actors(quiet_world), *halves(quiet_world), *actors(quiet_world, "other")]
    for namespace, cells in NAMESPACES.items():
        for actor in (actor for actor in askers if actor.kind is not None):
            ticket = (await opened(quiet_world, actor)).ticket(quiet_world)
            if await is_let_in(quiet_world, namespace, ticket) != (cells[actor.column] == "yes"):
                wrong.append(f"{namespace} · {actor.name} of {actor.side}: {cells[actor.column]}")
        for nobodys in ("", "made up", quiet_world.tokens["own"]):
            assert not await is_let_in(quiet_world, namespace, nobodys)
    assert wrong == []


async def test_a_ticket_opens_nothing_a_second_time_or_once_its_session_is_gone(quiet_world: World) -> None:
    by = {actor.name: actor for actor in actors(quiet_world)}
    left = await gone_sessions(quiet_world)
    wrong = []
    for namespace, sayer in SAYERS.items():
        ticket = (await opened(quiet_world, by[sayer])).ticket(quiet_world)
        assert await is_let_in(quiet_world, namespace, ticket)
        assert not await is_let_in(quiet_world, namespace, ticket)
        for name, session in left.items():
            if await is_let_in(quiet_world, namespace, session.ticket(quiet_world)):
                wrong.append(f"{namespace} · {name}")
    assert wrong == []


@pytest.mark.parametrize("namespace", NAMESPACES)
async def test_a_namespace_takes_its_own_messages_alone(quiet_world: World, namespace: str) -> None:
    actor = next(actor for actor in actors(quiet_world) if actor.column == SAYERS[namespace])
    session: Opened = await opened(quiet_world, actor)
    raw, told = await answer_to(quiet_world, namespace, session.ticket(quiet_world))
    assert told.startswith("40" + namespace)
    wrong = []
    for message in (*MESSAGES, *ANYBODYS):
        kind = received.SOCKETS[namespace].get(message)
        theirs = next((each[message] for each in received.SOCKETS.values() if message in each), None)
        body = poison.sample(kind or theirs) if theirs else {}
        answer = await raw.call(namespace, message, body)
        is_unknown = answer is not None and answer.get("code") == "unknown_message"
        if is_unknown != (kind is None):
            wrong.append(f"{message}: {answer}")
    await raw.close()
    assert wrong == []


class Stage:
    """Calls of two companies at once, and everything that was shown to anybody meanwhile."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pages: dict[str, RobotPage] = {}
        self.shown: dict[RobotPage, list[str]] = {}

    def record(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Keep every view of every page that is opened from now on."""
        view = RobotPage._viewed

        async def viewed(page: RobotPage, body: dict[str, Any]) -> None:
            self.shown.setdefault(page, []).append(json.dumps(body, ensure_ascii=False))
            await view(page, body)

        monkeypatch.setattr(RobotPage, "_viewed", viewed)

    async def enter(self) -> None:
        """Everybody opens their page; the agent of each side is there, and not ready."""
        house = self.world.house
        for side, username in AGENTS.items():
            self.pages[username] = await house.agent(username)
            self.pages[f"caller {side}"] = await house.caller(self.world.sides[side].opened)
        for username in ("supervisor1", "supervisor2", "admin1", "admin"):
            http = await house.stack.enter_async_context(browser(house.origin))
            told = await console_session(house.origin, http, username, self.world.passwords[username])
            page = RobotPage(house.origin, http, "/floor", "/api/console/ticket", told, moving_picture)
            await page.open()
            house.stack.push_async_callback(page.close)
            self.pages[username] = page

    async def says(self, who: str, message: str, **fields: Any) -> str | None:
        """Somebody sends a message; gives the answer's code, None for a report."""
        page = self.pages[who]
        body = fields if message == "media.presented" else fields | {"request": new_id()}
        answer = {"code": "no_answer_yet"}
        while answer and answer["code"] == "no_answer_yet":  # the same request is sent again, as pages do
            answer = await page._socket.call(message, body, namespace=page._namespace, timeout=20)
        return answer["code"] if answer else None

    def state(self, side: str) -> dict[str, Any]:
        """What nobody but those in the call can change of it."""
        found = self.world.house.node.floors.call(self.world.sides[side].company, self.world.sides[side].call)
        assert found is not None
        names = ("phase", "offer", "agent", "declined", "ticks", "overrides", "decision", "decisions", "verdict")
        kept = {name: getattr(found, name) for name in (*names, "hung_up", "outcome", "pictures")}
        legs = {"customer": found.customer_leg, "agent": found.agent_leg}
        return kept | {name: (leg.socket, leg.media, leg.presented) for name, leg in legs.items()}

    async def strangers_say(self, side: str, *also: str) -> list[str]:
        """Everybody else says everything of a side's call; gives what was not refused, or changed something.

        `also`: what the call answers to anybody in its present phase.
        """
        call, before, wrong = self.world.sides[side].call, self.state(side), []
        for who in (name for of, name in AGENTS.items() if of != side):
            for message in NAMING:
                code = await self.says(who, message, **of_call(message, call))
                if code not in REFUSED.union(also) and message != "media.presented":
                    wrong.append(f"{who} · {message}: {code}")
        # A caller's page names no call: whatever it says is about its own, and that of `beside` has none.
        for message in ("media.servers", "media.presented"):
            await self.says("caller other" if side == "own" else "caller own", message, **of_call(message, call))
        for message in ("media.servers", "media.offer", "media.presented", "call.hangup"):
            fields = {} if message == "call.hangup" else of_call(message, call)
            code = await self.says("caller beside", message, **fields)
            wrong += [] if code in {"unknown_call", None} else [f"caller beside · {message}: {code}"]
        after = self.state(side)
        return wrong + [f"{name}: {before[name]} -> {after[name]}" for name in before if before[name] != after[name]]


def of_call(message: str, call: str) -> dict[str, Any]:
    """What a message says of a call, as far as it is a right one."""
    frame = {"media": 1, "rtp_timestamp": 90_000}
    more: dict[str, dict[str, Any]] = {
        "media.offer": {"sdp": "v=0"},
        "media.presented": {"frame": frame},
        "offer.accept": {"offer": 1},
        "offer.decline": {"offer": 1, "reason": codes.DECLINE[0]},
        "check.set": {"check": "data", "ticked": True},
        "gate.override": {"gate": "recheck", "reason": "seen"},
        "picture.take": {"frame": frame},
        "verdict": {"verdict": "rejected", "reason": codes.REJECT[0], "frame": frame},
        "call.end": {"reason": codes.END[0]},
    }
    return {"call": call} | more.get(message, {})


async def test_nobody_acts_on_or_sees_a_call_of_others(quiet_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(quiet_world)
    stage.record(monkeypatch)
    await stage.enter()
    calls = ("own", "other")
    for side in calls:
        agent, caller = stage.pages[AGENTS[side]], stage.pages[f"caller {side}"]
        assert (await agent.press("agent.ready"))["code"] == "ok"
        quiet_world.sides[side].call = (await ring(caller, agent))["call"]
    # The same team's other agent is ready too: nothing but the call's own agent counts.
    assert (await stage.pages[AGENTS["beside"]].press("agent.ready"))["code"] == "ok"
    for side in calls:
        assert await stage.strangers_say(side) == [], f"ringing, {side}"
    assert await stage.says(AGENTS["own"], "offer.accept", call=quiet_world.sides["own"].call, offer=1) == "ok"
    await stage.pages[AGENTS["own"]].until_state("active")
    await stage.pages["caller own"].until_state("active")
    # From here on the other company's agent has a call of their own, and speaks of this one.
    assert await stage.says(AGENTS["other"], "offer.accept", call=quiet_world.sides["other"].call, offer=1) == "ok"
    assert await stage.strangers_say("own") == [], "active"
    for message in (message for message in NAMING if not message.startswith("offer.")):
        fields = of_call(message, quiet_world.sides["own"].call)
        fields |= {"verdict": "confirmed", "reason": None, "frame": None} if message == "verdict" else {}
        assert await stage.says(AGENTS["own"], message, **fields) not in REFUSED, message
    assert (await stage.pages[AGENTS["own"]].until_state("ended"))["outcome"] == "agent_ended"
    assert await stage.strangers_say("own", "call_ended") == [], "wrapped up"
    assert await stage.says("caller other", "call.hangup") == "ok"
    assert (await stage.pages["caller other"].until_state("ended"))["outcome"] == "cancelled"
    assert stage.state("own")["outcome"] == "agent_ended"
    assert leaks(stage) == []


def leaks(stage: Stage) -> list[str]:
    """Whose page was shown what is others', or was not shown what is theirs."""
    people, sides = stage.world.people, stage.world.sides
    told = {side: (of.call, of.verification, people[AGENTS[side]].id) for side, of in sides.items() if of.call}
    may_see = {
        "supervisor1": {"own"},
        "supervisor2": {"other"},
        "admin1": {"own"},
        "admin": {"own", "other"},
        AGENTS["own"]: {"own"},
        AGENTS["other"]: {"other"},
        AGENTS["beside"]: set(),
        "caller own": set(),
        "caller other": set(),
        "caller beside": set(),
    }
    assert set(may_see) == set(stage.pages)
    wrong = []
    for who, page in stage.pages.items():
        texts = stage.shown[page]
        for side, markers in told.items():
            # A caller's own page names the call, and neither verification nor agent.
            hidden = markers[1:] if who == f"caller {side}" else markers
            seen = any(marker in text for text in texts for marker in hidden)
            if seen != (side in may_see[who]):
                wrong.append(f"{who} {'saw' if seen else 'did not see'} {side}")
    return wrong
