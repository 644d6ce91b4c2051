"""What somebody between a node and a worker sees and can do, on real connections."""

import asyncio
import base64
import json
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from structlog.testing import capture_logs

from media import protocol
from media.aiortc_seam import PeerLink
from media.channel import Identity, binding, client_context, is_loopback
from media.dialler import MOST_OCTETS, WorkerDialler
from media.events import MediaFlowing, RecordedPiece
from media.exchange import Exchange
from media.link import NotUnderstoodError, UntrustedError, _connect, connect
from media.plane import MediaPlane, MediaSettings, WorkerUp, worker_settings
from media.process import start_worker
from media.server import WorkerServer
from media.worker_settings import UdpSettings
from tests.media.between import ANY, REMOTE, between
from tests.media.peers import Peers, Told
from vouch.tasks import TaskSet

SECRET = "of both"
WEBM = bytes.fromhex("1a45dfa3")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "[::1]", "localhost"])
def test_loopback_is_what_is_written_so(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", ANY, "::", "10.0.0.5", "media-1", "127.1", "localhost.example.vn", "127.0.0.1.example.vn"]
)
def test_whatever_else_is_another_machine(host: str) -> None:
    assert not is_loopback(host)


def test_each_start_has_a_certificate_of_its_own_and_proofs_are_bound_to_it() -> None:
    one, other = binding(Identity().certificate), binding(Identity().certificate)
    assert len({one, other, binding(None)}) == 3
    proof = protocol.prove(SECRET, "worker", "nonce", one)
    assert protocol.is_proof(SECRET, "worker", "nonce", proof, one)
    assert not protocol.is_proof(SECRET, "worker", "nonce", proof, other)
    assert not protocol.is_proof(SECRET, "worker", "nonce", proof)


def test_no_nonce_makes_a_plain_proof_one_for_a_certificate() -> None:
    certificate = binding(Identity().certificate)
    for nonce in (f"{certificate}:n", f":{certificate}:n", f"worker:{certificate}:n"):
        assert protocol.prove(SECRET, "worker", nonce) != protocol.prove(SECRET, "worker", "n", certificate)


@asynccontextmanager
async def serving(host: str = ANY, secret: str = SECRET) -> AsyncIterator[int]:
    """A worker's server in this process; gives the port."""
    server = WorkerServer("w", secret, on_abandoned=lambda: None, capacity=1)
    exchange = Exchange(
        make_link=PeerLink, udp=UdpSettings(), ice_servers=(), longest_calls=1, on_event=server.on_event
    )
    port = await server.start(exchange, host, 0)
    yield port
    await exchange.close()
    await server.close()


async def test_a_worker_on_any_other_address_than_loopback_speaks_tls_alone() -> None:
    async with serving() as port:
        link = await connect(REMOTE, port, SECRET)
        tls = link._socket.get_extra_info("ssl_object")
        assert tls.version() == "TLSv1.3"
        await link.close()
        with pytest.raises(NotUnderstoodError):
            await _connect("127.0.0.1", port, SECRET, tls=False)
        old = client_context()
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2
        with pytest.raises(OSError):  # noqa: PT011 - refused, however that shows
            await asyncio.open_connection("127.0.0.1", port, ssl=old)


async def test_a_worker_that_listens_everywhere_is_reached_over_loopback_too() -> None:
    async with serving() as port:
        link = await connect("127.0.0.1", port, SECRET)
        assert link._socket.get_extra_info("ssl_object") is not None
        await link.close()


async def test_a_plain_worker_elsewhere_is_not_spoken_to() -> None:
    async with serving("127.0.0.1") as port, between(port) as one:
        with pytest.raises(UntrustedError, match="does not answer with TLS"):
            await connect(REMOTE, one.port, SECRET)
        assert protocol.NONCE_HEADER.encode() not in one.to_worker
        link = await connect("127.0.0.1", port, SECRET)
        assert link._socket.get_extra_info("ssl_object") is None
        await link.close()


@pytest.mark.parametrize("host", ["127.0.0.1", ANY])
async def test_whoever_listens_in_sees_pictures_and_recordings_only_where_it_is_loopback(host: str, told: Told) -> None:
    settings = MediaSettings(listen_host=host, secret=SECRET)
    worker = await start_worker(worker_settings(settings, "w", SECRET))
    plane = MediaPlane(settings, told.take)
    await plane.start()
    async with between(worker.port) as one:
        await plane.dial({"w": f"{host if host != ANY else REMOTE}:{one.port}"})
        await told.wait_for(lambda event: isinstance(event, WorkerUp))
        peers = Peers(plane, told)
        await peers.join("customer", first=1_000)
        _, agent_sees = await peers.join("agent", first=9_000)
        await agent_sees.next()
        jpeg = (await plane.nearest_frame(peers.worker, peers.call, live=True)).jpeg
        piece = await peers.event(lambda event: isinstance(event, RecordedPiece) and bool(event.data))
        assert isinstance(piece, RecordedPiece)
        await peers.close()
        picture = base64.urlsafe_b64encode(jpeg)[:64]
        secrets = (picture, piece.data[:64], WEBM, b'"type":"frame"', b"v=0", b"Vouch-Nonce")
        seen = [secret in one.seen for secret in secrets]
        assert len(one.seen) > len(jpeg)
        assert seen == [host != ANY] * len(secrets)
        await plane.close()
    await worker.end()


