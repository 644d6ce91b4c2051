"""A peer that is no browser: sends synthetic pictures and a tone, receives what comes. For the demo and for tests."""

import asyncio
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from aiortc import (
    AudioStreamTrack,
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from media.aiortc_client import hold_packets, release_packets, rtp_timestamp
from media.settings import IceServer
from media.synthetic import Image
from vouch.tasks import TaskSet

_VIDEO_CLOCK = 90_000
_AUDIO_CLOCK = 48_000
_AUDIO_SAMPLES = 960


@dataclass(frozen=True)
class ReceivedFrame:
    """One decoded frame."""

    video: av.VideoFrame
    """As the decoder gave it."""
    rtp_timestamp: int
    """Its name on the wire, as a browser tells it by requestVideoFrameCallback."""

    def image(self) -> Image:
        """The picture in RGB."""
        return self.video.to_ndarray(format="rgb24").astype(np.uint8, copy=False)


class RobotPeer:
    """One peer connection that offers. `video` gives the pictures, plain (RGB) or encoded (VP8); it may be endless.

    Encoded ones cannot answer a request for a key frame: let them hold one often.
    """

    def __init__(
        self,
        video: Iterator[Image | bytes],
        *,
        fps: int = 15,
        tone: float = 440.0,
        on_frame: Callable[[ReceivedFrame], None] | None = None,
        ice_servers: tuple[IceServer, ...] = (),
    ) -> None:
        servers = [RTCIceServer(list(each.urls), each.username, each.credential) for each in ice_servers]
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._on_frame = on_frame
        self._tasks = TaskSet("robot")
        self._ending = TaskSet("robot's end")
        self._closed: asyncio.Task[None] | None = None
        self._peer.addTrack(_Pictures(video, fps))
        self._peer.addTrack(_Tone(tone))
        self._peer.on("track", self._receive)
        self.audio_frames = 0
        """Pieces of sound received."""

    async def offer(self) -> str:
        """The session description to give to the media plane."""
        await self._peer.setLocalDescription(await self._peer.createOffer())
        return str(self._peer.localDescription.sdp)

    async def accept(self, answer_sdp: str) -> None:
        """Take the media plane's answer; media begins to flow when the connection stands."""
        await self._peer.setRemoteDescription(RTCSessionDescription(answer_sdp, "answer"))

    def stop_packets(self) -> None:
        """Send nothing any more, as if the network were gone; the connection itself stays."""
        hold_packets(self._peer)

    def resume_packets(self) -> None:
        """Send again."""
        release_packets(self._peer)

    async def close(self) -> None:
        """Leave; safe to call twice, and goes on where the caller is cancelled."""
        # aiortc waits for ever in a second close() whose first was cancelled.
        if self._closed is None:
            self._closed = self._ending.spawn("close", self._close())
        await asyncio.shield(self._closed)

    async def _close(self) -> None:
        await self._peer.close()
        await self._tasks.close()

    def _receive(self, track: MediaStreamTrack) -> None:
        receiver = next(each for each in self._peer.getReceivers() if each.track is track)
        self._tasks.spawn(f"receive {track.kind}", self._read(track, receiver))

    async def _read(self, track: MediaStreamTrack, receiver: RTCRtpReceiver) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if not isinstance(frame, av.VideoFrame):
                self.audio_frames += 1
            elif self._on_frame is not None:
                self._on_frame(ReceivedFrame(frame, rtp_timestamp(receiver, frame)))


class _Pace:
    """Lets each piece out at its own time, counted from the first."""

    def __init__(self, rate: int, step: int) -> None:
        self._rate, self._step = rate, step
        self._began: float | None = None
        self._next = 0

    async def wait(self) -> int:
        """Wait for the next piece's time and give its timestamp."""
        loop = asyncio.get_running_loop()
        if self._began is None:
            self._began = loop.time()
        pts, self._next = self._next, self._next + self._step
        await asyncio.sleep(max(0.0, self._began + pts / self._rate - loop.time()))
        return pts


class _Pictures(MediaStreamTrack):
    kind = "video"

    def __init__(self, video: Iterator[Image | bytes], fps: int) -> None:
        super().__init__()
        self._video = video
        self._pace = _Pace(_VIDEO_CLOCK, _VIDEO_CLOCK // fps)

    async def recv(self) -> Any:
        pts = await self._pace.wait()
        try:
            picture = next(self._video)
        except StopIteration as end:
            self.stop()
            raise MediaStreamError from end
        if isinstance(picture, bytes):
            packet = av.Packet(picture)
            packet.pts, packet.time_base = pts, Fraction(1, _VIDEO_CLOCK)
            return packet
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = pts, Fraction(1, _VIDEO_CLOCK)
        return frame


class _Tone(AudioStreamTrack):
    def __init__(self, frequency: float) -> None:
        super().__init__()
        self._pace = _Pace(_AUDIO_CLOCK, _AUDIO_SAMPLES)
        # A whole number of periods per second, so that the second can be repeated without a click.
        phase = 2 * math.pi * round(frequency) * np.arange(_AUDIO_CLOCK) / _AUDIO_CLOCK
        self._second = (8_000 * np.sin(phase)).astype(np.int16)

    async def recv(self) -> av.AudioFrame:
        pts = await self._pace.wait()
        at = pts % _AUDIO_CLOCK
        samples = self._second[at : at + _AUDIO_SAMPLES].reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = _AUDIO_CLOCK, pts, Fraction(1, _AUDIO_CLOCK)
        return frame
