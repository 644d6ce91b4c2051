"""`vouch replay`, `explain` and `draws check` as whoever looks into something meets them."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from ekyc import reference
from ekyc.models import CallRecord, Client, Verification
from ekyc.names import fold
from signaling import commands, main
from signaling.draws import Draws
from tests.ekyc.evidence_fixtures import verification_row
from tests.signaling.shift import TEAM, shift
from vouch.clock import DAY, HOUR, SystemClock, in_vietnam, start_of_day
from vouch.database import Database
from vouch.keys import Keys


class Desk:
    """One call of three days ago, declined by one agent and taken by another; runs `vouch` on its database."""

    def __init__(self, url: str, folder: Path) -> None:
        self._environment = {"VOUCH_DATA_DIR": str(folder), "VOUCH_DATABASE_URL": url}
        self._url = url
        start = start_of_day(SystemClock().now() - 3 * DAY) + 10 * HOUR
        self.day = in_vietnam(start).date().isoformat()
        asyncio.run(self._happen(Keys.load(folder), start))

    async def _happen(self, keys: Keys, start: int) -> None:
        async with shift(self._url, keys, start=start) as team:
            await Draws(team.database, team.clock, team.seeds).publish()
            await team.joins("an", "binh")
            await team.caller()
            await team.declines("call 1")
            await team.accepts("call 1")
            await team.ends("call 1")
            await team.snapshots.written()

    def vouch(self, *arguments: str) -> Result:
        done = CliRunner().invoke(main.main, arguments, env=self._environment)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    def record(self, call: str, number: str) -> None:
        """Give the call the number by which people name it."""

        async def work() -> None:
            database, now = Database(self._url), SystemClock().now()
            row = verification_row("CTKV4", now)
            row["full_name_folded"] = fold(row["customer"]["full_name"])
            async with database.write() as session:
                await reference.load(session)
                session.add(Client(id=row["client"], name="msale", created_at=now))
                await session.flush()
                session.add(Verification(**row))
                await session.flush()
                facts = {"attempt": 1, "team": TEAM, "queued_at": now, "gaps": []}
                session.add(CallRecord(id=call, number=number, verification=row["id"], **facts))
            await database.close()

        asyncio.run(work())

    def tamper(self, sql: str) -> None:
        async def work() -> None:
            database = Database(self._url)
            async with database.write() as session:
                await session.execute(text(sql))
            await database.close()

        asyncio.run(work())


@pytest.fixture
def desk(migrated_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for module in (commands, main):
        monkeypatch.setattr(module, "configure", lambda _level: None)
    return Desk(migrated_database_url, tmp_path)


def test_a_call_and_a_floor_are_replayed_and_a_difference_fails(desk: Desk) -> None:
    call, floor = desk.vouch("replay", "call 1"), desk.vouch("replay", "--floor", TEAM, "--from", "3")
    assert (call.exit_code, floor.exit_code) == (0, 0)
    assert "offer declined (agent " in call.stdout
    assert call.stdout.endswith("the same as what is stored.\n")
    assert floor.stdout.startswith(f"Floor {TEAM}, version 0 to ")

    desk.record("call 1", "F05B-G2HS")
    assert desk.vouch("replay", "f05b-g2hs").stdout == call.stdout

    desk.tamper("UPDATE floor_call SET data = replace(data, 'CTKV4', 'CTKV5')")
    differs = desk.vouch("replay", "call 1")
    assert differs.exit_code == 1
    assert "company is stored as 'CTKV5', replayed as 'CTKV4'" in differs.stderr
    assert "offer declined (agent " in differs.stdout


def test_a_call_and_an_agents_day_are_explained(desk: Desk) -> None:
    call, agent = desk.vouch("explain", "call 1"), desk.vouch("explain", "--agent", "an", "--day", desk.day)
    assert (call.exit_code, agent.exit_code) == (0, 0)
    assert "one of 2 (drawn with the seed of" in call.stdout
    assert "    declined: " in call.stdout
    assert agent.stdout.startswith(f"an (An), team {TEAM}, {desk.day} ")
    assert "chosen 1" in agent.stdout

    desk.record("call 1", "F05B-G2HS")
    assert desk.vouch("explain", "F05B-G2HS").stdout == call.stdout

    desk.tamper("UPDATE journal SET data = '{}' WHERE type = 'OfferDeclined'")
    assert desk.vouch("explain", "call 1").exit_code == 1


def test_a_days_draws_are_checked(desk: Desk) -> None:
    right = desk.vouch("draws", "check", desk.day)
    assert right.exit_code == 0
    assert "2 offers checked, 2 of them drawn; 1 calls compared" in right.stdout
    assert "committed to not before the day began" in right.stdout

    desk.tamper("UPDATE draw_commitment SET digest = 'x'")
    wrong = desk.vouch("draws", "check", desk.day)
    assert wrong.exit_code == 1
    assert "drawn with a seed that was not committed to" in wrong.stdout
    assert "3 mismatches" in wrong.stderr


WRONG = (
    (("replay",), "Name a call or a --floor"),
    (("replay", "call 1", "--floor", TEAM), "Name a call or a --floor"),
    (("replay", "call 1", "--from", "1"), "--from belongs to --floor"),
    (("replay", "nothing"), "There is no call nothing"),
    (("explain",), "Name a call or an --agent"),
    (("explain", "call 1", "--day", "2026-11-21"), "--day belongs to --agent"),
    (("explain", "nothing"), "There is no call nothing"),
    (("explain", "--agent", "nobody"), "There is no agent nobody"),
    (("explain", "--agent", "an", "--day", "today"), "A day is written as"),
    (("draws", "check", "today"), "A day is written as"),
)


@pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
def test_what_is_asked_wrongly_is_told_in_one_sentence(desk: Desk) -> None:
    for arguments, advice in WRONG:
        done = desk.vouch(*arguments)
        assert done.exit_code in {1, 2}
        assert advice in done.stderr
