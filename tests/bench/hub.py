"""What views cost a node: processor time of a commit by the number of consoles, and of a socket's messages.

`hub`: consoles of one team, all free, on a hub whose `emit` only encodes; calls live from request to the end of
wrap-up, each event a commit of its own. With `waiting` callers in the queue, places and its summary change with each
call. `wire`: real sockets in a process of their own send beats and presses, and are sent changes.
Prints one line of JSON for each.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any, cast

import aiohttp
import uvloop
from aiohttp import web

from ekyc.evidence import Evidence
from routing import events as e
from routing.index import build
from routing.state import SECOND, Agent, Call, CallRules, Check, Floor, Kind, Leg, Seed, TeamRules, Verdict
from routing.step import step
from signaling import messages as wire
from signaling.desk import Desk
from signaling.floors import Floors
from signaling.hub import Hub
from signaling.sockets import CALLER, CONSOLE, Socket
from signaling.typed_namespace import TypedNamespace, make_server
from signaling.writer import Changes
from vouch.accounts.models import Account, SessionKind, WebSession
from vouch.accounts.service import Accounts
from vouch.accounts.sessions import Sessions, Visitor
from vouch.clock import SystemClock
from vouch.settings import Settings
from vouch.tasks import TaskSet

TEAM = "CTKV1"
RULES = CallRules(longest_wait=1_000_000 * SECOND)


class Team:
    """A floor in memory: what `Floors` is to a desk."""

    def __init__(self, agents: int) -> None:
        free = (
            Agent(f"agent-{n:05}", ready=True, pause_reason="", since=n, socket=1, socket_up=True)
            for n in range(agents)
        )
        self.floor = build(TEAM, TeamRules(pair_cap=None), Seed("2026-11-21", "00ff"), free, now=SECOND)
        self._ended: dict[str, Call] = {}

    def get(self, _: str) -> Floor:
        return self.floor

    def all(self) -> list[Floor]:
        return [self.floor]

    def call_of_agent(self, _: str, agent: str) -> Any:
        wrap_up = self.floor.agents[agent].wrap_up
        call = self.floor.calls.get(self.floor.index.serving.get(agent) or (wrap_up.call if wrap_up else ""))
        return call if call is not None and call.agent == agent else None

    async def last_known(self, call: str) -> Call:
        return self._ended[call]

    def happens(self, event: e.Event) -> Changes:
        """One commit."""
        before = self.floor
        did = step(before, event, before.now + 1)
        self.floor = did.floor
        self._ended |= {call.id: call for call in did.forgotten}
        return Changes(before, did.floor, did.commands, did.touched_calls, did.forgotten, did.touched_agents)

    def joins(self, call: str) -> Iterator[Changes]:
        """A caller comes."""
        yield self.happens(e.CallRequested(call, call, f"v-{call}", TEAM, 1, 0, frozenset(), RULES, "n"))
        yield self.happens(e.CallerConnected(call, "n", call))

    def accepted(self) -> Iterator[Changes]:
        """Whatever rings is taken."""
        for agent, call in [*self.floor.index.serving.items()]:
            if (offer := self.floor.calls[call].offer) is not None:
                yield self.happens(e.OfferAccepted(agent, call, offer.number, "w", f"a-{call}"))

    def served(self, call: str) -> Iterator[Changes]:
        """From the accept to the end of wrap-up."""
        agent = self.floor.calls[call].agent
        assert agent is not None
        for leg in Leg:
            yield self.happens(e.MediaOffered(call, leg, 1, f"m-{leg}-{call}", "w"))
        for leg in Leg:
            for kind in Kind:
                yield self.happens(e.MediaFlowing(call, leg, 1, kind))
            yield self.happens(e.FramePresented(call, leg, 1, 90_000))
        for check in (Check.DATA, Check.FACES):
            yield self.happens(e.CheckSet(agent, call, check, True, f"{check}-{call}"))
        frame = self.floor.calls[call].last_frame
        yield self.happens(e.VerdictPressed(agent, call, Verdict.CONFIRMED, "", False, "", frame, f"v-{call}"))
        yield self.happens(e.EvidenceStored(call, 1))
        yield self.happens(e.WrapUpEnded(agent, f"w-{call}"))


class NoPictures:
    """`Evidence` that has none."""

    async def kept(self, _: str) -> list[Any]:
        return []


class Outlet:
    """Counts and encodes what is sent."""

    def __init__(self) -> None:
        self.messages = 0
        self.bytes = 0

    async def emit(self, _namespace: str, _sid: str, event: str, data: dict[str, Any]) -> None:
        self.messages += 1
        self.bytes += len(json.dumps([event, data], separators=(",", ":")))
        await asyncio.sleep(0)

    async def drop(self, socket: Socket, replaced: bool) -> None:
        raise AssertionError


def socket_of(namespace: str, name: str) -> Socket:
    account = Account(id=name, role="agent", company=TEAM) if namespace == CONSOLE else None
    session = WebSession(digest=name, kind=SessionKind.STAFF, account=name if account else None, expires_at=0)
    return Socket(name, namespace, Visitor(session, account), number=1)


async def idle(hub: Hub, longest_s: float) -> None:
    """Until nothing is to be pushed, or the time is over: what goes at a pace has no end while calls come."""
    ends = time.monotonic() + longest_s
    while hub._woken.is_set() or hub._agenda.wait(time.monotonic()) is not None:
        if time.monotonic() > ends:
            return
        await asyncio.sleep(0.02)


class Work:
    """Processor time, without that of the steps."""

    def __init__(self) -> None:
        self._began = time.process_time()
        self._stepping = 0.0
        self.commits = 0

    def of(self, steps: Iterator[Changes]) -> Iterator[Changes]:
        """The same steps; what they cost is not counted."""
        while True:
            began = time.process_time()
            changes = next(steps, None)
            self._stepping += time.process_time() - began
            if changes is None:
                return
            self.commits += 1
            yield changes

    def microseconds(self) -> float:
        """For each commit."""
        return 1e6 * (time.process_time() - self._began - self._stepping) / self.commits


async def lives(consoles: int, calls: int, waiting: int) -> dict[str, Any]:
    """Calls' lives, one after the other."""
    team, outlet = Team(consoles), Outlet()
    desk = Desk(cast(Floors, team), cast(Evidence, NoPictures()), cast(Accounts, None))
    hub = Hub(cast(Sessions, None), SystemClock(), desk, outlet.emit, outlet.drop)
    desk.shown_by(hub.refresh)
    hub._tasks.spawn("pushes", hub._push_all())
    for n in range(consoles):
        opened(hub, socket_of(CONSOLE, f"agent-{n:05}"))
    for n in range(consoles + waiting if waiting else 0):
        opened(hub, socket_of(CALLER, f"first-{n:05}"), f"first-{n:05}")
        for changes in (*team.joins(f"first-{n:05}"), *team.accepted()):
            hub.committed(changes)
    await idle(hub, 15)
    began, sent, sent_bytes, work = time.monotonic(), outlet.messages, outlet.bytes, Work()
    for n in range(calls):
        new, done = f"call-{n:05}", f"first-{n:05}" if waiting else f"call-{n:05}"
        opened(hub, socket_of(CALLER, new), new)
        for part in (team.joins(new), team.accepted(), team.served(done), team.accepted()):
            for changes in work.of(part):
                hub.committed(changes)
                await asyncio.sleep(0.002 if waiting else 0)
    await idle(hub, 2)
    cost = work.microseconds()
    await hub.close()
    await desk.close()
    return {
        "consoles": consoles,
        "waiting": waiting,
        "commits": work.commits,
        "us_per_commit": round(cost, 1),
        "pushes_per_commit": round((outlet.messages - sent) / work.commits, 2),
        "bytes_per_push": round((outlet.bytes - sent_bytes) / max(1, outlet.messages - sent)),
        "seconds": round(time.monotonic() - began, 1),
    }


