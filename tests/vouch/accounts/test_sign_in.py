"""Signing in: guessing, known browsers, and what is left to be done after the right password."""

import asyncio
from dataclasses import replace

import pytest

from tests.clock import ManualClock
from tests.vouch.accounts.test_service import ELSEWHERE, HOME, PASSWORD, STAFF, answer, failures, new
from vouch.accounts import passwords, service
from vouch.accounts.guarding import devices, guesses
from vouch.accounts.guarding.guesses import Guess, Purpose
from vouch.accounts.guarding.turns import AT_ONCE, MOST_OF_ONE
from vouch.accounts.models import Pending, Role, SecondFactor, SessionKind, WebSession
from vouch.accounts.service import Accounts
from vouch.clock import DAY, HOUR, MINUTE
from vouch.database import Database
from vouch.problems import Problem
from vouch.tasks import TaskSet

# Guessing


async def test_after_ten_wrong_passwords_a_name_is_shut_to_a_network_for_a_quarter_of_an_hour(
    accounts: Accounts, clock: ManualClock
) -> None:
    await accounts.add(new())
    for _ in range(10):
        assert await answer(accounts, "agent1", "wrong") == "wrong_password"
    assert await answer(accounts, "agent1", PASSWORD) == "too_many_attempts"
    assert await answer(accounts, "agent1", PASSWORD, ELSEWHERE) == "in"
    clock.advance(15 * MINUTE - 1)
    assert await answer(accounts, "agent1", PASSWORD) == "too_many_attempts"
    clock.advance(1)
    assert await answer(accounts, "agent1", PASSWORD) == "in"


async def test_what_was_refused_does_not_keep_a_name_shut(accounts: Accounts, clock: ManualClock) -> None:
    await accounts.add(new())
    for _ in range(10):
        await answer(accounts, "agent1", "wrong")
    for _ in range(15):
        clock.advance(MINUTE)
        last = await answer(accounts, "agent1", PASSWORD)
    assert last == "in"


async def test_who_is_refused_is_told_when_to_come_again(accounts: Accounts, clock: ManualClock) -> None:
    await accounts.add(new())
    for _ in range(10):
        await answer(accounts, "agent1", "wrong")
    clock.advance(5 * MINUTE)
    with pytest.raises(Problem) as refused:
        await accounts.sign_in("agent1", PASSWORD, HOME, STAFF)
    assert (refused.value.code, refused.value.retry_after_s) == ("too_many_attempts", 600)


async def test_after_fifty_wrong_passwords_a_network_is_shut_whatever_the_name(accounts: Accounts) -> None:
    await accounts.add(new())
    for number in range(50):
        assert await answer(accounts, f"name{number}", "wrong") == "wrong_password"
    assert await answer(accounts, "agent1", PASSWORD) == "too_many_attempts"
    assert await answer(accounts, "agent1", PASSWORD, ELSEWHERE) == "in"


async def test_all_addresses_of_an_ipv6_network_are_one_stranger(accounts: Accounts) -> None:
    await accounts.add(new())
    for number in range(10):
        assert await answer(accounts, "agent1", "wrong", f"2001:db8:0:1::{number:x}") == "wrong_password"
    assert await answer(accounts, "agent1", PASSWORD, "2001:db8:0:1:ffff::1") == "too_many_attempts"
    assert await answer(accounts, "agent1", PASSWORD, "2001:db8:0:2::1") == "in"


async def test_a_name_is_guessed_a_hundred_times_a_day_from_all_networks_together(
    accounts: Accounts, clock: ManualClock
) -> None:
    await accounts.add(new())
    for number in range(100):
        assert await answer(accounts, "agent1", "wrong", f"10.0.{number}.1") == "wrong_password"
        clock.advance(MINUTE)
    assert await answer(accounts, "agent1", PASSWORD, ELSEWHERE) == "too_many_attempts"
    # A name that does not exist is refused alike, or the answer would tell which names do.
    for number in range(100):
        await answer(accounts, "nobody", "wrong", f"10.1.{number}.1")
    assert await answer(accounts, "nobody", PASSWORD, ELSEWHERE) == "too_many_attempts"
    clock.advance(DAY)
    assert await answer(accounts, "agent1", PASSWORD, ELSEWHERE) == "in"


async def test_no_stranger_shuts_anybody_out_of_a_browser_of_their_own(
    accounts: Accounts, database: Database, clock: ManualClock
) -> None:
    account = await accounts.add(new())
    async with database.write() as session:
        await devices.remember(session, account.id, "mine", clock.now())
    for round_ in range(3):
        for number in range(100):
            await answer(accounts, "agent1", "wrong", f"10.{round_}.{number}.1")
        for number in range(50):
            # From their own network too: behind one carrier's address there are many.
            await answer(accounts, f"name{number}", "wrong", HOME)
        assert await answer(accounts, "agent1", PASSWORD, ELSEWHERE) == "too_many_attempts"
        assert await answer(accounts, "agent1", PASSWORD, HOME, "mine") == "in"
        clock.advance(HOUR)


async def test_a_browser_that_another_account_knows_is_a_strangers(
    accounts: Accounts, database: Database, clock: ManualClock
) -> None:
    await accounts.add(new())
    other = await accounts.add(new("agent2"))
    async with database.write() as session:
        await devices.remember(session, other.id, "theirs", clock.now())
    for _ in range(10):
        await answer(accounts, "agent1", "wrong", HOME, "theirs")
    assert await answer(accounts, "agent1", PASSWORD, HOME, "theirs") == "too_many_attempts"


