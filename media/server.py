"""The worker's door for its nodes: a WebSocket, mutual proof, requests answered, events repeated until acknowledged."""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from aiohttp import WSMsgType, web
from pydantic import ValidationError

from media import clock, protocol
from media.errors import MediaRefused
from media.events import LegHeard, LegSilent
from media.exchange import Exchange
from media.leg import LegEvent
from vouch.logs import call_context, logger
from vouch.tasks import TaskSet

log = logger(__name__)

PROOF_S = 5
"""How long a node may take to prove itself: seconds."""
ALIVE_S = 0.5
"""Between two signs of life: seconds."""
REPEAT = 1_000_000
"""An event that is not acknowledged is sent again after this time: microseconds."""
MOST_UNSENT = 1_000
"""Messages that may wait for one node; one with more takes nothing any more and is left."""
MOST_UNHEARD = 10_000
"""Events that wait for acknowledgement; with more, no node has listened for very long and the worker ends."""


@dataclass(slots=True)
class _Waiting:
    """An event that no node has acknowledged yet."""

    event: LegEvent
    happened_at: int
    sent_at: int | None = None
    """None: to nobody who is still there."""
    tries: int = 0


class Outbox:
    """Events, each kept until a node has acknowledged it."""

    def __init__(self, worker: str, boot: str) -> None:
        self._worker, self._boot = worker, boot
        self._waiting: dict[int, _Waiting] = {}
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, event: LegEvent, happened_at: int) -> int:
        """Keep an event and give its sequence number; it is due at once."""
        self._sequence += 1
        self._waiting[self._sequence] = _Waiting(event, happened_at)
        return self._sequence

    def acknowledge(self, sequence: int) -> None:
        """Forget this event."""
        self._waiting.pop(sequence, None)

    def lost(self, sequences: Iterable[int]) -> None:
        """Whoever these were sent to is gone: what still waits of them is due at once."""
        for sequence in sequences:
            if sequence in self._waiting:
                self._waiting[sequence].sent_at = None

    def due(self, now: int) -> list[tuple[int, protocol.AnyEvent]]:
        """The events to be sent now, oldest first, each with the number of times that it was sent before."""
        return [
            self.send(sequence, now)
            for sequence, waiting in self._waiting.items()
            if waiting.sent_at is None or now - waiting.sent_at >= REPEAT
        ]

    def send(self, sequence: int, now: int) -> tuple[int, protocol.AnyEvent]:
        """The same of one event that waits."""
        waiting = self._waiting[sequence]
        waiting.sent_at = now
        waiting.tries += 1
        return waiting.tries - 1, self._message(sequence, waiting, now)

    def _message(self, sequence: int, waiting: _Waiting, now: int) -> protocol.AnyEvent:
        worker, boot, event = self._worker, self._boot, waiting.event
        if isinstance(event, LegSilent):
            aged = replace(event, age=event.age + now - waiting.happened_at)
            return protocol.LegSilentEvent(worker=worker, boot=boot, sequence=sequence, event=aged)
        if isinstance(event, LegHeard):
            return protocol.LegHeardEvent(worker=worker, boot=boot, sequence=sequence, event=event)
        return protocol.MediaFlowingEvent(worker=worker, boot=boot, sequence=sequence, event=event)


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
                await self.socket.send_str(message.model_dump_json())
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
        self._exchange: Exchange | None = None
        self._runner: web.AppRunner | None = None

    def on_event(self, event: LegEvent, happened_at: int) -> None:
        """Something happened in a call: tell a node."""
        if len(self._outbox) >= MOST_UNHEARD:
            self._on_abandoned()
            return
        sequence = self._outbox.add(event, happened_at)
        if self._nodes:
            self._say(*self._outbox.send(sequence, clock.now()))

    def _say_due(self) -> None:
        if self._nodes:
            for tries, event in self._outbox.due(clock.now()):
                self._say(tries, event)

    def _say(self, tries: int, event: protocol.AnyEvent) -> None:
        # Spread over the nodes; one that did not acknowledge in time is not asked again before the others.
        self._nodes[(event.sequence + tries) % len(self._nodes)].say(event)

    async def start(self, exchange: Exchange, host: str, port: int) -> int:
        """Listen and give the port."""
        self._exchange = exchange
        application = web.Application()
        application.router.add_get("/", self._accept)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self._tasks.spawn("alive", self._keep_alive())
        listening: int = self._runner.addresses[0][1]
        return listening

    async def close(self) -> None:
        """Stop listening and leave every node."""
        await self._tasks.close()
        for node in list(self._nodes):
            await node.socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _accept(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=protocol.LONGEST_REQUEST)
        await socket.prepare(request)
        if not await self._is_known(socket, request.headers.get(protocol.NONCE_HEADER, "")):
            log.warning("a node failed to prove itself")
            await socket.close(code=4401, message=b"no proof")
            return socket
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

    async def _is_known(self, socket: web.WebSocketResponse, challenge: str) -> bool:
        nonce = secrets.token_hex(16)
        proof = protocol.prove(self._secret, "worker", challenge)
        hello = protocol.Hello(worker=self._worker, boot=self.boot, capacity=self._capacity, nonce=nonce, proof=proof)
        try:
            await socket.send_str(hello.model_dump_json())
            reply = protocol.to_worker.validate_json(await socket.receive_str(timeout=PROOF_S))
        except (ValidationError, TypeError, TimeoutError, ConnectionError):
            return False
        return isinstance(reply, protocol.Proof) and protocol.is_proof(self._secret, "node", nonce, reply.proof)

    def _take(self, node: _Node, text: str) -> None:
        try:
            message = protocol.to_worker.validate_json(text)
        except ValidationError as error:
            log.warning("a node's message cannot be read", errors=error.error_count())
            return
        if isinstance(message, protocol.Acknowledge):
            node.events.discard(message.sequence)
            self._outbox.acknowledge(message.sequence)
        elif isinstance(message, protocol.Request):
            self._tasks.spawn(message.type, self._answer(node, message))

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
                sdp = await exchange.negotiate(request.call, request.leg, request.media, request.offer_sdp)
                return protocol.Answer(id=request.id, answer_sdp=sdp)
            case protocol.GetFrame():
                frame = await exchange.frame(
                    request.call, request.media, request.rtp_timestamp, live=request.live, ago=request.ago
                )
                return protocol.Frame(id=request.id, frame=frame)
            case protocol.GetNearestFrame():
                frame = await exchange.nearest_frame(request.call, live=request.live, ago=request.ago)
                return protocol.Frame(id=request.id, frame=frame)
            case protocol.Look():
                exchange.look(request.call, request.leg)
                return protocol.Done(id=request.id)
            case protocol.CloseCall():
                return protocol.Summary(id=request.id, summary=exchange.close_call(request.call))

    async def _keep_alive(self) -> None:
        while True:
            calls = 0 if self._exchange is None else len(self._exchange)
            for node in list(self._nodes):
                if not node.say(protocol.Alive(calls=calls)):
                    log.warning("a node that takes nothing any more is left")
                    self._tasks.spawn("leave", node.socket.close())
            self._say_due()
            await asyncio.sleep(ALIVE_S)
