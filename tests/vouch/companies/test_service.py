"""Rules in versions: what holds, what held, what will."""

from typing import Any

import pytest

from tests.clock import A_FRIDAY_MORNING as NOW
from vouch.accounts.models import Company
from vouch.clock import DAY, HOUR
from vouch.companies.models import RuleChange
from vouch.companies.rules import CompanyRules
from vouch.companies.service import Difference, Rulebook, differences, history
from vouch.database import Database
from vouch.problems import Problem
from vouch.settings import Settings


class Office:
    """Somebody who changes and reads rules."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.book = Rulebook(Settings(ring_time_out_s=15, office_hours="always", _env_file=None))

    async def change(self, now: int, company: str = "CTKV1", **given: Any) -> tuple[Difference, ...]:
        starts_at = given.pop("starts_at", None)
        reason = given.pop("reason", "a test")
        async with self.database.write() as session:
            _, found = await self.book.change(
                session, company, given, now, author="me", reason=reason, starts_at=starts_at
            )
        return found

    async def on(self, now: int, company: str = "CTKV1") -> CompanyRules:
        async with self.database.read() as session:
            return await self.book.read(session, company, now)


@pytest.fixture
async def office(database: Database) -> Office:
    async with database.write() as session:
        session.add_all([Company(id="CTKV1", name="1"), Company(id="CTKV2", name="2")])
    return Office(database)


async def test_what_a_company_leaves_unset_is_the_installations(office: Office) -> None:
    assert await office.on(NOW) == CompanyRules(ring_time_out_s=15, hours="always") == office.book.installed
    await office.change(NOW, strategy="longest_idle")
    assert await office.on(NOW) == CompanyRules(ring_time_out_s=15, hours="always", strategy="longest_idle")
    assert await office.on(NOW, "CTKV2") == office.book.installed


async def test_what_held_at_an_instant_can_always_be_told(office: Office) -> None:
    await office.change(NOW, ring_time_out_s=25)
    await office.change(NOW + HOUR, ring_time_out_s=30)
    await office.change(NOW + 2 * HOUR, ring_time_out_s="")
    held = [(await office.on(NOW + hours * HOUR - early)).ring_time_out_s for hours in range(3) for early in (1, 0)]
    assert held == [15, 25, 25, 30, 30, 15]


async def test_a_change_to_come_leaves_others_as_they_are(office: Office) -> None:
    await office.change(NOW, ring_time_out_s=25, starts_at=NOW + DAY)
    await office.change(NOW + HOUR, strategy="fewest_calls", ring_time_out_s=18)
    assert (await office.on(NOW + DAY - 1)).ring_time_out_s == 18
    tomorrow = await office.on(NOW + DAY)
    assert (tomorrow.ring_time_out_s, tomorrow.strategy) == (25, "fewest_calls")


async def test_of_two_that_begin_together_the_later_made_holds(office: Office) -> None:
    for seconds in (21, 22, 23):
        await office.change(NOW, ring_time_out_s=seconds, starts_at=NOW + DAY)
    assert (await office.on(NOW + DAY)).ring_time_out_s == 23


async def test_the_difference_is_that_at_the_change_s_beginning(office: Office) -> None:
    await office.change(NOW, ring_time_out_s=25, starts_at=NOW + HOUR)
    assert await office.change(NOW, ring_time_out_s=30, wrap_up_s=30, starts_at=NOW + DAY) == (
        Difference("ring_time_out_s", 25, 30),
    )
    assert differences(office.book.installed, office.book.installed) == ()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"ring_time_out_s": 15}, "nothing_changes"),
        ({"ring_time_out_s": ""}, "nothing_changes"),
        ({"ring_time_out_s": 16, "starts_at": NOW - 1}, "starts_in_past"),
        ({"ring_time_out_s": 16, "reason": " "}, "reason_missing"),
        ({"ring_time_out_s": -1}, "invalid_rule"),
        ({"volume": 11}, "unknown_rule"),
    ],
)
async def test_refused(office: Office, given: dict[str, Any], code: str) -> None:
    with pytest.raises(Problem) as refused:
        await office.change(NOW, **given)
    assert refused.value.code == code
    async with office.database.read() as session:
        assert await history(session, "CTKV1") == []


async def test_a_process_sees_what_was_changed_when_it_refreshes(office: Office) -> None:
    other = Office(office.database)
    await office.change(NOW, ring_time_out_s=25)
    await office.change(NOW, ring_time_out_s=30, starts_at=NOW + HOUR)
    assert other.book.on("CTKV1", NOW).ring_time_out_s == 15
    async with office.database.read() as session:
        await other.book.refresh(session)
    assert other.book.on("CTKV1", NOW).ring_time_out_s == 25
    assert other.book.on("CTKV1", NOW + HOUR).ring_time_out_s == 30, "what comes is known beforehand"
    assert other.book.companies == ("CTKV1",)


async def test_a_change_that_was_committed_late_is_seen_too(office: Office) -> None:
    """Its id is older than one that was there already."""
    await office.change(NOW, ring_time_out_s=25)
    async with office.database.read() as session:
        await office.book.refresh(session)
    late = RuleChange(
        id="0" * 32, company="CTKV2", starts_at=NOW, changes={"wrap_up_s": 5}, author="me", reason="late", made_at=NOW
    )
    async with office.database.write() as session:
        session.add(late)
    async with office.database.read() as session:
        await office.book.refresh(session)
    assert office.book.on("CTKV2", NOW).wrap_up_s == 5


async def test_each_change_keeps_who_why_and_when(office: Office) -> None:
    await office.change(NOW, ring_time_out_s=25, starts_at=NOW + DAY, reason=" agents asked for it ")
    async with office.database.read() as session:
        (change,) = await history(session, "CTKV1")
    assert (change.author, change.reason, change.made_at, change.starts_at) == (
        "me",
        "agents asked for it",
        NOW,
        NOW + DAY,
    )
    assert change.changes == {"ring_time_out_s": 25}
