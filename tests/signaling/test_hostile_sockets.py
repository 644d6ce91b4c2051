"""What strangers send to the sockets: answered or ended, in one short line of log at most, while others go on."""

import asyncio
import json
import random
import resource
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from signaling.demo.robot_page import RobotPage
from signaling.demo.robots import agent_page, browser
from signaling.transport import frames
from tests.signaling.conftest import House
from tests.signaling.raw_socket import RawSocket
from tests.vouch.conftest import LogLines, log_lines

__all__ = ["log_lines"]

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)

SUPERVISOR = "supervisor1"
RESERVED = ["connect", "disconnect", "connect_error", "__disconnect_final", "trigger_event", "*", "", "view"]
"""The library's own events, what its methods are named, and what only we send."""


@pytest.fixture
async def agent(house: House) -> RobotPage:
    return await signed_in(house, "agent1")


async def signed_in(house: House, username: str) -> RobotPage:
    """The session of a member of staff whose page has not connected."""
    http = await house.stack.enter_async_context(browser(house.origin))
    page = await agent_page(house.origin, http, username, house.seeds.passwords[username])
    house.jars[page] = http
    return page


def strangers(lines: LogLines) -> list[dict[str, Any]]:
    """What was logged, requests apart, which have their line whoever sends them."""
    return [line for line in lines() if line["event"] != "request"]


def told_shortly(lines: LogLines) -> None:
    """No traceback, no line longer than a short one, and of each kind a few."""
    written = strangers(lines)
    for line in written:
        assert "exception" not in line, line
        assert len(json.dumps(line)) < 400, line
    kinds = [(line["logger"], line["event"]) for line in written]
    assert all(kinds.count(kind) <= 6 for kind in kinds), kinds


async def bystander(page: RobotPage) -> None:
    """Somebody else's press is answered at once."""
    async with asyncio.timeout(2):
        assert (await page.press("agent.ready"))["code"] == "ok"


async def test_an_event_of_the_librarys_own_name_is_a_message_that_nobody_knows(
    house: House, agent: RobotPage, monkeypatch: pytest.MonkeyPatch, log_lines: LogLines
) -> None:
    namespace, reached = house.node._namespaces["/console"], list[str]()

    async def reach(*_: Any) -> None:
        reached.append("a handler of the library's events")

    for name in RESERVED:
        raw = await RawSocket.join(house, agent, "/console")
        with monkeypatch.context() as patch:
            patch.setattr(namespace, "_connecting", reach)
            patch.setattr(namespace, "_disconnected", reach)
            answer = await raw.call("/console", name, {})
            assert answer is not None
            assert answer["code"] == "unknown_message"
            assert reached == []
        for _ in range(300):
            await raw.send(f"42/console,[{json.dumps(name)},{{}}]")
        assert await raw.ended()
        await raw.close()
    told_shortly(log_lines)
    await until_gone(house, 0)


BAD: list[str | bytes] = [
    *("", "0", "2", "2probe", "5", "6", "7", "9", "x", "é", "b", "b4AA=", "b!", "4", "4x", "44", "43", "46", "47"),
    *("45", "451-", '451-["beat",{"_placeholder":true,"num":0}]', "459999999999-[]", "43/console,1[]", "44/console,{}"),
    *("42", "42[]", "42/console", "42/console,", "42/console,[", '42/console,["beat"', "42/console,{}", "42/console,1"),
    *("42/console,[]", "42/console,[1]", "42/console,[null,{}]", '42/console,["beat",{},{}]', '42["beat",{}]'),
    *('42/floor,["beat",{}]', '42/caller,["beat",{}]', '42/nowhere,["beat",{}]', '42/console,["\\ud800",{}]'),
    '42/console,["beat",' + "[" * 5_000 + "]" * 5_000 + "]",
    '42/console,["beat",{"version":' + "9" * 50_000 + "}]",
    "42/console," + "1" * 90 + '["beat",{}]',
    *(
        "4[" * 1 + "[" * 30_000,
        '4{"a":' * 5_000,
        "3" * 1_000,
        "1x",
        "40/console,[",
        "40/" + "x" * 100,
        '40/\x00,{"a":1}',
    ),
    *(b"", b"\x00", b"4", b"\xff" * 1_000),
]


