"""Attacks of `hostile` by pictures, of a dealer who is signed in."""

import asyncio
import io
import struct
import zlib

import numpy as np
from PIL import Image

from tests.bench.hostile_target import Attack, Target


def _empty_scans(scans: int) -> bytes:
    """A progressive JPEG with so many scans that hold nothing (ITU-T T.81, B.2.3)."""
    file = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (1_200, 1_600, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((3_000, 2_200)).save(file, "JPEG", progressive=True, quality=5)
    data = file.getvalue()
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00" + b"\x00" * 64
    return data[:-2] + scan * scans + data[-2:]


def _flat_png(side: int) -> bytes:
    """A PNG of one colour: small as a file, large as a picture (PNG, 3rd edition, 5)."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))

    packer, rows = zlib.compressobj(9), []
    rows += [packer.compress(bytes(1 + 3 * side)) for _ in range(side)]
    head = struct.pack("!IIBBBBB", side, side, 8, 2, 0, 0, 0)
    packed = b"".join([*rows, packer.flush()])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


async def _uploads(target: Target, pictures: list[bytes], count: int) -> None:
    """By a dealer who is signed in, one form after the other, all pictures at once."""
    async with target.http() as http:
        name, password = target.dealer
        body = {"username": name, "password": password}
        csrf = ""
        async with http.post(f"{target.origin}/api/ekyc/dealer", json=body) as answer:
            if answer.status < 300:
                csrf = (await answer.json()).get("csrf", "")
            target.said[f"sign-in {answer.status}"] += 1
        headers = {"X-Vouch-CSRF": csrf}

        async def form(number: int) -> None:
            async with http.post(f"{target.origin}/api/ekyc/drafts", headers=headers) as answer:
                target.said[f"draft {answer.status}"] += 1
                if answer.status != 201:
                    return
                draft = (await answer.json())["draft"]
            for kind in ("id_front", "id_back", "portrait"):
                path = f"{target.origin}/api/ekyc/drafts/{draft}/pictures/{kind}"
                picture = pictures[number % len(pictures)]
                try:
                    async with http.put(path, data=picture, headers=headers) as answer:
                        target.said[f"picture {answer.status}"] += 1
                except (OSError, TimeoutError) as error:
                    target.said[f"picture {type(error).__name__}"] += 1

        await asyncio.gather(*(form(number) for number in range(count)))


async def endless_jpegs(target: Target) -> None:
    """Pictures whose thousands of scans keep a decoder busy."""
    await _uploads(target, [_empty_scans(3_000), _empty_scans(300)], 2 * target.scale)


async def swelling_pngs(target: Target) -> None:
    """Pictures that are far larger than their files."""
    await _uploads(target, [_flat_png(9_000), _flat_png(4_800)], target.scale)


ATTACKS: dict[str, Attack] = {
    made.__name__: made
    for made in (
        endless_jpegs,
        swelling_pngs,
    )
}
