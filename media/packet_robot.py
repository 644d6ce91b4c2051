"""Peers that cost next to nothing: real ICE, DTLS and SRTP, but pictures and sound encoded once, for load and benches.

A `RobotSet` has one task that every few milliseconds reads what came for all its robots and sends what is due: no task,
timer or wake-up for a packet. Received frames are counted, not decoded, but the newest can be asked for. For a peer
that encodes and decodes like a browser see `media.robot`.
"""

import asyncio
import heapq
import io
import secrets
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import numpy as np
from aiortc import RTCCertificate
from PIL import Image as Pillow

from media import clock, rtcp, rtp
from media.aiortc_client import ClientLink, PortPoll, check
from media.groups import EncodedPicture
from media.packet_receiver import StreamReceiver
from media.packet_sdp import Described, Direction, Numbers, Sources, read, write
from media.packet_sender import PICTURE_EVERY, SOUND_EVERY, Material, PacketSender, Start
from media.picture import to_jpeg
from media.synthetic import Image
from media.twcc import ArrivalRecorder
from vouch.tasks import TaskSet

PAUSE_S = 0.004
"""Between two looks at what came and what is due: seconds. A packet may leave that much late."""
FEEDBACK_EVERY = 80_000
"""Between two looks at what the other side must be told: microseconds."""
REPORT_EVERY = 1_000_000
"""Between two sender and receiver reports: microseconds."""
LATEST = 250_000
"""What is later than this is not sent any more, as a camera would not: microseconds."""
GOLDEN = 0.618_034
"""Places of the robots within a picture's time: however many there are, they lie evenly."""

_UNIX_TO_NTP_S = 2_208_988_800

Arrival = Callable[[bytes, int], None]
"""Takes the payload of each last packet of a received picture, and when the kernel got it (nanoseconds UTC)."""


