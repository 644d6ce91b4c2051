"""Where the fuzzer begins: packets, offers and messages as real peers and nodes send them."""

import asyncio
from struct import pack

from aiortc import RTCConfiguration, RTCPeerConnection

from media import protocol, rtcp, rtp
from media.events import KeptFrame, LegSilent, RecordedPiece
from tests.fuzz import port
from tests.fuzz.call import AUDIO, EXTENSION, REPEATED, VIDEO
from tests.fuzz.cases import Case, Op

# A key frame of 64x48 pixels and what follows, as libvpx writes their beginnings (RFC 6386 §9.1).
_KEY = bytes.fromhex("5000009d012a40003000") + bytes(40)
_LATER = bytes.fromhex("b10100") + bytes(30)
_CUSTOMERS, _AGENTS = 11, 22


def seeds() -> list[Case]:
    """Everything to begin with."""
    packets = [*_video(_CUSTOMERS), _sound(_CUSTOMERS), *_strange_descriptors(), *_extensions(), *_rtcp()]
    return [
        *(Case("wire", (Op("packet", packet),)) for packet in packets),
        *(Case(target, ops) for target in ("call", "recorded") for ops in _calls()),
        *(Case("port", ops) for ops in port.seeds()),
        Case("messages", tuple(Op("worker", each.model_dump_json().encode()) for each in _requests())),
        Case("messages", tuple(_said(each) for each in _answers())),
        *(Case("offers", tuple(Op("line", line.encode()) for line in offer.splitlines())) for offer in _offers()),
    ]


def _video(ssrc: int, frames: int = 4, first: int = 0) -> list[bytes]:
    made = []
    for n in range(first, first + frames):
        data = _LATER if n else _KEY
        for part, (begin, piece) in enumerate(((b"\x90", data[:20]), (b"\x80", data[20:]))):
            payload = begin + b"\x80" + pack("!H", 0x8000 | n) + piece
            made.append(
                rtp.serialize(
                    VIDEO,
                    marker=part == 1,
                    sequence=2 * n + part,
                    timestamp=3_000 * n,
                    ssrc=ssrc,
                    payload=payload,
                )
            )
    return made


def _sound(ssrc: int, n: int = 0) -> bytes:
    return rtp.serialize(AUDIO, marker=False, sequence=n, timestamp=960 * n, ssrc=ssrc + 1, payload=b"\xfcsound")


def _strange_descriptors() -> list[bytes]:
    """Every combination of a VP8 descriptor's parts."""
    payloads = [bytes([0x90, flags, 0x81, 2, 3, 4]) + _KEY for flags in range(0, 256, 16)]
    payloads += [bytes([first]) + _KEY for first in (0x00, 0x10, 0x11, 0x30)]
    return [
        rtp.serialize(VIDEO, marker=True, sequence=n, timestamp=0, ssrc=_CUSTOMERS, payload=payload)
        for n, payload in enumerate(payloads)
    ]


def _extensions() -> list[bytes]:
    """Headers with contributing sources, padding and extensions of one and two octets, the transport's number too."""
    fixed = pack("!HII", 1, 0, _CUSTOMERS)
    payload = b"\x90\x80\x81\x00" + _KEY
    one = pack("!HH", rtp.ONE_BYTE_PROFILE, 2) + bytes([EXTENSION << 4 | 1, 0, 7, 0x10, 0xFF, 0, 0, 0])
    two = pack("!HH", rtp.TWO_BYTE_PROFILE, 1) + bytes([EXTENSION, 2, 0, 7])
    return [
        bytes([0x90, VIDEO]) + fixed + one + payload,
        bytes([0x90, VIDEO]) + fixed + two + payload,
        bytes([0xA0, VIDEO]) + fixed + payload + b"\0\0\0\4",
        bytes([0x82, VIDEO]) + fixed + bytes(8) + payload,
    ]


def _rtcp(ours: int = 1_000) -> list[bytes]:
    """What browsers say of our stream and of theirs."""
    block = rtcp.ReportBlock(ours, 10, 5, 70_000, 90, 0x1234, 65_536)
    report = rtcp.SenderReport(_CUSTOMERS, 0x1234_5678_0000_0000, 3_000)
    feedback = pack("!IIHH3sB", 1, ours, 0, 4, b"\0\0\1", 0) + pack("!H", 1 << 13 | 4) + bytes(6)
    return [
        rtcp.sender_report(report, packets=1, octets=2, cname="peer") + rtcp.picture_loss(1, ours),
        rtcp.receiver_report(1, [block, block]),
        rtcp.nack(1, ours, [100, 101, 103, 140]),
        rtcp.packet(rtcp.PAYLOAD_FEEDBACK, rtcp.FULL_INTRA_REQUEST, pack("!IIIBxxx", 1, 0, ours, 1)),
        rtcp.packet(rtcp.TRANSPORT_FEEDBACK, 15, feedback),
        rtcp.packet(rtcp.PAYLOAD_FEEDBACK, 15, pack("!II4sBBHI", 1, 0, b"REMB", 1, 0x2C, 0x1000, ours)),
        rtcp.packet(rtcp.BYE, 1, pack("!I", _CUSTOMERS)),
    ]


