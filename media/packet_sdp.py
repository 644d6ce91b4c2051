"""Session descriptions of packet robots (RFC 8866, RFC 9429): what a browser would say, in as few lines. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from aiortc.sdp import MediaDescription, SessionDescription

from media.aiortc_client import LocalTransport
from media.events import Kind
from media.peer import TRANSPORT_SEQUENCE_URI

Direction = Literal["sendrecv", "sendonly", "recvonly"]


@dataclass(frozen=True)
class Numbers:
    """How one side's packets are told apart."""

    audio: int = 111
    """Payload type of Opus."""
    video: int = 96
    """Payload type of VP8."""
    repeated: int | None = 97
    """Payload type of VP8 sent again (RFC 4588); None for none."""
    transport_sequence: int = 3
    """Id of the transport-wide sequence number's header extension; 0 for none."""


@dataclass(frozen=True)
class Sources:
    """The SSRC of what is sent."""

    audio: int
    """Sound."""
    video: int
    """Picture."""
    repeated: int
    """Picture that is sent again."""
    cname: str
    """Name that they have in common."""


@dataclass(frozen=True)
class Described:
    """What a description of the other side says."""

    transport: MediaDescription
    """The section that leads the bundle: addresses, keys, fingerprints."""
    numbers: Numbers
    """What both sides use."""
    sections: tuple[tuple[Kind, str], ...]
    """Kind and name (mid) of each section, in their order."""


def read(sdp: str) -> Described:
    """Read an offer or answer; raises ValueError where it has no usable sound or picture."""
    parsed = SessionDescription.parse(sdp)
    sections = tuple((_kind(media), str(media.rtp.muxId)) for media in parsed.media)
    by_kind = {_kind(media): media for media in parsed.media if media.rtp.codecs}
    if set(by_kind) != {"audio", "video"}:
        raise ValueError("one section of sound and one of pictures is needed")
    transport = next((media for media in parsed.media if media.ice_candidates), parsed.media[0])
    return Described(transport, _numbers(by_kind["audio"], by_kind["video"]), sections)


def write(
    local: LocalTransport,
    sources: Sources | None,
    *,
    direction: Direction,
    setup: Literal["actpass", "active"],
    numbers: Numbers,
    sections: tuple[tuple[Kind, str], ...] = (("audio", "0"), ("video", "1")),
) -> str:
    """An offer (`actpass`) or an answer (`active`); `sources` are None where nothing is sent."""
    lines = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines.append("a=group:BUNDLE " + " ".join(name for _, name in sections))
    for kind, name in sections:
        lines += _audio(numbers) if kind == "audio" else _video(numbers)
        lines += _transport(local, setup)
        lines += [f"a=mid:{name}", f"a={direction}", "a=rtcp-mux", "a=rtcp-rsize"]
        if numbers.transport_sequence:
            lines.append(f"a=extmap:{numbers.transport_sequence} {TRANSPORT_SEQUENCE_URI}")
        if sources is not None:
            lines += _sources(kind, sources)
    return "\r\n".join(lines) + "\r\n"


def _audio(numbers: Numbers) -> Iterator[str]:
    yield f"m=audio 9 UDP/TLS/RTP/SAVPF {numbers.audio}"
    yield f"a=rtpmap:{numbers.audio} opus/48000/2"
    yield f"a=rtcp-fb:{numbers.audio} transport-cc"
    yield f"a=fmtp:{numbers.audio} minptime=10;useinbandfec=1"


def _video(numbers: Numbers) -> Iterator[str]:
    video, repeated = numbers.video, numbers.repeated
    yield f"m=video 9 UDP/TLS/RTP/SAVPF {video}" + ("" if repeated is None else f" {repeated}")
    yield f"a=rtpmap:{video} VP8/90000"
    yield from (f"a=rtcp-fb:{video} {each}" for each in ("nack", "nack pli", "ccm fir", "transport-cc"))
    if repeated is not None:
        yield f"a=rtpmap:{repeated} rtx/90000"
        yield f"a=fmtp:{repeated} apt={video}"


def _transport(local: LocalTransport, setup: str) -> Iterator[str]:
    yield "c=IN IP4 0.0.0.0"
    yield "a=rtcp:9 IN IP4 0.0.0.0"
    yield f"a=ice-ufrag:{local.username}"
    yield f"a=ice-pwd:{local.password}"
    yield f"a=fingerprint:sha-256 {local.fingerprint}"
    yield f"a=setup:{setup}"
    yield from (f"a=candidate:{each}" for each in local.candidates)
    yield "a=end-of-candidates"


def _sources(kind: Kind, sources: Sources) -> Iterator[str]:
    if kind == "audio":
        yield f"a=ssrc:{sources.audio} cname:{sources.cname}"
        return
    yield f"a=ssrc-group:FID {sources.video} {sources.repeated}"
    yield f"a=ssrc:{sources.video} cname:{sources.cname}"
    yield f"a=ssrc:{sources.repeated} cname:{sources.cname}"


def _kind(media: MediaDescription) -> Kind:
    return "video" if media.kind == "video" else "audio"


def _numbers(audio: MediaDescription, video: MediaDescription) -> Numbers:
    found = {codec.name.lower(): codec.payloadType for media in (audio, video) for codec in media.rtp.codecs}
    opus, vp8 = found.get("opus"), found.get("vp8")
    if opus is None or vp8 is None:
        raise ValueError("Opus and VP8 are needed")
    ids = [each.id for each in video.rtp.headerExtensions if each.uri == TRANSPORT_SEQUENCE_URI]
    return Numbers(opus, vp8, found.get("rtx"), ids[0] if ids else 0)