async def test_what_no_page_sends_is_borne_a_few_times_and_leaves_a_few_short_lines(
    house: House, agent: RobotPage, log_lines: LogLines
) -> None:
    for frame in BAD:
        raw = await RawSocket.join(house, agent, "/console")
        for _ in range(8):
            await raw.send(frame)
        assert await raw.ended(), frame
        await raw.close()
    told_shortly(log_lines)
    await until_gone(house, 0)


async def until_gone(house: House, left: int) -> None:
    """Nothing of a connection that has ended stays behind."""
    server: Any = house.node._server
    async with asyncio.timeout(10):
        while len(server.eio.sockets) > left or len(server._links) > left or len(server.environ) > left:
            await asyncio.sleep(0.01)
    assert len(house.node.hub._sockets) <= left
    assert sum(len(each) for each in server.manager.rooms.get("/console", {}).values()) <= 2 * left


async def test_joining_again_and_again_ends_the_connection(house: House, agent: RobotPage) -> None:
    raw = await RawSocket.join(house, agent, "/console")
    for _ in range(2):
        await raw.send("41/console,")
        await raw.send('40/console,{"ticket":"x"}')
        assert (await raw.next("44")).startswith("44/console,")
    await raw.send('40/console,{"ticket":"x"}')
    assert await raw.ended()
    await raw.close()


async def test_a_connection_in_no_namespace_ends_after_ten_seconds_and_no_other(house: House, agent: RobotPage) -> None:
    silent, joined = await RawSocket.open(house.origin), await RawSocket.join(house, agent, "/console")
    left = await RawSocket.join(house, await signed_in(house, "agent2"), "/console")
    await left.send("41/console,")
    server = house.node._server
    async with asyncio.timeout(5):
        while len(server._joining) < 2:
            await asyncio.sleep(0)
    now, first = max(server._joining.values()), min(server._joining.values())
    server.sweep(now + 9.9)
    assert len(server._joining) == 2 - (now + 9.9 - first > 10)
    server.sweep(now + 10.1)
    assert await silent.ended(2)
    assert await left.ended(2)
    assert (await joined.call("/console", "agent.ready", {"request": "12345678"}) or {})["code"] == "ok"
    for raw in (silent, joined, left):
        await raw.close()


async def test_connections_in_no_namespace_are_counted(
    house: House, agent: RobotPage, monkeypatch: pytest.MonkeyPatch, log_lines: LogLines
) -> None:
    monkeypatch.setattr("signaling.transport.server._JOINING_PER_ADDRESS", 3)
    opened = [await RawSocket.open(house.origin) for _ in range(3)]
    for _ in range(20):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await RawSocket.open(house.origin)
        assert refused.value.status == 503
        assert refused.value.headers is not None
        assert refused.value.headers["Retry-After"] == "10"
    told_shortly(log_lines)
    await opened[0].close()
    await until_gone(house, 3)
    again = await RawSocket.join(house, agent, "/console")
    for raw in (*opened, again):
        await raw.close()


async def test_of_somebody_with_too_many_sockets_the_oldest_goes(house: House) -> None:
    supervisor = await signed_in(house, SUPERVISOR)
    sockets = [await RawSocket.join(house, supervisor, "/floor") for _ in range(9)]
    await sockets[0].send("41/floor,")
    async with asyncio.timeout(5):
        while len(house.node.hub._sockets) > 8:
            await asyncio.sleep(0.01)
    assert await sockets[-1].call("/floor", "beat", {"version": 0}) is None
    assert len(house.node.hub._sockets) == 8
    for raw in sockets:
        await raw.close()


