"""Attacks of `hostile` over Socket.IO and Engine.IO."""

import asyncio
import json
import time
from contextlib import AsyncExitStack

from tests.bench.hostile_target import Attack, Target


async def forged_events(target: Target) -> None:
    """Names that belong to the library, sent as events."""
    async with target.http() as http:
        ws = await target.joined(http)
        if ws is None:
            return
        frames = [
            f'42/caller,["{name}",{{}}]' for name in ("connect", "disconnect", "connect_error", "__disconnect_final")
        ]
        await target.send(ws, list(frames) * (750 * target.scale))
        await ws.close()


async def poison(target: Target) -> None:
    """Text that a database refuses, in every message of a caller."""
    async with target.http() as http:
        ws = await target.joined(http)
        if ws is None:
            return
        for number in range(40 * target.scale):
            text = ("\\u0000", "\\ud800", "\\uffff", "x" * 70_000)[number % 4]
            frames: list[str | bytes] = [
                f'42/caller,{number}["call.ready",{{"request":"aaaaaaaa{text}{number}","consent_version":"1"}}]',
                f'42/caller,{number}["media.presented",{{"frame":{{"media":{"9" * 400},"rtp_timestamp":{"9" * 40}}}}}]',
            ]
            if await target.send(ws, frames) < len(frames):
                break
            await asyncio.sleep(0.01)
        await ws.close()


async def garbage_frames(target: Target) -> None:
    """Frames that no library can read, each on a connection of its own and many on one."""
    pieces: list[str | bytes] = [
        "4",
        "",
        "45",
        "4\x00",
        "40/x",
        '42["a',
        b"\x00",
        "451-",
        "9",
        '42/caller,["a"]',
        "6" * 9,
    ]
    until = time.monotonic() + target.seconds
    async with target.http() as http:
        while time.monotonic() < until:
            ws = await target.websocket(http)
            if ws is None:
                await asyncio.sleep(0.1)
                continue
            await target.send(ws, [target.chance.choice(pieces) for _ in range(30)])
            await ws.close()


async def silent_sockets(target: Target) -> None:
    """Sockets that never say which namespace they want."""
    async with AsyncExitStack() as stack:
        target.from_many(40)
        for _ in range(100 * target.scale):
            http = await stack.enter_async_context(target.http())
            ws = await target.websocket(http)
            if ws is not None:
                stack.push_async_callback(ws.close)
        await asyncio.sleep(target.seconds)


async def endless_offers(target: Target) -> None:
    """Offers without a pause, for a call that is not there or is."""
    async with target.http() as http:
        ws = await target.joined(http)
        if ws is None:
            return
        sdp = json.dumps("v=0\r\n" + "a=x:y\r\n" * 7_000)
        frames: list[str | bytes] = [
            f'42/caller,{n}["media.offer",{{"request":"offer-{n:06}","sdp":{sdp}}}]' for n in range(100 * target.scale)
        ]
        await target.send(ws, frames)
        await ws.close()


async def large_frames(target: Target) -> None:
    """Frames of a megabyte, and one that never ends."""
    async with target.http() as http:
        for _ in range(target.scale):
            ws = await target.websocket(http)
            if ws is not None:
                await target.send(ws, ["4" + "[" * (1 << 20), "42" + "x" * (1 << 20)])
                await ws.close()


ATTACKS: dict[str, Attack] = {
    made.__name__: made
    for made in (
        forged_events,
        poison,
        garbage_frames,
        silent_sockets,
        endless_offers,
        large_frames,
    )
}
