"""Bodies that are too large, too slow, packed, or hard to read, over real connections; and the middlewares' checks."""

import asyncio
import json
import zlib
from collections.abc import Callable

import pytest
from pydantic import BaseModel, ConfigDict

from tests.vouch.conftest import LogLines
from tests.vouch.door.conftest import House, house
from vouch.http.bodies import Pace, parse
from vouch.http.uploads import Share, Uploads
from vouch.problems import Problem
from vouch.settings import Settings

KIB, MIB = 1 << 10, 1 << 20


def post(body: bytes = b"", *headers: bytes, path: bytes = b"/notes", length: int | None = None) -> bytes:
    lines = [b"POST " + path + b" HTTP/1.1", b"Host: x", *headers]
    if not any(line.startswith(b"Transfer-Encoding") for line in headers):
        lines.append(b"Content-Length: %d" % (len(body) if length is None else length))
    return b"\r\n".join([*lines, b"", body])


def put(body: bytes = b"", length: int | None = None) -> bytes:
    return post(body, path=b"/picture", length=length).replace(b"POST", b"PUT", 1)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def code(running: House, data: bytes) -> tuple[int, str]:
    peer = await running.peer()
    await peer.send(data)
    status, _, body = await peer.answer()
    # What aiohttp itself cannot read it answers itself, as text.
    return status, json.loads(body).get("code", "") if body.startswith(b"{") else ""


# How much


async def test_what_a_header_says_is_too_much_is_refused_before_an_octet_of_it_came() -> None:
    async with house() as running:
        for path in (b"/notes", b"/healthz", b"/nothing", b"/wait", b"/much"):
            assert await code(running, post(path=path, length=64 * KIB + 1)) == (413, "body_too_large")
        assert await code(running, put(length=8 * MIB + 1)) == (413, "body_too_large")
        assert not running.arrived


async def test_what_comes_in_chunks_is_refused_when_it_is_too_much() -> None:
    async with house() as running:
        sent = post(b"", b"Transfer-Encoding: chunked") + chunk(b" " * 40 * KIB) + chunk(b" " * 40 * KIB)
        assert await code(running, sent) == (413, "body_too_large")
        endless = await running.peer()
        await endless.send(post(b"", b"Transfer-Encoding: chunked"))
        try:
            while not endless.reader.at_eof():
                await endless.send(chunk(b" " * 10 * KIB))
        except ConnectionError:
            pass


async def test_up_to_64_kib_are_taken_and_pictures_beyond() -> None:
    async with house() as running:
        text = json.dumps({"text": "x" * (64 * KIB - 12)}).encode()
        assert len(text) == 64 * KIB
        assert (await code(running, post(text)))[0] == 201
        assert (await code(running, put(b"x" * 8 * MIB)))[0] == 200


@pytest.mark.parametrize("encoding", [b"gzip", b"deflate", b"br", b"zstd", b"identity, gzip", b"x"])
async def test_packed_bodies_are_not_taken(encoding: bytes) -> None:
    packed = zlib.compress(b" " * MIB)
    async with house() as running:
        assert await code(running, post(packed, b"Content-Encoding: " + encoding)) == (415, "unsupported_media_type")


async def test_a_body_without_any_packing_may_say_so() -> None:
    async with house() as running:
        assert (await code(running, post(b'{"text": "a"}', b"Content-Encoding: identity")))[0] == 201


@pytest.mark.parametrize("framing", [b"zz\r\n", b"-1\r\n\r\n", b"4\r\nabcde\r\n", b"ffffffffffffffffffff\r\n"])
async def test_a_body_whose_framing_is_broken_is_no_fault_of_ours(framing: bytes, log_lines: LogLines) -> None:
    async with house() as running:
        peer = await running.peer()
        await peer.send(post(b"", b"Transfer-Encoding: chunked") + framing)
        status, _, _ = await peer.answer()
        assert status == 400
    assert not [line for line in log_lines() if "exception" in line]


async def test_whoever_leaves_in_the_middle_of_a_body_leaves_no_traceback(log_lines: LogLines) -> None:
    async with house() as running:
        peer = await running.peer()
        await peer.send(put(b"x" * 100_000, length=200_000))
        await running.until(lambda: running.arrived == ["/picture"])
        await peer.close()
        await running.until(lambda: len(running.crowd) == 0)
    assert not [line for line in log_lines() if line["level"] == "error"]


# How long

SLOW = Settings(_env_file=None, body_grace_s=0.05, body_bytes_per_s=10_000_000, longest_body_s=5)


@pytest.mark.parametrize("data", [post(b"{", length=100), put(b"x" * 1_000, length=1_000_000)])
async def test_a_body_that_does_not_come_is_not_waited_for(data: bytes) -> None:
    async with house(settings=SLOW) as running:
        assert await code(running, data) == (408, "too_slow")


def test_a_body_has_its_grace_then_its_pace_and_never_beyond_the_longest() -> None:
    pace = Pace(grace_s=10, octets_a_second=1_000, longest_s=60)
    assert [pace.allowed(octets) for octets in (0, 5_000, 50_000, 500_000)] == [10, 15, 60, 60]


