"""Results are delivered at least once, in order where possible, on the schedule, by one node at a time."""

import asyncio
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from ekyc.models import Client
from ekyc.outbox import DELAYS, LEASE, Outbox
from ekyc.outbox_dispatcher import Dispatcher
from ekyc.webhooks import Delivery
from tests.ekyc.evidence_fixtures import SECRET, Stage, populated_url, stage_fixture  # noqa: F401 - fixtures
from tests.ekyc.outbox_fixtures import dispatcher_fixture, make, put, receiver_fixture, result  # noqa: F401 - fixtures
from tests.ekyc.receiver import Receiver
from vouch.clock import DAY, HOUR, MINUTE, SECOND
from vouch.database import Database
from vouch.keys import Keys


async def test_a_result_is_delivered_signed_with_whole_addresses(
    stage: Stage, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    verification = await stage.verification()
    await stage.decided_call(verification)
    await dispatcher.deliver_due()
    ((headers, body),) = receiver.requests
    (message,) = await stage.messages()
    (sent,) = receiver.bodies
    assert headers["webhook-id"] == message.id
    assert headers["webhook-timestamp"] == str(stage.clock.now() // SECOND)
    assert sent["type"] == "verification.decided"
    assert [picture["url"] for picture in sent["data"]["pictures"]] == [
        f"https://vouch.example.vn/api/v1/verifications/{verification}/pictures/{kind}"
        for kind in ("id_front", "id_back", "portrait", "snapshot")
    ]
    expected = Webhook(SECRET).sign(message.id, _moment(stage.clock.now()), body.decode())
    assert headers["webhook-signature"] == expected
    assert (message.delivered_at, message.due_at, message.tries) == (stage.clock.now(), None, 1)
    assert message.last_error is None


async def test_what_is_delivered_is_not_sent_again(stage: Stage, receiver: Receiver, dispatcher: Dispatcher) -> None:
    await put(stage, await stage.verification(), "verification.call_ended")
    await dispatcher.deliver_due()
    stage.clock.advance(10 * DAY)
    await dispatcher.deliver_due()
    assert len(receiver.requests) == 1


async def test_failed_tries_follow_the_schedule_under_one_id_and_then_it_is_given_up(
    stage: Stage, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    (key,) = await put(stage, await stage.verification(), "verification.call_ended")
    receiver.status = 500
    began = stage.clock.now()
    for tries, delay in enumerate(DELAYS, 1):
        await dispatcher.deliver_due()
        (message,) = await stage.messages()
        assert message.due_at is not None
        wait = message.due_at - stage.clock.now()
        assert delay <= wait <= delay + delay // 10
        assert (message.tries, message.last_error, message.delivered_at) == (tries, "http_500", None)
        stage.clock.advance(wait - 1)
        await dispatcher.deliver_due()
        assert len(receiver.requests) == tries
        stage.clock.advance(1)
    await dispatcher.deliver_due()
    (message,) = await stage.messages()
    assert (message.due_at, message.tries, message.last_error) == (None, 10, "http_500")
    assert receiver.ids == [key] * 10
    assert len({body for _, body in receiver.requests}) == 1
    assert 75 * HOUR + 35 * MINUTE <= stage.clock.now() - began <= 84 * HOUR


def test_the_schedule_is_the_standards() -> None:
    assert [delay // SECOND for delay in DELAYS] == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]


async def test_a_receiver_that_comes_back_gets_what_waited(
    stage: Stage, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await put(stage, await stage.verification(), "verification.call_ended")
    receiver.status = 503
    await dispatcher.deliver_due()
    receiver.status = 200
    stage.clock.advance(6 * SECOND)
    await dispatcher.deliver_due()
    (message,) = await stage.messages()
    assert (message.delivered_at, message.tries, message.last_error) == (stage.clock.now(), 2, None)


async def test_a_receivers_own_wish_to_wait_longer_is_kept(
    stage: Stage, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await put(stage, await stage.verification(), "verification.call_ended")
    receiver.status, receiver.headers = 429, {"Retry-After": "600"}
    await dispatcher.deliver_due()
    (message,) = await stage.messages()
    assert message.due_at is not None
    assert message.due_at - stage.clock.now() >= 600 * SECOND


async def test_nothing_of_the_receivers_answer_is_kept(
    stage: Stage, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await put(stage, await stage.verification(), "verification.call_ended")
    receiver.status = 400
    await dispatcher.deliver_due()
    (message,) = await stage.messages()
    assert message.last_error == "http_400"


async def test_gone_shuts_the_endpoint(stage: Stage, receiver: Receiver, dispatcher: Dispatcher) -> None:
    await put(stage, await stage.verification(), "verification.call_ended")
    receiver.status = 410
    await dispatcher.deliver_due()
    gone_at = stage.clock.now()
    await put(stage, await stage.verification(), "verification.call_ended")
    await dispatcher.deliver_due()
    first, second = await stage.messages()
    assert (first.due_at, first.last_error) == (None, "http_410")
    assert (second.due_at, second.last_error, second.delivered_at) == (None, "endpoint_disabled", None)
    assert len(receiver.requests) == 1
    async with stage.database.read() as session:
        assert (await session.get_one(Client, "client-1")).webhook_disabled_at == gone_at


@pytest.mark.parametrize("missing", ["webhook_url", "webhook_secret"])
async def test_a_client_without_an_endpoint_asks_for_its_results_itself(
    stage: Stage, receiver: Receiver, dispatcher: Dispatcher, missing: str
) -> None:
    await stage.client(**{missing: None})
    await put(stage, await stage.verification(), "verification.call_ended")
    await dispatcher.deliver_due()
    (message,) = await stage.messages()
    assert (message.due_at, message.last_error) == (None, "no_address")
    assert receiver.requests == []


async def test_private_addresses_are_refused_unless_the_setting_says_otherwise(
    stage: Stage, receiver: Receiver
) -> None:
    await put(stage, await stage.verification(), "verification.call_ended")
    careful = make(stage, private=False)
    await careful.deliver_due()
    await careful.close()
    (message,) = await stage.messages()
    assert message.last_error == "private_address"
    assert receiver.requests == []


async def test_a_secret_of_another_installation_makes_the_result_wait(stage: Stage, receiver: Receiver) -> None:
    await put(stage, await stage.verification(), "verification.call_ended")
    foreign = make(stage, keys=Keys(b"x" * 32))
    await foreign.deliver_due()
    await foreign.close()
    (message,) = await stage.messages()
    assert message.last_error == "secret_unreadable"
    assert message.due_at is not None
    assert receiver.requests == []


async def test_results_of_one_verification_go_in_order(
    stage: Stage, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    verification = await stage.verification()
    ids = await put(stage, verification, "verification.call_ended", "verification.decided")
    receiver.status = 500
    await dispatcher.deliver_due()
    assert receiver.ids == ids[:1]
    receiver.status = 200
    stage.clock.advance(6 * SECOND)
    await dispatcher.deliver_due()
    assert receiver.ids == [ids[0], ids[0], ids[1]]


async def test_a_result_that_cannot_be_delivered_does_not_hold_back_later_ones_for_long(
    stage: Stage, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    ids = await put(stage, await stage.verification(), "verification.call_ended", "verification.decided")
    receiver.status = 500
    await dispatcher.deliver_due()
    stage.clock.advance(6 * SECOND)
    await dispatcher.deliver_due()
    assert receiver.ids == [ids[0], ids[0], ids[1]]


async def test_other_verifications_do_not_wait_for_one_another(
    stage: Stage, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    one, other = await stage.verification(), await stage.verification()
    first = await put(stage, one, "verification.call_ended")
    second = await put(stage, other, "verification.call_ended")
    receiver.status = 500
    await dispatcher.deliver_due()
    assert sorted(receiver.ids) == sorted(first + second)


async def test_a_claimed_message_is_nobody_elses_until_its_lease_ends(stage: Stage) -> None:
    await put(stage, await stage.verification(), "verification.call_ended")
    rows = Outbox(stage.database, stage.clock)
    (claimed,) = await rows.claim(10)
    assert await rows.claim(10) == []
    stage.clock.advance(LEASE - 1)
    assert await rows.claim(10) == []
    stage.clock.advance(1)
    (again,) = await rows.claim(10)
    assert (again.id, again.tries) == (claimed.id, 2)


async def test_the_answer_of_a_try_whose_lease_has_passed_changes_nothing(stage: Stage) -> None:
    await put(stage, await stage.verification(), "verification.call_ended")
    rows = Outbox(stage.database, stage.clock)
    (early,) = await rows.claim(10)
    stage.clock.advance(LEASE)
    (late,) = await rows.claim(10)
    await rows.settle(early, Delivery("time_out"))
    (message,) = await stage.messages()
    assert (message.tries, message.due_at) == (2, stage.clock.now() + LEASE)
    await rows.settle(late, Delivery())
    (message,) = await stage.messages()
    assert message.delivered_at == stage.clock.now()


async def test_a_settled_try_tells_whether_another_result_of_its_verification_is_due(stage: Stage) -> None:
    verification = await stage.verification()
    await put(stage, verification, "verification.call_ended", "verification.decided")
    rows = Outbox(stage.database, stage.clock)
    (first,) = await rows.claim(10)
    assert await rows.settle(first, Delivery())
    assert not await rows.settle(first, Delivery()), "settled already"
    (second,) = await rows.claim(10)
    assert not await rows.settle(second, Delivery())


async def test_the_schedule_ends_even_where_every_try_dies_with_its_node(stage: Stage) -> None:
    await put(stage, await stage.verification(), "verification.call_ended")
    rows = Outbox(stage.database, stage.clock)
    for _ in range(12):
        (claimed,) = await rows.claim(10)
        stage.clock.advance(LEASE)
    await rows.settle(claimed, Delivery("time_out"))
    (message,) = await stage.messages()
    assert message.due_at is None


async def test_busy_clients_are_left_out_and_the_limit_holds(stage: Stage) -> None:
    ids = [(await put(stage, await stage.verification(), "verification.call_ended"))[0] for _ in range(3)]
    rows = Outbox(stage.database, stage.clock)
    assert await rows.claim(10, frozenset({"client-1"})) == []
    assert [message.id for message in await rows.claim(2)] == ids[:2]


async def test_several_nodes_at_once_send_each_result_once(stage: Stage, receiver: Receiver) -> None:
    ids = {(await put(stage, await stage.verification(), "verification.call_ended"))[0] for _ in range(12)}
    url = stage.database.engine.url.render_as_string(hide_password=False)
    databases = [Database(url) for _ in range(3)]
    nodes = [Outbox(database, stage.clock) for database in databases]

    async def drain(node: Outbox) -> list[str]:
        taken: list[str] = []
        while claimed := await node.claim(2):
            taken += [message.id for message in claimed]
        return taken

    taken = await asyncio.gather(*(drain(node) for node in nodes))
    assert sorted(key for of in taken for key in of) == sorted(ids)
    for database in databases:
        await database.close()


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at // SECOND, UTC)
