"""The command line's part for those who look into what happened: `vouch replay`, `explain`, `draws check`."""

from collections.abc import Sequence

import click
from sqlalchemy import select

from ekyc.models import CallRecord
from signaling.commands import with_database
from vouch.accounts.service import Accounts
from vouch.clock import SystemClock
from vouch.database import Database
from vouch.keys import Keys
from vouch.problems import Problem
from vouch.settings import Settings

# What steps floors is imported when a command runs, for the reason that `main.py` gives.


@click.command()
@click.argument("call", required=False)
@click.option("--floor", default=None, help="A whole team's floor instead, CTKV1 to CTKV9, up to now.")
@click.option("--from", "version", type=click.IntRange(0), default=None, help="Of a floor: from this version on.")
def replay(call: str | None, floor: str | None, version: int | None) -> None:
    """Step CALL again from the journal, and compare it with what is stored; exit code 1 where they differ.

    CALL is a call's number or its id.
    A replay starts at the snapshot before the call; for a floor at its first one, or at the last before --from.
    """
    from signaling.replaying import Report, replay_call, replay_floor  # noqa: PLC0415 - see above

    if (call is None) == (floor is None):
        raise click.UsageError("Name a call or a --floor, one of the two.")
    if version is not None and floor is None:
        raise click.UsageError("--from belongs to --floor.")

    async def work(database: Database, _settings: Settings) -> Report:
        if call is not None:
            return await replay_call(database, await _id_of(database, call))
        return await replay_floor(database, floor or "", version)

    report = with_database(work)
    _print(report.lines, report.wrong)


@click.command()
@click.argument("call", required=False)
@click.option("--agent", "username", default=None, help="User name of an agent: why did no call reach him?")
@click.option("--day", default=None, help="Of an agent: a Vietnamese day, as 2026-11-21; else today.")
def explain(call: str | None, username: str | None, day: str | None) -> None:
    """Tell who could be offered CALL at each match, who could not and why, and whom the draw chose."""
    from signaling.explaining import agent_lines, call_lines  # noqa: PLC0415 - see above
    from signaling.explanations import Explanations  # noqa: PLC0415

    if (call is None) == (username is None):
        raise click.UsageError("Name a call or an --agent, one of the two.")
    if day is not None and username is None:
        raise click.UsageError("--day belongs to --agent.")

    async def work(database: Database, _settings: Settings) -> tuple[list[str], str | None]:
        explanations = Explanations(database, SystemClock(), most=None)
        if call is not None:
            of_call = await explanations.of_call(await _id_of(database, call), None)
            if of_call is None:
                raise Problem(404, "not_found", f"There is no call {call}.")
            return call_lines(of_call), of_call.difference
        account = await Accounts(database, SystemClock()).find(username or "")
        of_day = None if account is None else await explanations.of_agent(account.id, day, None)
        if of_day is None:
            raise Problem(404, "not_found", f"There is no agent {username}.")
        return agent_lines(of_day), of_day.difference

    _print(*with_database(work))


@click.group()
def draws() -> None:
    """Whether draws were what they were promised to be."""


@draws.command("check")
@click.argument("day")
def draws_check(day: str) -> None:
    """Reckon every draw of DAY, as 2026-11-21, anew: commitment, journal, offers; exit code 1 on any mismatch."""
    from signaling.draw_check import check  # noqa: PLC0415 - see above
    from signaling.explaining import check_lines  # noqa: PLC0415
    from signaling.seeds import Seeds  # noqa: PLC0415

    async def work(database: Database, settings: Settings) -> tuple[list[str], str | None]:
        findings = await check(database, Seeds(Keys.load(settings.data_dir), SystemClock()).of(day))
        wrong = f"{len(findings.mismatches)} mismatches" if findings.mismatches else None
        return check_lines(findings), wrong

    _print(*with_database(work))


async def _id_of(database: Database, call: str) -> str:
    """The id of a call that is named by its number, as pages and results show it, or by its id."""
    async with database.read() as session:
        found = await session.scalar(select(CallRecord.id).where(CallRecord.number == call.upper()))
    return found or call


def _print(lines: Sequence[str], wrong: str | None) -> None:
    click.echo("\n".join(lines))
    if wrong is not None:
        raise click.ClickException(wrong)
