"""What staff read: dossiers, cases, lists, pictures, reviews; and what they may not see."""

from typing import Any

import pytest
from sqlalchemy import select

from ekyc import calls
from ekyc.directory import PAGE, Directory
from ekyc.directory_models import Row
from ekyc.models import PictureKind
from tests.ekyc.evidence_fixtures import (
    AGENT,
    OTHER_AGENT,
    SUPERVISOR,
    Stage,
    jpeg,
    populated_url,  # noqa: F401 - a fixture
    stage_fixture,  # noqa: F401 - a fixture
)
from vouch.audit import AuditEntry
from vouch.clock import DAY, SECOND
from vouch.problems import Problem

ALL = None


@pytest.fixture
def directory(stage: Stage) -> Directory:
    return Directory(stage.database, stage.clock, stage.blobs)


async def found(directory: Directory, **wanted: Any) -> list[Row]:
    page = await directory.search(**({"companies": ALL} | wanted))
    return list(page.verifications)


async def test_a_dossier_is_what_the_contract_says(stage: Stage, directory: Directory) -> None:
    verification = await stage.verification()
    first = await stage.decided_call(verification, "rejected", reason="face_differs", fraud=True)
    ended_at = stage.clock.now()
    call = await stage.talk(verification, OTHER_AGENT)
    dossier = await directory.dossier(call)
    assert dossier is not None
    shown = dossier.model_dump()
    pictures = shown.pop("pictures")
    record, earlier = await stage.record(call), await stage.record(first)
    assert shown == {
        "call": call,
        "number": record.number,
        "verification": verification,
        "attempt": 2,
        "company": "CTKV4",
        "channel": "dealer",
        "customer": {
            "full_name": "Đặng Thị Hồng Nhung",
            "id_number": "001190012345",
            "date_of_birth": "1990-05-17",
            "id_type": "chip_card",
            "address": "12 Lê Lợi, Thành phố Huế",
        },
        "subscriber": {
            "msisdn": "0901234567",
            "sub_type": "MC",
            "customer_type": "individual",
            "payment": "prepaid",
        },
        "dealer": {
            "name": "Điểm bán Hà",
            "kind": "point_of_sale",
            "shop_code": "S4",
            "shop_name": "Cửa hàng Hà",
            "shop_address": "5 Trần Phú",
        },
        "decision": "required",
        "rule": "table",
        "comparison": ({"field": "full_name", "typed": "Đặng Thị Hồng Nhung", "read": None, "result": "not_assessed"},),
        "attempts": (
            {
                "attempt": 1,
                "number": earlier.number,
                "outcome": "rejected",
                "verdict": "rejected",
                "reason": "face_differs",
                "fraud": True,
                "ended_at": ended_at,
                "agent": "agent1",
            },
        ),
    }
    assert [picture["kind"] for picture in pictures] == ["id_front", "id_back", "portrait", "snapshot"]
    (snapshot,) = await stage.evidence.kept(first)
    assert pictures[3] == {
        "key": snapshot.id,
        "kind": "snapshot",
        "source": "call",
        "source_claimed": False,
        "call": first,
        "attempt": 1,
        "at": snapshot.at,
        "width": 320,
        "height": 240,
        "sha256": snapshot.stamped_sha256,
        "exact": True,
    }


async def test_there_is_no_dossier_of_an_unknown_call(directory: Directory) -> None:
    assert await directory.dossier("unknown") is None


async def test_a_customer_alone_has_no_dealer(stage: Stage, directory: Directory) -> None:
    call = await stage.open(await stage.verification(dealer=None, shop_code="S4", channel="online"))
    dossier = await directory.dossier(call)
    assert dossier is not None
    assert dossier.dealer is None


async def test_of_a_shop_that_we_do_not_know_the_clients_words_stand(stage: Stage, directory: Directory) -> None:
    dealer = {"username": "dealer9", "name": None, "kind": None, "shop_code": "X", "shop_name": "Lạ"}
    dossier = await directory.dossier(await stage.open(await stage.verification(dealer=dealer, shop_code="X")))
    assert dossier is not None
    assert dossier.dealer is not None
    assert dossier.dealer.model_dump() == {
        "name": "dealer9",
        "kind": None,
        "shop_code": "X",
        "shop_name": "Lạ",
        "shop_address": None,
    }


