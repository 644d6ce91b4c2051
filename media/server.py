"""The worker's door for its nodes: a WebSocket, mutual proof, requests answered, events repeated until acknowledged."""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import replace

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
MOST_UNHEARD = 10_000
"""Events that wait for acknowledgement; with more, no node has listened for very long and the worker ends."""


class Outbox:
    """Events in order, kept until acknowledged."""

    def __init__(self, worker: str, boot: str) -> None:
        self._worker, self._boot = worker, boot
        self._waiting: deque[tuple[int, LegEvent, int]] = deque()
        self._sequence = 0
        self._sent_at = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, event: LegEvent, happened_at: int, now: int) -> protocol.AnyEvent:
        """Keep an event and give its message, to be sent at once."""
        self._sequence += 1
        self._waiting.append((self._sequence, event, happened_at))
        self._sent_at = now
        return self._message(self._sequence, event, now - happened_at)

    def acknowledge(self, sequence: int) -> None:
        """Forget all events up to this one."""
        while self._waiting and self._waiting[0][0] <= sequence:
            self._waiting.popleft()

    def repeat(self, now: int, *, at_once: bool) -> list[protocol.AnyEvent]:
        """Messages of all that wait, oldest first; none where the newest was sent less than a second ago."""
        if not self._waiting or (not at_once and now - self._sent_at < REPEAT):
            return []
        self._sent_at = now
        return [self._message(sequence, event, now - at) for sequence, event, at in self._waiting]

    def _message(self, sequence: int, event: LegEvent, since: int) -> protocol.AnyEvent:
        worker, boot = self._worker, self._boot
        if isinstance(event, LegSilent):
            aged = replace(event, age=event.age + since)
            return protocol.LegSilentEvent(worker=worker, boot=boot, sequence=sequence, event=aged)
        if isinstance(event, LegHeard):
            return protocol.LegHeardEvent(worker=worker, boot=boot, sequence=sequence, event=event)
        return protocol.MediaFlowingEvent(worker=worker, boot=boot, sequence=sequence, event=event)


class WorkerServer:
    """Serves the nodes of one worker; `on_abandoned` is called once when no node has listened for very long."""

    def __init__(self, worker: str, secret: str, on_abandoned: Callable[[], None]) -> None:
        self.boot = secrets.token_hex(8)
        self._worker, self._secret = worker, secret
        self._on_abandoned = on_abandoned
        self._outbox = Outbox(worker, self.boot)
        self._nodes: list[web.WebSocketResponse] = []
        self._tasks = TaskSet("server")
        self._exchange: Exchange | None = None
        self._runner: web.AppRunner | None = None

    def on_event(self, event: LegEvent, happened_at: int) -> None:
        """Something happened in a call: tell the node that connected last."""
        if len(self._outbox) >= MOST_UNHEARD:
            self._on_abandoned()
            return
        message = self._outbox.add(event, happened_at, clock.now())
        if self._nodes:
            self._tasks.spawn("event", _send(self._nodes[-1], message))

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
            await node.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _accept(self, request: web.Request) -> web.WebSocketResponse:
        node = web.WebSocketResponse(max_msg_size=protocol.LONGEST_REQUEST)
        await node.prepare(request)
        if not await self._is_known(node, request.headers.get(protocol.NONCE_HEADER, "")):
            log.warning("a node failed to prove itself")
            await node.close(code=4401, message=b"no proof")
            return node
        self._nodes.append(node)
        try:
            for event in self._outbox.repeat(clock.now(), at_once=True):
                await _send(node, event)
            async for message in node:
                if message.type is WSMsgType.TEXT:
                    self._take(node, message.data)
        finally:
            self._nodes.remove(node)
        return node

    async def _is_known(self, node: web.WebSocketResponse, challenge: str) -> bool:
        nonce = secrets.token_hex(16)
        proof = protocol.prove(self._secret, "worker", challenge)
        await _send(node, protocol.Hello(worker=self._worker, boot=self.boot, nonce=nonce, proof=proof))
        try:
            reply = protocol.to_worker.validate_json(await node.receive_str(timeout=PROOF_S))
        except (ValidationError, TypeError, TimeoutError):
            return False
        return isinstance(reply, protocol.Proof) and protocol.is_proof(self._secret, "node", nonce, reply.proof)

    def _take(self, node: web.WebSocketResponse, text: str) -> None:
        try:
            message = protocol.to_worker.validate_json(text)
        except ValidationError as error:
            log.warning("a node's message cannot be read", errors=error.error_count())
            return
        if isinstance(message, protocol.Acknowledge):
            self._outbox.acknowledge(message.sequence)
        elif isinstance(message, protocol.Request):
            self._tasks.spawn(message.type, self._answer(node, message))

    async def _answer(self, node: web.WebSocketResponse, request: protocol.AnyRequest) -> None:
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
        await _send(node, reply)

    async def _perform(self, request: protocol.AnyRequest) -> protocol.AnyReply:
        exchange = self._exchange
        if exchange is None:
            raise RuntimeError("the server was not started")
        match request:
            case protocol.Negotiate():
                sdp = await exchange.negotiate(request.call, request.leg, request.media, request.offer_sdp)
                return protocol.Answer(id=request.id, answer_sdp=sdp)
            case protocol.GetFrame():
                frame = await exchange.frame(request.call, request.media, request.rtp_timestamp, live=request.live)
                return protocol.Frame(id=request.id, frame=frame)
            case protocol.GetNearestFrame():
                frame = await exchange.nearest_frame(request.call, live=request.live)
                return protocol.Frame(id=request.id, frame=frame)
            case protocol.Look():
                exchange.look(request.call, request.leg)
                return protocol.Done(id=request.id)
            case protocol.CloseCall():
                return protocol.Summary(id=request.id, summary=exchange.close_call(request.call))

    async def _keep_alive(self) -> None:
        while True:
            calls = 0 if self._exchange is None else len(self._exchange)
            messages: list[protocol.ToNode] = [protocol.Alive(calls=calls)]
            for node in list(self._nodes):
                last = node is self._nodes[-1]
                events = self._outbox.repeat(clock.now(), at_once=False) if last else []
                for message in [*messages, *events]:
                    await _send(node, message)
            await asyncio.sleep(ALIVE_S)


async def _send(node: web.WebSocketResponse, message: protocol.ToNode) -> None:
    """Send, unless the node has just gone: what matters is repeated to the next one."""
    try:
        await node.send_str(message.model_dump_json())
    except ConnectionError:
        return
