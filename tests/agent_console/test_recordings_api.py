"""Recordings for supervisors, in the parts that a player asks for; every play is written down."""

import pytest

from tests.agent_console.desk import Office, Tape
from vouch.clock import MINUTE

_ROOT = "/api/console/calls/c1/recordings"
_ONE = f"{_ROOT}/customer/1"
DATA = bytes(range(100))


@pytest.fixture
def archive(desk: Office) -> Office:
    """A recording of a call of CTKV1, for players and as it was stored; one of a call of CTKV2."""
    desk.tapes.tapes = {
        ("c1", "customer", 1, False): Tape("v1", "CTKV1", DATA),
        ("c1", "customer", 1, True): Tape("v1", "CTKV1", b"as it was stored"),
        ("c2", "agent", 1, False): Tape("v2", "CTKV2", b"of another company"),
    }
    return desk


async def test_what_there_is_of_a_call_is_told_and_written_down(archive: Office) -> None:
    response = await archive.ask("supervisor1", "GET", _ROOT)
    assert (response.status, (await response.json())["verification"]) == (200, "v1")
    (line,) = await archive.audit()
    assert (line.tag, line.subject, line.company, line.details) == (
        "staff:verification:seen",
        "v1",
        "CTKV1",
        {"call": "c1"},
    )


async def test_a_recording_comes_whole_where_no_part_is_asked_for(archive: Office) -> None:
    response = await archive.ask("supervisor1", "GET", _ONE)
    assert (response.status, await response.read()) == (200, DATA)
    told = [response.headers[name] for name in ("Content-Type", "Content-Length", "Accept-Ranges", "Cache-Control")]
    assert told == ["video/webm", "100", "bytes", "no-store"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("0-", 0, 100), ("10-19", 10, 20), ("98-500", 98, 100), ("-7", 93, 100), ("-700", 0, 100), ("99-99", 99, 100)],
)
async def test_a_part_is_given_as_it_is_asked_for(archive: Office, asked: str, start: int, stop: int) -> None:
    response = await archive.ask("admin", "GET", _ONE, Range=f"bytes={asked}")
    assert (response.status, await response.read()) == (206, DATA[start:stop])
    assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/100"
    assert response.headers["Content-Length"] == str(stop - start)


async def test_a_part_that_is_not_there_is_refused_with_the_size(archive: Office) -> None:
    response = await archive.ask("admin", "GET", _ONE, Range="bytes=100-")
    assert (response.status, response.headers["Content-Range"]) == (416, "bytes */100")


@pytest.mark.parametrize("asked", ["bytes=1-2,4-5", "bytes=x", "lines=1-2", "bytes=9-3"])
async def test_what_is_no_single_part_gives_the_whole(archive: Office, asked: str) -> None:
    response = await archive.ask("admin", "GET", _ONE, Range=asked)
    assert (response.status, await response.read()) == (200, DATA)


async def test_the_head_alone_has_no_body(archive: Office) -> None:
    response = await archive.ask("admin", "HEAD", _ONE)
    assert (response.status, response.headers["Content-Length"], await response.read()) == (200, "100", b"")


async def test_the_recording_as_it_was_stored_is_a_file_to_keep(archive: Office) -> None:
    response = await archive.ask("supervisor1", "GET", f"{_ONE}?original=1")
    assert await response.read() == b"as it was stored"
    assert response.headers["Content-Disposition"] == 'attachment; filename="7KQ2-M4XA-customer-1.webm"'


async def test_a_play_is_written_down_once_in_ten_minutes_however_many_parts_it_takes(archive: Office) -> None:
    for _ in range(3):
        await archive.ask("supervisor1", "GET", _ONE, Range="bytes=5-9")
    await archive.ask("supervisor1", "GET", f"{_ONE}?original=1")
    await archive.ask("admin", "GET", _ONE)
    archive.clock.advance(10 * MINUTE)
    await archive.ask("supervisor1", "GET", _ONE)
    people = {account.id: name for name, account in archive.people.items()}
    played = {"call": "c1", "leg": "customer", "media": "1"}
    assert [(people[line.account or ""], line.tag, line.subject, line.details) for line in await archive.audit()] == [
        ("supervisor1", "staff:recording:played", "v1", played | {"copy": "seekable"}),
        ("supervisor1", "staff:recording:played", "v1", played | {"copy": "original"}),
        ("admin", "staff:recording:played", "v1", played | {"copy": "seekable"}),
        ("supervisor1", "staff:recording:played", "v1", played | {"copy": "seekable"}),
    ]


@pytest.mark.parametrize("path", [_ROOT, _ONE])
async def test_agents_do_not_play(archive: Office, path: str) -> None:
    response = await archive.ask("agent1", "GET", path)
    assert (response.status, (await response.json())["code"]) == (403, "role_missing")
    assert await archive.audit() == []


@pytest.mark.parametrize(
    "path", ["c2/recordings", "c2/recordings/agent/1", "c1/recordings/customer/2", "c9/recordings"]
)
async def test_what_is_not_there_or_another_companys_is_not_found(archive: Office, path: str) -> None:
    response = await archive.ask("supervisor1", "GET", f"/api/console/calls/{path}")
    assert (response.status, (await response.json())["code"]) == (404, "not_found")
    assert await archive.audit() == []
