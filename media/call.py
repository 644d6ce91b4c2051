"""One call's media: the two legs joined, packets in, packets out. Pure: time comes in, nothing is sent from here.

`Output` says what to send to whom; `take_events` what to tell. The counterpart that owns the sockets is
`media.worker`.
"""

from dataclasses import dataclass

from media import rtcp, rtp, twcc, vp8
from media.errors import FrameTooOld, FrameUnknown
from media.events import CallSummary, GateChanged, Leg, LegFacts, LegSummary, MediaFlowing, RecordedPiece
from media.evidence import Keeping, LegEvidence
from media.gates import Gates, RecordingProgress
from media.groups import EncodedPicture, GroupStore
from media.incoming import IncomingStream
from media.leg import LOOK_AFTER, LegEvent, LegMedia
from media.rtp import RtpPacket

OLDEST_LIVE = 2_000_000
"""A frame that left the worker longer ago than this is no live picture: microseconds."""

MOST_REPLACED = 256
"""Older connections that a call's summary tells of; whoever reconnects more often is no caller."""

CallEvent = LegEvent | GateChanged | RecordedPiece | LegFacts
"""What is told of a call."""

Output = list[tuple[LegMedia, bytes]]
"""Packets to send, each with the leg that it goes to."""

_OTHER: dict[Leg, Leg] = {"customer": "agent", "agent": "customer"}


@dataclass(frozen=True)
class NamedPicture:
    """A frame that was found, still encoded."""

    picture: EncodedPicture
    """What is to be decoded."""
    rtp_timestamp: int
    """Its name as the agent's page knew it; its sender's where it never went to the present agent's page."""
    exact: bool
    """Whether it was asked for by that name."""


