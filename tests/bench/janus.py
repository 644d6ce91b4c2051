"""Janus as Debian packages it, with its video rooms, driven by our own small client of its HTTP interface.

A call is a room of two. Each of them has two peer connections: one publishes, the other subscribes to what the first
one's partner publishes. What is said to Janus and what it answers: its own documentation, "RESTful, WebSockets,
RabbitMQ, MQTT, Nanomsg and UnixSockets API" and "VideoRoom plugin".
"""

import asyncio
import contextlib
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from media.packet_robot import PacketRobot, RobotSet
from media.plane import Leg
from tests.bench.media_servers import Peer, Probe, Server
from tests.bench.media_wire import Wire
from vouch.tasks import TaskSet

LEGS: tuple[Leg, Leg] = ("customer", "agent")
PORT = 8088
ANSWER_S = 10.0
NO_SUCH_FEED = 428

_MAIN = """
general: {{
    configs_folder = "{folder}"
    debug_level = 2
}}
media: {{
    rtp_port_range = "20000-40000"
}}
nat: {{
    ice_enforce_list = "{address}"
}}
plugins: {{
    disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,\
libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,\
libjanus_voicemail.so"
}}
transports: {{
    disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so"
}}
"""
_HTTP = """
general: {{
    json = "compact"
    base_path = "/janus"
    http = true
    port = {port}
    ip = "{address}"
    https = false
}}
admin: {{
    admin_http = false
    admin_https = false
}}
"""


class JanusError(Exception):
    """Janus said no."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(str(answer))
        self.code = answer.get("error_code") or answer.get("error", {}).get("code")


class Control:
    """One session; its events come by one long poll."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url
        self._session = 0
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._tasks = TaskSet("janus")

    async def start(self) -> None:
        async with asyncio.timeout(ANSWER_S):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    self._session = (await self._post(self._url, {"janus": "create"}))["data"]["id"]
                    break
                await asyncio.sleep(0.1)
        self._tasks.spawn("events", self._listen())

    async def attach(self) -> int:
        """A handle of the video rooms: one peer connection."""
        asked = {"janus": "attach", "plugin": "janus.plugin.videoroom"}
        handle: int = (await self._post(f"{self._url}/{self._session}", asked))["data"]["id"]
        return handle

    async def ask(self, handle: int, body: dict[str, Any], sdp: str = "", kind: str = "") -> tuple[dict[str, Any], str]:
        """One request to a room: what the plugin says, and its session description."""
        transaction = secrets.token_hex(8)
        told: dict[str, Any] = {"janus": "message", "body": body, "transaction": transaction}
        if sdp:
            told["jsep"] = {"type": kind, "sdp": sdp}
        waiting = self._waiting[transaction] = asyncio.get_running_loop().create_future()
        answer = await self._post(f"{self._url}/{self._session}/{handle}", told)
        if answer["janus"] == "ack":
            async with asyncio.timeout(ANSWER_S):
                answer = await waiting
        self._waiting.pop(transaction, None)
        said = answer.get("plugindata", {}).get("data", {})
        if "error_code" in said:
            raise JanusError(said)
        return said, answer.get("jsep", {}).get("sdp", "")

    async def close(self) -> None:
        await self._tasks.close()

    async def _post(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._http.post(url, json={"transaction": secrets.token_hex(8), **body}) as response:
            answer: dict[str, Any] = await response.json()
        if answer["janus"] == "error":
            raise JanusError(answer)
        return answer

    async def _listen(self) -> None:
        while True:
            async with self._http.get(f"{self._url}/{self._session}", params={"maxev": "20"}) as response:
                events = await response.json()
            for event in events if isinstance(events, list) else [events]:
                waiting = self._waiting.get(event.get("transaction", ""))
                if waiting is not None and not waiting.done():
                    waiting.set_result(event)


class Janus(Server):
    """The process and its control."""

    name = "janus"

    def __init__(self, pid: int, control: Control) -> None:
        super().__init__(pid)
        self._control = control

    async def open(self, call: str, robots: RobotSet, probe: Probe | None = None) -> tuple[Peer, Peer]:
        room = int(call) + 1
        asked = {"request": "create", "room": room, "publishers": 2, "audiocodec": "opus", "videocodec": "vp8"}
        await self._control.ask(await self._control.attach(), {**asked, "bitrate": 0, "audiolevel_ext": False})
        published = [await self._publish(room, leg, robots) for leg in LEGS]
        heard = [
            await self._subscribe(room, LEGS[1 - n], robots, probe if leg == "agent" else None)
            for n, leg in enumerate(LEGS)
        ]
        return Peer(published[0], heard[0]), Peer(published[1], heard[1])

    async def _publish(self, room: int, leg: Leg, robots: RobotSet) -> PacketRobot:
        robot = robots.robot(direction="sendonly")
        body = {"request": "joinandconfigure", "ptype": "publisher", "room": room, "id": LEGS.index(leg) + 1}
        _, answer = await self._control.ask(await self._control.attach(), body, await robot.offer(), "offer")
        await robot.accept(answer)
        return robot

    async def _subscribe(self, room: int, leg: Leg, robots: RobotSet, probe: Probe | None) -> PacketRobot:
        robot = robots.robot(direction="recvonly", on_arrival=probe.arrived if probe else None)
        handle = await self._control.attach()
        body = {"request": "join", "ptype": "subscriber", "room": room, "streams": [{"feed": LEGS.index(leg) + 1}]}
        offer = await self._attached(handle, body)
        answer, connect = await robot.answer(offer)
        await self._control.ask(handle, {"request": "start"}, answer, "answer")
        await connect()
        return robot

    async def _attached(self, handle: int, body: dict[str, Any]) -> str:
        """The offer; a publisher is there for others only a moment after its connection is."""
        async with asyncio.timeout(ANSWER_S):
            while True:
                try:
                    return (await self._control.ask(handle, body))[1]
                except JanusError as error:
                    if error.code != NO_SUCH_FEED:
                        raise
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def janus(wire: Wire) -> AsyncIterator[Janus]:
    """Started, controlled, and ended."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "janus.jcfg").write_text(_MAIN.format(folder=folder, address=wire.server))
        (folder / "janus.transport.http.jcfg").write_text(_HTTP.format(port=PORT, address=wire.server))
        (folder / "janus.plugin.videoroom.jcfg").write_text("general: {\n}\n")
        process = await asyncio.create_subprocess_exec(
            *wire.prefix, "janus", "--configs-folder", name, "--config", str(folder / "janus.jcfg"), "--disable-colors",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=90)) as http:
                control = Control(http, f"http://{wire.server}:{PORT}/janus")
                await control.start()
                try:
                    yield Janus(process.pid, control)
                finally:
                    await control.close()
        finally:
            process.kill()
            await process.wait()


def is_there(wire: Wire) -> bool:
    """Whether it can be measured here: it must be installed, and it leaves loopback out."""
    return wire.is_apart and shutil.which("janus") is not None
