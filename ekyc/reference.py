"""Loads the seed tables that ship with the package: the companies, their coverage, the operator's policy table."""

import csv
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.models import CompanyRule, Coverage, PolicyRow
from vouch.accounts.models import Company
from vouch.ids import new_id

_TABLES = Path(__file__).parent / "reference"
# The operator's table names no day; it was published when dealers' calls began.
_POLICY_STARTS_ON = "2021-10-01"


async def load(session: AsyncSession) -> None:
    """Add what is missing, within the caller's transaction; rows that exist are left as they are.

    Verification is switched on for every company on the day on which its coverage begins.
    """
    coverage = list(_rows("coverage.csv"))
    await _load_companies(session, sorted({row["company"] for row in coverage}))
    await _load_coverage(session, coverage)
    await _load_policy(session)


async def _load_companies(session: AsyncSession, codes: list[str]) -> None:
    known = set((await session.scalars(select(Company.id))).all())
    for code in codes:
        if code not in known:
            number = code.removeprefix("CTKV")
            session.add(Company(id=code, name=f"Công ty Dịch vụ MobiFone Khu vực {number}"))
    await session.flush()


async def _load_coverage(session: AsyncSession, rows: list[dict[str, str]]) -> None:
    covered = {(row.channel, row.company, row.starts_on) for row in (await session.scalars(select(Coverage))).all()}
    ruled = {(row.channel, row.company) for row in (await session.scalars(select(CompanyRule))).all()}
    for row in rows:
        channel, company, starts_on = row["channel"], row["company"], row["from"]
        if (channel, company, starts_on) not in covered:
            session.add(
                Coverage(id=new_id(), channel=channel, company=company, team=row["handled_by"], starts_on=starts_on)
            )
        if (channel, company) not in ruled:
            session.add(CompanyRule(id=new_id(), company=company, channel=channel, enabled=True, starts_on=starts_on))
    await session.flush()


async def _load_policy(session: AsyncSession) -> None:
    known = set((await session.scalars(select(PolicyRow.sub_type))).all())
    for row in _rows("video_call_policy.csv"):
        if row["sub_type"] not in known:
            session.add(
                PolicyRow(
                    id=new_id(),
                    sub_type=row["sub_type"],
                    name=row["name"],
                    individual=row["individual_or_vi2"] == "Y",
                    enterprise=row["other_enterprise"] == "Y",
                    starts_on=_POLICY_STARTS_ON,
                )
            )
    await session.flush()


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_TABLES / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
