"""The command line's part for the companies' rules: what holds, what held, and changing it."""

import json
from collections.abc import Iterable
from typing import Any

import click
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.policy import IdType
from signaling.commands import Instant, actor, whoever, with_database
from vouch.accounts.models import Company
from vouch.audit import Tag, record
from vouch.clock import SECOND, in_vietnam
from vouch.companies.models import RuleChange
from vouch.companies.rules import CompanyRules
from vouch.companies.service import Difference, Rulebook, history
from vouch.database import Database
from vouch.problems import Problem
from vouch.settings import Settings


@click.group()
def rules() -> None:
    """What a company sets for its calls and its team; changed while Vouch runs, for calls that begin afterwards."""


@rules.command("show")
@click.argument("company")
@click.option("--at", type=Instant(), default=None, help="What held, or will hold, at this instant; else now.")
def show(company: str, at: int | None) -> None:
    """Print the rules of COMPANY, and which of them are its own."""

    async def work(database: Database, settings: Settings) -> list[str]:
        async with database.read() as session:
            await _known(session, company)
            instant = await database.now(session) if at is None else at
            begun = [change for change in await history(session, company) if change.starts_at <= instant]
            held = await Rulebook(settings).read(session, company, instant)
        return list(_shown(held, begun))

    click.echo("\n".join(with_database(work)))


@rules.command("set")
@click.argument("company")
@click.argument("changes", nargs=-1, required=True, metavar="RULE=VALUE...")
@click.option("--from", "starts_at", type=Instant(), default=None, help="When it begins to hold; else at once.")
@click.option("--reason", required=True, help="Why; kept with the change.")
@click.option("--author", default=None, help="Who; else the name of `vouch --as`, or yours on this machine.")
@click.option("--dry-run", is_flag=True, help="Only print what would be different.")
def set_(
    company: str,
    changes: tuple[str, ...],
    starts_at: int | None,
    reason: str,
    author: str | None,
    dry_run: bool,  # noqa: FBT001 - click passes flags so
) -> None:
    """Change rules of COMPANY, as `ring_time_out_s=25`; an empty value is the installation's own again."""
    given = dict(_pair(change) for change in changes)

    async def work(database: Database, settings: Settings) -> None:
        async with database.write() as session:
            await _known(session, company)
            change, found = await Rulebook(settings).change(
                session,
                company,
                given,
                await database.now(session),
                author=author or whoever(),
                reason=reason,
                starts_at=starts_at,
            )
            _check_papers(change)
            # Told before it is applied.
            click.echo("\n".join([f"{company}, from {_local(change.starts_at)}:", *_different(found)]))
            if dry_run:
                await session.rollback()
                return
            record(
                session,
                Tag.RULES_CHANGED,
                change.made_at,
                actor=actor(),
                company=company,
                subject=change.id,
                changes=change.changes,
                starts_at=change.starts_at,
                author=change.author,
                reason=change.reason,
            )

    with_database(work)
    click.echo("Nothing was changed." if dry_run else "Changed; running nodes follow within seconds.")


@rules.command("history")
@click.argument("company")
def history_(company: str) -> None:
    """Print every change of COMPANY's rules, the coming ones too, in the order in which they begin."""

    async def work(database: Database, _settings: Settings) -> list[str]:
        async with database.read() as session:
            await _known(session, company)
            return [line for change in await history(session, company) for line in _told(change)]

    click.echo("\n".join(with_database(work)) or "Nothing was ever changed: the installation's own rules hold.")


def _pair(text: str) -> tuple[str, str]:
    rule, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"`{text}` is no change: write RULE=VALUE, such as ring_time_out_s=25.")
    return rule.strip(), value.strip()


async def _known(session: AsyncSession, company: str) -> None:
    if await session.get(Company, company) is None:
        raise click.ClickException(f"There is no company {company}; they are CTKV1 to CTKV9.")


def _check_papers(change: RuleChange) -> None:
    unknown = set(change.changes.get("skilled_papers") or ()) - set(IdType)
    if unknown:
        raise Problem(422, "unknown_paper", f"There is no paper `{min(unknown)}`; the papers are: {', '.join(IdType)}.")


def _shown(held: CompanyRules, begun: Iterable[RuleChange]) -> Iterable[str]:
    own: dict[str, RuleChange | None] = {}
    for change in begun:
        own |= {rule: change if value is not None else None for rule, value in change.changes.items()}
    for rule, value in held.model_dump(mode="json").items():
        decided = own.get(rule)
        since = "" if decided is None else f"   (since {_local(decided.starts_at)})"
        yield f"{rule:<18} {_value(value)}{since}"


def _different(found: Iterable[Difference]) -> Iterable[str]:
    return (f"  {each.rule}: {_value(each.before)} -> {_value(each.after)}" for each in found)


def _told(change: RuleChange) -> Iterable[str]:
    yield f"{_local(change.starts_at)}  by {change.author}, made {_local(change.made_at)}: {change.reason}"
    for rule, value in change.changes.items():
        yield f"  {rule} = {'the installation’s own' if value is None else _value(value)}"


def _value(value: Any) -> str:
    """A value as `set` takes it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case [] | "":
            return "-"
        case [str(), *_]:
            return ",".join(value)
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _local(instant: int) -> str:
    return in_vietnam(instant // SECOND * SECOND).isoformat(sep=" ")
