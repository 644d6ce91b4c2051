import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from media import outbox, protocol, server
from media.aiortc_seam import PeerLink
from media.exchange import Exchange
from media.link import connect
from media.outbox import REPEAT, Outbox
from media.plane import LegHeard, LegSilent, MediaFlowing, RecordedPiece
from media.server import MOST_UNHEARD, MOST_UNKEPT, WorkerServer
from media.worker_settings import UdpSettings
from vouch.tasks import TaskSet

FLOWING = MediaFlowing("c", "agent", 1, "video")
SILENT = LegSilent("c", "agent", 1, 1, 3_000_000)
HEARD = LegHeard("c", "agent", 1, 2)


def sequences(outbox: Outbox, now: int) -> list[int]:
    return [message.sequence for _, message in outbox.due(now)]


def test_events_are_repeated_until_acknowledged_each_by_itself() -> None:
    outbox = Outbox("w", "b")
    assert outbox.due(0) == []
    for event in (FLOWING, SILENT, HEARD):
        outbox.add(event, 0)
    assert sequences(outbox, 0) == [1, 2, 3]
    assert sequences(outbox, REPEAT - 1) == []
    outbox.acknowledge(2)
    assert [(tries, message.sequence) for tries, message in outbox.due(REPEAT)] == [(1, 1), (1, 3)]
    outbox.acknowledge(1)
    outbox.acknowledge(1)
    outbox.acknowledge(3)
    assert len(outbox) == 0


def test_what_was_sent_to_a_node_that_is_gone_is_due_at_once() -> None:
    outbox = Outbox("w", "b")
    outbox.add(FLOWING, 0)
    outbox.add(HEARD, 0)
    assert sequences(outbox, 0) == [1, 2]
    outbox.lost([2, 3])
    assert sequences(outbox, 1) == [2]


def test_a_silence_is_told_with_its_age_at_the_moment_of_sending() -> None:
    outbox = Outbox("w", "b")
    outbox.add(SILENT, 100)
    (_, first), (_, again) = *outbox.due(150), *outbox.due(2_000_100)
    assert isinstance(first, protocol.LegSilentEvent)
    assert isinstance(again, protocol.LegSilentEvent)
    assert (first.event.age, again.event.age) == (3_000_050, 5_000_000)


class Worker:
    """A worker's server in this process."""

    def __init__(self) -> None:
        self.abandoned = asyncio.Event()
        self.server = WorkerServer("w", "secret", on_abandoned=self.abandoned.set, capacity=1)
        self.exchange = Exchange(
            make_link=PeerLink, udp=UdpSettings(), ice_servers=(), longest_calls=1, on_event=self.server.on_event
        )
        self.port = 0


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker()
    worker.port = await worker.server.start(worker.exchange, "127.0.0.1", 0)
    yield worker
    await worker.exchange.close()
    await worker.server.close()


async def test_events_from_before_a_connection_are_told_to_it(worker: Worker) -> None:
    worker.server.on_event(FLOWING, 0)
    worker.server.on_event(SILENT, 0)
    link = await connect("127.0.0.1", worker.port, "secret")
    heard: asyncio.Queue[protocol.AnyEvent] = asyncio.Queue()
    reading = TaskSet("test").spawn("read", link.run(heard.put_nowait))
    assert [(await heard.get()).sequence, (await heard.get()).sequence] == [1, 2]
    worker.server.on_event(HEARD, 0)
    assert (await heard.get()).sequence == 3
    await link.close()
    await reading


async def test_an_event_goes_to_one_node_and_to_another_when_that_one_is_gone(worker: Worker) -> None:
    tasks = TaskSet("test")
    heard: list[asyncio.Queue[protocol.AnyEvent]] = [asyncio.Queue(), asyncio.Queue()]
    links = [await connect("127.0.0.1", worker.port, "secret") for _ in heard]
    for link, queue in zip(links, heard, strict=True):
        tasks.spawn("read", link.run(queue.put_nowait))
    while len(worker.server._nodes) < 2:
        await asyncio.sleep(0.01)
    worker.server.on_event(FLOWING, 0)
    waiting = {tasks.spawn("hear", queue.get()): n for n, queue in enumerate(heard)}
    (first,), (other,) = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    await links[waiting[first]].close()
    async with asyncio.timeout(5):
        assert (await other).sequence == first.result().sequence == 1
    await links[waiting[other]].acknowledge(1)
    await links[waiting[other]].close()
    await tasks.close()


async def test_a_node_that_takes_nothing_any_more_is_left_and_holds_up_nobody(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await connect("127.0.0.1", worker.port, "secret")
    reading = TaskSet("test").spawn("read", link.run(lambda _: None))
    while not worker.server._nodes:
        await asyncio.sleep(0.01)
    (node,) = worker.server._nodes
    monkeypatch.setattr(node, "say", lambda _message: False)
    async with asyncio.timeout(5):
        await reading


async def test_who_does_not_know_the_secret_is_not_served(worker: Worker) -> None:
    with pytest.raises(ConnectionError, match="does not know the secret"):
        await connect("127.0.0.1", worker.port, "another")
    for first_word in (protocol.Proof(proof="wrong"), protocol.Acknowledge(sequence=1)):
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"ws://127.0.0.1:{worker.port}/", headers={protocol.NONCE_HEADER: "n"}) as socket,
        ):
            await socket.receive_str()
            await socket.send_str(first_word.model_dump_json())
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
            assert socket.close_code == 4401


