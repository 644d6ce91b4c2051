"""The lean Socket.IO client against the server that Vouch uses."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import socketio
from aiohttp import web

from tests.load.engine import EngineGoneError, EngineRefusedError, EngineSocket


@dataclass
class Server:
    """A namespace `/robots` that echoes, and what came to it."""

    origin: str = ""
    came: asyncio.Queue[tuple[str, Any]] = field(default_factory=asyncio.Queue)
    server: Any = None
    sids: list[str] = field(default_factory=list)

    def build(self) -> web.Application:
        self.server = socketio.AsyncServer(
            async_mode="aiohttp", transports=["websocket"], ping_interval=0.2, ping_timeout=0.2
        )
        self.server.on("connect", self._connect, namespace="/robots")
        self.server.on("disconnect", self._disconnect, namespace="/robots")
        self.server.on("echo", self._echo, namespace="/robots")
        app = web.Application()
        self.server.attach(app)
        return app

    async def _connect(self, sid: str, _environ: dict[str, Any], auth: dict[str, Any]) -> None:
        if auth["ticket"] != "good":
            raise socketio.exceptions.ConnectionRefusedError("ticket_invalid")
        self.sids.append(sid)

    async def _disconnect(self, sid: str, reason: str) -> None:
        self.came.put_nowait(("disconnect", reason))

    async def _echo(self, sid: str, data: Any) -> Any:
        self.came.put_nowait(("echo", data))
        return {"code": "ok", "said": data}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    runner = web.AppRunner(made.build(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await made.server.shutdown()
    await runner.cleanup()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_events_go_both_ways_and_answers_find_their_question(server: Server, http: aiohttp.ClientSession) -> None:
    heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    robot = await EngineSocket.connect(
        http, server.origin, "/robots", "good", lambda event, data: heard.put_nowait((event, data))
    )
    answers = await asyncio.gather(*(robot.call("echo", {"n": n}) for n in range(20)))
    assert [answer["said"]["n"] for answer in answers] == list(range(20))
    await robot.emit("echo", {"n": "unanswered"})
    await server.server.emit("view", {"state": "đang chờ [1]"}, to=server.sids[0], namespace="/robots")
    assert await heard.get() == ("view", {"state": "đang chờ [1]"})
    await robot.close()
    assert robot.ended.is_set()


async def test_it_answers_pings_and_so_outlives_their_time_out(server: Server, http: aiohttp.ClientSession) -> None:
    robot = await EngineSocket.connect(http, server.origin, "/robots", "good", lambda *_: None)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.5):  # some of the server's times to live
            await robot.ended.wait()
    await robot.close()


async def test_a_mute_page_is_noticed_by_the_server_alone(server: Server, http: aiohttp.ClientSession) -> None:
    robot = await EngineSocket.connect(http, server.origin, "/robots", "good", lambda *_: None)
    robot.mute()
    assert (await server.came.get())[0] == "disconnect"
    with pytest.raises(EngineGoneError):
        await robot.call("echo", {})
    await robot.close()


async def test_a_cut_connection_is_noticed_at_once(server: Server, http: aiohttp.ClientSession) -> None:
    robot = await EngineSocket.connect(http, server.origin, "/robots", "good", lambda *_: None)
    robot.cut()
    assert (await server.came.get())[0] == "disconnect"
    await robot.close()


async def test_a_question_that_is_open_when_the_server_goes_is_answered_gone(
    server: Server, http: aiohttp.ClientSession
) -> None:
    robot = await EngineSocket.connect(http, server.origin, "/robots", "good", lambda *_: None)
    await server.server.disconnect(server.sids[0], namespace="/robots")
    await robot.ended.wait()
    with pytest.raises(EngineGoneError):
        await robot.call("echo", {})
    await robot.close()


async def test_a_refusal_carries_the_servers_code(server: Server, http: aiohttp.ClientSession) -> None:
    with pytest.raises(EngineRefusedError, match="ticket_invalid"):
        await EngineSocket.connect(http, server.origin, "/robots", "bad", lambda *_: None)


async def test_where_nobody_listens_the_connection_is_gone(http: aiohttp.ClientSession) -> None:
    with pytest.raises(EngineGoneError):
        await EngineSocket.connect(http, "http://127.0.0.1:1", "/robots", "good", lambda *_: None)