async def test_a_case_tells_everything_that_happened(stage: Stage, directory: Directory) -> None:
    verification = await stage.verification()
    lost = await stage.lost_call(verification)
    await stage.decided_call(verification, note="rõ mặt", checks={"ticks": {"data": 1}})
    await directory.review(verification, SUPERVISOR, "agree", "", ALL)
    case = await directory.case(verification, ALL)
    assert case is not None
    assert (case.id, case.verification, case.external_ref, case.client) == (
        verification,
        verification,
        "order-1",
        "mSale",
    )
    assert (case.state, case.attempt, len(case.attempts)) == ("confirmed", 2, 2)
    assert case.consent is not None
    assert case.consent.version == "1"
    assert [(call.attempt, call.outcome, call.ended_in) for call in case.calls] == [
        (1, "connection_lost", "active"),
        (2, "confirmed", "deciding"),
    ]
    (verdict,) = case.verdicts
    assert (verdict.attempt, verdict.verdict, verdict.note, verdict.late) == (2, "confirmed", "rõ mặt", False)
    assert (verdict.agent, verdict.checks) == ("agent1", {"ticks": {"data": 1}})
    assert verdict.frame_at == (await stage.evidence.kept(case.calls[1].id))[0].at
    assert [review.mark for review in case.reviews] == ["agree"]
    assert [delivery.type for delivery in case.deliveries] == ["verification.call_ended", "verification.decided"]
    assert "call" not in case.model_dump()
    assert "number" not in case.model_dump()
    assert case.calls[0].id == lost


async def test_gaps_are_written_from_and_until(stage: Stage, directory: Directory) -> None:
    verification = await stage.verification()
    await stage.end(await stage.talk(verification), gaps=[("customer", 5, None)])
    case = await directory.case(verification, ALL)
    assert case is not None
    assert case.model_dump(mode="json")["calls"][0]["gaps"] == [{"leg": "customer", "from": 5, "until": None}]


async def test_a_verification_without_calls_or_consent_is_a_case_too(stage: Stage, directory: Directory) -> None:
    case = await directory.case(await stage.verification(consent_version=None, consent_at=None), ALL)
    assert case is not None
    assert (case.attempt, case.calls, case.consent) == (0, (), None)


async def test_a_supervisor_sees_his_companys_verifications_and_those_his_team_handled(
    stage: Stage, directory: Directory
) -> None:
    verification = await stage.verification("CTKV4")
    await stage.decided_call(verification)
    (picture,) = [each for each in (await directory.case(verification, ALL)).pictures if each.kind == "snapshot"]  # type: ignore[union-attr]
    for companies in (frozenset({"CTKV4"}), frozenset({"CTKV1"}), ALL):
        assert await directory.case(verification, companies) is not None
        assert len(await found(directory, companies=companies)) == 1
        assert await directory.picture(verification, picture.key, clean=False, companies=companies) is not None
    foreign = frozenset({"CTKV2"})
    assert await directory.case(verification, foreign) is None
    assert await found(directory, companies=foreign) == []
    assert await directory.picture(verification, picture.key, clean=False, companies=foreign) is None
    with pytest.raises(Problem) as refused:
        await directory.review(verification, SUPERVISOR, "agree", "", foreign)
    assert (refused.value.status, refused.value.code) == (404, "not_found")


async def test_nobody_without_a_company_sees_anything(stage: Stage, directory: Directory) -> None:
    await stage.verification()
    assert await found(directory, companies=frozenset()) == []


async def test_unknown_verifications_have_neither_case_nor_owner(stage: Stage, directory: Directory) -> None:
    assert await directory.case("unknown", ALL) is None
    assert await directory.owner("unknown") is None
    assert await directory.owner(await stage.verification("CTKV2")) == "CTKV2"