def opened(hub: Hub, socket: Socket, call: str | None = None) -> None:
    """A page has connected."""
    hub.add(socket)
    hub.place(socket, [TEAM], call)
    hub.open(socket)


class Bare(TypedNamespace):
    """A namespace that lets everybody in and answers at once."""

    kind = SessionKind.STAFF
    messages = wire.FROM_CONSOLE

    def __init__(self, hub: Hub) -> None:
        super().__init__(CONSOLE, cast(Settings, None), cast(Sessions, None), hub)
        self.on(wire.Beat, self._beat)
        self.on(wire.AgentReady, self._press)
        self.sids: list[str] = []

    async def _connect(self, sid: str, _environ: dict[str, Any], _auth: Any = None) -> None:
        socket = socket_of(CONSOLE, sid)
        self.hub.add(socket)
        self.sids.append(sid)

    async def admitted(self, visitor: Visitor) -> bool:
        return True

    async def opened(self, socket: Socket) -> None: ...

    async def closed(self, socket: Socket, age: int) -> None: ...

    async def _beat(self, socket: Socket, beat: wire.Beat) -> None:
        self.hub.beat(socket, beat.version)

    async def _press(self, _socket: Socket, _press: wire.AgentReady) -> wire.Answer:
        return wire.Answer()


async def sockets(number: int, rate: int, seconds: float) -> dict[str, Any]:
    """Processor time per message of a server whose clients are another process."""
    server = make_server()
    desk = Desk(cast(Floors, Team(1)), cast(Evidence, NoPictures()), cast(Accounts, None))
    hub = Hub(cast(Sessions, None), SystemClock(), desk, Outlet().emit, Outlet().drop)
    namespace = Bare(hub)
    server.register_namespace(namespace)
    app = web.Application()
    server.attach(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    told: dict[str, Any] = {"sockets": number, "messages_per_s": rate}
    for kind in ("nothing", "beat", "press", "push"):
        client = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.hub", "--client", str(port), str(number), kind, str(rate), str(seconds),
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert client.stdout is not None
        namespace.sids.clear()
        assert await client.stdout.readline() == b"up\n"
        used, began = time.process_time(), time.monotonic()
        if kind == "push":
            await push(server, namespace.sids, rate, seconds)
        assert await client.stdout.readline() == b"done\n"
        per_s = (time.process_time() - used) / (time.monotonic() - began)
        await client.wait()
        if kind == "nothing":
            idle_cost = per_s
            told["idle_us_per_socket_s"] = round(1e6 * per_s / number, 1)
        else:
            told[f"us_per_{kind}"] = round(1e6 * (per_s - idle_cost) / rate, 1)
    await server.shutdown()
    await runner.cleanup()
    return told


async def push(server: Any, sids: Sequence[str], rate: int, seconds: float) -> None:
    """Send changes as the hub does, one after the other."""
    changes = [[["offer"], {"call": "c" * 32, "offer": 1, "number": "1234-5678", "verification": "v" * 32}]]
    began, sent = time.monotonic(), 0
    while (due := int((time.monotonic() - began) * rate)) < rate * seconds:
        for _ in range(due - sent):
            body = {"since": sent, "version": sent + 1, "server_time": time.time_ns() // 1000, "changes": changes}
            await server.emit("changes", body, to=sids[sent % len(sids)], namespace=CONSOLE)
            sent += 1
        await asyncio.sleep(0.005)


async def client(port: int, number: int, kind: str, rate: int, seconds: float) -> None:
    """Sockets that send what `kind` says, by Engine.IO's and Socket.IO's own frames."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        url = f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
        pages = [await http.ws_connect(url) for _ in range(number)]
        for page in pages:
            await page.receive()
            await page.send_str(f"40{CONSOLE},")
            await page.receive()
        readers = TaskSet("client")
        for page in pages:
            readers.spawn("read", read(page))
        print("up", flush=True)
        frames = {
            "beat": f'42{CONSOLE},["beat",{{"version":0}}]',
            "press": f'42{CONSOLE},7["agent.ready",{{"request":"0123456789abcdef"}}]',
        }
        began, sent = time.monotonic(), 0
        while time.monotonic() - began < seconds:
            due = int((time.monotonic() - began) * rate) if kind in frames else 0
            for place_ in range(sent, due):
                await pages[place_ % number].send_str(frames[kind])
            sent = due
            await asyncio.sleep(0.005)
        print("done", flush=True)
        await readers.close()


async def read(page: aiohttp.ClientWebSocketResponse) -> None:
    async for message in page:
        if message.data == "2":
            await page.send_str("3")


async def bench(consoles: Sequence[int], calls: int) -> None:
    for number in consoles:
        print(json.dumps({"bench": "hub"} | await lives(number, calls, 0)), flush=True)
        print(json.dumps({"bench": "hub"} | await lives(number, calls, 100)), flush=True)
    print(json.dumps({"bench": "wire"} | await sockets(200, 1_000, 10)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--client", nargs=5)
    parser.add_argument("--consoles", type=int, nargs="+", default=[100, 2_000])
    parser.add_argument("--calls", type=int, default=50)
    arguments = parser.parse_args()
    if arguments.client:
        port, number, kind, rate, seconds = arguments.client
        uvloop.run(client(int(port), int(number), kind, int(rate), float(seconds)))
    else:
        uvloop.run(bench(arguments.consoles, arguments.calls))


if __name__ == "__main__":
    main()
