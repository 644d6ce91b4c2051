"""Where pictures and recordings lie: files under the data directory.

Pictures are written whole or not at all. Recordings grow while a call runs: what is there of them is never changed.
"""

import asyncio
import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from vouch.ids import new_id


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored blob."""

    key: str
    """Names it within the store."""
    sha256: str
    """Hash of its bytes, hexadecimal."""
    size: int
    """Bytes."""


class GapError(Exception):
    """Bytes that would begin beyond the end of what is there; those in between have to come first."""


class Blobs(Protocol):
    """A store of bytes; `put`, `put_all` and `append` return only when they would survive a power cut."""

    async def put(self, data: bytes, suffix: str) -> Blob:
        """Keep `data` under a fresh key that ends with `suffix`."""
        ...

    async def put_all(self, data: Sequence[bytes], suffix: str) -> list[Blob]:
        """`put` of several that belong together: either all of them are kept or none."""
        ...

    def new_key(self, suffix: str) -> str:
        """A fresh key that ends with `suffix`, for bytes that come one after the other by `append`."""
        ...

    async def append(self, key: str, offset: int, data: bytes) -> None:
        """Keep the bytes of a growing blob from `offset` on; an offset of 0 begins it.

        Bytes that are there already stay as they are, so the same ones again do no harm, from another node neither.
        GapError where earlier ones are missing.
        """
        ...

    async def get(self, key: str) -> bytes:
        """The bytes of a key; FileNotFoundError where there is none."""
        ...

    async def read(self, key: str, start: int, length: int) -> bytes:
        """So many bytes from `start` on, fewer at the end; FileNotFoundError where there is no such key."""
        ...

    async def size(self, key: str) -> int:
        """Bytes that are there by now; FileNotFoundError where there is no such key."""
        ...

    def open(self, key: str) -> BufferedReader:
        """For reading; FileNotFoundError where there is no such key. It and its reads block: use it in a thread."""
        ...

    async def delete(self, key: str) -> None:
        """Forget a key; silent where there is none."""
        ...

    def free_bytes(self) -> int:
        """Space that is left."""
        ...


class DirectoryBlobs:
    """Blobs as files in two levels of folders; every write is fsynced, its folder too, and runs in a thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._durable: set[Path] = set()
        """Folders whose own names are known to survive a power cut."""
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def put(self, data: bytes, suffix: str) -> Blob:
        (blob,) = await self.put_all([data], suffix)
        return blob

    async def put_all(self, data: Sequence[bytes], suffix: str) -> list[Blob]:
        return await asyncio.to_thread(self._write, data, suffix)

    def new_key(self, suffix: str) -> str:
        return f"{new_id()}{suffix}"

    async def append(self, key: str, offset: int, data: bytes) -> None:
        await asyncio.to_thread(self._append, self._path(key), offset, data)

    async def get(self, key: str) -> bytes:
        return await asyncio.to_thread(self._path(key).read_bytes)

    async def read(self, key: str, start: int, length: int) -> bytes:
        return await asyncio.to_thread(_read, self._path(key), start, length)

    async def size(self, key: str) -> int:
        return (await asyncio.to_thread(self._path(key).stat)).st_size

    def open(self, key: str) -> BufferedReader:
        return self._path(key).open("rb")

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    def free_bytes(self) -> int:
        return shutil.disk_usage(self._root).free

    def _path(self, key: str) -> Path:
        # The last digits are random, the first ones are time: spread by the random ones.
        stem = key.partition(".")[0]
        if not stem.isalnum() or "/" in key:
            raise FileNotFoundError(f"{key!r} is not a key of this store")
        return self._root / stem[-2:] / key

    def _write(self, data: Sequence[bytes], suffix: str) -> list[Blob]:
        # In one folder, which is then synced once.
        spread = new_id()[-2:]
        blobs = [Blob(f"{new_id()[:-2]}{spread}{suffix}", hashlib.sha256(each).hexdigest(), len(each)) for each in data]
        folder = self._root / spread
        folder.mkdir(exist_ok=True)
        written: list[Path] = []
        try:
            for blob, each in zip(blobs, data, strict=True):
                written.append(folder / blob.key)
                _write_whole(written[-1], each)
            self._sync_names(folder)
        except BaseException:
            for path in written:
                path.unlink(missing_ok=True)
            raise
        return blobs

    def _append(self, path: Path, offset: int, data: bytes) -> None:
        begins = offset == 0
        if begins:
            path.parent.mkdir(exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if begins else 0), 0o600)
        except FileNotFoundError:
            raise GapError(f"nothing is there yet, and these begin at {offset}") from None
        try:
            _write_on(descriptor, offset, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if begins:
            self._sync_names(path.parent)

    def _sync_names(self, folder: Path) -> None:
        """Make the names in a folder, and its own, survive a power cut."""
        sync_folder(folder)
        if folder not in self._durable:
            sync_folder(self._root)
            self._durable.add(folder)


def _write_on(descriptor: int, offset: int, data: bytes) -> None:
    """What of these bytes is not there yet, at its place."""
    end = os.fstat(descriptor).st_size
    if offset > end:
        raise GapError(f"{end} bytes are there, and these begin at {offset}")
    rest = memoryview(data)[end - offset :]
    while rest:
        # At their place, not at the end: another node may write the same ones now.
        end += os.pwrite(descriptor, rest, end)
        rest = memoryview(data)[end - offset :]


def _read(path: Path, start: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(length)


def _write_whole(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)  # on a full disk it would take what little is left
        raise


def sync_folder(folder: Path) -> None:
    """Make the names of a folder's files survive a power cut (fsync(2)); blocks, so call it in a thread."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
