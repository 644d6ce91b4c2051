"""The dispatcher at work: many receivers side by side, sleep, waking, a database that is away."""

import asyncio

from ekyc.models import Client, OutboxMessage
from ekyc.outbox_dispatcher import Dispatcher
from tests.clock import ManualClock
from tests.ekyc.evidence_fixtures import SECRET, Stage, populated_url, stage_fixture  # noqa: F401 - fixtures
from tests.ekyc.outbox_fixtures import dispatcher_fixture, make, put, receiver_fixture, result  # noqa: F401 - fixtures
from tests.ekyc.receiver import Receiver, start_receiver
from vouch.clock import MILLISECOND, SECOND
from vouch.settings import Settings
from vouch.tasks import TaskSet


async def test_one_slow_receiver_leaves_room_for_the_others(stage: Stage, receiver: Receiver) -> None:
    other = await start_receiver()
    async with stage.database.write() as session:
        first = await session.get_one(Client, "client-1")
        secret = first.webhook_secret
        session.add(Client(id="client-2", name="shop", webhook_url=other.url, webhook_secret=secret, created_at=0))
    for _ in range(6):
        await put(stage, await stage.verification(), "verification.call_ended")
    await put(stage, await stage.verification(client="client-2"), "verification.call_ended")
    receiver.held = asyncio.Event()
    dispatcher = make(stage)
    tasks = TaskSet("test")
    work = tasks.spawn("deliver", dispatcher.deliver_due())
    await asyncio.wait_for(other.arrived.get(), 10)
    assert len(receiver.requests) == 4
    receiver.held.set()
    await asyncio.wait_for(work, 10)
    assert len(receiver.requests) == 6
    await dispatcher.close()
    await other.close()


async def test_no_more_than_sixteen_tries_run_at_once(stage: Stage, receiver: Receiver) -> None:
    receiver.held = asyncio.Event()
    clients = [f"extra-{number}" for number in range(5)]
    async with stage.database.write() as session:
        secret = (await session.get_one(Client, "client-1")).webhook_secret
        session.add_all(
            [Client(id=key, name=key, webhook_url=receiver.url, webhook_secret=secret, created_at=0) for key in clients]
        )
    for client in clients * 4:
        await put(stage, await stage.verification(client=client), "verification.call_ended")
    dispatcher = make(stage)
    tasks = TaskSet("test")
    work = tasks.spawn("deliver", dispatcher.deliver_due())
    # Connections to one host are eight at most, so half of them wait for one.
    for _ in range(8):
        await asyncio.wait_for(receiver.arrived.get(), 10)
    tried = [message for message in await stage.messages() if message.tries]
    assert len(tried) <= 16
    receiver.held.set()
    await asyncio.wait_for(work, 10)
    assert all(message.delivered_at is not None for message in await stage.messages())
    await dispatcher.close()


async def settled(stage: Stage, key: str) -> None:
    """Wait until the answer to a try is written down."""
    async with asyncio.timeout(10):
        while not any(message.id == key and message.last_error for message in await stage.messages()):
            await asyncio.sleep(0.01)


async def test_run_delivers_what_is_there_what_it_is_woken_for_and_what_becomes_due(
    stage: Stage, receiver: Receiver
) -> None:
    verification = await stage.verification()
    (first,) = await put(stage, verification, "verification.call_ended")
    dispatcher = make(stage)
    tasks = TaskSet("test")
    tasks.spawn("run", dispatcher.run())
    assert await asyncio.wait_for(receiver.arrived.get(), 10) == first
    receiver.status = 500
    second = (await put(stage, await stage.verification(), "verification.call_ended"))[0]
    dispatcher.wake()
    assert await asyncio.wait_for(receiver.arrived.get(), 10) == second
    await settled(stage, second)
    stage.clock.advance(6 * SECOND)
    dispatcher.wake()
    assert await asyncio.wait_for(receiver.arrived.get(), 10) == second
    await tasks.close()


async def test_run_begins_what_waited_for_another_result_or_for_room_when_a_try_ends(
    stage: Stage, receiver: Receiver
) -> None:
    first = await put(stage, await stage.verification(), "verification.call_ended", "verification.decided")
    others = [(await put(stage, await stage.verification(), "verification.call_ended"))[0] for _ in range(5)]
    dispatcher = make(stage)
    tasks = TaskSet("test")
    dispatcher.wake()
    tasks.spawn("run", dispatcher.run())
    async with asyncio.timeout(4):  # sooner than it looks by itself
        arrived = [await receiver.arrived.get() for _ in range(7)]
    assert sorted(arrived) == sorted(first + others)
    assert arrived.index(first[0]) < arrived.index(first[1])
    await tasks.close()


async def test_run_sleeps_until_the_next_is_due(stage: Stage, receiver: Receiver) -> None:
    class Moving(ManualClock):
        """Goes on by a second whenever it is asked, as if asking took that long."""

        def now(self) -> int:
            return self.advance(SECOND)

    (key,) = await put(stage, await stage.verification(), "verification.call_ended")
    async with stage.database.write() as session:
        (await session.get_one(OutboxMessage, key)).due_at = stage.clock.now() + 2 * SECOND + 20 * MILLISECOND
    stage.clock = Moving(stage.clock.now())
    dispatcher = make(stage)
    tasks = TaskSet("test")
    tasks.spawn("run", dispatcher.run())
    assert await asyncio.wait_for(receiver.arrived.get(), 10) == key
    await tasks.close()


async def test_a_database_that_is_away_is_asked_again(stage: Stage, receiver: Receiver) -> None:
    (key,) = await put(stage, await stage.verification(), "verification.call_ended")

    class Away:
        """A database that fails the first transaction."""

        failed = False

        def write(self) -> object:
            if not self.failed:
                self.failed = True
                raise ConnectionError
            return stage.database.write()

        def read(self) -> object:
            return stage.database.read()

    away = Away()
    settings = Settings(webhook_private=True)
    dispatcher = Dispatcher(away, stage.clock, settings, stage.keys)  # type: ignore[arg-type]
    tasks = TaskSet("test")
    tasks.spawn("run", dispatcher.run())
    dispatcher.wake()
    while not away.failed:
        await asyncio.sleep(0)
    dispatcher.wake()
    assert await asyncio.wait_for(receiver.arrived.get(), 10) == key
    await tasks.close()
