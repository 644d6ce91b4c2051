"""One peer connection of a call: its four streams, and whether it is heard. Pure.

What it is not: it knows nothing of the other side; `media.call` joins the two.
"""

from dataclasses import dataclass

from media import rtcp
from media.bandwidth import MOST, Downlink
from media.events import Kind, Leg, LegHeard, LegSilent, LegSummary, MediaFlowing
from media.evidence import LegEvidence
from media.incoming import IncomingStream, StreamParameters
from media.ledger import Gauges
from media.outgoing import OutgoingStream
from media.pacing import ResendQueue
from media.twcc import ArrivalRecorder

SILENT_AFTER = 3_000_000
"""A leg without a valid packet for this long is silent: microseconds."""
LOOK_AFTER = 1_000_000
"""The same when somebody has reason to look: microseconds."""
FEEDBACK_EVERY = 100_000
"""Between two congestion control reports: microseconds."""
REPORT_EVERY = 1_000_000
"""Between two receiver reports: microseconds."""

LegEvent = MediaFlowing | LegSilent | LegHeard


@dataclass(frozen=True)
class LegParameters:
    """What was negotiated with one peer."""

    video: StreamParameters
    """Its picture, VP8."""
    audio: StreamParameters
    """Its sound, Opus."""
    transport_sequence_id: int
    """Id of the transport-wide sequence number's header extension; 0 where the peer does not send it."""
    timestamps_kept: bool = True
    """Whether the peer gets our packets with our timestamps; else it knows no picture by a name of ours."""


@dataclass(frozen=True)
class Numbering:
    """Where our two streams to a peer begin to count; drawn by the caller."""

    sequence: int
    """First sequence number, below 2^15."""
    timestamp: int
    """First timestamp, modulo 2^32."""


