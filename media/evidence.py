"""What is kept of one peer connection beside the forwarding: its frames, its recording, and what it carried. Pure."""

from dataclasses import dataclass

from media import vp8
from media.assembly import EncodedFrame, FrameAssembler, video_packet
from media.events import Kind, Leg, LegFacts, RecordedPiece
from media.groups import GroupStore
from media.incoming import IncomingStream
from media.ledger import FROZEN_AFTER, Counters, Gauges, Ledger
from media.outgoing import OutgoingStream
from media.recording import Recorded, Recording
from media.rtp import RtpPacket


@dataclass(frozen=True)
class Keeping:
    """What a call is kept of."""

    name: str
    """Of this call in this worker and no other."""
    wall_offset: int
    """What makes microseconds UTC of the worker's clock."""
    evidence: bool = True
    """Keep frames, recording and facts; without, packets are forwarded and nothing more."""
    records: bool = True
    """Record what both legs send."""


class LegEvidence:
    """What is kept of one connection; times are microseconds on the worker's clock."""

    def __init__(self, call: str, leg: Leg, media: int, keeping: Keeping, store: GroupStore) -> None:
        """Frames go to `store`, which belongs to the side and outlives the connection."""
        self._media = media
        self._store = store
        self._assembler = FrameAssembler()
        self._recording: Recording | None = None
        if keeping.records:
            self._recording = Recording(Recorded(call, leg, media, keeping.wall_offset))
        self._ledger = Ledger(call, leg, media, keeping.wall_offset)
        self._size = (0, 0)
        self._new_picture_at: int | None = None

    def video(self, packet: RtpPacket, descriptor: vp8.Descriptor | None, now: int) -> None:
        """A packet of video that was not there before."""
        if self._new_picture_at is None:
            self._new_picture_at = now
        for frame in self._assembler.add(video_packet(packet, descriptor, now)):
            self._keep(frame)

    def audio(self, packet: RtpPacket, now: int) -> None:
        """A packet of sound that was not there before."""
        if self._recording is not None:
            self._recording.audio(packet.timestamp, packet.payload, now)

    def is_frozen(self, now: int) -> bool:
        """Whether no new picture has come for long since the first packet of one."""
        return self._new_picture_at is not None and now - self._new_picture_at > FROZEN_AFTER

    def piece(self, now: int) -> RecordedPiece | None:
        """The next piece of the recording, if it is time for one."""
        return None if self._recording is None else self._recording.due(now, behind=self._assembler.is_behind)

    def facts(
        self,
        incoming: dict[Kind, IncomingStream],
        outgoing: dict[Kind, OutgoingStream],
        gauges: Gauges,
        now: int,
    ) -> LegFacts | None:
        """The seconds that are to be told now; a second that ends here begins the gauges anew."""
        if not self._ledger.is_due(now):
            return None
        video, sent = incoming["video"], outgoing["video"]
        counters = Counters(
            video_octets=video.octets,
            audio_octets=incoming["audio"].octets,
            frames=self._assembler.frames,
            repeated=video.repeated,
            lost=video.losses.given_up,
            sent_octets=sent.octets + sent.repeated_octets,
        )
        gauges.size, gauges.jitter = self._size, video.jitter()
        told = self._ledger.add(counters, gauges, now)
        gauges.silence = 0
        return told

    def end(self, now: int) -> list[RecordedPiece | LegFacts]:
        """The connection is over: the last piece and the last seconds."""
        piece = None if self._recording is None else self._recording.end()
        facts = self._ledger.rest(now)
        return [told for told in (piece, facts) if told is not None]

    def _keep(self, frame: EncodedFrame) -> None:
        self._new_picture_at = frame.arrived
        if frame.is_key:
            self._size = vp8.picture_size(frame.data) or self._size
        self._store.add(self._media, frame)
        if self._recording is not None:
            self._recording.video(frame)
