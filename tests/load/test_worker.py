"""The synthetic worker behind the real door for nodes: its answers and events are those of a real one."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from media import protocol
from media.errors import BadOffer, FrameTooOld, FrameUnknown
from media.events import LegHeard, LegSilent, MediaFlowing
from media.leg import LegEvent
from media.link import connect
from media.server import WorkerServer
from tests.load.lives import Lives
from tests.load.worker import LIFE, SyntheticExchange, Told
from vouch.tasks import TaskSet

TOLD = Told(name="media-1", secret="known to both")


class Heard:
    """What the worker tells."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[LegEvent] = asyncio.Queue()

    def take(self, event: LegEvent, _happened_at: int) -> None:
        self.events.put_nowait(event)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def exchange(heard: Heard) -> AsyncIterator[SyntheticExchange]:
    made = SyntheticExchange(TOLD, heard.take)
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def lives() -> AsyncIterator[Lives]:
    made = Lives()
    await made.start()
    yield made
    await made.close()


async def offered(exchange: SyntheticExchange, lives: Lives, leg: str, media: int = 1) -> None:
    """A page of this leg offers and sends signs of life under its own name."""
    token = f"{leg}-{media}"
    answer = await exchange.negotiate("call", leg, media, f"v=0\r\n{LIFE}{token}\r\n")
    lives.begin(token, int(answer.partition(LIFE)[2]))


async def test_a_leg_flows_falls_silent_and_is_heard_again(
    exchange: SyntheticExchange, lives: Lives, heard: Heard
) -> None:
    await offered(exchange, lives, "customer")
    assert {(await heard.events.get()) for _ in range(2)} == {
        MediaFlowing("call", "customer", 1, "audio"),
        MediaFlowing("call", "customer", 1, "video"),
    }
    lives.stop("customer-1")
    silent = await heard.events.get()
    assert isinstance(silent, LegSilent)
    assert silent.report == 1
    assert 3_000_000 < silent.age < 4_500_000
    await offered(exchange, lives, "customer")
    assert await heard.events.get() == LegHeard("call", "customer", 1, 2)


async def test_a_picture_is_given_under_its_name_while_the_customer_is_heard(
    exchange: SyntheticExchange, lives: Lives, heard: Heard
) -> None:
    with pytest.raises(FrameUnknown):
        await exchange.nearest_frame("call", live=True)
    await offered(exchange, lives, "agent")
    await offered(exchange, lives, "customer")
    for _ in range(4):
        await heard.events.get()
    frame = await exchange.frame("call", 1, 77, live=True)
    assert (frame.rtp_timestamp, frame.exact, frame.width) == (77, True, 320)
    with pytest.raises(FrameUnknown):
        await exchange.frame("call", 2, 77, live=True)
    lives.stop("customer-1")
    while not isinstance(await heard.events.get(), LegSilent):
        continue
    with pytest.raises(FrameTooOld):
        await exchange.frame("call", 1, 78, live=True)
    assert (await exchange.frame("call", 1, 78, live=False)).rtp_timestamp == 78


async def test_an_offer_is_answered_once_for_each_number(exchange: SyntheticExchange) -> None:
    first = await exchange.negotiate("call", "agent", 2, "an offer")
    assert await exchange.negotiate("call", "agent", 2, "an offer") == first
    with pytest.raises(BadOffer):
        await exchange.negotiate("call", "agent", 1, "an older one")
    assert len(exchange) == 1
    exchange.close_call("call")
    assert len(exchange) == 0


async def test_a_node_reaches_it_by_the_workers_protocol(exchange: SyntheticExchange) -> None:
    server = WorkerServer(TOLD.name, TOLD.secret, on_abandoned=lambda: None, capacity=TOLD.calls)
    port = await server.start(exchange, TOLD.host, 0)
    link = await connect(TOLD.host, port, TOLD.secret)
    assert link.capacity == TOLD.calls
    tasks = TaskSet("node")
    tasks.spawn("read", link.run(lambda _: None))
    request = protocol.Negotiate(
        id="1", call="call", time_left=1_000_000, leg="customer", media=1, offer_sdp=f"{LIFE}token"
    )
    assert LIFE in (await link.request(request, protocol.Answer)).answer_sdp
    await link.close()
    await tasks.close()
    await server.close()
