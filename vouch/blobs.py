"""Where pictures and recordings lie: files under the data directory, written whole or not at all."""

import asyncio
import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
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


class Blobs(Protocol):
    """A store of bytes; `put` and `put_all` return only when they would survive a power cut."""

    async def put(self, data: bytes, suffix: str) -> Blob:
        """Keep `data` under a fresh key that ends with `suffix`."""
        ...

    async def put_all(self, data: Sequence[bytes], suffix: str) -> list[Blob]:
        """`put` of several that belong together: either all of them are kept or none."""
        ...

    async def get(self, key: str) -> bytes:
        """The bytes of a key that `put` gave; FileNotFoundError where there is none."""
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

    async def get(self, key: str) -> bytes:
        return await asyncio.to_thread(self._path(key).read_bytes)

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
            sync_folder(folder)
            if folder not in self._durable:
                sync_folder(self._root)
                self._durable.add(folder)
        except BaseException:
            for path in written:
                path.unlink(missing_ok=True)
            raise
        return blobs


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