def _calls() -> list[tuple[Op, ...]]:
    wait = Op("wait", (40_000).to_bytes(3, "big"))
    customer = [Op("customer-rtp", each) for each in [*_video(_CUSTOMERS), _sound(_CUSTOMERS)]]
    agent = [Op("agent-rtp", each) for each in [*_video(_AGENTS), _sound(_AGENTS)]]
    told = [Op("customer-rtcp", each) for each in _rtcp(1_000)] + [Op("agent-rtcp", each) for each in _rtcp(2_000)]
    again = rtp.serialize(REPEATED, marker=True, sequence=9, timestamp=3_000, ssrc=12, payload=b"\0\2" + _LATER)
    frame = Op("frame", pack("!HI", 2, 5_000))
    strange = [Op("customer-rtp", each) for each in [*_strange_descriptors(), *_extensions()]]
    flood = Op("again", pack("!HH", 50, 8))
    return [
        (*customer, *agent, wait, frame),
        (*customer, *agent, *told, wait, wait, frame),
        (*customer[:3], *customer[4:], wait, Op("customer-rtp", again), wait),
        (*customer, Op("customer-join", b"\x03"), *(Op(op.verb, op.data) for op in customer), wait, frame),
        (Op("agent-join", b"\x04"), *customer, frame, Op("agent-join", b"\x00"), *customer, wait),
        (*strange, wait),
        (*customer, *agent, flood, wait, frame),
        (*customer, *told, flood, wait),
        (*customer, *agent, *[Op("wait", (1_000_000).to_bytes(3, "big"))] * 12, *customer),
        (*customer, Op("wait", (5_000_000).to_bytes(3, "big")), *customer, wait, frame),
    ]


def _requests() -> list[protocol.ToWorker]:
    named = {"id": "1", "call": "c", "time_left": 1_000}
    return [
        protocol.Negotiate(**named, leg="customer", media=1, offer_sdp="v=0"),
        protocol.GetFrame(**named, media=1, rtp_timestamp=5, live=True, ago=1),
        protocol.GetNearestFrame(**named, live=False),
        protocol.Look(**named, leg="agent"),
        protocol.CutLegs(**named, customer=1, agent=None),
        protocol.CloseCall(**named),
        protocol.Proof(proof="00"),
        protocol.Acknowledge(sequence=1),
    ]


def _answers() -> list[protocol.ToNode]:
    whose = {"worker": "w", "boot": "b", "sequence": 1}
    piece = RecordedPiece("c", "agent", 1, 0, b"\x1a\x45\xdf\xa3", 0, 20_000, last=False)
    return [
        protocol.Hello(worker="w", boot="b", capacity=1, nonce="0", proof="0"),
        protocol.Alive(calls=1),
        protocol.Answer(id="1", answer_sdp="v=0"),
        protocol.Frame(id="1", frame=KeptFrame(b"\xff\xd8", 1, 1, 1, True, 1)),
        protocol.Refusal(id="1", code="frame_unknown"),
        protocol.LegSilentEvent(**whose, event=LegSilent("c", "agent", 1, 1, 3_000_000)),
        protocol.RecordedPieceEvent(**whose, event=piece),
    ]


def _said(message: protocol.ToNode) -> Op:
    encoded = protocol.encode(message)
    return Op("octets", encoded) if isinstance(encoded, bytes) else Op("node", encoded.encode())


def _offers() -> list[str]:
    """As a library writes one, and with what browsers add."""
    plain = asyncio.run(_offer())
    more = plain.replace("goog-remb", "transport-cc").replace(
        "a=rtcp-mux\r\n",
        "a=rtcp-mux\r\na=rtcp-rsize\r\na=extmap:4/sendonly http://www.ietf.org/id/"
        "draft-holmer-rmcat-transport-wide-cc-extensions-01\r\na=extmap-allow-mixed\r\n"
        "a=candidate:1 1 udp 2130706431 127.0.0.1 50000 typ host generation 0\r\na=rtcp-fb:* ccm fir\r\n",
    )
    return [plain, more]


async def _offer() -> str:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    for kind in ("audio", "video"):
        peer.addTransceiver(kind)
    await peer.setLocalDescription(await peer.createOffer())
    offer = str(peer.localDescription.sdp)
    await peer.close()
    # Whoever runs this is nobody's business, and nobody is to be dialled.
    return "\r\n".join(line for line in offer.splitlines() if not line.startswith("a=candidate"))
