"""The command line as an administrator meets it."""

import asyncio
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from signaling import commands, main
from vouch.accounts.models import Account
from vouch.database import Database


class Shell:
    """Runs `vouch` on one database."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self._url = database_url
        self._environment = {"VOUCH_DATA_DIR": str(folder), "VOUCH_DATABASE_URL": database_url}

    def run(self, *arguments: str, fails: bool = False, given: str = "") -> str:
        """What the command printed; on stderr where it fails."""
        done = CliRunner().invoke(main.main, arguments, env=self._environment, input=given)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert (done.exit_code != 0) == fails, done.stderr
        return done.stderr if fails else done.stdout

    def drawn(self) -> dict[str, bool]:
        """Whose password was drawn, by username."""

        async def read() -> dict[str, bool]:
            database = Database(self._url)
            async with database.read() as session:
                rows = (await session.scalars(select(Account))).all()
            await database.close()
            return {row.username: row.password_drawn_at is not None for row in rows}

        return asyncio.run(read())


@pytest.fixture
def shell(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    # The tests' own logging and umask stay as they are.
    for module in (commands, main):
        monkeypatch.setattr(module, "configure", lambda _level: None)
    before = os.umask(0o022)
    yield Shell(tmp_path / "data", database_url)
    os.umask(before)


def test_an_installation_from_nothing(shell: Shell) -> None:
    assert "vouch migrate" in shell.run("user", "add", "x", "--role", "administrator", "--name", "X", fails=True)
    assert "vouch migrate" in shell.run("serve", "--port", "0", fails=True)
    shell.run("migrate")
    assert "vouch user add" in shell.run("serve", "--port", "0", fails=True)
    name, password = shell.run("user", "add", "anh", "--role", "administrator", "--name", "Lê Ánh").split()
    assert name == "anh"
    assert len(password) >= 15
    shell.run("migrate")
    assert "name" in shell.run("user", "add", "anh", "--role", "administrator", "--name", "Lê Ánh", fails=True)


def test_shops_dealers_and_passwords(shell: Shell) -> None:
    shell.run("migrate")
    dealer = ("user", "add", "minh", "--role", "dealer", "--name", "Minh", "--shop", "S1")
    assert "--company" in shell.run(*dealer, fails=True)
    assert "CTKV99" in shell.run(*dealer, "--company", "CTKV99", fails=True)
    assert "vouch shop add" in shell.run(*dealer, "--company", "CTKV3", fails=True)
    shell.run("shop", "add", "S1", "--company", "CTKV3", "--name", "Hải Châu", "--address", "1 Trần Phú, Đà Nẵng")
    shell.run(*dealer, "--company", "CTKV3", "--dealer-kind", "agency", "--password-stdin", given="a long password\n")
    first = shell.run("user", "password", "minh").split()[1]
    assert first != shell.run("user", "password", "minh").split()[1]
    assert "nobody" in shell.run("user", "password", "nobody", fails=True)
    assert "disabled" in shell.run("user", "disable", "minh")
    assert "nobody" in shell.run("user", "disable", "nobody", fails=True)


def test_drawn_passwords_are_changed_at_first_use_and_common_ones_are_refused(shell: Shell) -> None:
    shell.run("migrate")
    boss = ("--role", "administrator", "--name", "Lê Ánh")
    shell.run("user", "add", "drawn", *boss)
    shell.run("user", "add", "chosen", *boss, "--password-stdin", given="a long password\n")
    shell.run("user", "add", "again", *boss, "--password-stdin", given="a long password\n")
    shell.run("user", "password", "again")
    assert shell.drawn() == {"drawn": True, "chosen": False, "again": True}
    for common in ("matkhau123456", "qwertyuiop123", "short"):
        assert "assword" in shell.run("user", "add", "x", *boss, "--password-stdin", given=f"{common}\n", fails=True)


def test_lost_second_factors_are_taken_away(shell: Shell) -> None:
    shell.run("migrate")
    shell.run("user", "add", "anh", "--role", "administrator", "--name", "Lê Ánh")
    assert "--reset" in shell.run("user", "second-factor", "anh", fails=True)
    assert "nobody" in shell.run("user", "second-factor", "nobody", "--reset", fails=True)
    assert shell.run("user", "second-factor", "anh", "--reset") == "anh had 0 second factors and has none.\n"


def test_tokens_and_webhooks(shell: Shell) -> None:
    shell.run("migrate")
    of = ("--company", "CTKV1", "--client", "msale")
    issued = shell.run("token", "issue", *of, "--webhook-url", "https://msale.example.vn/results")
    assert [line.split()[0] for line in issued.splitlines()] == ["token", "webhook-secret"]
    assert "rotate" in shell.run("token", "issue", *of, fails=True)
    assert shell.run("token", "rotate", *of).split()[1] not in issued
    assert shell.run("token", "revoke", *of) == "2 revoked\n"
    assert "no client" in shell.run("token", "revoke", "--company", "CTKV1", "--client", "mslae", fails=True)
    assert shell.run("token", "webhook", "--client", "msale", "https://new.example.vn/").startswith("webhook-secret ")


def test_a_backup_of_a_seeded_installation_while_nothing_is_readable_for_others(shell: Shell, tmp_path: Path) -> None:
    shell.run("migrate")
    shell.run("seed-demo")
    shell.run("backup", str(tmp_path / "copy"), "--passphrase-stdin", given="a passphrase of some length\n")
    copied = {file.name for file in (tmp_path / "copy").iterdir()}
    assert copied & {"vouch.db", "vouch.dump"}
    assert "secret.key.sealed" in copied
    written = [*shell.folder.rglob("*"), *(tmp_path / "copy").rglob("*"), shell.folder, tmp_path / "copy"]
    assert [file for file in written if stat.S_IMODE(file.stat().st_mode) & 0o077] == []


def test_a_recording_that_has_grown_since_the_last_backup_is_copied_again(shell: Shell, tmp_path: Path) -> None:
    shell.run("migrate")
    place = Path("evidence") / "ab" / "01ab.webm"
    (shell.folder / place).parent.mkdir(parents=True)
    (shell.folder / "secret.key").write_bytes(b"k" * 32)
    for data in (b"a piece", b"a piece and another"):
        (shell.folder / place).write_bytes(data)
        shell.run("backup", str(tmp_path / "copy"))
        assert (tmp_path / "copy" / place).read_bytes() == data


def test_every_command_says_what_it_does(shell: Shell) -> None:
    ours = ("serve", "migrate", "backup", "seed-demo", "demo", "user add", "token issue", "shop add")
    for command in (*ours, "replay", "explain", "draws check"):
        told = shell.run(*command.split(), "--help")
        assert f" {command} " in told.partition("\n")[0]
        assert len(told.splitlines()) > 4


def test_the_command_is_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "signaling.main", "--help"], capture_output=True, text=True, check=True
    )
    assert "serve" in done.stdout


def test_results_in_clear_are_refused_by_the_commands_and_nothing_is_issued(shell: Shell) -> None:
    shell.run("migrate")
    of = ("--company", "CTKV1", "--client", "msale")
    for url in ("http://msale.example.vn/results", "ftp://msale.example.vn/", "msale"):
        shell.run("token", "issue", *of, "--webhook-url", url, fails=True)
    assert "token" in shell.run("token", "issue", *of)
    assert "VOUCH_WEBHOOK_HTTP_HOSTS" in shell.run(
        "token", "webhook", "--client", "msale", "http://msale.example.vn/", fails=True
    )
