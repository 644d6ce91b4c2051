import asyncio
import gc
from typing import NoReturn

from tests.vouch.conftest import LogLines
from vouch.logs import call_context
from vouch.tasks import TaskSet


async def fail() -> NoReturn:
    raise LookupError("on purpose")


async def wait_for_ever(started: asyncio.Event) -> None:
    started.set()
    await asyncio.Event().wait()


async def test_a_task_is_named_after_its_owner_and_gives_its_result() -> None:
    tasks = TaskSet("owner")
    task = tasks.spawn("work", asyncio.sleep(0, "done"))
    assert task.get_name() == "owner:work"
    assert await task == "done"
    assert len(tasks) == 0


async def test_a_task_that_nobody_else_holds_is_kept() -> None:
    tasks, ended = TaskSet("owner"), asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0)
        ended.set()

    tasks.spawn("work", work())
    gc.collect()
    assert len(tasks) == 1
    await asyncio.wait_for(ended.wait(), 5)


async def test_a_failure_is_logged_once_with_the_tasks_name_and_its_call(log_lines: LogLines) -> None:
    tasks = TaskSet("owner")
    with call_context("c1"):
        task = tasks.spawn("work", fail())
    await asyncio.wait({task})
    await asyncio.sleep(0)
    (line,) = log_lines()
    assert (line["level"], line["event"], line["task"]) == ("error", "background task failed", "owner:work")
    assert line["exception"][0]["exc_type"] == "LookupError"
    assert len(tasks) == 0


async def test_closing_cancels_what_runs_and_waits_for_it(log_lines: LogLines) -> None:
    tasks, started, cleaned = TaskSet("owner"), asyncio.Event(), False

    async def work() -> None:
        nonlocal cleaned
        try:
            await wait_for_ever(started)
        finally:
            await asyncio.sleep(0)
            cleaned = True

    task = tasks.spawn("work", work())
    await started.wait()
    await tasks.close()
    assert task.cancelled()
    assert cleaned
    assert (len(tasks), log_lines()) == (0, [])


async def test_closing_waits_for_what_a_task_starts_as_it_ends() -> None:
    tasks, started = TaskSet("owner"), asyncio.Event()

    async def work() -> None:
        try:
            await wait_for_ever(started)
        finally:
            tasks.spawn("last words", asyncio.Event().wait())

    tasks.spawn("work", work())
    await started.wait()
    await tasks.close()
    assert len(tasks) == 0


async def test_what_fails_while_it_is_closed_is_logged(log_lines: LogLines) -> None:
    tasks, started = TaskSet("owner"), asyncio.Event()

    async def work() -> None:
        try:
            await wait_for_ever(started)
        finally:
            await fail()

    tasks.spawn("work", work())
    await started.wait()
    await tasks.close()
    assert [line["task"] for line in log_lines()] == ["owner:work"]


async def test_a_task_may_close_the_set_that_it_belongs_to() -> None:
    tasks, started = TaskSet("owner"), asyncio.Event()
    other = tasks.spawn("other", wait_for_ever(started))
    await started.wait()
    await asyncio.wait_for(tasks.spawn("closer", tasks.close()), 5)
    assert other.cancelled()


async def test_closing_twice_is_the_same_as_once() -> None:
    tasks, started = TaskSet("owner"), asyncio.Event()
    tasks.spawn("work", wait_for_ever(started))
    await started.wait()
    await asyncio.gather(tasks.close(), tasks.close())
    await tasks.close()
    assert len(tasks) == 0


async def test_what_is_done_again_and_again_outlives_its_failures(log_lines: LogLines) -> None:
    times, enough = 0, asyncio.Event()

    async def work() -> None:
        nonlocal times
        times += 1
        if times == 3:
            enough.set()
        raise OSError("away")

    tasks = TaskSet("owner")
    tasks.every(0.001, "work", work, at_once=True)
    await enough.wait()
    await tasks.close()
    assert times == 3
    assert [line["task"] for line in log_lines()] == ["owner:work"] * 3