async def test_who_steals_a_device_cookie_has_ten_guesses_too_and_spends_nobody_elses(
    accounts: Accounts, database: Database, clock: ManualClock
) -> None:
    account = await accounts.add(new())
    async with database.write() as session:
        for device in ("stolen", "other"):
            await devices.remember(session, account.id, device, clock.now())
    for number in range(10):
        assert await answer(accounts, "agent1", "wrong", f"10.0.0.{number}", "stolen") == "wrong_password"
    assert await answer(accounts, "agent1", PASSWORD, ELSEWHERE, "stolen") == "too_many_attempts"
    assert await answer(accounts, "agent1", PASSWORD, HOME, "other") == "in"
    assert await answer(accounts, "agent1", PASSWORD, "10.0.0.1") == "in"


async def test_guesses_sent_all_at_once_are_counted_too(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    await accounts.add(new())
    refused, all_came, tasks = 60 - AT_ONCE - MOST_OF_ONE, asyncio.Event(), TaskSet("guesses")

    async def when_all_came(password: str, stored: str | None) -> bool:
        await all_came.wait()
        return await passwords.matches(password, stored)

    # The first hash ends only when the last guess has come, however long the database takes to look each up.
    monkeypatch.setattr(service, "matches", when_all_came)
    asked = [tasks.spawn("guess", answer(accounts, "agent1", "wrong")) for _ in range(60)]
    async with asyncio.timeout(30):
        while sum(each.done() for each in asked) < refused:
            await asyncio.sleep(0)
    all_came.set()
    answers = await asyncio.gather(*asked)
    # As many as go on at once do not see each other's rows on PostgreSQL; the others wait or find no place.
    assert 10 <= answers.count("wrong_password") < 10 + AT_ONCE
    assert answers.count("busy") == 60 - AT_ONCE - MOST_OF_ONE
    assert set(answers) == {"wrong_password", "too_many_attempts", "busy"}


async def test_right_passwords_are_never_counted(accounts: Accounts) -> None:
    await accounts.add(new())
    assert {await answer(accounts, "agent1", PASSWORD) for _ in range(12)} == {"in"}


async def test_old_failures_are_forgotten(accounts: Accounts, database: Database, clock: ManualClock) -> None:
    await accounts.add(new())
    await answer(accounts, "agent1", "wrong")
    clock.advance(DAY)
    await accounts.sweep()
    assert await failures(database) == 0


async def test_no_flood_of_guesses_fills_the_table(
    accounts: Accounts, database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guesses, "_MOST_ROWS", 5)
    for number in range(9):
        clock.advance(1)
        await answer(accounts, f"name{number}", "wrong", f"10.0.0.{number}")
    await accounts.sweep()
    assert await failures(database) == 5


# What is left to be done


async def refusal(accounts: Accounts) -> tuple[int, str, object]:
    with pytest.raises(Problem) as refused:
        await accounts.sign_in("agent1", PASSWORD, HOME, STAFF)
    return refused.value.status, refused.value.code, refused.value.more["page"]


async def test_a_drawn_password_opens_nothing_until_it_is_changed(accounts: Accounts) -> None:
    account = await accounts.add(replace(new(), drawn=True))
    assert await refusal(accounts) == (403, "password_must_change", "/account")
    entry = await accounts.enter("agent1", PASSWORD, HOME, STAFF)
    assert (entry.account.id, entry.pending) == (account.id, Pending.PASSWORD)
    guess = Guess(Purpose.PASSWORD, "agent1", HOME, None)
    await accounts.change_password(entry.account, PASSWORD, "another-horse-battery", guess)
    assert (await accounts.sign_in("agent1", "another-horse-battery", HOME, STAFF)).id == account.id
    await accounts.set_password("agent1", PASSWORD, drawn=True)
    assert await refusal(accounts) == (403, "password_must_change", "/account")
    await accounts.set_password("agent1", "another-horse-battery")
    assert await answer(accounts, "agent1", "another-horse-battery") == "in"


async def test_a_role_can_be_made_to_have_a_second_factor(
    database: Database, clock: ManualClock, accounts: Accounts
) -> None:
    strict = Accounts(database, clock, frozenset({Role.AGENT}))
    account = await strict.add(new())
    assert await refusal(strict) == (403, "second_factor_missing", "/account")
    assert await answer(accounts, "agent1", PASSWORD) == "in"
    owned = SecondFactor(id="f", account=account.id, kind="totp", name="", created_at=0, confirmed_at=1)
    async with database.write() as session:
        session.add(owned)
    for each in (strict, accounts):
        assert await refusal(each) == (403, "second_factor_needed", "/account")
        assert await each.pending(account, proved=True) is None


async def test_a_password_is_changed_by_who_knows_it_alone_and_ends_every_session(
    accounts: Accounts, database: Database, clock: ManualClock
) -> None:
    account = await accounts.add(new())
    kept = WebSession(
        digest="d", kind=SessionKind.STAFF, account=account.id, csrf="", created_at=0, expires_at=clock.now() + 9
    )
    async with database.write() as session:
        session.add(kept)
    guess = Guess(Purpose.PASSWORD, "agent1", HOME, None)

    async def refused(current: str, chosen: str) -> str:
        with pytest.raises(Problem) as problem:
            await accounts.change_password(account, current, chosen, guess)
        return problem.value.code

    assert await refused("wrong", "another-horse-battery") == "wrong_password"
    assert await refused(PASSWORD, PASSWORD) == "password_unchanged"
    assert await refused(PASSWORD, "too short") == "password_too_short"
    async with database.read() as session:
        assert (await session.get_one(WebSession, "d")).expires_at > clock.now()
    await accounts.change_password(account, PASSWORD, "another-horse-battery", guess)
    async with database.read() as session:
        assert (await session.get_one(WebSession, "d")).expires_at == clock.now()
    for _ in range(9):
        assert await refused("wrong", "x") == "wrong_password"
    assert await refused("another-horse-battery", "x") == "too_many_attempts"