class LegMedia:
    """State of one peer connection; times are microseconds on the worker's clock."""

    def __init__(self, call: str, leg: Leg, media: int, parameters: LegParameters, numbering: Numbering) -> None:
        self.call, self.leg, self.media = call, leg, media
        self.parameters = parameters
        self.incoming: dict[Kind, IncomingStream] = {
            stream.kind: IncomingStream(stream) for stream in (parameters.video, parameters.audio)
        }
        extension = parameters.transport_sequence_id
        self.downlink = Downlink() if extension else None
        """What the way to the peer bears; None where it does not tell."""
        self.outgoing: dict[Kind, OutgoingStream] = {
            stream.kind: OutgoingStream(stream, numbering.sequence, numbering.timestamp, self.downlink, extension)
            for stream in (parameters.video, parameters.audio)
        }
        self.resends = ResendQueue()
        """What the peer asked for again."""
        self.evidence: LegEvidence | None = None
        """What is kept of the connection; None where nothing is."""
        self.gauges = Gauges()
        """What the connection shows in the second that runs."""
        self.arrivals = ArrivalRecorder()
        self.is_connected = False
        """Whether what is sent to the peer arrives."""
        self.last_valid: int | None = None
        """When the last valid packet came; taken over from the connection that this one replaces."""
        self._first_packet: int | None = None
        self._silent = False
        self._silences = 0
        self._reports = 0
        self._feedback_due = 0
        self._report_due = 0
        self._bound: int | None = None
        self._bound_due = 0

    @property
    def flows(self) -> bool:
        """Whether video has come and the leg is not silent."""
        return self.incoming["video"].ssrc is not None and not self._silent

    def is_silent(self, now: int, after: int = SILENT_AFTER) -> bool:
        """Whether the leg had packets and has had none for `after`."""
        return self.last_valid is not None and now - self.last_valid > after

    def replaces(self, older: "LegMedia") -> None:
        """Go on counting silence from the older connection of the same leg: it is the person that is heard or not."""
        self.last_valid = older.last_valid

    def heard(self, now: int) -> LegHeard | None:
        """A valid packet came; what is to be told of it."""
        self.note_silence(now)
        self.last_valid = now
        if self._first_packet is None:
            self._first_packet = now
        if not self._silent:
            return None
        self._silent = False
        self._reports += 1
        return LegHeard(self.call, self.leg, self.media, self._reports)

    def note_silence(self, now: int) -> None:
        """Remember how long nothing came, if it is the longest time in this second."""
        if self.last_valid is not None and now - self.last_valid > self.gauges.silence:
            self.gauges.silence = now - self.last_valid

    def look(self, now: int, after: int = SILENT_AFTER) -> list[LegEvent]:
        """Find out whether the leg has fallen silent; reported once until it is heard again."""
        if self._silent or self.last_valid is None or not self.is_silent(now, after):
            return []
        self._silent = True
        self._silences += 1
        self._reports += 1
        return [LegSilent(self.call, self.leg, self.media, self._reports, now - self.last_valid)]

    def feedback(self, now: int, *, regular_key_frames: bool) -> list[bytes]:
        """What this peer is to be told now: losses, congestion control, reports, the wish for a key frame."""
        video = self.incoming["video"]
        ours = self.parameters.video.ssrc
        told: list[bytes] = []
        if video.ssrc is not None and not self._silent:
            told += self._ask(video, video.ssrc, now, regular=regular_key_frames)
        # Sound is not asked for again, it would come too late; this only forgets what is missing.
        self.incoming["audio"].losses.due(now)
        if now >= self._feedback_due:
            self._feedback_due = now + FEEDBACK_EVERY
            told += self.arrivals.flush(ours, video.ssrc or 0)
        if now >= self._report_due:
            self._report_due = now + REPORT_EVERY
            blocks = [block for stream in self.incoming.values() if (block := stream.report(now)) is not None]
            told.append(rtcp.receiver_report(ours, blocks))
        return told

    def bound(self, limit: int | None, now: int) -> list[bytes]:
        """Have the peer keep below `limit` bits a second, which the way to the other side bears; None: as it likes.

        Told at once when it changes, and again every second, because a report may get lost.
        """
        source = self.incoming["video"].ssrc
        if source is None or (limit is None and self._bound is None):
            return []
        wanted = MOST if limit is None else limit
        if self._bound is not None and now < self._bound_due and wanted >= self._bound * 0.95:
            return []
        self._bound, self._bound_due = wanted, now + REPORT_EVERY
        return [rtcp.greatest_rate(self.parameters.video.ssrc, source, wanted)]

    def _ask(self, video: IncomingStream, ssrc: int, now: int, *, regular: bool) -> list[bytes]:
        """Requests for lost packets and for a key frame; a packet that is given up leaves only the latter."""
        asked: list[bytes] = []
        given_up = video.losses.given_up
        if missing := video.losses.due(now):
            asked.append(rtcp.nack(self.parameters.video.ssrc, ssrc, [sequence & 0xFFFF for sequence in missing]))
        if video.losses.given_up > given_up:
            video.key_frames.want()
        if video.key_frames.due(now, regular=regular):
            asked.append(rtcp.picture_loss(self.parameters.video.ssrc, ssrc))
        return asked

    def ask_at_once(self, now: int) -> list[bytes]:
        """The wish for a key frame, however short ago the last one was; nothing where no video comes."""
        video = self.incoming["video"]
        video.key_frames.want()
        if video.ssrc is None or self._silent:
            return []
        video.key_frames.asked(now)
        return [rtcp.picture_loss(self.parameters.video.ssrc, video.ssrc)]

    def summary(self, wall_offset: int) -> LegSummary:
        """What the connection carried; `wall_offset` makes wall-clock microseconds UTC of the worker's clock."""
        video, audio = self.incoming["video"], self.incoming["audio"]
        first = self._first_packet
        last = None if first is None else self.last_valid
        return LegSummary(
            self.leg,
            self.media,
            video.received,
            audio.received,
            video.losses.given_up,
            None if first is None else first + wall_offset,
            None if last is None else last + wall_offset,
            self._silences,
        )