async def test_pictures_come_stamped_or_clean(stage: Stage, directory: Directory) -> None:
    verification = await stage.verification()
    call = await stage.talk(verification)
    picture = await stage.evidence.keep(stage.frame(call, verification))
    stamped = await directory.picture(verification, picture.id, clean=False, companies=ALL)
    assert stamped == await stage.evidence.read(picture, clean=False) != jpeg()
    assert await directory.picture(verification, picture.id, clean=True, companies=ALL) == jpeg()


async def test_a_picture_of_another_verification_is_not_given(stage: Stage, directory: Directory) -> None:
    one, other = await stage.verification(), await stage.verification()
    portrait = await stage.evidence.find(other, PictureKind.PORTRAIT)
    assert portrait is not None
    assert await directory.picture(one, portrait.id, clean=False, companies=ALL) is None
    assert await directory.picture(one, "unknown", clean=False, companies=ALL) is None


async def test_an_agents_list_has_his_own_calls_of_the_day_newest_first(stage: Stage, directory: Directory) -> None:
    await stage.decided_call(await stage.verification())
    stage.clock.advance(DAY)
    since = stage.clock.now()
    verification = await stage.verification()
    first = await stage.lost_call(verification)
    await stage.decide(first, "rejected", late=True)
    second = await stage.talk(verification)
    await stage.end(await stage.talk(await stage.verification(), OTHER_AGENT))
    await stage.end(await stage.open(await stage.verification()), "no_agent", "waiting")
    third = await stage.open(verification)
    async with stage.database.write() as session:
        await calls.accepted(session, third, AGENT, stage.clock.now())
    listed = await directory.calls_of(AGENT, since, None)
    assert [(call.id, call.outcome, call.verdict) for call in listed.calls] == [
        (third, None, None),
        (second, None, None),
        (first, "connection_lost", "rejected"),
    ]
    assert (listed.totals.calls, listed.totals.talk_us, listed.cursor) == (3, 60 * SECOND, None)
    connecting, running, ended = listed.calls
    assert (connecting.started_at, connecting.talk_us) == (None, 0)
    assert ended.talk_us == 60 * SECOND
    assert running.talk_us == stage.clock.now() - (running.started_at or 0)
    assert (ended.company, ended.agent, ended.verification) == ("CTKV4", "agent1", verification)


async def test_an_agent_without_calls_has_an_empty_list(stage: Stage, directory: Directory) -> None:
    listed = await directory.calls_of(AGENT, 0, None)
    assert listed.model_dump() == {"calls": (), "cursor": None, "totals": {"calls": 0, "talk_us": 0}}


async def test_a_row_tells_the_latest_call(stage: Stage, directory: Directory) -> None:
    verification = await stage.verification()
    await stage.lost_call(verification)
    call = await stage.decided_call(verification, "rejected", agent=OTHER_AGENT)
    decided_at = stage.clock.now()
    await directory.review(verification, SUPERVISOR, "disagree", "Không phải một người", ALL)
    stage.clock.advance(SECOND)
    await directory.review(verification, SUPERVISOR, "agree", "", ALL)
    (row,) = await found(directory)
    assert row.model_dump() == {
        "id": verification,
        "number": (await stage.record(call)).number,
        "external_ref": "order-1",
        "company": "CTKV4",
        "channel": "dealer",
        "state": "rejected",
        "full_name": "Đặng Thị Hồng Nhung",
        "msisdn": "0901234567",
        "created_at": (await stage.row(verification)).created_at,
        "attempts": 2,
        "outcome": "rejected",
        "decided_at": decided_at,
        "agent": "agent2",
        "review": "agree",
    }


async def test_part_of_the_name_in_any_spelling_or_a_whole_number_finds_a_verification(
    stage: Stage, directory: Directory
) -> None:
    await stage.verification()
    names = ["", "  ", "hồng nhung", "DANG THI", "đặng"]
    numbers = ["001190012345", "0901234567", "84901234567", "+84 901 234 567", "order-1", "  order-1 "]
    for query in names + numbers:
        assert len(await found(directory, query=query)) == 1, query


