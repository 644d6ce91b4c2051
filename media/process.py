"""A worker's process as its node sees it: started, told its settings, ended."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from media import clock

START_S = 20.0
"""What a worker may take until it listens: seconds."""
END_S = 4.0
"""What it may take to end in order: seconds."""

# A worker parses strangers' packets, so it gets nothing of the node's environment that could hold a key or an address.
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "COVERAGE_PROCESS_START")


class WorkerProcess:
    """One run of `python -m media.worker`."""

    def __init__(self, process: Process, port: int, boot: str) -> None:
        self._process = process
        self.port = port
        """Where it listens."""
        self.boot = boot
        """The number that it drew at its start."""
        self.heard_at = clock.now()
        """When its last sign of life came: microseconds of `media.clock`; moves only while `hear` runs."""

    @property
    def pid(self) -> int:
        """Its number in the system."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait for its end; gives the exit code."""
        return await self._process.wait()

    async def hear(self) -> None:
        """Take its signs of life until it ends."""
        output = self._process.stdout
        while output is not None and await output.read(1_024):
            self.heard_at = clock.now()

    def kill(self) -> None:
        """End it at once; safe when it has ended."""
        if self._process.returncode is None:
            self._process.kill()

    async def end(self) -> None:
        """Let it end in order by closing its standard input, else at once; safe to call twice."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(END_S):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()


async def start_worker(settings_json: str) -> WorkerProcess:
    """Start a worker with its settings (`WorkerSettings` as JSON) and wait until it listens.

    Raises OSError where the system cannot start it, and RuntimeError where it does not listen in time.
    """
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "media.worker", stdin=PIPE, stdout=PIPE, stderr=None, env=environment
    )
    try:
        port, boot = await _tell(process, settings_json)
    except BaseException:
        if process.returncode is None:
            process.kill()
        await process.wait()
        raise
    return WorkerProcess(process, port, boot)


async def _tell(process: Process, settings_json: str) -> tuple[int, str]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the worker has no standard input and output")
    try:
        async with asyncio.timeout(START_S):
            process.stdin.write(settings_json.encode() + b"\n")
            await process.stdin.drain()
            line = await process.stdout.readline()
        told = json.loads(line)
        return int(told["listening"]), str(told["boot"])
    except (TimeoutError, ConnectionError, ValueError, KeyError, TypeError) as error:
        raise RuntimeError("the media worker did not start") from error
