"""The worker's door for its nodes: a WebSocket, mutual proof, requests answered, events repeated until acknowledged."""

import asyncio
import secrets
from collections.abc import Callable

from aiohttp import WSMsgType, web
from pydantic import ValidationError

from media import clock, protocol
from media.call import CallEvent
from media.channel import Identity, binding, is_loopback
from media.door import PROOF_S, Door, strangers_logger
from media.errors import MediaRefused
from media.events import RecordedPiece
from media.exchange import Exchange
from media.outbox import Outbox
from vouch.logs import call_context, logger
from vouch.tasks import TaskSet

log = logger(__name__)

ALIVE_S = 0.5
"""Between two signs of life: seconds."""
MOST_UNSENT = 1_000
"""Messages that may wait for one node; one with more takes nothing any more and is left."""
MOST_UNHEARD = 10_000
"""Events that wait for acknowledgement; with more, no node has listened for very long and the worker ends."""
MOST_UNKEPT = 512 << 20
"""Octets of recordings that wait for it; some minutes of fifty calls."""


class _Node:
    """One connected node; what is said to it waits in a queue of its own, so that a node that hangs holds up nobody."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.events: set[int] = set()
        """Sequence numbers of the events that were sent to it."""
        self._queue: asyncio.Queue[protocol.ToNode] = asyncio.Queue(MOST_UNSENT)

    def say(self, message: protocol.ToNode) -> bool:
        """Queue a message; False where the node takes nothing any more."""
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            return False
        if isinstance(message, protocol.Event):
            self.events.add(message.sequence)
        return True

    async def send(self) -> None:
        """Send what is queued until the connection ends."""
        while True:
            message = await self._queue.get()
            try:
                encoded = protocol.encode(message)
                if isinstance(encoded, bytes):
                    await self.socket.send_bytes(encoded)
                else:
                    await self.socket.send_str(encoded)
            except ConnectionError:
                return


class WorkerServer:
    """Serves the nodes of one worker; `on_abandoned` is called once when no node has listened for very long."""

    def __init__(self, worker: str, secret: str, on_abandoned: Callable[[], None], capacity: int) -> None:
        self.boot = secrets.token_hex(8)
        self._worker, self._secret, self._capacity = worker, secret, capacity
        self._on_abandoned = on_abandoned
        self._outbox = Outbox(worker, self.boot)
        self._nodes: list[_Node] = []
        self._tasks = TaskSet("server")
        self._drained = asyncio.Event()
        self._exchange: Exchange | None = None
        self._runner: web.AppRunner | None = None
        self._door: Door | None = None
        self._binding = binding(None)

    @property
    def waiting(self) -> int:
        """Octets of recordings that wait for a node."""
        return self._outbox.octets

    def on_event(self, event: CallEvent, happened_at: int) -> None:
        """Something happened in a call: tell a node."""
        if len(self._outbox) >= MOST_UNHEARD or self._outbox.octets > MOST_UNKEPT:
            self._on_abandoned()
            return
        self._outbox.add(event, happened_at)
        self._say_fresh()

    def _say_fresh(self) -> None:
        if self._nodes:
            for tries, event in self._outbox.fresh(clock.now()):
                self._say(tries, event)

    def _say_due(self) -> None:
        if self._nodes:
            for tries, event in self._outbox.due(clock.now()):
                self._say(tries, event)

    def _say(self, tries: int, event: protocol.AnyEvent) -> None:
        # Spread over the nodes; one that did not acknowledge in time is not asked again before the others.
        self._nodes[(event.sequence + tries) % len(self._nodes)].say(event)

    async def start(self, exchange: Exchange, host: str, port: int) -> int:
        """Listen and give the port; on any address but loopback every connection is encrypted. Raises OSError."""
        self._exchange = exchange
        identity = None if is_loopback(host) else Identity()
        self._binding = binding(None if identity is None else identity.certificate)
        application = web.Application()
        application.router.add_get("/", self._accept)
        self._runner = web.AppRunner(application, access_log=None, logger=strangers_logger(self._turned_away))
        await self._runner.setup()
        if self._runner.server is None:
            raise RuntimeError("the runner has no server")
        self._door = Door(self._runner.server, None if identity is None else identity.context)
        listening = await self._door.open(host, port)
        self._tasks.spawn("alive", self._keep_alive())
        return listening

    async def drain(self, seconds: float) -> None:
        """Wait until the nodes have taken all that happened, but no longer than this."""
        try:
            async with asyncio.timeout(seconds):
                if self._outbox and self._nodes:
                    self._drained.clear()
                    await self._drained.wait()
        except TimeoutError:
            log.warning("not all that happened was taken", events=len(self._outbox))

    async def close(self) -> None:
        """Stop listening and leave every node."""
        await self._tasks.close()
        if self._door is not None:
            await self._door.close()
        for node in list(self._nodes):
            await node.socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _accept(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=protocol.LONGEST_REQUEST, compress=False)
        await socket.prepare(request)
        door = self._door
        if door is None or not await self._is_known(socket, request.headers.get(protocol.NONCE_HEADER, "")):
            self._turned_away("no proof")
            await socket.close(code=4401, message=b"no proof")
            return socket
        door.admit(request.protocol)
        node = _Node(socket)
        sending = self._tasks.spawn("send", node.send())
        self._nodes.append(node)
        try:
            self._say_due()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take(node, message.data)
        finally:
            self._nodes.remove(node)
            sending.cancel()
            self._outbox.lost(node.events)
            self._say_due()
        return socket

    def _turned_away(self, reason: str) -> None:
        if self._door is not None:
            self._door.turned_away(reason)

    async def _is_known(self, socket: web.WebSocketResponse, challenge: str) -> bool:
        nonce = secrets.token_hex(16)
        proof = protocol.prove(self._secret, "worker", challenge, self._binding)
        hello = protocol.Hello(worker=self._worker, boot=self.boot, capacity=self._capacity, nonce=nonce, proof=proof)
        try:
            await socket.send_str(hello.model_dump_json())
            reply = protocol.to_worker.validate_json(await socket.receive_str(timeout=PROOF_S))
        except (ValidationError, TypeError, TimeoutError, ConnectionError):
            return False
        return isinstance(reply, protocol.Proof) and protocol.is_proof(
            self._secret, "node", nonce, reply.proof, self._binding
        )

    def _take(self, node: _Node, text: str) -> None:
        try:
            message = protocol.to_worker.validate_json(text)
        except ValidationError as error:
            log.warning("a node's message cannot be read", errors=error.error_count())
            return
        if isinstance(message, protocol.Acknowledge):
            # Of every node: it may have been sent to another first, which was too slow.
            for each in self._nodes:
                each.events.discard(message.sequence)
            self._acknowledged(message.sequence)
        elif isinstance(message, protocol.Request):
            self._tasks.spawn(message.type, self._answer(node, message))

    def _acknowledged(self, sequence: int) -> None:
        event = self._outbox.acknowledge(sequence)
        if not self._outbox:
            self._drained.set()
        if isinstance(event, RecordedPiece) and self._exchange is not None:
            self._exchange.kept(event)
        self._say_fresh()

    async def _answer(self, node: _Node, request: protocol.AnyRequest) -> None:
        reply: protocol.AnyReply
        with call_context(request.call):
            try:
                async with asyncio.timeout(request.time_left / 1_000_000):
                    reply = await self._perform(request)
            except MediaRefused as refusal:
                log.info("request refused", request=request.type, code=refusal.code)
                reply = protocol.Refusal(id=request.id, code=refusal.code)
            except TimeoutError:
                log.warning("request took too long", request=request.type)
                return
        node.say(reply)

    async def _perform(self, request: protocol.AnyRequest) -> protocol.AnyReply:
        exchange = self._exchange
        if exchange is None:
            raise RuntimeError("the server was not started")
        match request:
            case protocol.Negotiate():
                sdp = await exchange.negotiate(
                    request.call, request.leg, request.media, request.offer_sdp, record=request.record
                )
                return protocol.Answer(id=request.id, answer_sdp=sdp)
            case protocol.GetFrame():
                frame = await exchange.frame(
                    request.call, request.media, request.rtp_timestamp, live=request.live, ago=request.ago
                )
                return protocol.Frame(id=request.id, frame=frame)
            case protocol.GetNearestFrame():
                frame = await exchange.nearest_frame(request.call, live=request.live, ago=request.ago)
                return protocol.Frame(id=request.id, frame=frame)
            case protocol.GetAgentsOwn():
                return protocol.Frame(id=request.id, frame=await exchange.agents_own(request.call, request.at))
            case protocol.Look():
                exchange.look(request.call, request.leg)
                return protocol.Done(id=request.id)
            case protocol.CutLegs():
                exchange.cut(request.call, request.customer, request.agent)
                return protocol.Done(id=request.id)
            case protocol.CloseCall():
                return protocol.Summary(id=request.id, summary=exchange.end_call(request.call))

    async def _keep_alive(self) -> None:
        while True:
            exchange = self._exchange
            calls, full = (0, False) if exchange is None else (len(exchange), exchange.is_full)
            for node in list(self._nodes):
                if not node.say(protocol.Alive(calls=calls, full=full)):
                    log.warning("a node that takes nothing any more is left")
                    self._tasks.spawn("leave", node.socket.close())
            self._say_due()
            await asyncio.sleep(ALIVE_S)