class CallMedia:
    """State of one call; every method takes `now`, microseconds on the worker's clock, never going back."""

    def __init__(self, call: str, keeping: Keeping) -> None:
        self.call = call
        self._keeping = keeping
        self._legs: dict[Leg, LegMedia] = {}
        self._gone: dict[Leg, LegMedia] = {}
        """Connections that were cut and have no successor: frames that went by them are still known by name."""
        self._stores: dict[Leg, GroupStore] = {"customer": GroupStore(), "agent": GroupStore()}
        self._replaced: list[LegSummary] = []
        self._events: list[CallEvent] = []
        self._gates = Gates(call, keeping.name)
        self._progress = RecordingProgress()

    def leg(self, leg: Leg) -> LegMedia | None:
        """The present connection of a leg."""
        return self._legs.get(leg)

    @property
    def is_unused(self) -> bool:
        """Whether no connection has ever joined."""
        return not (self._legs or self._replaced)

    def join(self, leg: LegMedia, now: int) -> None:
        """A peer connection begins; it replaces the leg's older one, whose packets count no more."""
        older = self._legs.get(leg.leg)
        if older is not None:
            leg.replaces(older)
            self._end(older, now)
            self._remember(older)
        self._gone.pop(leg.leg, None)
        self._legs[leg.leg] = leg
        if self._keeping.evidence:
            leg.evidence = LegEvidence(self.call, leg.leg, leg.media, self._keeping, self._stores[leg.leg])

    def cut(self, leg: Leg, now: int) -> None:
        """Whoever used the leg's present connection has left: nothing goes to it, its packets count no more.

        Its recording ends here. Frames that came or went by it can still be asked for.
        """
        left = self._legs.pop(leg, None)
        if left is not None:
            self._gone[leg] = left
            self._remember(left)
            self._end(left, now)

    def connected(self, leg: LegMedia, now: int) -> Output:
        """The leg's connection stands: from now on the other side's packets go to it, once a key frame has come."""
        other = self._legs.get(_OTHER[leg.leg])
        if self._legs.get(leg.leg) is not leg:
            return []
        leg.is_connected = True
        return [] if other is None else [(other, data) for data in other.ask_at_once(now)]

    def end(self, now: int) -> None:
        """The call is over: the last events of both legs are made."""
        for leg in self._legs.values():
            self._end(leg, now)

    def kept(self, piece: RecordedPiece, now: int) -> None:
        """A piece of a recording, which was told, is on disk."""
        self._progress.kept(piece)
        self._look_at_recording(now)

    @property
    def has_events(self) -> bool:
        """Whether `take_events` has any to give."""
        return bool(self._events)

    def take_events(self) -> list[CallEvent]:
        """What has happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    def rtp(self, leg: LegMedia, data: bytes, now: int) -> Output:
        """A valid RTP packet from a leg."""
        if self._legs.get(leg.leg) is not leg:
            return []
        if (heard := leg.heard(now)) is not None:
            self._events.append(heard)
        packet = rtp.parse(data, leg.parameters.transport_sequence_id)
        if packet is None:
            return []
        if packet.transport_sequence is not None:
            leg.arrivals.add(packet.transport_sequence, now)
        stream = _take(leg, packet, now)
        if stream is None:
            return []
        if stream.received == 1:
            self._events.append(MediaFlowing(self.call, leg.leg, leg.media, stream.kind))
        return self._forward(leg, stream, packet, _note(leg, stream, packet, now), now)

    def rtcp(self, leg: LegMedia, data: bytes, now: int) -> Output:
        """A valid compound RTCP packet from a leg."""
        if self._legs.get(leg.leg) is not leg:
            return []
        if (heard := leg.heard(now)) is not None:
            self._events.append(heard)
        other = self._legs.get(_OTHER[leg.leg])
        output: Output = []
        for message in rtcp.parse(data):
            match message:
                case rtcp.SenderReport():
                    output += _translate(leg, other, message, now)
                case rtcp.Nack() if message.ssrc == leg.parameters.video.ssrc:
                    leg.resends.ask(message.sequences)
                    output += _resend(leg, now)
                case rtcp.KeyFrameRequest() if other is not None and message.ssrc == leg.parameters.video.ssrc:
                    other.incoming["video"].key_frames.want()
                case rtcp.ReportBlock():
                    _take_report(leg, message, now)
                case rtcp.TransportWide():
                    _take_feedback(leg, message, now)
        return output

    def tick(self, now: int) -> Output:
        """What is due; to be called about every 50 ms."""
        both = self._keeping.evidence and len(self._legs) == 2 and all(leg.flows for leg in self._legs.values())
        output: Output = []
        for leg in self._legs.values():
            self._events += leg.look(now)
            output += _resend(leg, now)
            self._keep(leg, now)
            if leg.incoming["video"].ssrc is not None or leg.incoming["audio"].ssrc is not None:
                output += [(leg, data) for data in leg.feedback(now, regular_key_frames=both)]
                output += [(leg, data) for data in leg.bound(self._downlink_limit(_OTHER[leg.leg]), now)]
        self._look_at_recording(now)
        return output

    def look(self, leg: Leg, now: int) -> None:
        """Somebody has reason to think that the leg is gone."""
        present = self._legs.get(leg)
        if present is not None:
            self._events += present.look(now, LOOK_AFTER)

    def frame(self, media: int, rtp_timestamp: int, *, live: bool, now: int) -> NamedPicture:
        """The customer's frame that the agent's page saw under (its media number, timestamp).

        Raises FrameUnknown, and FrameTooOld when it must be `live` and is not. The nearest one where the page cannot
        know its name.
        """
        agent = self._last("agent")
        if agent is not None and agent.media == media and not agent.parameters.timestamps_kept:
            return self.nearest_frame(live=live, now=now)
        source = agent.outgoing["video"].segments.find(rtp_timestamp) if agent and agent.media == media else None
        picture = self._stores["customer"].named(*source) if source else None
        if picture is None:
            raise FrameUnknown
        if live:
            self._require_live(picture, now)
        return NamedPicture(picture, rtp_timestamp, exact=True)

    def nearest_frame(self, *, live: bool, now: int) -> NamedPicture:
        """The customer's frame whose arrival lies nearest to `now`; raises as `frame` does."""
        picture = self._stores["customer"].nearest(now)
        if picture is None:
            raise FrameUnknown
        if live:
            self._require_live(picture, now)
        agent = self._last("agent")
        sent = agent.outgoing["video"].segments.outgoing(picture.media, picture.timestamp) if agent else None
        return NamedPicture(picture, picture.timestamp if sent is None else sent, exact=False)

    def agents_own(self, at: int) -> NamedPicture:
        """The agent's own frame whose arrival lies nearest to `at`; raises FrameUnknown."""
        picture = self._stores["agent"].nearest(at)
        if picture is None:
            raise FrameUnknown
        return NamedPicture(picture, picture.timestamp, exact=False)

    def summary(self, wall_offset: int) -> CallSummary:
        """What every connection of the call carried."""
        present = (leg.summary(wall_offset) for leg in self._legs.values())
        return CallSummary(self.call, (*self._replaced, *present))

    def _last(self, leg: Leg) -> LegMedia | None:
        """The leg's present connection, else the one that was cut last."""
        return self._legs.get(leg) or self._gone.get(leg)

    def _remember(self, leg: LegMedia) -> None:
        # A leg holds a second of packets to repeat; whoever reconnects for ever must not pile them up.
        self._replaced.append(leg.summary(self._keeping.wall_offset))
        del self._replaced[:-MOST_REPLACED]

    def _require_live(self, picture: EncodedPicture, now: int) -> None:
        customer = self._last("customer")
        if customer is None or customer.is_silent(now) or now - picture.arrived > OLDEST_LIVE:
            raise FrameTooOld

    def _keep(self, leg: LegMedia, now: int) -> None:
        """Tell what is due of a leg's recording and facts, and whether its picture stands."""
        evidence = leg.evidence
        if evidence is None:
            return
        piece = evidence.piece(now)
        if piece is not None:
            self._tell_piece(piece, now)
        leg.note_silence(now)
        # A leg that sends nothing at all is silent, which is another matter.
        is_heard = not leg.is_silent(now, LOOK_AFTER)
        leg.gauges.frozen = is_heard and evidence.is_frozen(now)
        facts = evidence.facts(leg.incoming, leg.outgoing, leg.gauges, now)
        if facts is not None:
            self._events.append(facts)
        if leg.leg == "customer" and is_heard:
            self._events += self._gates.change("frozen", shut=leg.gauges.frozen)

    def _end(self, leg: LegMedia, now: int) -> None:
        for told in leg.evidence.end(now) if leg.evidence is not None else ():
            if isinstance(told, RecordedPiece):
                self._tell_piece(told, now)
            else:
                self._events.append(told)

    def _tell_piece(self, piece: RecordedPiece, now: int) -> None:
        self._progress.told(piece, now)
        self._events.append(piece)

    def _look_at_recording(self, now: int) -> None:
        # With both cut there is nothing to confirm, and nobody is told so.
        if self._keeping.records and self._legs:
            present = {name: leg.media for name, leg in self._legs.items()}
            self._events += self._gates.change("recording", shut=not self._progress.is_safe(present, now))

    def _downlink_limit(self, leg: Leg) -> int | None:
        present = self._legs.get(leg)
        return None if present is None or present.downlink is None else present.downlink.limit

    def _forward(
        self, leg: LegMedia, stream: IncomingStream, packet: RtpPacket, descriptor: vp8.Descriptor | None, now: int
    ) -> Output:
        other = self._legs.get(_OTHER[leg.leg])
        # What is sent before is lost, and the key frame with it.
        if other is None or not other.is_connected:
            return []
        outgoing = other.outgoing[stream.kind]
        data = outgoing.forward(leg.media, packet, descriptor, now)
        if data is not None:
            return [(other, data)]
        if stream.kind == "video" and not outgoing.has_source(leg.media):
            stream.key_frames.want()
        return []


