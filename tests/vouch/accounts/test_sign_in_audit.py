"""Refused sign-ins: written down by account and network, and thinned."""

import pytest
from sqlalchemy import select

from tests.clock import ManualClock
from vouch.accounts import sign_in_audit
from vouch.accounts.models import Account, Company, Role, SessionKind
from vouch.accounts.sign_in_audit import WINDOW, SignInAudit
from vouch.audit import AuditEntry
from vouch.database import Database
from vouch.problems import Problem


@pytest.fixture
async def watch(database: Database, clock: ManualClock) -> SignInAudit:
    async with database.write() as session:
        session.add(Company(id="CTKV1", name="CTKV1"))
        await session.flush()
        for name in ("an", "binh"):
            who = {"username": name, "full_name": name, "role": Role.AGENT, "company": "CTKV1"}
            session.add(Account(id=f"id of {name}", password_hash="-", created_at=0, **who))
    return SignInAudit(database, clock)


async def refused(watch: SignInAudit, name: str, address: str = "10.0.0.1", code: int = 401, times: int = 1) -> None:
    async def sign_in() -> Account:
        raise Problem(code, "wrong_password", "no")

    for _ in range(times):
        with pytest.raises(Problem):
            await watch.watched(sign_in(), SessionKind.STAFF, name, address)


async def told(database: Database) -> list[tuple[str | None, str, int]]:
    async with database.read() as session:
        rows = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()
    return [(row.subject, row.details["network"], row.details["count"]) for row in rows]


async def test_the_first_is_written_at_once_and_the_others_as_a_number(
    watch: SignInAudit, database: Database, clock: ManualClock
) -> None:
    await refused(watch, "an", times=40)
    assert await told(database) == [("id of an", "10.0.0.1", 1)]
    clock.advance(WINDOW - 1)
    await watch.sweep()
    assert len(await told(database)) == 1
    clock.advance(1)
    await watch.sweep()
    await watch.sweep()
    assert await told(database) == [("id of an", "10.0.0.1", 1), ("id of an", "10.0.0.1", 40)]
    async with database.read() as session:
        row = (await session.scalars(select(AuditEntry).limit(1))).one()
    assert (row.tag, row.company, row.details["since"]) == ("staff:session:refused", "CTKV1", row.at)


async def test_a_single_one_is_one_line(watch: SignInAudit, database: Database, clock: ManualClock) -> None:
    await refused(watch, "an")
    clock.advance(WINDOW)
    await watch.sweep()
    assert len(await told(database)) == 1
    await refused(watch, "an")
    assert len(await told(database)) == 2


async def test_accounts_and_networks_are_counted_apart(watch: SignInAudit, database: Database) -> None:
    for name, address in (("an", "10.0.0.1"), ("an", "10.0.0.2"), ("binh", "10.0.0.1"), ("an", "10.0.0.1")):
        await refused(watch, name, address)
    assert len(await told(database)) == 3
    for last in range(5):
        await refused(watch, "an", f"2001:db8:0:7:{last}::1")
    assert (await told(database))[3:] == [("id of an", "2001:db8:0:7::/64", 1)]


async def test_what_is_nobodys_name_is_not_kept(watch: SignInAudit, database: Database) -> None:
    for name in ("my-password-1", "my-password-2", "a\0n"):
        await refused(watch, name)
    lines = await told(database)
    assert (lines[0], len(lines)) == ((None, "10.0.0.1", 1), 2)
    async with database.read() as session:
        rows = (await session.scalars(select(AuditEntry))).all()
    assert not [row for row in rows if "my-password" in f"{row.details} {row.subject}"]


async def test_a_flood_from_everywhere_is_one_line_more(
    watch: SignInAudit, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_audit, "MOST", 5)
    for last in range(50):
        await refused(watch, "an", f"10.0.1.{last}")
    lines = await told(database)
    assert len(lines) == 6
    assert lines[-1] == (None, "others", 1)


async def test_what_is_no_refusal_is_not_counted(watch: SignInAudit, database: Database) -> None:
    await refused(watch, "an", code=422)
    async with database.read() as session:
        account = await session.get_one(Account, "id of an")

    async def sign_in() -> Account:
        return account

    assert await watch.watched(sign_in(), SessionKind.STAFF, "an", "10.0.0.1") is account
    assert await told(database) == []


async def test_who_was_not_even_listened_to_is_counted_by_network_without_a_look_up(
    watch: SignInAudit, database: Database
) -> None:
    for name in ("an", "binh", "nobody"):
        await refused(watch, name, code=503)
    assert await told(database) == [(None, "10.0.0.1", 1)]
