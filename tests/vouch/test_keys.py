import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clock import ManualClock
from vouch.clock import HOUR, SECOND
from vouch.keys import Keys

PAYLOAD = {"session": "s", "kind": "staff"}
# Waits for a line, so that all processes begin at the same moment.
STARTER = """
import sys, pathlib
from vouch.keys import Keys
print("up", flush=True)
sys.stdin.readline()
print(Keys.load(pathlib.Path(sys.argv[1])).derive("test").hex())
"""


def flipped(token: str, position: int) -> str:
    return token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]


def test_the_secret_is_drawn_once_and_kept(tmp_path: Path) -> None:
    data_dir = tmp_path / "new" / "data"
    first = Keys.load(data_dir).derive("purpose")
    assert Keys.load(data_dir).derive("purpose") == first
    assert re.fullmatch("[0-9a-f]{64}", (data_dir / "secret.key").read_text())


def test_only_its_owner_may_read_the_secret(tmp_path: Path) -> None:
    Keys.load(tmp_path)
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_processes_that_start_at_once_get_the_same_secret(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path)]
    starting = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
        for _ in range(4)
    ]
    for process in starting:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
    for process in starting:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    derived = {process.communicate()[0] for process in starting}
    assert len(derived) == 1
    assert derived == {Keys.load(tmp_path).derive("test").hex() + "\n"}


@pytest.mark.parametrize("content", ["", "abcd", "not hexadecimal", "00" * 31])
def test_a_broken_file_is_refused_and_never_drawn_anew(content: str, tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text(content)
    with pytest.raises(ValueError, match=r"secret\.key does not hold 64 hexadecimal digits"):
        Keys.load(tmp_path)
    assert (tmp_path / "secret.key").read_text() == content


def test_each_purpose_has_a_key_of_its_own() -> None:
    keys = Keys(b"s" * 32)
    assert len(keys.derive("one")) == 32
    assert keys.derive("one") == Keys(b"s" * 32).derive("one") != keys.derive("two")
    assert keys.derive("one") != Keys(b"t" * 32).derive("one")


def test_a_token_gives_back_what_it_was_made_with() -> None:
    signer = Keys(b"s" * 32).signer("ticket")
    assert signer.read(signer.sign(PAYLOAD), 60) == PAYLOAD


def test_a_token_is_good_up_to_its_age_and_not_a_microsecond_longer(clock: ManualClock) -> None:
    signer = Keys(b"s" * 32).signer("ticket", clock)
    token = signer.sign(PAYLOAD)
    clock.advance(60 * SECOND)
    assert signer.read(token, 60) == PAYLOAD
    clock.advance(1)
    assert signer.read(token, 60) is None


def test_a_token_of_a_node_whose_clock_is_ahead_is_good(clock: ManualClock) -> None:
    ahead = ManualClock(clock.now() + 2 * SECOND)
    keys = Keys(b"s" * 32)
    assert keys.signer("ticket", clock).read(keys.signer("ticket", ahead).sign(PAYLOAD), 60) == PAYLOAD


def test_a_token_of_another_purpose_or_installation_is_nothing() -> None:
    token = Keys(b"s" * 32).signer("ticket").sign(PAYLOAD)
    assert Keys(b"s" * 32).signer("join").read(token, 60) is None
    assert Keys(b"t" * 32).signer("ticket").read(token, 60) is None


def test_a_token_that_was_changed_is_nothing() -> None:
    signer = Keys(b"s" * 32).signer("ticket")
    token = signer.sign(PAYLOAD)
    # The last character of base 64 may carry bits that do not count, so it is left alone.
    assert {signer.read(flipped(token, position), 60) for position in range(len(token) - 1)} == {None}


@pytest.mark.parametrize("token", ["", ".", "a.b", "é.é", "\udcff.\udcff", "x" * 100_000])
def test_what_is_no_token_is_nothing(token: str) -> None:
    assert Keys(b"s" * 32).signer("ticket").read(token, HOUR) is None
