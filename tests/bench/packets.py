"""What a packet costs before and after sockets and SRTP: `./dev bench packets`.

Twenty seconds of one side of a call (VP8 640x480 of some 115 packets a second, Opus of 50, both numbered for the whole
transport) go through `CallMedia` in virtual time, forwarded alone and with all that is kept of a call; the peer is what
aiortc itself needs to read and write the same packets. Every way takes turns, three times, and the best counts. Ends
with one line of JSON.
"""

import json
import time
from collections.abc import Callable
from struct import pack

from aiortc.rtp import HeaderExtensionsMap, RtpPacket

from media import rtp
from media.call import CallMedia
from media.evidence import Keeping
from media.synthetic import encode, moving_picture
from tests.media.packets import AUDIO, VIDEO, leg

SECONDS, FPS = 20, 30
EXTENSION = 3
TICK = 40_000
TURNS = 3
LARGEST = 1_100

Packets = list[tuple[int, bytes]]
"""Each with its arrival: microseconds."""


def packets() -> Packets:
    """One side's stream, in the order of arrival."""
    pictures = encode(moving_picture(), count=2 * FPS, fps=FPS, bit_rate=868_000)
    video = [
        (n * 1_000_000 // FPS, VIDEO, n * 3_000, start, end, head + piece)
        for n in range(SECONDS * FPS)
        for start, end, piece in pieces(pictures[n % len(pictures)])
        for head in [pack("!BBH", 0x90 if start else 0x80, 0x80, 0x8000 | n)]
    ]
    audio = [(n * 20_000, AUDIO, n * 960, True, False, bytes(80)) for n in range(SECONDS * 50)]
    sequences = {VIDEO: 0, AUDIO: 0}
    made: Packets = []
    for number, (at, payload_type, timestamp, _, marker, payload) in enumerate(sorted(video + audio)):
        sequences[payload_type] += 1
        data = rtp.serialize_numbered(
            payload_type,
            marker=marker,
            sequence=sequences[payload_type] & 0xFFFF,
            timestamp=timestamp,
            ssrc=payload_type,
            payload=payload,
            extension=EXTENSION,
            number=number & 0xFFFF,
        )
        made.append((at, data))
    return made


def pieces(picture: bytes) -> list[tuple[bool, bool, bytes]]:
    """Whether each begins and ends the picture, and its octets."""
    starts = range(0, len(picture), LARGEST)
    return [(at == 0, at + LARGEST >= len(picture), picture[at : at + LARGEST]) for at in starts]


def ours(stream: Packets, keeping: Keeping) -> None:
    """Everything that `CallMedia` does with the stream."""
    call = CallMedia("call", keeping)
    customer, agent = (
        leg("customer", transport_sequence_id=EXTENSION),
        leg("agent", transport_sequence_id=EXTENSION),
    )
    call.join(customer, 0)
    call.join(agent, 0)
    call.connected(agent, 0)
    due = TICK
    for at, data in stream:
        while at > due:
            call.tick(due)
            due += TICK
        call.rtp(customer, data, at)
        call.take_events()


def peer(stream: Packets) -> None:
    """The library's reading and writing alone."""
    extensions = HeaderExtensionsMap()
    for _, data in stream:
        RtpPacket.parse(data, extensions).serialize(extensions)


def main() -> None:
    stream = packets()
    ways: dict[str, Callable[[], None]] = {
        "forwarded": lambda: ours(stream, Keeping("bench", 0, evidence=False, records=False)),
        "forwarded and kept": lambda: ours(stream, Keeping("bench", 0)),
        "aiortc: read and written": lambda: peer(stream),
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(TURNS):
        for name, way in ways.items():
            began = time.process_time()
            way()
            best[name] = min(best[name], (time.process_time() - began) / len(stream) * 1e6)
    for name, microseconds in best.items():
        ratio = microseconds / best["aiortc: read and written"]
        print(f"{name:<26}{microseconds:>6.1f} microseconds a packet, ratio {ratio:.2f}")
    forwarded, kept, read = best.values()
    figures = {"forwarded_us": forwarded, "kept_us": kept, "aiortc_read_write_us": read}
    print(json.dumps({"bench": "packets"} | {name: round(value, 1) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
