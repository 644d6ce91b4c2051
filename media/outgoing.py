"""One stream that goes out to a peer, made from whatever source the other side has now. Pure.

To the receiver it is one unbroken stream: sequence numbers, timestamps and VP8 picture ids go on over a change of the
source. Gaps stay gaps, so that what is lost before us can still be filled in late, under its own number.
"""

from array import array
from collections import OrderedDict
from struct import pack

from media import rtcp, rtp, vp8
from media.bandwidth import Downlink
from media.incoming import StreamParameters
from media.rtp import RtpPacket, Unwrapper
from media.segments import SegmentTable

HISTORY = 1_024
"""Packets kept for being sent again; a power of two. At 1 Mbit/s some eight seconds."""
REPORTS_KEPT = 16
"""Sender reports whose answer is waited for."""
RESEND_PACE = 20_000
"""A packet is sent again once in this time at most: microseconds."""


class _History:
    """What was sent lately, by 16-bit sequence number. Columns of plain values: objects for each packet of fifty calls
    would be out of the processor's caches when their turn comes again, and the cycle collector would walk through them.
    """

    def __init__(self) -> None:
        self._sequences = array("l", [-1]) * HISTORY
        self._timestamps = array("Q", [0]) * HISTORY
        self._markers = bytearray(HISTORY)
        self._payloads = [b""] * HISTORY

    def put(self, sequence: int, timestamp: int, payload: bytes, *, marker: bool) -> None:
        """Keep a packet in place of the one of a round before."""
        at = sequence % HISTORY
        self._sequences[at] = sequence
        self._timestamps[at] = timestamp
        self._markers[at] = marker
        self._payloads[at] = payload

    def get(self, sequence: int) -> tuple[int, bytes, bool] | None:
        """Timestamp, payload and marker; None if it is not kept."""
        at = sequence % HISTORY
        if self._sequences[at] != sequence:
            return None
        return self._timestamps[at], self._payloads[at], bool(self._markers[at])