async def test_parts_of_numbers_and_signs_of_the_database_find_nothing(stage: Stage, directory: Directory) -> None:
    await stage.verification()
    for query in ["Hạnh", "00119001234", "090123456", "order", "%", "_", "7K2M-9QXD", "'", "0", "đ%g", "Đặng\0"]:
        assert await found(directory, query=query) == [], query
    assert await found(directory, company="CTKV4\0") == []
    assert await found(directory, state="\0") == []


async def test_a_call_number_is_found_as_people_write_it(stage: Stage, directory: Directory) -> None:
    verification = await stage.verification()
    number = (await stage.record(await stage.open(verification))).number
    spoken = number.replace("0", "o").replace("1", "l").lower()
    for written in (number, number.replace("-", ""), number.replace("-", " "), spoken):
        assert [row.id for row in await found(directory, query=written)] == [verification]


async def test_filters_narrow_the_list(stage: Stage, directory: Directory) -> None:
    early = await stage.verification("CTKV4")
    await stage.decided_call(early)
    between = stage.clock.advance(SECOND)
    late = await stage.verification("CTKV2")
    assert [row.id for row in await found(directory)] == [late, early]
    assert [row.id for row in await found(directory, company="CTKV4")] == [early]
    assert [row.id for row in await found(directory, state="confirmed")] == [early]
    assert [row.id for row in await found(directory, state="created")] == [late]
    assert [row.id for row in await found(directory, since=between)] == [late]
    assert [row.id for row in await found(directory, until=between)] == [early]


async def test_time_alone_lets_a_verification_expire(stage: Stage, directory: Directory) -> None:
    overdue = await stage.verification()
    rejected = await stage.verification()
    await stage.decided_call(rejected, "rejected")
    stage.clock.advance(DAY)
    assert [(row.id, row.state) for row in await found(directory, state="expired")] == [(overdue, "expired")]
    assert await found(directory, state="created") == []
    assert [row.id for row in await found(directory, state="rejected")] == [rejected]


async def test_the_list_pages_by_cursor_without_gaps_or_repeats(stage: Stage, directory: Directory) -> None:
    # Several at the same instant: the cursor must tell them apart.
    made = []
    for number in range(PAGE + 12):
        made.append(await stage.verification())
        if number % 5 == 0:
            stage.clock.advance(1)
    first = await directory.search(companies=ALL)
    assert len(first.verifications) == PAGE
    assert first.cursor is not None
    await stage.verification()
    rest = await directory.search(companies=ALL, cursor=first.cursor)
    assert rest.cursor is None
    listed = [row.id for row in (*first.verifications, *rest.verifications)]
    assert listed == sorted(made, reverse=True)


async def test_a_cursor_that_is_none_is_refused(directory: Directory) -> None:
    for cursor in ["", "x", "1", ".a", "-1.a", "1e3.a", "9" * 30 + ".a", "1.\0"]:
        with pytest.raises(Problem) as refused:
            await directory.search(companies=ALL, cursor=cursor)
        assert refused.value.code == "bad_cursor"


async def test_a_review_is_kept_with_its_line_in_the_audit_log(stage: Stage, directory: Directory) -> None:
    verification = await stage.verification()
    review = await directory.review(verification, SUPERVISOR, "disagree", "  Ảnh mờ ", ALL)
    assert review.model_dump(exclude={"id"}) == {
        "mark": "disagree",
        "note": "Ảnh mờ",
        "reviewer": "super1",
        "at": stage.clock.now(),
    }
    async with stage.database.read() as session:
        (entry,) = (await session.scalars(select(AuditEntry))).all()
    assert (entry.tag, entry.company, entry.account, entry.subject, entry.details) == (
        "staff:verification:reviewed",
        "CTKV4",
        SUPERVISOR,
        verification,
        {"mark": "disagree"},
    )


async def test_whoever_disagrees_must_say_why(stage: Stage, directory: Directory) -> None:
    verification = await stage.verification()
    for note in ("", "   "):
        with pytest.raises(Problem) as refused:
            await directory.review(verification, SUPERVISOR, "disagree", note, ALL)
        assert (refused.value.status, refused.value.code) == (422, "note_needed")