async def test_who_shows_a_certificate_of_their_own_gets_no_proof_and_the_operator_is_told() -> None:
    async with serving() as port, between(port, Identity().context, client_context()) as one:
        with pytest.raises(UntrustedError, match="does not know the secret, or somebody stands between"):
            await connect(REMOTE, one.port, SECRET)
        assert protocol.NONCE_HEADER.encode() in one.to_worker, "it was between them"
        assert b'"type":"hello"' in one.to_node
        assert b"proof" not in one.to_worker

        async def nobody(_: object) -> None:
            raise AssertionError

        dialler = WorkerDialler("w", SECRET, nobody)
        with capture_logs() as lines:
            dialler.dial(f"{REMOTE}:{one.port}")
            async with asyncio.timeout(10):
                while one.to_worker.count(protocol.NONCE_HEADER.encode()) < 4:
                    await asyncio.sleep(0.02)
        assert not dialler.state().alive
        await dialler.close()
    warnings = [line for line in lines if line["log_level"] == "warning" and "w" in str(line.get("worker"))]
    assert [line["event"] for line in warnings] == ["media worker is not trusted"], "once, though it was dialled again"


async def test_a_nodes_proof_for_another_certificate_is_not_taken() -> None:
    async with serving() as port, aiohttp.ClientSession() as session:
        for bound_to in (binding(Identity().certificate), binding(None)):
            headers = {protocol.NONCE_HEADER: "n"}
            url = f"wss://127.0.0.1:{port}/"
            async with session.ws_connect(url, headers=headers, ssl=client_context()) as web:
                hello = json.loads(await web.receive_str())
                proof = protocol.Proof(proof=protocol.prove(SECRET, "node", hello["nonce"], bound_to))
                await web.send_str(proof.model_dump_json())
                assert (await web.receive()).type is aiohttp.WSMsgType.CLOSE
                assert web.close_code == 4401


async def test_who_accepts_and_says_nothing_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.link.CONNECT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(ConnectionError, match="does not answer"):
        await connect("127.0.0.1", server.getsockname()[1], SECRET)


async def test_a_worker_that_says_what_is_no_message_is_left_and_told_of_in_a_line() -> None:
    server = WorkerServer("w", SECRET, on_abandoned=lambda: None, capacity=1)
    exchange = Exchange(
        make_link=PeerLink, udp=UdpSettings(), ice_servers=(), longest_calls=1, on_event=server.on_event
    )
    link = await connect("127.0.0.1", await server.start(exchange, "127.0.0.1", 0), SECRET)
    reading = TaskSet("test").spawn("read", link.run(lambda _: None))
    while not server._nodes:
        await asyncio.sleep(0.01)
    with capture_logs() as lines:
        await server._nodes[0].socket.send_str('{"type":"alive","calls":99999999999999999999}')
        async with asyncio.timeout(5):
            await reading
    assert [line["event"] for line in lines] == ["a worker's message cannot be read"]
    await exchange.close()
    await server.close()


async def test_what_a_node_holds_of_a_worker_that_floods_it_is_bounded() -> None:
    held = asyncio.Event()

    async def slow(event: object) -> None:
        if isinstance(event, RecordedPiece):
            await held.wait()

    dialler = WorkerDialler("w", SECRET, slow)
    data = bytes(MOST_OCTETS // 4)
    for number in range(1, 20):
        piece = RecordedPiece(f"c{number}", "agent", 1, 0, data, 0, 0, last=False)
        dialler._receive(protocol.RecordedPieceEvent(worker="w", boot="b", sequence=number, event=piece))
    flowing = protocol.MediaFlowingEvent(
        worker="w", boot="b", sequence=99, event=MediaFlowing("c", "agent", 1, "audio")
    )
    dialler._receive(flowing)
    assert [sequence for _, sequence in dialler._with_taker] == [1, 2, 3, 4, 99], "what is no recording goes through"
    held.set()
    async with asyncio.timeout(5):
        while dialler._with_taker:
            await asyncio.sleep(0.01)
    await dialler.close()
