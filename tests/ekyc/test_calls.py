"""What is written of calls: records, verdicts, the verification's state, the results that go out."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from ekyc import calls
from ekyc.evidence import LAST_FRAME
from ekyc.models import Picture, PictureKind
from ekyc.webhooks_messages import MESSAGES
from tests.ekyc.evidence_fixtures import AGENT, OTHER_AGENT, Stage, populated_url, stage_fixture  # noqa: F401 - fixtures
from vouch.clock import SECOND, iso
from vouch.ids import call_number


async def test_a_queued_call_puts_its_verification_in_call(stage: Stage) -> None:
    verification = await stage.verification()
    call = await stage.open(verification)
    record = await stage.record(call)
    assert (record.number, record.attempt, record.team) == (call_number(call), 1, "CTKV1")
    assert (record.queued_at, record.agent, record.ended_at) == (stage.clock.now(), None, None)
    assert (await stage.row(verification)).state == "in_call"


async def test_times_of_a_call_are_kept_as_they_come(stage: Stage) -> None:
    began = stage.clock.now()
    call = await stage.talk(await stage.verification())
    await stage.end(call, gaps=[("customer", began + 10 * SECOND, began + 12 * SECOND), ("agent", began, None)])
    record = await stage.record(call)
    assert record.agent == AGENT
    assert record.accepted_at == began + 5 * SECOND
    assert record.started_at == began + 6 * SECOND
    assert record.ended_at == began + 66 * SECOND
    assert (record.outcome, record.ended_in) == ("cancelled", "active")
    assert record.gaps == [
        {"leg": "customer", "from": began + 10 * SECOND, "until": began + 12 * SECOND},
        {"leg": "agent", "from": began, "until": None},
    ]


async def test_another_agent_takes_the_place_of_one_who_was_lost(stage: Stage) -> None:
    call = await stage.talk(await stage.verification())
    started = (await stage.record(call)).started_at
    async with stage.database.write() as session:
        await calls.accepted(session, call, OTHER_AGENT, stage.clock.now())
        await calls.started(session, call, stage.clock.now())
    record = await stage.record(call)
    assert (record.agent, record.accepted_at, record.started_at) == (OTHER_AGENT, stage.clock.now(), started)


async def test_every_function_repeated_with_the_same_ids_changes_nothing(stage: Stage) -> None:
    verification = await stage.verification()
    call = await stage.decided_call(verification, "rejected", reason="face_differs")

    async def everything() -> list[dict[str, Any]]:
        rows = [await stage.row(verification), await stage.record(call)]
        rows += [*await stage.verdicts(), *await stage.messages()]
        return [{name: getattr(row, name) for name in row.__mapper__.columns.keys()} for row in rows]  # noqa: SIM118

    before = await everything()
    stage.clock.advance(SECOND)
    async with stage.database.write() as session:
        await calls.opened(session, [calls.Opened(call, verification, 1, "CTKV1", stage.clock.now())])
        await calls.accepted(session, call, AGENT, stage.clock.now())
        await calls.accepted(session, call, OTHER_AGENT, stage.clock.now())
        await calls.started(session, call, stage.clock.now())
    await stage.decide(call, "confirmed", decision=2)
    await stage.end(call, "cancelled")
    assert await everything() == before


async def test_a_call_that_ends_without_a_verdict_is_told_and_leaves_the_state_as_it_was(stage: Stage) -> None:
    verification = await stage.verification()
    await stage.end(await stage.open(verification), "no_agent", "waiting")
    assert (await stage.row(verification)).state == "created"
    (message,) = await stage.messages()
    assert (message.type, message.client, message.verification) == (
        "verification.call_ended",
        "client-1",
        verification,
    )
    assert (message.due_at, message.tries, message.delivered_at) == (stage.clock.now(), 0, None)
    data = {"id": verification, "external_ref": "order-1", "outcome": "no_agent", "attempt": 1}
    assert message.body == {"type": message.type, "timestamp": iso(stage.clock.now()), "data": data}
    assert MESSAGES[message.type].model_validate(message.body)


async def test_a_verdict_is_told_with_its_pictures_and_nothing_of_the_fraud_flag(stage: Stage) -> None:
    verification = await stage.verification()
    await stage.decided_call(verification, "rejected", reason="face_differs", note="hai người", fraud=True)
    row = await stage.row(verification)
    assert (row.state, row.decided_at, row.fraud) == ("rejected", stage.clock.now(), True)
    (message,) = await stage.messages()
    data = message.body["data"]
    pictures = data.pop("pictures")
    assert message.type == message.body["type"] == "verification.decided"
    assert data == {
        "id": verification,
        "external_ref": "order-1",
        "outcome": "rejected",
        "reason": "face_differs",
        "decided_at": iso(stage.clock.now()),
        "attempt": 1,
        "agent": "agent1",
    }
    stored = {picture.kind: picture for picture in await _pictures(stage)}
    assert [picture["kind"] for picture in pictures] == ["id_front", "id_back", "portrait", "snapshot"]
    assert pictures[0]["sha256"] == stored["id_front"].clean_sha256
    assert pictures[3] == {
        "kind": "snapshot",
        "sha256": stored["snapshot"].stamped_sha256,
        "url": f"/api/v1/verifications/{verification}/pictures/snapshot",
    }


async def test_of_papers_taken_again_the_newest_goes_out(stage: Stage) -> None:
    verification = await stage.verification()
    stage.clock.advance(SECOND)
    blob = await stage.blobs.put(b"newer", ".jpg")
    async with stage.database.write() as session:
        paper = {"kind": PictureKind.PORTRAIT, "source": "camera", "at": stage.clock.now(), "width": 1, "height": 1}
        kept = {"clean_key": blob.key, "clean_sha256": blob.sha256}
        session.add(Picture(id="again", verification=verification, **paper, **kept))
    await stage.decided_call(verification)
    (message,) = await stage.messages()
    assert message.body["data"]["pictures"][2]["sha256"] == blob.sha256


async def test_a_verdict_without_its_durable_picture_is_our_fault(stage: Stage) -> None:
    verification = await stage.verification()
    call = await stage.talk(verification)
    await stage.evidence.keep(stage.frame(call, verification, decision=1))
    await stage.evidence.keep(stage.frame(call, verification, kind=PictureKind.EXTRA, decision=2))
    with pytest.raises(RuntimeError, match="before its picture"):
        await stage.decide(call, decision=2)
    assert await stage.verdicts() == []
    assert await stage.messages() == []


async def test_a_late_verdict_stands_on_the_last_frame(stage: Stage) -> None:
    verification = await stage.verification()
    call = await stage.lost_call(verification)
    assert (await stage.row(verification)).state == "created"
    await stage.decide(call, "rejected", late=True, fraud=True, reason="fraud")
    ended, decided = await stage.messages()
    assert (ended.type, ended.body["data"]["outcome"]) == ("verification.call_ended", "connection_lost")
    assert (decided.type, decided.body["data"]["outcome"]) == ("verification.decided", "rejected")
    (frame,) = await stage.evidence.kept(call)
    assert decided.body["data"]["pictures"][3]["sha256"] == frame.stamped_sha256
    assert decided.body["data"]["pictures"][3]["kind"] == "snapshot"
    assert (await stage.row(verification)).state == "rejected"
    assert (await stage.record(call)).outcome == "connection_lost"


async def test_a_late_verdict_without_a_last_frame_is_our_fault(stage: Stage) -> None:
    verification = await stage.verification()
    call = await stage.talk(verification)
    await stage.evidence.keep(stage.frame(call, verification))
    await stage.end(call, "connection_lost")
    with pytest.raises(RuntimeError, match="before its picture"):
        await stage.decide(call, "rejected", late=True)


async def test_a_late_verdict_does_not_disturb_the_next_call(stage: Stage) -> None:
    verification = await stage.verification()
    first = await stage.lost_call(verification)
    second = await stage.open(verification)
    await stage.decide(first, "rejected", late=True, decision=LAST_FRAME)
    assert (await stage.row(verification)).state == "in_call"
    await stage.end(second, "no_agent", "waiting")
    assert (await stage.row(verification)).state == "rejected"


async def test_the_latest_calls_verdict_counts_even_if_an_earlier_one_comes_later(stage: Stage) -> None:
    verification = await stage.verification()
    first = await stage.lost_call(verification)
    await stage.decided_call(verification, "confirmed", agent=OTHER_AGENT)
    await stage.decide(first, "unable_to_verify", late=True)
    assert (await stage.row(verification)).state == "confirmed"
    assert [message.body["data"]["attempt"] for message in await stage.messages()] == [1, 2, 1]


async def test_calling_again_after_a_rejection_ends_in_the_newer_verdict(stage: Stage) -> None:
    verification = await stage.verification()
    await stage.decided_call(verification, "rejected")
    again = await stage.open(verification)
    assert (await stage.row(verification)).state == "in_call"
    await stage.end(again, "cancelled", "waiting")
    assert (await stage.row(verification)).state == "rejected"
    await stage.decided_call(verification, "confirmed")
    row = await stage.row(verification)
    assert (row.state, row.decided_at) == ("confirmed", stage.clock.now())


@pytest.mark.parametrize("first", ["decided", "ended"])
async def test_verdict_and_end_may_be_written_in_either_order(stage: Stage, first: str) -> None:
    verification = await stage.verification()
    call = await stage.talk(verification)
    await stage.evidence.keep(stage.frame(call, verification))
    if first == "decided":
        await stage.decide(call)
        await stage.end(call, "confirmed", "deciding")
    else:
        await stage.end(call, "confirmed", "deciding")
        await stage.decide(call)
    assert (await stage.row(verification)).state == "confirmed"
    assert [message.type for message in await stage.messages()] == ["verification.decided"]


async def test_a_call_that_nobody_opened_is_our_fault(stage: Stage) -> None:
    async with stage.database.read() as session:
        with pytest.raises(NoResultFound):
            await calls.ended(session, "unknown", "cancelled", "waiting", None, stage.clock.now(), ())


async def _pictures(stage: Stage) -> list[Picture]:
    async with stage.database.read() as session:
        return list((await session.scalars(select(Picture))).all())
