"""A receiver that listens, a dispatcher, and results to deliver."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ekyc import outbox
from ekyc.models import Verification
from ekyc.outbox_dispatcher import Dispatcher
from ekyc.webhooks_messages import CallEnded, CallEndedMessage, Decided, DecidedMessage
from tests.ekyc.evidence_fixtures import SECRET, Stage, populated_url, stage_fixture  # noqa: F401 - fixtures
from tests.ekyc.receiver import Receiver, start_receiver
from vouch.keys import Keys
from vouch.settings import Settings


@pytest.fixture(name="receiver")
async def receiver_fixture(stage: Stage) -> AsyncIterator[Receiver]:
    answering = await start_receiver()
    await stage.client(webhook_url=answering.url)
    yield answering
    await answering.close()


def make(stage: Stage, *, keys: Keys | None = None, private: bool = True) -> Dispatcher:
    # The receiver of these tests speaks plain HTTP; that this must be allowed by name is test_webhooks' own subject.
    settings = Settings(
        public_url="https://vouch.example.vn", webhook_private=private, webhook_http_hosts=("127.0.0.1",)
    )
    return Dispatcher(stage.database, stage.clock, settings, keys or stage.keys)


@pytest.fixture(name="dispatcher")
async def dispatcher_fixture(stage: Stage) -> AsyncIterator[Dispatcher]:
    made = make(stage)
    yield made
    await made.close()


def result(kind: str, verification: str) -> CallEndedMessage | DecidedMessage:
    about: Any = {"id": verification, "external_ref": "order-1", "attempt": 1}
    if kind == "verification.call_ended":
        return CallEndedMessage(timestamp="-", data=CallEnded(outcome="no_agent", **about))
    verdict: Any = {"outcome": "rejected", "reason": None, "decided_at": "-", "agent": "agent1", "pictures": ()}
    return DecidedMessage(timestamp="-", data=Decided(**(about | verdict)))


async def put(stage: Stage, verification: str, *kinds: str) -> list[str]:
    """Results of one verification, a microsecond apart; their ids."""
    for kind in kinds:
        async with stage.database.write() as session:
            row = await session.get_one(Verification, verification)
            await outbox.post(session, row.client, row.id, result(kind, verification), stage.clock.advance(1))
    return [message.id for message in await stage.messages() if message.verification == verification]
