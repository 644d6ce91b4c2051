"""Attacks of `hostile` on the media workers' sockets."""

import asyncio
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import closing

from tests.bench.hostile_target import Attack, Target

PORTIONS_S = 0.002


async def _datagrams(target: Target, datagrams: Iterator[bytes], burst: int = 20) -> None:
    """Send to all media sockets in turn for as long as the attack lasts."""
    until = time.monotonic() + target.seconds
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sender:
        sender.bind(("127.0.66.1", 0))
        sender.setblocking(False)
        while time.monotonic() < until:
            for address in target.udp:
                for _ in range(burst):
                    try:
                        sender.sendto(next(datagrams), address)
                        target.said["datagrams"] += 1
                    except BlockingIOError:
                        break
            await asyncio.sleep(PORTIONS_S)


async def short_datagrams(target: Target) -> None:
    """No octets, one, up to what is too short for any header."""

    def made() -> Iterator[bytes]:
        while True:
            yield from (bytes([first]) * length for first in (0, 1, 20, 22, 63, 128, 191, 255) for length in range(14))

    await _datagrams(target, made())


async def forged_dtls(target: Target) -> None:
    """Alerts and handshake messages in clear, from an address that ICE knows nothing of (RFC 6347)."""
    records = [
        b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x02\x28",  # fatal handshake_failure
        b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x01\x00",  # close_notify
        b"\x16\xfe\xfd" + bytes(8) + b"\x00\x19\x02" + bytes(24),  # a ServerHello that is none
        b"\x14\xfe\xfd" + bytes(8) + b"\x00\x01\x01",  # ChangeCipherSpec
        b"\x16\xfe\xfd" + bytes(8) + b"\xff\xff\x01" + bytes(40),  # a length that lies
    ]

    def made() -> Iterator[bytes]:
        while True:
            yield from records

    await _datagrams(target, made())


async def stun_flood(target: Target) -> None:
    """Checks with names that nobody gave out, and STUN whose lengths lie (RFC 8489)."""

    def made() -> Iterator[bytes]:
        while True:
            name = target.chance.randbytes(8)
            attribute = struct.pack("!HH", 0x0006, 8) + name
            head = struct.pack("!HHI", 0x0001, len(attribute), 0x2112A442) + target.chance.randbytes(12)
            yield head + attribute
            yield head[:2] + b"\xff\xfc" + head[4:] + attribute
            yield head

    await _datagrams(target, made())


async def junk_flood(target: Target) -> None:
    """Large datagrams of nothing."""
    every = [bytes([first]) + bytes(1_399) for first in (0, 22, 128, 255)]

    def made() -> Iterator[bytes]:
        while True:
            yield from every

    await _datagrams(target, made(), burst=60)


ATTACKS: dict[str, Attack] = {
    made.__name__: made
    for made in (
        short_datagrams,
        forged_dtls,
        stun_flood,
        junk_flood,
    )
}