async def test_nobody_there_is_a_connection_error() -> None:
    with pytest.raises(ConnectionError, match="does not answer"):
        await connect("127.0.0.1", 1, "secret")


async def test_a_message_that_cannot_be_read_ends_nothing(worker: Worker) -> None:
    link = await connect("127.0.0.1", worker.port, "secret")
    reading = TaskSet("test").spawn("read", link.run(lambda _: None))
    await link._socket.send_str("nonsense")
    request = protocol.CloseCall(id="1", call="c", time_left=5_000_000)
    assert (await link.request(request, protocol.Summary)).summary.legs == ()
    await link.close()
    await reading


async def test_a_worker_that_no_node_hears_gives_up(worker: Worker) -> None:
    for _ in range(MOST_UNHEARD):
        worker.server.on_event(FLOWING, 0)
    assert not worker.abandoned.is_set()
    worker.server.on_event(FLOWING, 0)
    assert worker.abandoned.is_set()


def piece(number: int, octets: int = 100) -> RecordedPiece:
    return RecordedPiece("c", "agent", 1, number * octets, bytes(octets), 0, 0, last=False)


class Node:
    """A connected node that hears and acknowledges what it wants to."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[protocol.AnyEvent] = asyncio.Queue()
        self._tasks = TaskSet("node")

    async def connect(self, worker: Worker) -> "Node":
        self.link = await connect("127.0.0.1", worker.port, "secret")
        self._tasks.spawn("read", self.link.run(self.heard.put_nowait))
        return self

    async def hear(self) -> int:
        async with asyncio.timeout(5):
            return (await self.heard.get()).sequence

    async def close(self) -> None:
        await self.link.close()
        await self._tasks.close()


@pytest.fixture
async def node(worker: Worker) -> AsyncIterator[Node]:
    node = await Node().connect(worker)
    while not worker.server._nodes:
        await asyncio.sleep(0.01)
    yield node
    await node.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is repeated after a tenth of a second instead of a whole one."""
    monkeypatch.setattr(outbox, "REPEAT", 100_000)
    monkeypatch.setattr(server, "ALIVE_S", 0.05)


@pytest.mark.usefixtures("impatient")
async def test_a_node_that_does_not_acknowledge_hears_it_again_and_no_later_piece(worker: Worker, node: Node) -> None:
    for number in range(3):
        worker.server.on_event(piece(number), 0)
    assert [await node.hear() for _ in range(3)] == [1, 1, 1]
    await node.link.acknowledge(1)
    while (heard := await node.hear()) == 1:
        continue
    assert heard == 2


async def test_the_next_piece_comes_as_soon_as_that_before_it_is_acknowledged(worker: Worker, node: Node) -> None:
    for number in range(50):
        worker.server.on_event(piece(number), 0)
    heard = []
    async with asyncio.timeout(15):
        for _ in range(50):
            heard.append(await node.hear())
            await node.link.acknowledge(heard[-1])
    assert heard == list(range(1, 51))


async def test_a_piece_arrives_as_it_was_told(worker: Worker, node: Node) -> None:
    told = RecordedPiece("c", "agent", 2, 7, bytes(range(256)) * 4_000, 8, 9, last=True)
    worker.server.on_event(told, 0)
    assert (await node.heard.get()).event == told


@pytest.mark.usefixtures("impatient")
async def test_what_one_node_does_not_take_another_does_and_neither_keeps_account_of_it(
    worker: Worker, node: Node
) -> None:
    other = await Node().connect(worker)
    while len(worker.server._nodes) < 2:
        await asyncio.sleep(0.01)
    worker.server.on_event(piece(0), 0)
    assert [await node.hear(), await other.hear()] == [1, 1]
    await other.link.acknowledge(1)
    while worker.server._outbox:
        await asyncio.sleep(0.01)
    assert [len(each.events) for each in worker.server._nodes] == [0, 0]
    await other.close()


async def test_an_ending_worker_waits_until_all_is_taken(worker: Worker, node: Node) -> None:
    for number in range(5):
        worker.server.on_event(piece(number), 0)
    draining = TaskSet("test").spawn("drain", worker.server.drain(5))
    for number in range(1, 6):
        assert await node.hear() == number
        assert not draining.done()
        await node.link.acknowledge(number)
    async with asyncio.timeout(4):
        await draining


async def test_an_ending_worker_waits_no_longer_than_it_may(worker: Worker, node: Node) -> None:
    worker.server.on_event(piece(0), 0)
    await node.hear()
    async with asyncio.timeout(4):
        await worker.server.drain(0.05)


async def test_an_ending_worker_waits_for_nobody_where_there_is_no_node(worker: Worker) -> None:
    worker.server.on_event(piece(0), 0)
    async with asyncio.timeout(4):
        await worker.server.drain(60)


async def test_a_worker_whose_recordings_nobody_takes_gives_up_before_its_memory_does(worker: Worker) -> None:
    octets = 64 << 20
    for number in range(MOST_UNKEPT // octets + 1):
        worker.server.on_event(piece(number, octets), 0)
    assert not worker.abandoned.is_set()
    worker.server.on_event(piece(99), 0)
    assert worker.abandoned.is_set()
