import asyncio
import json
import logging
import re
import ssl
import subprocess
import sys

import pytest
from pydantic import BaseModel, ValidationError

from tests.vouch.conftest import LogLines
from vouch.logs import Thinned, call_context, logger
from vouch.thinning import Allowance


class Person(BaseModel):
    id_number: int


async def test_every_line_of_a_call_carries_its_id_through_awaits_tasks_and_threads(log_lines: LogLines) -> None:
    log = logger("test")

    async def deeper() -> None:
        await asyncio.sleep(0)
        log.info("awaited")

    with call_context("c1", leg="customer"):
        log.info("here")
        await deeper()
        async with asyncio.TaskGroup() as group:
            group.create_task(deeper())
        await asyncio.to_thread(log.info, "in a thread")
    log.info("after")
    assert [(line["event"], line.get("call"), line.get("leg")) for line in log_lines()] == [
        ("here", "c1", "customer"),
        ("awaited", "c1", "customer"),
        ("awaited", "c1", "customer"),
        ("in a thread", "c1", "customer"),
        ("after", None, None),
    ]


async def test_calls_at_once_do_not_mix(log_lines: LogLines) -> None:
    async def one(call: str) -> None:
        with call_context(call):
            await asyncio.sleep(0)
            logger("test").info("step", expected=call)

    await asyncio.gather(*(one(str(number)) for number in range(5)))
    assert [line["call"] for line in log_lines()] == [line["expected"] for line in log_lines()]


def test_a_call_within_another_gives_it_back(log_lines: LogLines) -> None:
    with call_context("outer"):
        with call_context("inner"):
            logger("test").info("in")
        logger("test").info("out")
    assert [line["call"] for line in log_lines()] == ["inner", "outer"]


def test_a_line_says_level_time_and_module_in_one_line_of_json(log_lines: LogLines) -> None:
    logger("vouch.test").warning("static message", count=3, text="two\nlines, Tiếng Việt")
    (line,) = log_lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line.pop("timestamp"))
    assert line == {
        "event": "static message",
        "level": "warning",
        "logger": "vouch.test",
        "count": 3,
        "text": "two\nlines, Tiếng Việt",
    }


def test_libraries_lines_are_json_too_and_carry_the_call(log_lines: LogLines) -> None:
    with call_context("c1"):
        logging.getLogger("some.library").warning("found %s", "something")
    (line,) = log_lines()
    assert (line["event"], line["logger"], line["level"], line["call"]) == (
        "found something",
        "some.library",
        "warning",
        "c1",
    )


@pytest.mark.parametrize("log_lines", ["DEBUG"], indirect=True)
@pytest.mark.parametrize("library", ["aioice", "aiortc", "socketio", "engineio", "aiohttp.access", "aiosqlite"])
def test_libraries_that_log_personal_data_are_heard_only_when_something_is_wrong(
    library: str, log_lines: LogLines
) -> None:
    logging.getLogger(library).info("peer 192.0.2.1")
    logging.getLogger(f"{library}.part").debug("peer 192.0.2.1")
    logging.getLogger(library).warning("wrong")
    assert [line["event"] for line in log_lines()] == ["wrong"]


@pytest.mark.parametrize("log_lines", ["WARNING"], indirect=True)
def test_below_the_level_nothing_is_written(log_lines: LogLines) -> None:
    logger("test").info("quiet")
    logging.getLogger("some.library").info("quiet")
    logger("test").warning("loud")
    assert [line["event"] for line in log_lines()] == ["loud"]


def test_an_exception_says_type_and_place_but_no_local_variable(log_lines: LogLines) -> None:
    def sign_in(password: str) -> None:
        raise LookupError("no such thing")

    try:
        sign_in("hunter2-hunter2")
    except LookupError:
        logger("test").exception("failed")
    (line,) = log_lines()
    (stack,) = line["exception"]
    assert (stack["exc_type"], stack["exc_value"]) == ("LookupError", "no such thing")
    assert stack["frames"][-1]["name"] == "sign_in"
    assert "hunter2" not in json.dumps(line)


