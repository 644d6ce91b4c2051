"""A few copies at a time, made once each, without a name on the disk."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from ekyc.copies import Copies


class Maker:
    """Makes copies and counts them."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.threads: set[threading.Thread] = set()

    def __call__(self, name: str) -> Callable[[BinaryIO], None]:
        def make(file: BinaryIO) -> None:
            self.made.append(name)
            self.threads.add(threading.current_thread())
            file.write(name.encode() * 100_000)

        return make


@pytest.fixture
async def copies(tmp_path: Path) -> AsyncIterator[Copies]:
    made = Copies(tmp_path, most=2, most_bytes=450_000)
    yield made
    await made.close()


async def whole(copies: Copies, name: str, make: Maker) -> bytes:
    size = await copies.size(name, make(name))
    return b"".join([data async for data in copies.chunks(name, make(name), 0, size)])


async def test_a_copy_is_made_once_however_many_ask(copies: Copies) -> None:
    make = Maker()
    read = await asyncio.gather(*(whole(copies, "a", make) for _ in range(5)))
    assert (read, make.made) == ([b"a" * 100_000] * 5, ["a"])
    assert threading.current_thread() not in make.threads


async def test_a_part_is_read_in_small_chunks(copies: Copies) -> None:
    make = Maker()
    chunks = [data async for data in copies.chunks("abcd", make("abcd"), 2, 399_999)]
    assert b"".join(chunks) == (b"abcd" * 100_000)[2:399_999]
    assert len(chunks) == 2


async def test_what_was_not_used_for_longest_is_forgotten(copies: Copies) -> None:
    make = Maker()
    for name in ("a", "b", "a", "c", "a", "b"):
        await whole(copies, name, make)
    assert make.made == ["a", "b", "c", "b"]


async def test_large_copies_are_forgotten_earlier(copies: Copies) -> None:
    make = Maker()
    for name in ("aaa", "bb", "aaa", "ccccccc", "ccccccc"):
        await whole(copies, name, make)
    assert make.made == ["aaa", "bb", "aaa", "ccccccc"]


async def test_a_copy_that_is_forgotten_while_it_is_read_is_read_to_its_end(copies: Copies) -> None:
    make = Maker()
    reading = copies.chunks("abc", make("abc"), 0, 300_000)
    first = await anext(reading)
    for name in ("d", "e", "f"):
        await whole(copies, name, make)
    rest = [data async for data in reading]
    assert b"".join([first, *rest]) == b"abc" * 100_000


async def test_nothing_is_left_under_a_name(copies: Copies, tmp_path: Path) -> None:
    await whole(copies, "a", Maker())
    assert list(tmp_path.iterdir()) == []


async def test_what_cannot_be_made_is_told_to_whoever_asked_and_tried_again(copies: Copies) -> None:
    def fail(_: BinaryIO) -> None:
        raise ValueError("nothing there")

    for _ in range(2):
        with pytest.raises(ValueError, match="nothing there"):
            await copies.size("a", fail)
    assert await whole(copies, "a", Maker()) == b"a" * 100_000


async def test_one_who_goes_away_does_not_take_the_copy_from_another(copies: Copies) -> None:
    go, make = threading.Event(), Maker()

    def slow(file: BinaryIO) -> None:
        go.wait(10)
        make("a")(file)

    async with asyncio.TaskGroup() as group:
        leaving = group.create_task(copies.size("a", slow))
        staying = group.create_task(copies.size("a", slow))
        await asyncio.sleep(0)
        leaving.cancel()
        go.set()
    assert (staying.result(), make.made) == (100_000, ["a"])
