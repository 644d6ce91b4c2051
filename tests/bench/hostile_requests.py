"""Attacks of `hostile` over HTTP, and on the connections below it."""

import asyncio
import json
import time
import zlib
from contextlib import AsyncExitStack

from tests.bench.hostile_target import Attack, Target

_HEAD = b"POST /api/console/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


async def _bodies(target: Target, path: str, body: bytes, count: int, **headers: str) -> None:
    async with target.http() as http:
        told = {
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        await asyncio.gather(*(target.post(http, path, body, headers=told) for _ in range(count)))


async def unknown_keys(target: Target) -> None:
    """A million keys that no message has."""
    body = b"{" + b",".join(b'"%d":0' % n for n in range(1_000_000)) + b"}"
    await _bodies(target, "/api/call/session", body, target.scale)


async def arrays_of_numbers(target: Target) -> None:
    """What takes a parser long."""
    body = b'{"join_token":[' + b",".join(b"%d.5e300" % n for n in range(1_000_000)) + b"]}"
    await _bodies(target, "/api/call/session", body, target.scale)


async def deep_nesting(target: Target) -> None:
    """Brackets within brackets, small enough to be read."""
    await _bodies(target, "/api/console/session", b"[" * 60_000, 40 * target.scale)


async def many_small_keys(target: Target) -> None:
    """As many wrong fields as a body that is small enough can hold."""
    body = b"{" + b",".join(b'"%d":0' % n for n in range(7_000)) + b"}"
    await _bodies(target, "/api/call/session", body, 40 * target.scale)


async def inflated(target: Target) -> None:
    """A body that is small until it is unpacked."""
    await _bodies(
        target, "/api/call/session", zlib.compress(bytes(100 << 20), 9), target.scale, Content_Encoding="deflate"
    )


async def unfinished_bodies(target: Target) -> None:
    """Large bodies that never end."""
    async with AsyncExitStack() as stack:
        head = _HEAD + b"Content-Length: 41943040\r\n\r\n"
        for _ in range(12 * target.scale):
            made = await target.connect()
            if made is not None:
                stack.callback(made[1].close)
                made[1].write(head + bytes(4 << 20))
        await asyncio.sleep(target.seconds)


async def idle_connections(target: Target) -> None:
    """Connections that say nothing, from many addresses."""
    target.from_many(400)
    await _hold(target, 1_100 * target.scale, b"")


async def idle_from_one_address(target: Target) -> None:
    """Connections that say nothing, from one address."""
    await _hold(target, 1_100 * target.scale, b"")


async def _hold(target: Target, count: int, first: bytes) -> None:
    async with AsyncExitStack() as stack:
        until = time.monotonic() + 4 * target.seconds
        for _ in range(count // 100):
            for made in await asyncio.gather(*(target.connect() for _ in range(100))):
                if made is not None:
                    stack.callback(made[1].close)
                    made[1].write(first)
            if time.monotonic() > until:
                target.said["could not open all in time"] += 1
                break
        await asyncio.sleep(target.seconds)


async def slow_headers(target: Target) -> None:
    """A header, one octet at a time."""
    await _drip(target, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"a" * 1_000)


async def slow_bodies(target: Target) -> None:
    """A body, one octet at a time."""
    await _drip(target, b" " * 1_000, _HEAD + b"Content-Length: 1000\r\n\r\n")


async def _drip(target: Target, octets: bytes, head: bytes = b"") -> None:
    target.from_many(50)
    opened = [made for made in await asyncio.gather(*(target.connect() for _ in range(50 * target.scale))) if made]
    for _, writer in opened:
        writer.write(head)
    until = time.monotonic() + target.seconds
    for octet in octets:
        if time.monotonic() > until:
            break
        for _, writer in opened:
            if not writer.is_closing():
                writer.write(bytes([octet]))
        await asyncio.sleep(0.2)
    target.said["still open"] += sum(not reader.at_eof() for reader, _ in opened)
    for _, writer in opened:
        writer.close()


async def never_read(target: Target) -> None:
    """Many requests in one go whose answers are never taken."""
    request = b"GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 200
    await _hold(target, 20 * target.scale, request)


async def huge_headers(target: Target) -> None:
    """Headers without end."""
    await _hold(target, 20 * target.scale, b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 100_000)


async def guesses(target: Target) -> None:
    """Wrong passwords, for one name from one network, all at once."""
    async with target.http() as http:
        body = json.dumps({"username": "supervisor1", "password": "not the password"}).encode()
        told = {"Content-Type": "application/json"}
        tries = (target.post(http, "/api/console/session", body, headers=told) for _ in range(150 * target.scale))
        await asyncio.gather(*tries)


async def guesses_from_many(target: Target) -> None:
    """Wrong passwords, for names that are and are not, from many networks."""
    target.from_many(100)
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(target.http()) for _ in range(100)]
        told = {"Content-Type": "application/json"}
        tries = []
        for number in range(150 * target.scale):
            name = ("agent1", "admin", f"nobody{number}")[number % 3]
            body = json.dumps({"username": name, "password": "not the password"}).encode()
            tries.append(target.post(clients[number % 100], "/api/console/session", body, headers=told))
        await asyncio.gather(*tries)


async def link_guesses(target: Target) -> None:
    """Join tokens that were never given out."""
    async with target.http(100) as http:
        told = {"Content-Type": "application/json"}
        bodies = (
            json.dumps({"join_token": target.chance.randbytes(24).hex()}).encode() for _ in range(300 * target.scale)
        )
        await asyncio.gather(*(target.post(http, "/api/call/session", body, headers=told) for body in bodies))


async def mad_integrator(target: Target) -> None:
    """A valid company token in a loop without a pause."""
    until = time.monotonic() + target.seconds

    async def ask() -> None:
        async with target.http() as http:
            headers = {"Authorization": f"Bearer {target.token}"}
            while time.monotonic() < until:
                address = f"{target.origin}/api/v1/verifications/{'0' * 32}"
                async with http.get(address, headers=headers) as answer:
                    target.said[f"{answer.status}"] += 1

    await asyncio.gather(*(ask() for _ in range(2 * target.scale)))


ATTACKS: dict[str, Attack] = {
    made.__name__: made
    for made in (
        unknown_keys,
        arrays_of_numbers,
        deep_nesting,
        many_small_keys,
        inflated,
        unfinished_bodies,
        idle_connections,
        idle_from_one_address,
        slow_headers,
        slow_bodies,
        never_read,
        huge_headers,
        guesses,
        guesses_from_many,
        link_guesses,
        mad_integrator,
    )
}