def test_an_exceptions_text_ends_with_its_first_line_because_values_are_quoted_below(log_lines: LogLines) -> None:
    try:
        Person.model_validate({"id_number": "Nguyễn Văn A"})
    except ValidationError as error:
        error.add_note("about Nguyễn Văn A")
        consequence = LookupError("no such person")
        consequence.__cause__ = error
        logger("test").error("failed", exc_info=consequence)
        logger("test").error("failed", exc_info=ExceptionGroup("several", [error]))
    alone, group = (line["exception"] for line in log_lines())
    assert "Nguyễn" not in json.dumps([alone, group], ensure_ascii=False)
    assert [stack["exc_value"] for stack in alone] == ["no such person", "1 validation error for Person"]
    assert group[0]["exceptions"][0][0]["exc_value"] == "1 validation error for Person"


def test_lines_go_to_stderr_and_never_to_stdout() -> None:
    program = "from vouch import logs; logs.configure(); logs.logger('a').info('b')"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert run.stdout == ""
    assert json.loads(run.stderr)["event"] == "b"


# What strangers can cause


def test_of_what_strangers_can_cause_a_few_short_lines_are_written_and_the_rest_is_counted(log_lines: LogLines) -> None:
    seconds = [0.0]
    thinned = Thinned(logger("test"), Allowance(2, 60.0, now=lambda: seconds[0]))
    for number in range(1_000):
        thinned.warning("refused", code="x" * 10_000, number=number)
    seconds[0] = 60.0
    thinned.warning("refused", code="y")
    assert [(line.get("number"), line.get("left_out")) for line in log_lines()] == [
        (0, None),
        (1, None),
        (None, 998),
    ]
    assert max(len(line["code"]) for line in log_lines()) == 300


async def test_what_was_left_out_is_told_though_no_further_line_comes(log_lines: LogLines) -> None:
    thinned = Thinned(logger("test"), Allowance(1, 0.001, now=lambda: 0.0))
    for _ in range(4):
        thinned.info("refused")
    async with asyncio.timeout(5):
        while len(log_lines()) < 2:
            await asyncio.sleep(0)
    assert [(line["event"], line["level"], line.get("left_out")) for line in log_lines()] == [
        ("refused", "info", None),
        ("refused", "info", 3),
    ]


@pytest.mark.parametrize("library", ["aiohttp.server", "aioice.ice", "aiortc", "engineio.server", "socketio.server"])
def test_a_library_that_could_not_read_a_strangers_bytes_makes_short_lines_and_few(
    library: str, log_lines: LogLines
) -> None:
    for number in range(1_000):
        try:
            raise ValueError("what was sent: " + "A" * 10_000)
        except ValueError:
            logging.getLogger(library).exception("unreadable, from %s", f"192.0.2.{number}")
    assert len(log_lines()) == 5
    line = log_lines()[0]
    assert (line["event"], line["error"], line["level"]) == ("unreadable, from %s", "ValueError", "error")
    assert line["at"].startswith(f"{__name__}:")
    assert len(json.dumps(line)) < 400


def test_a_broken_connection_that_the_loop_tells_of_is_a_short_line_and_our_own_fault_is_not(
    log_lines: LogLines,
) -> None:
    asyncio_log = logging.getLogger("asyncio")
    asyncio_log.error("SSL handshake failed\nprotocol: <...>", exc_info=ssl.SSLError("of a peer"))
    asyncio_log.error("Task exception was never retrieved", exc_info=LookupError("of ours"))
    broken, fault = log_lines()
    assert (broken["event"], broken["error"], "exception" in broken) == ("SSL handshake failed", "SSLError", False)
    assert fault["exception"][0]["exc_type"] == "LookupError"


def test_no_library_writes_past_us() -> None:
    program = (
        "import logging, socketio; from vouch import logs; logs.configure(); socketio.AsyncServer(async_mode='asgi');"
        "known = logging.Logger.manager.loggerDict.items();"
        "loud = (name for name, each in known for own in getattr(each, 'handlers', ()) if hasattr(own, 'stream'));"
        "print(list(loud))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert run.stdout.strip() == "[]"
