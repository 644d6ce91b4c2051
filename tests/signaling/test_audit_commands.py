"""Commands and the audit log: each that changes something leaves a line with who ran it, and the log can be read."""

import asyncio
import getpass
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from routing.state import Seed, TeamRules
from signaling import codec, commands, main
from signaling.commands import actor
from signaling.seed_seal import box, opened
from signaling.seeds import Seeds
from vouch.audit import Tag, record
from vouch.audit_reading import Asked, lines
from vouch.clock import SystemClock
from vouch.database import Database
from vouch.keys import Keys

OF = ("--company", "CTKV1", "--client", "msale")
USER = ("user", "add", "anh", "--role", "agent", "--name", "Lê Ánh", "--company", "CTKV1")
SHOP = ("shop", "add", "S1", "--company", "CTKV3", "--name", "Hải Châu", "--address", "1 Trần Phú")

CHANGES: dict[str, tuple[tuple[str, ...], Tag]] = {
    "migrate": (("migrate",), Tag.SCHEMA_MIGRATED),
    "seed-demo": (("seed-demo",), Tag.DEMO_SEEDED),
    "backup": (("backup", "{folder}/copy"), Tag.BACKED_UP),
    "user add": (USER, Tag.ACCOUNT_ADDED),
    "user password": (("user", "password", "anh"), Tag.PASSWORD_SET),
    "user change": (("user", "change", "anh", "--company", "CTKV2"), Tag.ACCOUNT_CHANGED),
    "user skills": (("user", "skills", "anh", "language:en"), Tag.ACCOUNT_CHANGED),
    "user second-factor": (("user", "second-factor", "anh", "--reset"), Tag.SECOND_FACTOR_RESET),
    "user disable": (("user", "disable", "anh"), Tag.ACCOUNT_DISABLED),
    "shop add": (SHOP, Tag.SHOP_KEPT),
    "token issue": (("token", "issue", *OF, "--webhook-url", "https://u:p@x.example/secret"), Tag.TOKEN_ISSUED),
    "token rotate": (("token", "rotate", *OF), Tag.TOKEN_ROTATED),
    "token webhook": (("token", "webhook", "--client", "msale", "https://y.example/"), Tag.WEBHOOK_SET),
    "token priority": (("token", "priority", "--client", "msale", "5"), Tag.PRIORITY_SET),
    "token revoke": (("token", "revoke", *OF), Tag.TOKEN_REVOKED),
    "rules set": (("rules", "set", "CTKV1", "pair_cap=3", "--reason", "a pilot"), Tag.RULES_CHANGED),
    "draws reseal": (("draws", "reseal"), Tag.SEED_RESEALED),
    "session end": (("session", "end", "--account", "agent1"), Tag.SESSION_ENDED),
    "audit": (("audit",), Tag.LOG_READ_BY_COMMAND),
}
"""Commands that change something, or show what somebody should know was seen; in an order in which each can run."""

LEAVES_NONE = {
    "serve": "what happens while it serves is written by itself",
    "media-worker": "has no database",
    "demo": "a made-up installation",
    "simulate": "a made-up installation, under load",
    "restore-key": "has no database yet: it is what makes one readable again",
    "user list": "reads",
    "token list": "reads",
    "session list": "reads",
    "rules show": "reads",
    "rules history": "reads",
    "replay": "reads",
    "explain": "reads",
    "draws check": "reads",
}