class PacketRobot:
    """One peer connection; made by `RobotSet.robot`. Either `offer` and `accept`, or `answer`."""

    def __init__(
        self, robots: "RobotSet", number: int, *, direction: Direction = "sendrecv", on_arrival: Arrival | None = None
    ) -> None:
        """With `on_arrival` every picture is opened; of use for one robot of many, because it costs."""
        self.number = number
        """Which of its set it is, from 0 on."""
        self._robots, self._direction, self._on_arrival = robots, direction, on_arrival
        audio, video, repeated = (secrets.randbits(31) + 1 for _ in range(3))
        self._sources = Sources(audio, video, repeated, secrets.token_hex(8))
        self._numbers = Numbers()
        self._link: ClientLink | None = None
        self.sender: PacketSender | None = None
        """What it sends; None until it is connected, and where it only receives."""
        self.video = StreamReceiver(90_000, self._open, keeps=True)
        """Pictures that came."""
        self.audio = StreamReceiver(48_000, self._open, keeps=False)
        """Sound that came."""
        self.flows = asyncio.Event()
        """Set soon after the first whole picture has come."""
        self._arrivals = ArrivalRecorder()
        self._report_due = 0

    @property
    def is_connected(self) -> bool:
        """Whether it can send; False again once the other side has said goodbye."""
        return self._link is not None and self._link.is_connected

    async def offer(self) -> str:
        """The session description to give to the other side; then `accept` its answer."""
        self._link = self._robots.link(leads=True, stamped=self._on_arrival is not None)
        local = await self._link.gather()
        return write(local, self._given(), direction=self._direction, setup="actpass", numbers=self._numbers)

    async def accept(self, answer_sdp: str) -> None:
        """Take the answer and return when media flows; raises ConnectionError and ValueError."""
        if self._link is None:
            raise ValueError("nothing was offered")
        await self._connect(self._link, read(answer_sdp))

    async def answer(self, offer_sdp: str) -> tuple[str, Callable[[], "asyncio.Future[None]"]]:
        """The answer to an offer, and what then is to be called and awaited: the connection. Raises ValueError."""
        remote = read(offer_sdp)
        link = self._link = self._robots.link(leads=False, stamped=self._on_arrival is not None)
        local = await link.gather()
        sdp = write(
            local,
            self._given(),
            direction=self._direction,
            setup="active",
            numbers=remote.numbers,
            sections=remote.sections,
        )
        return sdp, lambda: self._robots.spawn(self._connect(link, remote))

    async def close(self) -> None:
        """Leave; safe to call twice."""
        self._robots.forget(self)
        if self._link is not None:
            await self._link.close()

    def image(self) -> Image | None:
        """The newest picture received, decoded: takes tens of milliseconds. None where none is whole."""
        frames = self.video.newest()
        jpeg = to_jpeg(EncodedPicture(0, 0, 0, frames)) if frames else None
        if jpeg is None:
            return None
        return np.asarray(Pillow.open(io.BytesIO(jpeg.data)).convert("RGB"))

    def send_picture(self, due: int) -> None:
        """The next picture, which was due then."""
        if self._link is not None and self.sender is not None:
            self._link.send(self.sender.picture(due, time.time_ns()))

    def send_sound(self, due: int) -> None:
        """The next piece of sound, which was due then."""
        if self._link is not None and self.sender is not None:
            self._link.send([self.sender.sound(due)])

    def send_control(self, _due: int) -> None:
        """What the other side must be told: what is missing, arrivals, reports."""
        now = clock.now()
        ours, theirs = self._sources.video, self.video.ssrc or 0
        told = self._arrivals.flush(ours, theirs)
        if missing := self.video.missing(now):
            told.append(rtcp.nack(ours, theirs, sorted(missing)))
        if self.video.frames:
            self.flows.set()
        # Sound is not asked for again; this gives up what is missing.
        self.audio.missing(now)
        if now >= self._report_due:
            self._report_due = now + REPORT_EVERY
            told += self._reports(now)
        for data in told:
            self._control(data)

    def want_key_frame(self) -> None:
        """Ask the other side for a key frame (PLI)."""
        self._control(rtcp.picture_loss(self._sources.video, self.video.ssrc or 0))

    def _given(self) -> Sources | None:
        return None if self._direction == "recvonly" else self._sources

    async def _connect(self, link: ClientLink, remote: Described) -> None:
        self._numbers = remote.numbers
        await link.connect(remote.transport, self._take)
        if self._direction != "recvonly":
            self.sender = PacketSender(
                self._robots.material, self._sources, remote.numbers, self._robots.start_of(self.number)
            )
        self._robots.begin(self)

    def _open(self, data: bytes) -> bytes | None:
        return None if self._link is None else self._link.open(data)

    def _take(self, data: bytes, arrived: int) -> None:
        now = self._robots.now
        if rtcp.is_rtcp(data):
            self._hear(data, now)
            return
        kind = data[1] & 0x7F
        if data[0] & 0x10 and self._numbers.transport_sequence:
            self._note_arrival(data, now)
        if kind == self._numbers.video:
            self.video.take(data, now)
            if self._on_arrival is not None and data[1] & 0x80:
                self._tell_arrival(data, arrived)
        elif kind == self._numbers.audio:
            self.audio.take(data, now)
        elif kind == self._numbers.repeated:
            self.video.take_repeated(data, now)

    def _note_arrival(self, data: bytes, now: int) -> None:
        packet = rtp.parse(data, self._numbers.transport_sequence)
        if packet is not None and packet.transport_sequence is not None:
            self._arrivals.add(packet.transport_sequence, now)

    def _tell_arrival(self, data: bytes, arrived: int) -> None:
        packet = self.video.opened(int.from_bytes(data[2:4], "big"))
        if packet is not None and self._on_arrival is not None:
            self._on_arrival(packet.payload, arrived)

    def _hear(self, data: bytes, now: int) -> None:
        opened = None if self._link is None else self._link.open_control(data)
        for message in rtcp.parse(opened or b""):
            if isinstance(message, rtcp.SenderReport):
                for stream in (self.video, self.audio):
                    if stream.ssrc == message.ssrc:
                        stream.heard_report(message.ntp_time, now)
            elif isinstance(message, rtcp.Nack) and message.ssrc == self._sources.video:
                self._send_again(message.sequences, now)
            elif isinstance(message, rtcp.KeyFrameRequest) and message.ssrc == self._sources.video:
                self._want_key()

    def _want_key(self) -> None:
        if self.sender is not None:
            self.sender.want_key()

    def _send_again(self, sequences: Sequence[int], now: int) -> None:
        if self.sender is None or self._link is None:
            return
        for packet in self.sender.resend(sequences, now):
            self._link.send([packet])

    def _reports(self, now: int) -> list[bytes]:
        seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
        ntp_time = (seconds + _UNIX_TO_NTP_S) << 32 | (nanoseconds << 32) // 1_000_000_000
        told = [] if self.sender is None else self.sender.reports(now, ntp_time)
        blocks = [block for stream in (self.video, self.audio) if (block := stream.block(now)) is not None]
        return [*told, rtcp.receiver_report(self._sources.video, blocks)]

    def _control(self, data: bytes) -> None:
        if self._link is not None:
            self._link.send_control(data)


