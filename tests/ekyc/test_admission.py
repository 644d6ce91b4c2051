"""Who may call now."""

from typing import Any

import pytest

from ekyc.admission import Admission, admit
from ekyc.consent import CONSENT
from ekyc.models import Channel, Verification
from tests.ekyc import flows
from tests.ekyc.conftest import Site, new_verification
from vouch.clock import HOUR, MINUTE
from vouch.companies.rules import CompanyRules
from vouch.companies.service import Rulebook
from vouch.problems import Problem
from vouch.settings import Settings

PER_DAY = 3
RULEBOOK = Rulebook(Settings(_env_file=None))


async def admitted(site: Site, verification: str, consent: str = CONSENT.version) -> Admission:
    async with site.database.write() as session:
        return await admit(session, verification, consent, site.clock.now(), PER_DAY, RULEBOOK)


async def refusal(site: Site, verification: str, consent: str = CONSENT.version) -> str:
    with pytest.raises(Problem) as refused:
        await admitted(site, verification, consent)
    return refused.value.code


async def test_a_dealers_call_of_company_4_goes_to_the_team_of_company_1(site: Site, files: dict[str, bytes]) -> None:
    opened = await flows.opened(site, files, headers=site.bearer("CTKV4"))
    assert await admitted(site, opened["id"]) == Admission(
        verification=opened["id"],
        company="CTKV4",
        team="CTKV1",
        channel=Channel.DEALER,
        attempt=1,
        customer_name="Nguyễn Thị Hoà",
        msisdn="84901234567",
        decision="required",
        rules=CompanyRules(),
        priority=0,
        skills=frozenset(),
        dealer="",
    )


@flows.ON_SQLITE
async def test_an_online_one_goes_to_its_own_team(site: Site, files: dict[str, bytes]) -> None:
    data = new_verification(channel="online", ekyc={"passed": True})
    opened = await flows.opened(site, files, data=data, headers=site.bearer("CTKV4"))
    assert (await admitted(site, opened["id"])).team == "CTKV4"


async def test_each_call_is_a_further_attempt(site: Site, files: dict[str, bytes]) -> None:
    opened = await flows.opened(site, files)
    for attempt in (1, 2):
        assert (await admitted(site, opened["id"])).attempt == attempt
        await flows.add_call(site.database, opened["id"], attempt, site.clock.advance(MINUTE))


@flows.ON_SQLITE
@pytest.mark.parametrize("state", ["created", "in_call", "rejected", "unable_to_verify"])
async def test_calling_is_possible_from_every_undecided_and_refused_state(
    site: Site, files: dict[str, bytes], state: str
) -> None:
    opened = await flows.opened(site, files)
    await flows.set_verification(site.database, opened["id"], state=state)
    assert (await admitted(site, opened["id"])).attempt == 1


@flows.ON_SQLITE
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": "confirmed"}, "already_confirmed"),
        ({"state": "expired"}, "verification_expired"),
        ({"expires_at": 1}, "verification_expired"),
        ({"state": "rejected", "expires_at": 1}, "verification_expired"),
        ({"decision": "not_possible"}, "call_not_possible"),
        ({"fraud": True, "state": "rejected"}, "calls_stopped"),
    ],
)
async def test_no_call(site: Site, files: dict[str, bytes], change: dict[str, Any], code: str) -> None:
    opened = await flows.opened(site, files)
    await flows.set_verification(site.database, opened["id"], **change)
    assert await refusal(site, opened["id"]) == code


@flows.ON_SQLITE
async def test_an_unknown_verification(site: Site) -> None:
    assert await refusal(site, "unknown") == "not_found"


async def test_calls_are_counted_by_the_vietnamese_day(site: Site, files: dict[str, bytes]) -> None:
    opened = await flows.opened(site, files)
    for attempt in range(1, PER_DAY + 1):
        assert (await admitted(site, opened["id"])).attempt == attempt
        await flows.add_call(site.database, opened["id"], attempt, site.clock.now())
    assert await refusal(site, opened["id"]) == "too_many_calls"
    # Ten in the morning in Vietnam; its midnight is fourteen hours away, that of UTC twenty-one.
    site.clock.advance(14 * HOUR - 1)
    assert await refusal(site, opened["id"]) == "too_many_calls"
    site.clock.advance(1)
    assert (await admitted(site, opened["id"])).attempt == PER_DAY + 1


async def test_who_finds_the_team_closed_has_used_up_nothing(site: Site, files: dict[str, bytes]) -> None:
    opened = await flows.opened(site, files)
    for attempt in range(1, 20):
        await flows.add_call(site.database, opened["id"], attempt, site.clock.now(), outcome="closed")
    await flows.add_call(site.database, opened["id"], 20, site.clock.now(), outcome="no_agent")
    await flows.add_call(site.database, opened["id"], 21, site.clock.now())
    assert (await admitted(site, opened["id"])).attempt == 22


