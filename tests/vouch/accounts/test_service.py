import pytest
from sqlalchemy import func, select, update

from tests.clock import ManualClock
from vouch.accounts.models import Account, Role, SessionKind, SignInFailure, WebSession
from vouch.accounts.service import Accounts, NewAccount, is_valid
from vouch.clock import MINUTE
from vouch.database import Database
from vouch.problems import Problem

PASSWORD = "correct-horse-battery"
HOME, ELSEWHERE = "192.0.2.1", "198.51.100.7"
STAFF = frozenset({Role.AGENT, Role.SUPERVISOR})


def new(username: str = "agent1", role: Role = Role.AGENT, password: str = PASSWORD) -> NewAccount:
    return NewAccount(username, "Nguyễn Văn A", role, password, company="CTKV1", employer="Partner")


async def answer(
    accounts: Accounts, username: str, password: str, address: str = HOME, device: str | None = None
) -> str:
    """`in`, or the code of the problem."""
    try:
        await accounts.sign_in(username, password, address, STAFF, device)
    except Problem as problem:
        return problem.code
    return "in"


async def change(database: Database, **values: int | None) -> None:
    async with database.write() as session:
        await session.execute(update(Account).values(**values))


async def failures(database: Database) -> int:
    async with database.read() as session:
        return (await session.execute(select(func.count()).select_from(SignInFailure))).scalar_one()


# Making, finding


async def test_an_account_is_found_by_name_and_id_as_it_was_made(accounts: Accounts, clock: ManualClock) -> None:
    made = await accounts.add(new())
    found, same = await accounts.find("agent1"), await accounts.get(made.id)
    assert found is not None
    assert same is not None
    assert found.id == same.id == made.id
    assert (found.full_name, found.role, found.company, found.employer) == (
        "Nguyễn Văn A",
        Role.AGENT,
        "CTKV1",
        "Partner",
    )
    assert (found.created_at, found.disabled_at) == (clock.now(), None)


async def test_who_is_not_there_is_none(accounts: Accounts) -> None:
    assert await accounts.find("nobody") is None
    assert await accounts.get("nobody") is None
    assert await accounts.disable("nobody") is None


async def test_it_knows_whether_there_is_anybody_at_all(accounts: Accounts) -> None:
    assert not await accounts.any()
    await accounts.add(new())
    assert await accounts.any()


async def test_the_password_itself_is_not_stored(accounts: Accounts) -> None:
    assert (await accounts.add(new())).password_hash.startswith("$argon2id$")


async def test_a_name_is_given_once(accounts: Accounts) -> None:
    await accounts.add(new())
    with pytest.raises(Problem) as raised:
        await accounts.add(new())
    assert (raised.value.status, raised.value.code) == (409, "username_taken")


async def test_a_password_has_twelve_characters_at_least(accounts: Accounts) -> None:
    with pytest.raises(Problem) as raised:
        await accounts.add(new(password="eleven-char"))
    assert (raised.value.status, raised.value.code) == (422, "password_too_short")
    await accounts.add(new(password="twelve-chars"))


async def test_a_companys_accounts_of_a_role_are_listed_by_name_the_disabled_ones_too(accounts: Accounts) -> None:
    for name, role in (("agent2", Role.AGENT), ("boss", Role.SUPERVISOR), ("agent1", Role.AGENT)):
        await accounts.add(new(name, role))
    await accounts.disable("agent1")
    assert [account.username for account in await accounts.of_company("CTKV1", Role.AGENT)] == ["agent1", "agent2"]
    assert await accounts.of_company("CTKV2", Role.AGENT) == []


# Disabling


async def test_disabling_ends_the_accounts_sessions_and_no_others(
    accounts: Accounts, database: Database, clock: ManualClock
) -> None:
    for name in ("agent1", "agent2"):
        account = await accounts.add(new(name))
        kept = WebSession(
            digest=name, kind=SessionKind.STAFF, account=account.id, csrf="", created_at=0, expires_at=clock.now() + 9
        )
        async with database.write() as session:
            session.add(kept)
    await accounts.disable("agent1")
    async with database.read() as session:
        assert (await session.get_one(WebSession, "agent1")).expires_at == clock.now()
        assert (await session.get_one(WebSession, "agent2")).expires_at == clock.now() + 9


async def test_disabling_again_keeps_the_first_time(accounts: Accounts, clock: ManualClock) -> None:
    await accounts.add(new())
    first = clock.now()
    await accounts.disable("agent1")
    clock.advance(MINUTE)
    again = await accounts.disable("agent1")
    assert again is not None
    assert again.disabled_at == first


