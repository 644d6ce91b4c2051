"""Company tokens: who holds one, how long, and that none is kept."""

import json

import pytest
from sqlalchemy import select

from ekyc import tokens
from ekyc.models import CompanyToken
from tests.clock import ManualClock
from tests.ekyc.conftest import Seed
from vouch.audit import AuditEntry
from vouch.clock import DAY, HOUR
from vouch.database import Database
from vouch.problems import Problem


async def holds(database: Database, secret: str, now: int) -> bool:
    async with database.read() as session:
        try:
            await tokens.holder_of(session, secret, now)
        except Problem:
            return False
    return True


async def test_a_token_tells_the_company_and_the_client(database: Database, seed: Seed, clock: ManualClock) -> None:
    async with database.read() as session:
        holder = await tokens.holder_of(session, seed.tokens["mSale", "CTKV4"], clock.now())
    assert (holder.client, holder.company) == (seed.clients["mSale"], "CTKV4")


async def test_only_its_digest_is_kept(database: Database, seed: Seed) -> None:
    async with database.read() as session:
        rows = (await session.scalars(select(CompanyToken))).all()
        entries = (await session.scalars(select(AuditEntry))).all()
    secrets = set(seed.tokens.values())
    assert len(rows) == len(entries) == len(secrets) == 4
    for row in (*rows, *entries):
        stored = json.dumps({name: value for name, value in vars(row).items() if name[0] != "_"})
        assert not any(secret in stored for secret in secrets)


@pytest.mark.parametrize("secret", ["", "vouch_company_", "nobody's"])
async def test_another_secret_is_refused(database: Database, clock: ManualClock, secret: str) -> None:
    async with database.read() as session:
        with pytest.raises(Problem) as refused:
            await tokens.holder_of(session, secret, clock.now())
    assert (refused.value.status, refused.value.code) == (401, "bad_token")


async def test_while_rotating_two_are_valid_and_never_three(database: Database, seed: Seed, clock: ManualClock) -> None:
    mine = seed.clients["mSale"]
    secrets = [seed.tokens["mSale", "CTKV1"]]
    for _ in range(2):
        clock.advance(HOUR)
        async with database.write() as session:
            secrets.append((await tokens.rotate(session, mine, "CTKV1", clock.now())).secret)
        valid = [await holds(database, secret, clock.now()) for secret in secrets]
        assert valid == [False] * (len(secrets) - 2) + [True, True]
    clock.advance(DAY)
    assert [await holds(database, secret, clock.now()) for secret in secrets] == [False, False, True]


async def test_a_second_rotation_does_not_lengthen_the_first_ones_overlap(
    database: Database, seed: Seed, clock: ManualClock
) -> None:
    async with database.write() as session:
        second = await tokens.rotate(session, seed.clients["mSale"], "CTKV1", clock.now(), overlap=HOUR)
    async with database.write() as session:
        row = (await session.scalars(select(CompanyToken).where(CompanyToken.id == second.id))).one()
        row.expires_at = clock.now() + HOUR
    async with database.write() as session:
        await tokens.rotate(session, seed.clients["mSale"], "CTKV1", clock.now())
    clock.advance(HOUR)
    assert not await holds(database, second.secret, clock.now())


async def test_a_revoked_token_ends_at_once_and_others_go_on(
    database: Database, seed: Seed, clock: ManualClock
) -> None:
    async with database.write() as session:
        assert await tokens.revoke(session, seed.clients["mSale"], "CTKV1", clock.now()) == 1
    assert not await holds(database, seed.tokens["mSale", "CTKV1"], clock.now())
    assert await holds(database, seed.tokens["shop", "CTKV1"], clock.now())
    assert await holds(database, seed.tokens["mSale", "CTKV2"], clock.now())


async def test_issuing_says_what_stands_against_it(database: Database, seed: Seed, clock: ManualClock) -> None:
    mine = seed.clients["mSale"]
    async with database.write() as session:
        for company, code in (("CTKV1", "token_exists"), ("CTKV99", "unknown_company")):
            with pytest.raises(Problem) as refused:
                await tokens.issue(session, mine, company, clock.now())
            assert refused.value.code == code
        with pytest.raises(Problem) as refused:
            await tokens.rotate(session, mine, "CTKV3", clock.now())
        assert refused.value.code == "no_token"


async def test_every_deed_is_in_the_audit_log(database: Database, seed: Seed, clock: ManualClock) -> None:
    async with database.write() as session:
        issued = await tokens.issue(session, seed.clients["shop"], "CTKV3", clock.now())
        rotated = await tokens.rotate(session, seed.clients["shop"], "CTKV3", clock.now())
        await tokens.revoke(session, seed.clients["shop"], "CTKV3", clock.now())
    async with database.read() as session:
        rows = (await session.scalars(select(AuditEntry).where(AuditEntry.company == "CTKV3"))).all()
    assert sorted((row.tag, row.subject) for row in rows) == sorted(
        [
            ("command:token:issued", issued.id),
            ("command:token:rotated", rotated.id),
            ("command:token:revoked", issued.id),
            ("command:token:revoked", rotated.id),
        ]
    )


async def test_a_client_is_known_by_its_name(database: Database, seed: Seed, clock: ManualClock) -> None:
    async with database.write() as session:
        assert (await tokens.client_named(session, "mSale", clock.now())).id == seed.clients["mSale"]
        assert (await tokens.client_named(session, "another", clock.now())).id not in seed.clients.values()


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer a b"])
def test_a_header_without_a_bearer_token_is_refused(header: str | None) -> None:
    with pytest.raises(Problem) as refused:
        tokens.bearer(header)
    assert (refused.value.status, refused.value.code) == (401, "bad_token")


def test_the_schemes_case_does_not_matter() -> None:
    assert tokens.bearer("bearer  abc.DEF-1") == "abc.DEF-1"
