"""One stream that comes in from a peer: new, late and repeated packets, and what the sender is told of them. Pure."""

from dataclasses import dataclass

from media.events import Kind
from media.loss import KeyFrameAsker, LossList
from media.rtcp import ReportBlock, SenderReport
from media.rtp import RtpPacket, Unwrapper


@dataclass(frozen=True)
class StreamParameters:
    """What was negotiated for one kind on one peer connection, both ways."""

    kind: Kind
    """Picture or sound."""
    clock_rate: int
    """Ticks of its timestamps in a second."""
    payload_type: int
    """Of the codec's packets."""
    rtx_payload_type: int | None
    """Of repeated packets (RFC 4588); None where the peer offers none."""
    ssrc: int
    """Of what we send."""
    rtx_ssrc: int
    """Of what we send again."""
    cname: str
    """Our canonical name."""


class IncomingStream:
    """Receiving state of one stream; times are microseconds on the worker's clock."""

    def __init__(self, parameters: StreamParameters) -> None:
        self.parameters = parameters
        self.kind = parameters.kind
        """Picture or sound."""
        self.ssrc: int | None = None
        """The sender's SSRC: the first that was heard; others under the same payload type are not ours."""
        self.received = 0
        """Packets, repetitions left out."""
        self.octets = 0
        """Their payloads."""
        self.repeated = 0
        """Packets that came only when they were asked for again."""
        self.losses = LossList()
        """What is missing."""
        self.key_frames = KeyFrameAsker()
        """When to ask for one; of use for video alone."""
        self._unwrapper = Unwrapper(16)
        self._statistics = _Statistics(parameters.clock_rate)

    def take(self, packet: RtpPacket, now: int) -> bool:
        """Note a packet of the stream itself and unwrap its sequence number; False if it is to be dropped."""
        if self.ssrc is None:
            self.ssrc = packet.ssrc
        if packet.ssrc != self.ssrc:
            return False
        packet.sequence = self._unwrapper.unwrap(packet.sequence)
        if not self.losses.take(packet.sequence, now):
            return False
        self.received += 1
        self.octets += len(packet.payload)
        self._statistics.add(packet, now)
        return True

    def take_repeated(self, packet: RtpPacket, now: int) -> bool:
        """Turn a retransmission into the packet it repeats (RFC 4588 §4) and note it; False if it is to be dropped.

        The sender pads for bandwidth probes with packets of the same kind that repeat nothing or what has long come.
        """
        if self.ssrc is None or len(packet.payload) < 2:
            return False
        packet.sequence = int.from_bytes(packet.payload[:2], "big")
        packet.payload = packet.payload[2:]
        packet.ssrc = self.ssrc
        packet.payload_type = self.parameters.payload_type
        if not self.take(packet, now):
            return False
        self.repeated += 1
        return True

    def jitter(self) -> int:
        """As RFC 3550 §6.4.1 reckons it: microseconds."""
        return self._statistics.jitter * 1_000_000 // self.parameters.clock_rate

    def heard_report(self, report: SenderReport, now: int) -> None:
        """The sender's report of its clock, to be answered in the next report block."""
        self._statistics.last_report = report.ntp_time >> 16 & 0xFFFFFFFF
        self._statistics.last_report_at = now

    def report(self, now: int) -> ReportBlock | None:
        """What to tell the sender now; None before its first packet. Begins the next interval."""
        return None if self.ssrc is None else self._statistics.report(self.ssrc, now)


class _Statistics:
    """Counters of RFC 3550 Appendix A.3 and A.8."""

    def __init__(self, clock_rate: int) -> None:
        self.last_report = 0
        self.last_report_at = 0
        self._clock_rate = clock_rate
        self._first = 0
        self._highest = 0
        self._received = 0
        self._expected_before = 0
        self._received_before = 0
        self._jitter = 0.0
        self._transit: int | None = None
        self._timestamp = -1

    def add(self, packet: RtpPacket, now: int) -> None:
        if not self._received:
            self._first = self._highest = packet.sequence
        self._received += 1
        if packet.sequence >= self._highest:
            self._highest = packet.sequence
            # The packets of one picture carry the same instant, and wait for each other at the sender.
            if packet.timestamp != self._timestamp:
                self._timestamp = packet.timestamp
                self._add_jitter(now * self._clock_rate // 1_000_000 - packet.timestamp)

    def _add_jitter(self, transit: int) -> None:
        if self._transit is not None:
            difference = abs(transit - self._transit) & 0xFFFFFFFF
            # The timestamps' own wrap makes one huge difference, which is not jitter.
            if difference < 1 << 24:
                self._jitter += (difference - self._jitter) / 16
        self._transit = transit

    @property
    def jitter(self) -> int:
        """In units of the stream's clock."""
        return int(self._jitter)

    def report(self, ssrc: int, now: int) -> ReportBlock:
        expected = self._highest - self._first + 1
        interval = expected - self._expected_before
        lost = interval - (self._received - self._received_before)
        self._expected_before, self._received_before = expected, self._received
        return ReportBlock(
            ssrc,
            fraction_lost=min(255, (lost << 8) // interval) if interval > 0 and lost > 0 else 0,
            lost=expected - self._received,
            # The unwrapped count starts in its second round.
            highest_sequence=self._highest - (1 << 16),
            jitter=self.jitter,
            last_report=self.last_report,
            delay=(now - self.last_report_at) * 65_536 // 1_000_000 if self.last_report else 0,
        )