HANDSHAKES: dict[str, dict[str, Any]] = {
    "polling": {"params": {"EIO": "4", "transport": "polling"}},
    "another version": {"params": {"EIO": "3", "transport": "websocket"}},
    "no upgrade": {"params": {"EIO": "4", "transport": "websocket"}},
    "half an upgrade": {"params": {"EIO": "4", "transport": "websocket"}, "headers": {"Upgrade": "websocket"}},
    "no key": {
        "params": {"EIO": "4", "transport": "websocket"},
        "headers": {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"},
    },
    "somebody's session": {"params": {"EIO": "4", "transport": "websocket", "sid": "x" * 2_000}},
    "a script": {"params": {"EIO": "4", "transport": "polling", "j": "0"}},
    "twice": {"params": [("EIO", "4"), ("EIO", "4"), ("transport", "websocket")]},
}


async def test_a_handshake_that_is_none_leaves_nothing_behind(house: House, log_lines: LogLines) -> None:
    async with aiohttp.ClientSession() as http:
        for kind, asked in HANDSHAKES.items():
            for method, status in (("GET", 400), ("POST", 405), ("OPTIONS", 405), ("PUT", 405)):
                for _ in range(3):
                    async with http.request(method, house.origin + "/socket.io/", **asked) as answer:
                        assert answer.status == status, kind
    await until_gone(house, 0)
    assert strangers(log_lines) == []


async def test_whoever_sends_too_much_is_ended_and_whoever_does_not_read_too(
    house: House, agent: RobotPage, log_lines: LogLines
) -> None:
    raw = await RawSocket.join(house, agent, "/console")
    for _ in range(200):
        await raw.send('42/console,["beat",{"version":1}]')
    assert await raw.ended()
    large = await RawSocket.join(house, agent, "/console")
    for _ in range(8):
        await large.send('42/console,["beat",{"x":"' + "x" * 90_000 + '"}]')
    assert await large.ended()
    too_large = await RawSocket.join(house, agent, "/console")
    await too_large.send('42/console,["beat",{"x":"' + "x" * frames.LARGEST + '"}]')
    assert await too_large.ended()
    deaf = await RawSocket.join(house, await signed_in(house, SUPERVISOR), "/floor")
    server: Any = house.node._server
    (eio_sid,) = [each for each in server._links if server.manager.sid_from_eio_sid(each, "/floor")]
    text, most = "x" * 100_000, 0
    async with asyncio.timeout(20):
        while eio_sid in server._links and not server._links[eio_sid].closed:
            await server.emit("view", {"text": text}, namespace="/floor")
            most = max(most, server.eio.sockets[eio_sid].queue.qsize())
            await asyncio.sleep(0)
    assert most <= 129
    for each in (raw, large, too_large, deaf):
        await each.close()
    told_shortly(log_lines)


MUTATED = [
    '40/console,{"ticket":"abc"}',
    "41/console,",
    '42/console,["beat",{"version":0}]',
    '42/console,7["agent.ready",{"request":"12345678"}]',
    '42/console,8["offer.accept",{"request":"12345678","call":"abc","offer":1}]',
    '42/console,9["media.offer",{"request":"12345678","call":"abc","sdp":"v=0\\r\\n"}]',
    '42/console,10["verdict",{"request":"12345678","call":"c","verdict":"rejected","note":"a","frame":{"media":1}}]',
    '43/console,1[{"code":"ok"}]',
    "3",
]
PIECES = [
    "\0",
    "\ud7ff",
    "\uffff",
    "[",
    "{",
    '"',
    "\\",
    "\\ud800",
    "4",
    "42",
    "/console",
    ",",
    "9" * 30,
    "-",
    "null",
    "1e400",
]


def resident_octets() -> int:
    """How much memory this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def mutated(chance: random.Random) -> str | bytes:
    text = list(chance.choice(MUTATED))
    for _ in range(chance.randrange(4)):
        place = chance.randrange(len(text) + 1)
        match chance.randrange(4):
            case 0:
                text[place:place] = chance.choice(PIECES)
            case 1:
                del text[place : place + chance.randrange(1, 6)]
            case 2:
                text[place : place + 1] = chance.choice(PIECES)
            case 3:
                text[place:place] = text[: chance.randrange(len(text) + 1)] * chance.randrange(1, 4)
    made = "".join(text)
    return made.encode() if chance.random() < 0.05 else made


async def test_thousands_of_mutated_frames_cost_a_few_lines_and_nobody_notices(
    house: House, agent: RobotPage, log_lines: LogLines
) -> None:
    chance, other = random.Random(11), await house.agent("agent2")  # noqa: S311 - the same in every run
    resident = resident_octets()
    for _ in range(60):
        raw = await RawSocket.join(house, agent, "/console")
        for _ in range(60):
            await raw.send(mutated(chance))
        await raw.close()
    await bystander(other)
    for _ in range(150):
        raw = await RawSocket.open(house.origin)
        for _ in range(8):
            await raw.send(mutated(chance))
        await raw.close()
    await bystander(other)
    await until_gone(house, 2)
    told_shortly(log_lines)
    assert sum(len(json.dumps(line)) for line in strangers(log_lines)) < 10_000
    assert resident_octets() - resident < 64 << 20
