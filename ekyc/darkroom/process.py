"""One decoder as its node sees it: started, asked, killed. Nothing here waits longer than it says."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ekyc.darkroom.wire import LENGTHS, Message, lengths, packed, unpacked

START_S = 20.0
"""What a decoder may take until it is ready: seconds, on a machine that has other things to do."""
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
# A fixed threshold: without it the allocator keeps what large pictures took, and the process stays large for ever.
_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(128 << 10), "MALLOC_ARENA_MAX": "2"}


class DecoderLost(Exception):  # noqa: N818 - a fact, most often the picture's fault
    """The decoder ended, answered nonsense, or took too long: kill it."""


class Decoder:
    """One run of `python -m ekyc.darkroom.decoder`; one job at a time."""

    def __init__(self, process: subprocess.Popen[bytes], line: socket.socket) -> None:
        self._process = process
        self._line = line
        self.opens_files = True
        """Whether files are as open to it as its user's rights leave them: where the system has no Landlock."""

    @classmethod
    async def start(cls) -> "Decoder":
        """A decoder that is ready; OSError where the system cannot start it, RuntimeError where it does not answer."""
        own, other = socket.socketpair()
        own.setblocking(False)
        with other:
            try:
                decoder = cls(_run(other), own)
            except OSError:
                own.close()
                raise
        try:
            async with asyncio.timeout(START_S):
                told, _ = await decoder._receive()
                decoder.opens_files = told.get("files") is not True
        except (TimeoutError, OSError, ValueError, EOFError) as error:
            decoder.end()
            raise RuntimeError("a picture decoder did not start") from error
        except BaseException:
            decoder.end()
            raise
        return decoder

    @property
    def pid(self) -> int:
        """Its number in the system."""
        return self._process.pid

    async def ask(self, job: dict[str, Any], parts: Sequence[bytes], seconds: float) -> Message:
        """Its answer to `job`, awaited for so many seconds; DecoderLost where none comes."""
        try:
            async with asyncio.timeout(seconds):
                await asyncio.get_running_loop().sock_sendall(self._line, packed(job, parts))
                return await self._receive()
        except (TimeoutError, OSError, ValueError, EOFError) as error:
            raise DecoderLost(type(error).__name__) from None

    def kill(self) -> None:
        """End it at once; `is_gone` says when the system has forgotten it. Safe to call twice."""
        self._line.close()
        if self._process.poll() is None:
            self._process.kill()

    def is_gone(self) -> bool:
        """Whether it has ended; asks the system, and does not wait."""
        return self._process.poll() is not None

    def end(self) -> None:
        """Kill it and block until it has ended, which takes milliseconds."""
        self.kill()
        self._process.wait()

    def ended_by(self) -> int | None:
        """The signal that ended it; None where none did."""
        code = self._process.poll()
        return -code if code is not None and code < 0 else None

    async def _receive(self) -> Message:
        head, body = lengths(await self._exactly(LENGTHS.size))
        return unpacked(await self._exactly(head), await self._exactly(body))

    async def _exactly(self, length: int) -> bytes:
        loop, got = asyncio.get_running_loop(), bytearray(length)
        view, at = memoryview(got), 0
        while at < length:
            if not (count := await loop.sock_recv_into(self._line, view[at:])):
                raise EOFError
            at += count
        return bytes(got)


def _run(line: socket.socket) -> subprocess.Popen[bytes]:
    """The process. It parses strangers' bytes, so it gets nothing of the environment that could hold a key."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | _ALLOCATOR
    environment["PYTHONPATH"] = str(Path(__file__).parent.parent.parent)
    return subprocess.Popen(
        [sys.executable, "-m", "ekyc.darkroom.decoder"],
        stdin=line.fileno(),
        stdout=subprocess.DEVNULL,
        # What a library prints of a stranger's bytes is no line of our log.
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