class OutgoingStream:
    """Sending state of one stream; times are microseconds on the worker's clock.

    `first_sequence` and `first_timestamp` are where the numbering begins: drawn by the caller (RFC 3550 §5.1), the
    sequence in the lower half, because SRTP loses its place where the first packets wrap (RFC 3711 §3.3.1).
    """

    def __init__(
        self,
        parameters: StreamParameters,
        first_sequence: int,
        first_timestamp: int,
        downlink: Downlink | None = None,
        extension: int = 0,
    ) -> None:
        """With a downlink every packet carries its transport-wide number under the header extension of this id."""
        self.parameters = parameters
        self.octets = 0
        """Sent, without headers and repetitions."""
        self.repeated_octets = 0
        """Sent again."""
        self.segments = SegmentTable()
        """Where each stretch of what was sent came from."""
        self._source: int | None = None
        self._source_first = 0
        self._sequence_offset = first_sequence
        self._timestamp_offset = first_timestamp
        self._picture_ids = Unwrapper(15)
        self._picture_id_offset = 0
        self._tl0picidx_offset = 0
        self._newest_sequence = first_sequence - 1
        self._newest_timestamp = first_timestamp
        self._newest_at: int | None = None
        self._newest_picture_id = 0
        self._newest_tl0picidx = 0
        self._history = _History()
        self._resent_at: dict[int, int] = {}
        self._rtx_sequence = first_sequence
        self._packets = 0
        self._downlink = downlink
        self._extension = extension
        self._reported_at: OrderedDict[int, int] = OrderedDict()

    def has_source(self, source: int) -> bool:
        """Whether what goes out comes from this media number now."""
        return source == self._source

    def forward(self, source: int, packet: RtpPacket, descriptor: vp8.Descriptor | None, now: int) -> bytes | None:
        """The packet as this receiver gets it; None if it must not.

        `source` is the media number it came from, its sequence number is unwrapped. `descriptor` is that of a video
        packet (None for sound and padding); a new source of video begins with a key frame.
        """
        if source != self._source:
            is_video = self.parameters.kind == "video"
            if is_video and (descriptor is None or not vp8.starts_key_frame(packet.payload, descriptor)):
                return None
            self._change_source(source, packet, descriptor, now)
        if packet.sequence < self._source_first:
            return None
        return self._send(packet, descriptor, now)

    def _change_source(self, source: int, packet: RtpPacket, descriptor: vp8.Descriptor | None, now: int) -> None:
        """Choose the offsets so that this packet follows what was sent last, by as much as time has passed."""
        if self._newest_at is None:
            timestamp = self._newest_timestamp
        else:
            ticks = (now - self._newest_at) * self.parameters.clock_rate // 1_000_000
            timestamp = self._newest_timestamp + max(1, ticks)
        self._source = source
        self._source_first = packet.sequence
        self._sequence_offset = self._newest_sequence + 1 - packet.sequence
        self._timestamp_offset = (timestamp - packet.timestamp) % (1 << 32)
        if descriptor is not None:
            # Ids of 7 bits wrap at 128; what goes out wraps at 2^15.
            self._picture_ids = Unwrapper(15 if descriptor.long_picture_id else 7)
            picture_id = self._picture_ids.unwrap(descriptor.picture_id or 0)
            if self._newest_at is not None:
                self._picture_id_offset = self._newest_picture_id + 1 - picture_id
                self._tl0picidx_offset = self._newest_tl0picidx + 1 - (descriptor.tl0picidx or 0)
        self.segments.open(source, self._timestamp_offset, timestamp % (1 << 32))

    def _send(self, packet: RtpPacket, descriptor: vp8.Descriptor | None, now: int) -> bytes:
        sequence = packet.sequence + self._sequence_offset
        timestamp = (packet.timestamp + self._timestamp_offset) % (1 << 32)
        payload = packet.payload
        picture_id, tl0picidx = self._newest_picture_id, self._newest_tl0picidx
        if descriptor is not None:
            picture_id = self._picture_ids.unwrap(descriptor.picture_id or 0) + self._picture_id_offset
            tl0picidx = (descriptor.tl0picidx or 0) + self._tl0picidx_offset
            if self._picture_id_offset or self._tl0picidx_offset or not descriptor.long_picture_id:
                payload = vp8.rewrite(payload, descriptor, picture_id, tl0picidx)
        if timestamp != self._newest_timestamp:
            self.segments.extend(timestamp)
        if sequence > self._newest_sequence:
            self._newest_sequence, self._newest_timestamp, self._newest_at = sequence, timestamp, now
            self._newest_picture_id, self._newest_tl0picidx = picture_id, tl0picidx
        self._packets += 1
        self.octets += len(payload)
        sequence &= 0xFFFF
        if self.parameters.kind == "video":
            self._history.put(sequence, timestamp, payload, marker=packet.marker)
        ours = self.parameters
        return self._packet(ours.payload_type, ours.ssrc, sequence, timestamp, payload, now, marker=packet.marker)

    def resend(self, sequence: int, now: int) -> bytes | None:
        """The packet of this 16-bit number once more; None if it is no longer kept or was sent again just now."""
        kept = self._history.get(sequence)
        if kept is None or now - self._resent_at.get(sequence % HISTORY, now - RESEND_PACE) < RESEND_PACE:
            return None
        self._resent_at[sequence % HISTORY] = now
        timestamp, payload, marker = kept
        self.repeated_octets += len(payload)
        ours = self.parameters
        if ours.rtx_payload_type is None:
            return self._packet(ours.payload_type, ours.ssrc, sequence, timestamp, payload, now, marker=marker)
        self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
        payload = pack("!H", sequence) + payload
        again = self._rtx_sequence
        return self._packet(ours.rtx_payload_type, ours.rtx_ssrc, again, timestamp, payload, now, marker=marker)

    def _packet(
        self, payload_type: int, ssrc: int, sequence: int, timestamp: int, payload: bytes, now: int, *, marker: bool
    ) -> bytes:
        if self._downlink is None:
            return rtp.serialize(
                payload_type, marker=marker, sequence=sequence, timestamp=timestamp, ssrc=ssrc, payload=payload
            )
        return rtp.serialize_numbered(
            payload_type,
            marker=marker,
            sequence=sequence,
            timestamp=timestamp,
            ssrc=ssrc,
            payload=payload,
            extension=self._extension,
            number=self._downlink.number(len(payload), now),
        )

    def translate(self, source: int, report: rtcp.SenderReport, now: int) -> bytes | None:
        """A source's sender report as this receiver must see it, so that lips and voice stay together."""
        if source != self._source:
            return None
        timestamp = (report.rtp_timestamp + self._timestamp_offset) % (1 << 32)
        self._reported_at[report.ntp_time >> 16 & 0xFFFFFFFF] = now
        if len(self._reported_at) > REPORTS_KEPT:
            self._reported_at.popitem(last=False)
        ours = rtcp.SenderReport(self.parameters.ssrc, report.ntp_time, timestamp)
        return rtcp.sender_report(ours, packets=self._packets, octets=self.octets, cname=self.parameters.cname)

    def round_trip(self, block: rtcp.ReportBlock, now: int) -> int | None:
        """To the receiver and back, from its report on this stream (RFC 3550 §6.4.1): microseconds."""
        sent_at = self._reported_at.get(block.last_report)
        return None if sent_at is None else max(0, now - sent_at - block.delay * 1_000_000 // 65_536)
