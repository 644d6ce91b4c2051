"""One connection from a node to a worker: requests and their replies, events, and when it was last heard."""

import asyncio
import secrets
from collections.abc import Callable
from typing import TypeVar

import aiohttp
from pydantic import ValidationError

from media import clock, protocol
from media.channel import PLAIN, binding, client_context, is_loopback
from media.errors import REFUSALS, MediaRefused, WorkerGone
from vouch.logs import logger

log = logger(__name__)

R = TypeVar("R", bound=protocol.Message)

CONNECT_S = 5
"""What connecting and the proofs may take: seconds."""


class UntrustedError(ConnectionError):
    """Whoever answers may be another: to be told to the operator, and never sent a proof."""


class NotUnderstoodError(ConnectionError):
    """The other side hung up on the way in which it was spoken to."""


class WorkerLink:
    """A connection to a worker that has proved itself; made by `connect`."""

    def __init__(
        self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse, hello: protocol.Hello
    ) -> None:
        self._session, self._socket = session, socket
        self.worker = hello.worker
        """The name that it says it has."""
        self.boot = hello.boot
        """Which start of the worker's process this is."""
        self.capacity = hello.capacity
        """Calls that it takes at once."""
        self.calls = 0
        """Calls that were open there when it was last heard."""
        self.full = False
        """Whether it took no new call then."""
        self.chosen = 0
        """Calls that it was chosen for since then."""
        self.heard_at = clock.now()
        """When any message came last: microseconds of `media.clock`."""
        self._replies: dict[str, asyncio.Future[protocol.AnyReply]] = {}

    async def run(self, on_event: Callable[[protocol.AnyEvent], None]) -> None:
        """Read until the connection ends; every request that still waits is then answered WorkerGone.

        It also ends with a message that is none: a worker of ours sends no such thing.
        """
        try:
            async for message in self._socket:
                if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                    self.heard_at = clock.now()
                    self._take(protocol.decode(message.data), on_event)
        except ValidationError as error:
            log.warning("a worker's message cannot be read", worker=self.worker, errors=error.error_count())
        finally:
            for reply in self._replies.values():
                if not reply.done():
                    reply.set_exception(WorkerGone())
            await self.close()

    async def request(self, message: protocol.AnyRequest, expected: type[R]) -> R:
        """Send a request and give its reply; raises MediaRefused, WorkerGone when none comes in time."""
        future: asyncio.Future[protocol.AnyReply] = asyncio.get_running_loop().create_future()
        self._replies[message.id] = future
        try:
            async with asyncio.timeout(message.time_left / 1_000_000):
                await self._socket.send_str(message.model_dump_json())
                reply = await future
        except (TimeoutError, ConnectionError) as error:
            raise WorkerGone from error
        finally:
            self._replies.pop(message.id, None)
        if isinstance(reply, protocol.Refusal):
            raise REFUSALS.get(reply.code, MediaRefused)
        if not isinstance(reply, expected):
            raise TypeError(f"a {reply.type} answers a {message.type}")
        return reply

    async def acknowledge(self, sequence: int) -> None:
        """Tell the worker to forget this event; where the connection is gone it will repeat it."""
        try:
            await self._socket.send_str(protocol.Acknowledge(sequence=sequence).model_dump_json())
        except ConnectionError:
            return

    async def close(self) -> None:
        """End the connection; safe to call twice."""
        await self._socket.close()
        await self._session.close()

    def _take(self, message: protocol.ToNode, on_event: Callable[[protocol.AnyEvent], None]) -> None:
        if isinstance(message, protocol.Alive):
            self.calls, self.full, self.chosen = message.calls, message.full, 0
        elif isinstance(message, protocol.Event):
            on_event(message)
        elif not isinstance(message, protocol.Hello):
            waiting = self._replies.get(message.id)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)


async def connect(host: str, port: int, secret: str) -> WorkerLink:
    """Dial a worker; each side proves that it knows the secret, over this very connection.

    Everything but loopback is dialled with TLS alone. On loopback a worker that serves TLS, because it listens on every
    address, is reached too. Raises ConnectionError, of it `UntrustedError` where somebody else may be at the other end.
    """
    if not is_loopback(host):
        return await _connect(host, port, secret, tls=True)
    try:
        return await _connect(host, port, secret, tls=False)
    except NotUnderstoodError:
        return await _connect(host, port, secret, tls=True)


async def _connect(host: str, port: int, secret: str, *, tls: bool) -> WorkerLink:
    nonce = secrets.token_hex(16)
    session = aiohttp.ClientSession()
    try:
        async with asyncio.timeout(CONNECT_S):
            socket = await session.ws_connect(
                f"{'wss' if tls else 'ws'}://{host}:{port}/",
                headers={protocol.NONCE_HEADER: nonce},
                max_msg_size=protocol.LONGEST_REPLY,
                ssl=client_context() if tls else True,
            )
            bound_to = _binding(socket) if tls else PLAIN
            hello = protocol.to_node.validate_json(await socket.receive_str())
            if not isinstance(hello, protocol.Hello) or not protocol.is_proof(
                secret, "worker", nonce, hello.proof, bound_to
            ):
                raise UntrustedError("the worker does not know the secret, or somebody stands between")
            await socket.send_str(
                protocol.Proof(proof=protocol.prove(secret, "node", hello.nonce, bound_to)).model_dump_json()
            )
    except BaseException as error:
        await session.close()
        match error:
            case aiohttp.ClientSSLError():
                raise UntrustedError("the worker does not answer with TLS") from error
            case aiohttp.ServerDisconnectedError() | aiohttp.ClientResponseError() | ConnectionResetError():
                raise NotUnderstoodError("the worker does not answer") from error
            case aiohttp.ClientError() | TimeoutError() | TypeError() | ValidationError():
                raise ConnectionError("the worker does not answer") from error
        raise
    return WorkerLink(session, socket, hello)


def _binding(socket: aiohttp.ClientWebSocketResponse) -> str:
    """What the proofs of this connection are bound to; raises UntrustedError where it is not encrypted after all."""
    tls = socket.get_extra_info("ssl_object")
    certificate = None if tls is None else tls.getpeercert(binary_form=True)
    if certificate is None:
        raise UntrustedError("the worker shows no certificate")
    return binding(certificate)
