import asyncio
import re
import threading
import time
import unicodedata

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from vouch.accounts import passwords
from vouch.accounts.passwords import SHORTEST, draw, hash_password, matches

PASSWORD = "mật khẩu rất dài"


@pytest.fixture(scope="module")
def stored() -> str:
    """What is stored of PASSWORD: made once, because it is made to be slow."""
    return asyncio.run(hash_password(PASSWORD))


async def test_a_password_matches_what_was_stored_of_it_and_no_other_does(stored: str) -> None:
    assert await matches(PASSWORD, stored)
    assert not await matches(PASSWORD + " ", stored)


def test_it_is_argon2id_as_rfc_9106_recommends_where_memory_is_scarce(stored: str) -> None:
    found = extract_parameters(stored)
    assert (found.type, found.version) == (Type.ID, 19)
    assert (found.time_cost, found.memory_cost, found.parallelism) == (3, 64 * 1024, 4)


async def test_the_same_password_is_never_stored_alike(stored: str) -> None:
    assert await hash_password(PASSWORD) != stored


async def test_a_keyboard_that_writes_letters_in_parts_gives_the_same_password(stored: str) -> None:
    composed, parts = unicodedata.normalize("NFC", PASSWORD), unicodedata.normalize("NFD", PASSWORD)
    assert composed != parts
    assert composed == PASSWORD
    assert await matches(parts, stored)


async def test_nobody_has_a_password() -> None:
    assert not await matches(PASSWORD, None)


def test_a_name_that_does_not_exist_costs_a_stranger_as_long(stored: str) -> None:
    # The same parameters, therefore the same work.
    assert extract_parameters(passwords._NOBODY) == extract_parameters(stored)


@pytest.mark.parametrize("stored", ["", "!", "$argon2id$broken", "plain text"])
async def test_what_is_no_hash_matches_nothing(stored: str) -> None:
    assert not await matches("plain text", stored)


@pytest.mark.parametrize("password", ["", "\0\udcff" * 10_000])
async def test_whatever_is_typed_is_an_answer_and_no_error(password: str, stored: str) -> None:
    assert not await matches(password, stored)


async def test_it_works_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    entered, leave = threading.Event(), threading.Event()

    class Slow(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            entered.set()
            assert leave.wait(5)
            return super().hash(password, salt=salt)

    monkeypatch.setattr(passwords, "_hasher", Slow())
    hashing = asyncio.gather(hash_password(PASSWORD))
    while not entered.is_set():
        await asyncio.sleep(0)  # that we come here at all is the proof
    leave.set()
    await hashing


async def test_a_flood_of_sign_ins_leaves_the_threads_of_others_free(monkeypatch: pytest.MonkeyPatch) -> None:
    leave, at_once, lock = threading.Event(), 0, threading.Lock()
    seen: list[int] = []

    class Slow(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            nonlocal at_once
            with lock:
                at_once += 1
                seen.append(at_once)
            assert leave.wait(5)
            with lock:
                at_once -= 1
            return ""

    monkeypatch.setattr(passwords, "_hasher", Slow())
    flood = asyncio.gather(*(hash_password(PASSWORD) for _ in range(100)))
    assert await asyncio.wait_for(asyncio.to_thread(time.monotonic), 5) > 0
    leave.set()
    await flood
    assert max(seen) <= 2


def test_a_drawn_password_can_be_typed_and_never_comes_twice() -> None:
    drawn = {draw() for _ in range(1_000)}
    assert len(drawn) == 1_000
    assert all(re.fullmatch("([a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}", password) for password in drawn)
    assert all(len(password) >= SHORTEST for password in drawn)
