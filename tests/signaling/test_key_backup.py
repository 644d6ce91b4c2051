"""A backup gives nothing to whoever finds it alone, and with its passphrase an installation stands up again."""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from signaling import commands, main
from signaling.key_backup import SEALED

PASSPHRASE = "a horse, a battery, a staple"
LINE = PASSPHRASE + "\n"


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for module in (commands, main):
        monkeypatch.setattr(module, "configure", lambda _level: None)
    before = os.umask(0o022)
    yield
    os.umask(before)


def vouch(folder: Path, *arguments: str, given: str = "", fails: bool = False) -> str:
    """Run a command on the installation in a folder."""
    environment = {"VOUCH_DATA_DIR": str(folder), "VOUCH_DATABASE_URL": ""}
    done = CliRunner().invoke(main.main, arguments, env=environment, input=given)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert (done.exit_code != 0) == fails, done.stderr
    return done.stderr if fails else done.stdout


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """An installation with a webhook, whose secret the key seals."""
    folder = tmp_path / "mine"
    vouch(folder, "migrate")
    vouch(folder, "seed-demo")
    return folder


def test_the_whole_way_from_one_machine_to_another(mine: Path, tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text(LINE)
    told = vouch(mine, "backup", str(tmp_path / "copy"), "--passphrase-file", str(file))
    assert "sealed" in told
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(tmp_path / "copy" / "vouch.db", other)
    vouch(other, "restore-key", str(tmp_path / "copy" / SEALED), "--passphrase-stdin", given=LINE)
    assert (other / "secret.key").read_bytes() == (mine / "secret.key").read_bytes()
    assert (other / "secret.key").stat().st_mode & 0o077 == 0
    vouch(other, "migrate")
    of = ("--company", "CTKV1", "--client", "msale")
    assert vouch(other, "token", "rotate", *of).startswith("token ")


def test_nothing_in_a_backup_holds_the_secret(mine: Path, tmp_path: Path) -> None:
    secret = (mine / "secret.key").read_text().strip()
    copy = tmp_path / "copy"
    copy.mkdir()
    # As versions before left it.
    shutil.copy(mine / "secret.key", copy)
    assert "WITHOUT secret.key" in vouch(mine, "backup", str(copy))
    assert {file.name for file in copy.iterdir()} == {"vouch.db"}
    vouch(mine, "backup", str(copy), "--passphrase-stdin", given=LINE)
    for file in copy.rglob("*"):
        held = file.read_bytes() if file.is_file() else b""
        for form in (secret.encode(), bytes.fromhex(secret), PASSPHRASE.encode()):
            assert form not in held


def test_who_asks_wrongly_is_told(mine: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    assert "16 characters" in vouch(mine, "backup", str(copy), "--passphrase-stdin", given="too short\n", fails=True)
    vouch(mine, "backup", str(copy), "--passphrase-stdin", given=LINE)
    sealed = copy / SEALED
    restore = ("restore-key", str(sealed), "--passphrase-stdin")
    assert "passphrase" in vouch(tmp_path / "new", *restore, given="another passphrase\n", fails=True)
    assert not (tmp_path / "new" / "secret.key").exists()
    assert "--passphrase" in vouch(tmp_path / "new", *restore[:2], fails=True)
    vouch(mine, *restore, given=LINE)
    (tmp_path / "third").mkdir()
    (tmp_path / "third" / "secret.key").write_text("00" * 32)
    assert "another secret" in vouch(tmp_path / "third", *restore, given=LINE, fails=True)
    told = json.loads(sealed.read_text())
    for broken in ("{", "[]", "{}", json.dumps(told | {"n": 1 << 40}), json.dumps(told | {"salt": "§"})):
        sealed.write_text(broken)
        assert "no secret.key.sealed" in vouch(tmp_path / "new", *restore, given=LINE, fails=True)


def test_the_backup_itself_is_in_the_log_and_in_the_copy(mine: Path, tmp_path: Path) -> None:
    vouch(mine, "backup", str(tmp_path / "copy"))
    for folder in (mine, tmp_path / "copy"):
        with sqlite3.connect(folder / "vouch.db") as database:
            rows = database.execute("SELECT actor, details FROM audit_entry WHERE tag = 'command:database:backed_up'")
            ((actor, details),) = rows.fetchall()
        database.close()
        assert "@" in actor
        assert json.loads(details)["key"] == "left out"