def _take(leg: LegMedia, packet: RtpPacket, now: int) -> IncomingStream | None:
    """Which stream takes the packet; None if none does, or if it was here before."""
    parameters = leg.parameters
    if packet.payload_type == parameters.video.payload_type:
        video = leg.incoming["video"]
        return video if video.take(packet, now) else None
    if packet.payload_type == parameters.audio.payload_type:
        audio = leg.incoming["audio"]
        return audio if audio.take(packet, now) else None
    if packet.payload_type == parameters.video.rtx_payload_type:
        video = leg.incoming["video"]
        return video if video.take_repeated(packet, now) else None
    return None


def _note(leg: LegMedia, stream: IncomingStream, packet: RtpPacket, now: int) -> vp8.Descriptor | None:
    """Keep what is to be kept of a packet; gives the descriptor of one of video."""
    if stream.kind == "audio":
        if leg.evidence is not None:
            leg.evidence.audio(packet, now)
        return None
    descriptor = vp8.parse(packet.payload)
    if descriptor is not None and vp8.starts_key_frame(packet.payload, descriptor):
        stream.key_frames.arrived(now)
    if leg.evidence is not None:
        leg.evidence.video(packet, descriptor, now)
    return descriptor


def _translate(leg: LegMedia, other: LegMedia | None, report: rtcp.SenderReport, now: int) -> Output:
    for kind, stream in leg.incoming.items():
        if stream.ssrc == report.ssrc:
            stream.heard_report(report, now)
            data = None if other is None else other.outgoing[kind].translate(leg.media, report, now)
            return [] if other is None or data is None else [(other, data)]
    return []


def _resend(leg: LegMedia, now: int) -> Output:
    """What the leg asked for again and may have now."""
    if not leg.resends:
        return []
    video = leg.outgoing["video"]
    return [(leg, data) for sequence in leg.resends.due(now) if (data := video.resend(sequence, now)) is not None]


def _take_report(leg: LegMedia, block: rtcp.ReportBlock, now: int) -> None:
    """What the peer says of our streams."""
    for stream in leg.outgoing.values():
        if stream.parameters.ssrc == block.ssrc:
            round_trip = stream.round_trip(block, now)
            leg.gauges.round_trip = leg.gauges.round_trip if round_trip is None else round_trip
            if stream.parameters.kind == "video":
                leg.gauges.sent_lost = block.fraction_lost


def _take_feedback(leg: LegMedia, message: rtcp.TransportWide, now: int) -> None:
    if leg.downlink is None:
        return
    try:
        feedback = twcc.parse(message.data)
    except ValueError:
        # A stranger's packet: what cannot be read tells nothing.
        return
    leg.downlink.heard(feedback, now)