# Signing in


async def test_the_right_password_signs_in(accounts: Accounts, database: Database) -> None:
    made = await accounts.add(new())
    assert (await accounts.sign_in("agent1", PASSWORD, HOME, STAFF)).id == made.id
    assert await failures(database) == 0


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("agent1", "wrong-horse-battery"),
        ("agent1", ""),
        ("Agent1", PASSWORD),
        ("nobody", PASSWORD),
        ("agent1\0", PASSWORD),
        ("x" * 10_000, PASSWORD),
        ("", PASSWORD),
    ],
)
async def test_a_wrong_name_and_a_wrong_password_are_answered_alike(
    username: str, password: str, accounts: Accounts, database: Database
) -> None:
    await accounts.add(new())
    assert await answer(accounts, username, password) == "wrong_password"
    assert await failures(database) == 1


async def test_an_account_of_another_role_is_answered_as_a_wrong_password(accounts: Accounts) -> None:
    await accounts.add(new(role=Role.DEALER))
    assert await answer(accounts, "agent1", PASSWORD) == "wrong_password"


async def test_a_disabled_account_is_answered_as_a_wrong_password(accounts: Accounts) -> None:
    await accounts.add(new())
    await accounts.disable("agent1")
    assert await answer(accounts, "agent1", PASSWORD) == "wrong_password"


async def test_an_account_is_good_within_its_validity_alone(
    accounts: Accounts, database: Database, clock: ManualClock
) -> None:
    await accounts.add(new())
    await change(database, valid_from=clock.now() + 1, valid_until=clock.now() + 3)
    seen = []
    for _ in range(4):
        seen.append(await answer(accounts, "agent1", PASSWORD))
        clock.advance(1)
    assert seen == ["wrong_password", "in", "in", "wrong_password"]


def test_validity_begins_at_its_first_microsecond_and_ends_before_its_last() -> None:
    account = Account(valid_from=10, valid_until=20, disabled_at=None)
    assert [now for now in range(30) if is_valid(account, now)] == list(range(10, 20))
    assert not is_valid(Account(valid_from=None, valid_until=None, disabled_at=5), 1)
    assert is_valid(Account(valid_from=None, valid_until=None, disabled_at=None), 1)


async def test_facts_are_changed_and_the_time_is_noted(accounts: Accounts, database: Database) -> None:
    await accounts.add(new())
    async with database.read() as session:
        before = await database.now(session)
    changed = await accounts.change("agent1", employer="Đối tác A", skills=["language:en", "paper:foreign_passport"])
    assert changed is not None
    assert (changed.employer, changed.skills) == ("Đối tác A", ["language:en", "paper:foreign_passport"])
    assert changed.changed_at is not None
    assert changed.changed_at >= before
    assert await accounts.change("nobody", employer=None) is None


@pytest.mark.parametrize("skill", ["english", "language:", "language:English", "paper:a b", "colour:red"])
async def test_a_skill_has_its_form(accounts: Accounts, skill: str) -> None:
    await accounts.add(new())
    with pytest.raises(Problem) as refused:
        await accounts.change("agent1", skills=[skill])
    assert refused.value.code == "skill_malformed"


async def test_an_account_does_not_end_before_it_begins(accounts: Accounts) -> None:
    await accounts.add(new())
    await accounts.change("agent1", valid_from=10)
    with pytest.raises(Problem) as refused:
        await accounts.change("agent1", valid_until=10)
    assert refused.value.code == "validity_empty"
    with pytest.raises(Problem):
        await accounts.add(NewAccount("x", "X", Role.AGENT, PASSWORD, valid_from=2, valid_until=1))
    kept = await accounts.find("agent1")
    assert kept is not None
    assert (kept.valid_from, kept.valid_until) == (10, None)


async def test_agents_are_all_of_them_or_whoever_was_changed_lately(accounts: Accounts, database: Database) -> None:
    await accounts.add(new())
    await accounts.add(NewAccount("dealer1", "D", Role.DEALER, PASSWORD, "CTKV1"))
    async with database.read() as session:
        now = await database.now(session)
        assert [account.username for account in await accounts.agents(session)] == ["agent1"]
        assert await accounts.agents(session, now) == []
    await accounts.disable("dealer1")
    async with database.read() as session:
        assert [account.username for account in await accounts.agents(session, now)] == ["dealer1"]