@flows.ON_SQLITE
async def test_a_page_that_asks_and_asks_while_it_is_closed_is_stopped(site: Site, files: dict[str, bytes]) -> None:
    opened = await flows.opened(site, files)
    for attempt in range(1, 20 * PER_DAY + 1):
        await flows.add_call(site.database, opened["id"], attempt, site.clock.now(), outcome="closed")
    assert await refusal(site, opened["id"]) == "too_many_calls"


async def set_rules(site: Site, company: str, **given: object) -> None:
    async with site.database.write() as session:
        await RULEBOOK.change(session, company, given, site.clock.now(), author="me", reason="a test")


async def test_the_rules_are_those_of_the_company_that_it_belongs_to(site: Site, files: dict[str, bytes]) -> None:
    opened = await flows.opened(site, files, headers=site.bearer("CTKV4"))
    await set_rules(site, "CTKV1", longest_wait_s=100)
    await set_rules(site, "CTKV4", longest_wait_s=400)
    assert (await admitted(site, opened["id"])).rules.longest_wait_s == 400
    async with site.database.read() as session:
        await RULEBOOK.refresh(session)
    assert (await admitted(site, opened["id"])).rules.longest_wait_s == 400, "as they were read beforehand"
    await set_rules(site, "CTKV4", longest_wait_s=500)
    assert (await admitted(site, opened["id"])).rules.longest_wait_s == 500, "and not, where they have changed since"


@flows.ON_SQLITE
async def test_skills_are_needed_where_the_company_says_so(site: Site, files: dict[str, bytes]) -> None:
    data = new_verification(customer={"id_type": "foreign_passport"}, language="en")
    opened = await flows.opened(site, files, data=data)
    assert (await admitted(site, opened["id"])).skills == frozenset()
    await set_rules(site, "CTKV1", skilled_papers="foreign_passport,e_identity", skilled_languages="ko,en")
    assert (await admitted(site, opened["id"])).skills == {"paper:foreign_passport", "language:en"}
    other = await flows.opened(site, files, key="other")
    assert (await admitted(site, other["id"])).skills == frozenset()


@flows.ON_SQLITE
async def test_a_dealer_is_the_same_in_all_of_his_calls_and_not_named(site: Site, files: dict[str, bytes]) -> None:
    async def dealer(key: str, **told: Any) -> str:
        client = told.pop("client", "mSale")
        headers = {"Authorization": f"Bearer {site.seed.tokens[client, 'CTKV1']}"}
        data = new_verification(dealer=told or None)
        opened = await flows.opened(site, files, data=data, key=key, headers=headers)
        return (await admitted(site, opened["id"])).dealer

    first = await dealer("1", username="minh.vo", name="Võ Minh")
    assert first == await dealer("2", username="Minh.Vo", name="another name")
    assert "minh" not in first
    others = [
        first,
        await dealer("3", username="anh.le"),
        await dealer("4", username="minh.vo", client="shop"),
        await dealer("5", name="Võ Minh", shop_code="S1"),
        await dealer("6", name="Võ Minh", shop_code="S2"),
        await dealer("7", shop_address="1 Lê Lợi"),
    ]
    assert len(set(others)) == len(others)
    assert others[-1] == await dealer("8") == "", "nobody is known"


async def agreed_to(site: Site, verification: str) -> tuple[str | None, int | None]:
    async with site.database.read() as session:
        row = await session.get_one(Verification, verification)
    return row.consent_version, row.consent_at


async def test_consent_is_kept_with_the_time_of_the_first(site: Site, files: dict[str, bytes]) -> None:
    opened = await flows.opened(site, files)
    agreed_at = site.clock.now()
    for _ in range(2):
        await admitted(site, opened["id"])
        site.clock.advance(HOUR)
    assert await agreed_to(site, opened["id"]) == (CONSENT.version, agreed_at)
    await flows.set_verification(site.database, opened["id"], consent_version="2020-01-01")
    await admitted(site, opened["id"])
    assert await agreed_to(site, opened["id"]) == (CONSENT.version, agreed_at + 2 * HOUR), "to another text"


async def test_without_a_call_there_is_no_consent(site: Site, files: dict[str, bytes]) -> None:
    opened = await flows.opened(site, files)
    await flows.set_verification(site.database, opened["id"], fraud=True)
    assert await refusal(site, opened["id"]) == "calls_stopped"
    assert await agreed_to(site, opened["id"]) == (None, None)


@flows.ON_SQLITE
async def test_consent_to_another_text_is_none(site: Site, files: dict[str, bytes]) -> None:
    opened = await flows.opened(site, files)
    assert await refusal(site, opened["id"], "2020-01-01") == "consent_needed"
    assert await refusal(site, "unknown") == "not_found"
    assert await agreed_to(site, opened["id"]) == (None, None)