# What all hold together


async def test_what_pictures_hold_together_is_bounded_until_they_are_answered() -> None:
    uploads = Uploads(100)
    first, second = Share(uploads, "a"), Share(uploads, "b")
    first.grow_to(50)
    second.grow_to(40)
    second.grow_to(30)
    for share, octets in ((first, 51), (second, 51), (Share(uploads, "c"), 11)):
        with pytest.raises(Problem) as raised:
            share.grow_to(octets)
        assert (raised.value.status, raised.value.code) == (503, "too_many_uploads")
    first.close()
    first.close()
    second.grow_to(50)
    second.close()
    assert (uploads.held, dict(uploads._by_network)) == (0, {})


async def test_beyond_that_a_picture_is_told_to_come_again_and_comes_through_later() -> None:
    settings = Settings(_env_file=None, upload_memory_bytes=64 * MIB)
    async with house(settings=settings) as running:
        held = [await running.peer() for _ in range(4)]
        for peer in held:
            await peer.send(put(b"x" * (8 * MIB - 1), length=8 * MIB))

        async def refused() -> bool:
            waiting = await running.peer()
            await waiting.send(put(b"x" * MIB))
            status, headers, _ = await waiting.answer()
            return status == 503 and headers["retry-after"] == "5"

        async with asyncio.timeout(10):
            while not await refused():
                pass
        for peer in held:
            await peer.send(b"x")
            assert (await peer.answer())[0] == 200
        assert (await code(running, put(b"x" * MIB)))[0] == 200


# What is hard to read


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    number: int = 0


def unknown(number: int) -> bytes:
    return json.dumps({f"key{each:06}": 1 for each in range(number)}).encode()


@pytest.mark.parametrize(
    "body",
    [
        unknown(4_000),
        unknown(50),
        b'{"name": [' + b"1," * 30_000 + b"1]}",
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"name": ' * 100 + b"1" + b"}" * 100,
        b'{"number": ' + b"9" * 60_000 + b"}",
        b'{"number": 1e' + b"9" * 60_000 + b"}",
        b'{"name": "\\ud800"}',
        b'{"\\ud800": 1, "name": 2}',
        b"{" + b'"name":1,' * 6_000 + b'"name":1}',
        json.dumps({"k" * 60_000: 1}).encode(),
        b'{"name": "\xff"}',
        b"\xef\xbb\xbf{}",
    ],
)
async def test_what_is_hard_to_read_is_answered_shortly_and_nothing_of_it_is_told_back(body: bytes) -> None:
    async with house() as running:
        peer = await running.peer()
        await peer.send(post(body))
        status, _, answered = await peer.answer()
        assert status == 422
    with pytest.raises(Problem) as raised:
        parse(Strict, body)
    told = raised.value.response().body
    assert isinstance(told, bytes)
    assert len(told) < 8_000
    assert len(answered) < 8_000
    assert len(raised.value.more["fields"]) <= 20


def test_thousands_of_keys_are_not_even_parsed() -> None:
    with pytest.raises(Problem, match="at most 1000 fields"):
        parse(Strict, unknown(1_001))
    assert parse(Strict, json.dumps({"name": ":" * 999})).name == ":" * 999


def test_a_field_is_told_shortly() -> None:
    with pytest.raises(Problem) as raised:
        parse(Strict, json.dumps({"name": "a", "k" * 5_000: "what was sent"}))
    (field,) = raised.value.more["fields"]
    assert (len(field["field"]), "what was sent" in json.dumps(raised.value.more)) == (100, False)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


# Octets that are no text


@pytest.mark.parametrize(
    "header",
    [b"Origin", b"Host", b"X-Forwarded-For", b"X-Forwarded-Proto", b"Content-Type", b"Cookie", b"Authorization"],
)
async def test_octets_in_a_header_are_no_fault_of_ours(header: bytes, log_lines: LogLines) -> None:
    make: Callable[[bytes], bytes] = lambda value: post(b'{"text": "a"}', header + b": " + value)  # noqa: E731
    for proxies in (0, 1):
        async with house(settings=Settings(_env_file=None, trusted_proxies=proxies)) as running:
            for value in (b"\xff\xfe", "ế".encode(), b"\xed\xa0\x80", b"[", b"%00", b"," * 7_000):
                assert (await code(running, make(value)))[0] in {201, 400, 403}
    assert not [line for line in log_lines() if line["level"] == "error" and "exception" in line]


@pytest.mark.parametrize("path", [b"/\xff", b"/notes?q=\xff", b"/%ff", b"/%ed%a0%80"])
async def test_octets_in_an_address_are_no_fault_of_ours(path: bytes, log_lines: LogLines) -> None:
    async with house() as running:
        assert (await code(running, post(b"{}", path=path)))[0] in {400, 404, 422}
    assert not [line for line in log_lines() if "exception" in line]
