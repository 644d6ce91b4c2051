"""Copies of blobs that are being looked at, such as recordings made fit for players: a few files without a name.

They lie on the evidence's own disk and are gone with the process, however it ends.
"""

import asyncio
import os
import tempfile
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO

from vouch.tasks import TaskSet

MOST = 8
MOST_BYTES = 1 << 30
_CHUNK = 256 * 1024

Make = Callable[[BinaryIO], None]
"""Writes a copy into an empty file; it runs in a thread. What it raises, whoever asked gets."""


class Copies:
    """Makes copies when they are asked for, one at a time, and forgets those that were not used for longest."""

    def __init__(self, folder: Path, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most = most
        self._most_bytes = most_bytes
        self._files: OrderedDict[str, BinaryIO] = OrderedDict()
        # To make one costs a core and the disk: somebody who opens ten must not take them from the calls.
        self._making = asyncio.Lock()
        self._tasks = TaskSet("copies")

    async def size(self, name: str, make: Make) -> int:
        """Bytes of a copy, made now if it is not there."""
        return os.fstat((await self._copy(name, make)).fileno()).st_size

    async def chunks(self, name: str, make: Make, start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes [start, stop) of a copy, which is made now if it is not there; fewer where it ends before."""
        # A descriptor of its own: a copy that is forgotten meanwhile is read to the end.
        descriptor = os.dup((await self._copy(name, make)).fileno())
        try:
            while start < stop:
                data = await asyncio.to_thread(os.pread, descriptor, min(_CHUNK, stop - start), start)
                if not data:
                    return
                start += len(data)
                yield data
        finally:
            os.close(descriptor)

    async def close(self) -> None:
        """Forget all of them."""
        await self._tasks.close()
        while self._files:
            self._files.popitem()[1].close()

    async def _copy(self, name: str, make: Make) -> BinaryIO:
        while name not in self._files:
            # Whoever asked may go away; the copy is finished all the same, because his player asks again.
            failed = await asyncio.shield(self._tasks.spawn("make", self._made(name, make)))
            if failed is not None:
                raise failed
        self._files.move_to_end(name)
        return self._files[name]

    async def _made(self, name: str, make: Make) -> Exception | None:
        async with self._making:
            if name in self._files:
                return None
            try:
                self._files[name] = await asyncio.to_thread(self._make, make)
            except Exception as error:  # noqa: BLE001 - for whoever asked, not for the log of tasks
                return error
            self._forget_old()
            return None

    def _make(self, make: Make) -> BinaryIO:
        file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - kept until it is forgotten
        try:
            make(file)
            file.flush()
        except BaseException:
            file.close()
            raise
        return file

    def _forget_old(self) -> None:
        sizes = {name: os.fstat(file.fileno()).st_size for name, file in self._files.items()}
        while len(self._files) > 1 and (len(self._files) > self._most or sum(sizes.values()) > self._most_bytes):
            name, file = self._files.popitem(last=False)
            file.close()
            del sizes[name]