class RobotSet:
    """Robots of one event loop. `addresses` are local ones to use; empty is all of the machine's."""

    def __init__(self, material: Material, addresses: tuple[str, ...] = ()) -> None:
        check()
        self.material = material
        """What they send."""
        self.now = clock.now()
        """When the set last looked: microseconds on `media.clock`."""
        self.stalls = 0
        """Pictures and sound left out because this process came too late: then it, not what it measures, is slow."""
        self._addresses = addresses
        self._certificate = RTCCertificate.generateCertificate()
        self._poll = PortPoll()
        self._robots: set[PacketRobot] = set()
        self._due: list[tuple[int, int, int, Callable[[int], None], PacketRobot]] = []
        self._made = 0
        self._turn = 0
        self._tasks = TaskSet("packet robots")

    def start(self) -> None:
        """Begin to read and send; within the event loop."""
        self._tasks.spawn("run", self._run())

    def robot(self, *, direction: Direction = "sendrecv", on_arrival: Arrival | None = None) -> PacketRobot:
        """A new robot, which is not connected yet."""
        self._made += 1
        return PacketRobot(self, self._made - 1, direction=direction, on_arrival=on_arrival)

    async def close(self) -> None:
        """Close every robot and stop; safe to call twice."""
        for robot in list(self._robots):
            await robot.close()
        await self._tasks.close()
        self._poll.close()

    def link(self, *, leads: bool, stamped: bool) -> ClientLink:
        """A transport for a robot of this set."""
        return ClientLink(self._poll, self._certificate, leads=leads, addresses=self._addresses, stamped=stamped)

    def spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Future[None]":
        """Run a robot's own work."""
        return self._tasks.spawn("connect", work)

    def start_of(self, number: int) -> Start:
        """Where a robot begins: each with another key frame, drawn numbers."""
        keys = self.material.keys
        return Start(secrets.randbelow(1 << 15), secrets.randbits(32), keys[number % len(keys)])

    def begin(self, robot: PacketRobot) -> None:
        """The robot is connected: from now on it is looked after."""
        self._robots.add(robot)
        now = clock.now()
        place = robot.number * GOLDEN % 1
        work: list[tuple[int, Callable[[int], None]]] = [(FEEDBACK_EVERY, robot.send_control)]
        if robot.sender is not None:
            work += [(PICTURE_EVERY, robot.send_picture), (SOUND_EVERY, robot.send_sound)]
        for every, do in work:
            self._turn += 1
            heapq.heappush(self._due, (now + int(every * place), self._turn, every, do, robot))

    def forget(self, robot: PacketRobot) -> None:
        """The robot leaves."""
        self._robots.discard(robot)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(PAUSE_S)
            self.now = clock.now()
            self._poll.drain()
            self._send(clock.now())

    def _send(self, now: int) -> None:
        """All that is due."""
        due = self._due
        while due and due[0][0] <= now:
            at, turn, every, do, robot = due[0]
            if robot not in self._robots:
                heapq.heappop(due)
                continue
            if now - at > LATEST:
                self.stalls += 1
                at = now
            heapq.heapreplace(due, (at + every, turn, every, do, robot))
            do(at)