def every_command(group: click.Group, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            # `account` is `user` by another name.
            if name != "account":
                yield from every_command(command, f"{before}{name} ")
        else:
            yield before + name


class Shell:
    """Runs `vouch` on one database."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url

    def run(self, *arguments: str, fails: bool = False) -> str:
        environment = {"VOUCH_DATA_DIR": str(self.folder), "VOUCH_DATABASE_URL": self.url}
        done = CliRunner().invoke(main.main, arguments, env=environment)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert (done.exit_code != 0) == fails, done.stderr
        return done.stderr if fails else done.stdout

    def sql(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        async def work() -> list[tuple[object, ...]]:
            database = Database(self.url)
            try:
                async with database.write() as session:
                    result = await session.execute(text(statement), values)
                    return [tuple(row) for row in result] if result.returns_rows else []  # type: ignore[attr-defined]
            finally:
                await database.close()

        return asyncio.run(work())

    def loses_its_key(self) -> None:
        """A floor is there, and its seed is sealed by another key than the one that lies here."""
        sealed = box(Keys(b"lost" * 8)).seal("00" * 32, "2026-12-01")
        data = codec.dump(codec.FloorData(TeamRules(), Seed("2026-12-01", sealed), frozenset(), ()))
        self.sql("INSERT INTO floor (id, version, now, data) VALUES ('CTKV1', 1, 1, :data)", data=data)

    def signs_in(self, username: str) -> None:
        """A browser's session, as signing in leaves it."""
        until = SystemClock().now() + 10**12
        self.sql(
            "INSERT INTO web_session (digest, kind, account, csrf, created_at, expires_at)"
            " SELECT 'abcdef0123456789' || username, 'staff', id, 'c', 1, :until FROM account WHERE username = :name",
            until=until,
            name=username,
        )


@pytest.fixture
def shell(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    for module in (commands, main):
        monkeypatch.setattr(module, "configure", lambda _level: None)
    before = os.umask(0o022)
    made = Shell(tmp_path / "data", database_url)
    made.run("migrate")
    yield made
    os.umask(before)


def test_every_command_has_a_row_here() -> None:
    assert set(every_command(main.main)) == CHANGES.keys() | LEAVES_NONE.keys()
    assert not CHANGES.keys() & LEAVES_NONE.keys()


def test_each_command_that_changes_something_leaves_a_line_with_who_ran_it(shell: Shell, tmp_path: Path) -> None:
    shell.run("token", "issue", "--company", "CTKV9", "--client", "other")
    for command, (arguments, tag) in CHANGES.items():
        if command == "session end":
            shell.signs_in("agent1")
        if command == "draws reseal":
            shell.loses_its_key()
        if command == "token issue":
            # The demo has given its client tokens.
            shell.run("token", "revoke", *OF)
        before = {row[0] for row in shell.sql("SELECT id FROM audit_entry")}
        shell.run("--as", "Mai", *(each.format(folder=tmp_path) for each in arguments))
        new = [row for row in shell.sql("SELECT id, tag, actor, details FROM audit_entry") if row[0] not in before]
        mine = [row for row in new if row[1] == tag]
        assert mine, f"`vouch {command}` left no line {tag}"
        for row in mine:
            assert str(row[2]).startswith("Mai as "), f"`vouch {command}` says not who ran it"
            assert socket.gethostname() in str(row[2])
            assert "secret" not in str(row[3])


def test_a_floor_goes_on_where_its_key_is_lost(shell: Shell) -> None:
    shell.run("seed-demo")
    shell.loses_its_key()
    assert shell.run("draws", "reseal") == "CTKV1\n"
    ((data,),) = shell.sql("SELECT data FROM floor")
    keys = Keys.load(shell.folder)
    mine = opened(codec.load(codec.FloorData, str(data)), box(keys))
    assert mine.seed == Seeds(keys, SystemClock()).of("2026-12-01")
    assert "nothing was changed" in shell.run("draws", "reseal")


def test_an_actor_is_who_called_sudo_and_what_the_machine_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert actor() == f"{getpass.getuser()}({os.getuid()})@{socket.gethostname()}"
    monkeypatch.setenv("SUDO_USER", "lan")
    monkeypatch.setenv("SUDO_UID", "1000")
    assert actor() == f"lan(1000)@{socket.gethostname()}"


def test_lists_say_who_may_do_what_and_no_secret(shell: Shell) -> None:
    password = shell.run(*USER).split()[1]
    token = shell.run("token", "issue", *OF, "--company", "CTKV2").split()[1]
    shell.signs_in("anh")
    accounts, tokens = shell.run("account", "list", "--company", "CTKV1"), shell.run("token", "list")
    sessions = shell.run("session", "list")
    assert accounts == shell.run("user", "list", "--company", "CTKV1")
    assert accounts.splitlines()[1].split()[:4] == ["anh", "agent", "CTKV1", "good"]
    assert "CTKV1,CTKV2  good" in tokens
    assert shell.run("token", "list", "--company", "CTKV2") == tokens
    assert len(shell.run("token", "list", "--company", "CTKV4").splitlines()) == 1
    assert sessions.splitlines()[1].split()[:4] == ["abcdef0123456789", "staff", "anh", "CTKV1"]
    for told in (accounts, tokens, sessions):
        assert password not in told
        assert token not in told
    assert shell.run("session", "end", "abcdef0123456789") == "1 ended\n"
    assert len(shell.run("session", "list").splitlines()) == 1
    assert "Nobody" in shell.run("session", "end", "--account", "anh", fails=True)
    assert "session list" in shell.run("session", "end", "a", fails=True)
    assert "--account" in shell.run("session", "end", fails=True)


def test_the_log_is_read_newest_first_in_pages_and_by_what_is_asked(shell: Shell) -> None:
    shell.run(*USER)
    shell.run(*SHOP)
    shell.run("user", "disable", "anh")
    newest = [json.loads(line) for line in shell.run("audit", "--json", "--limit", "3").splitlines()]
    assert [line["tag"] for line in newest] == [Tag.ACCOUNT_DISABLED, Tag.SHOP_KEPT, Tag.ACCOUNT_ADDED]
    assert all(line["actor"] for line in newest)
    told = shell.run("audit", "--subject", "anh", "--company", "CTKV1")
    assert [line.split()[2] for line in told.splitlines()] == ["command:account:disabled", "command:account:added"]
    assert "on anh" in told
    (only,) = shell.run("audit", "--tag", Tag.SHOP_KEPT.value).splitlines()
    assert "Hải Châu" in only
    assert "no such line" in shell.run("audit", "--until", "2000-01-01")
    assert "no account" in shell.run("audit", "--account", "nobody", fails=True)
    page = CliRunner().invoke(
        main.main, ["audit", "--limit", "1"], env={"VOUCH_DATA_DIR": str(shell.folder), "VOUCH_DATABASE_URL": shell.url}
    )
    cursor = page.stderr.split()[-1]
    assert "audit:read" in page.stdout
    assert "audit:read" in shell.run("audit", "--limit", "1", "--after", cursor)
    assert "cursor" in shell.run("audit", "--after", "x", fails=True)


@pytest.mark.parametrize(
    "deed", ["UPDATE audit_entry SET tag = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
def test_a_line_that_was_written_stays_as_it_is(shell: Shell, deed: str) -> None:
    if deed.startswith("TRUNCATE") and shell.url.startswith("sqlite"):
        pytest.skip("SQLite has no TRUNCATE")
    before = shell.sql("SELECT id, tag FROM audit_entry")
    with pytest.raises(DBAPIError, match="only added to"):
        shell.sql(deed)
    assert before
    assert shell.sql("SELECT id, tag FROM audit_entry") == before


async def test_each_question_is_answered_from_an_index(migrated_sqlite_url: str) -> None:
    database = Database(migrated_sqlite_url)
    async with database.write() as session:
        for at in range(20):
            record(session, Tag.SIGNED_IN, at, company="CTKV1", account="a", subject="s")
    said: list[tuple[str, object]] = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *given: said.append((given[2], given[3])))
    async with database.read() as session:
        for asked in (
            Asked(),
            Asked(since=3, until=9),
            Asked(account="a"),
            Asked(company="CTKV1"),
            Asked(subject="s"),
            Asked(tag=Tag.SIGNED_IN),
        ):
            said.clear()
            first = await lines(session, asked, 5)
            second = await lines(session, asked, 5, first.cursor)
            instants = [entry.at for entry in (*first.entries, *second.entries)]
            assert instants == sorted(instants, reverse=True)
            assert len(set(instants)) == len(instants)
            for statement, values in [each for each in said if "FROM audit_entry" in each[0]]:
                connection = await session.connection()
                plan = str((await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)).all())  # type: ignore[arg-type]
                assert "USING INDEX ix_audit_entry" in plan, (asked, plan)
                assert "SCAN audit_entry'" not in plan
    await database.close()
