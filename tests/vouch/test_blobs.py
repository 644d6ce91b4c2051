import asyncio
import errno
import hashlib
import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from vouch.blobs import DirectoryBlobs, GapError, sync_folder


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What is synced, as it is called then, in order."""
    paths: list[Path] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        paths.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    return paths


async def test_a_blob_comes_back_as_it_was_put(tmp_path: Path) -> None:
    blobs, data = DirectoryBlobs(tmp_path), os.urandom(100_000)
    blob = await blobs.put(data, ".jpg")
    assert (blob.sha256, blob.size) == (hashlib.sha256(data).hexdigest(), 100_000)
    assert blob.key.endswith(".jpg")
    assert await blobs.get(blob.key) == data


async def test_a_blob_survives_the_process(tmp_path: Path) -> None:
    blob = await DirectoryBlobs(tmp_path / "new" / "evidence").put(b"picture", ".jpg")
    assert await DirectoryBlobs(tmp_path / "new" / "evidence").get(blob.key) == b"picture"


async def test_equal_bytes_are_kept_apart(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    first, second = await blobs.put(b"same", ".jpg"), await blobs.put(b"same", ".jpg")
    await blobs.delete(first.key)
    assert await blobs.get(second.key) == b"same"


async def test_blobs_put_at_once_are_all_whole_and_spread_over_folders(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    stored = await asyncio.gather(*(blobs.put(bytes([n]) * 1_000, ".bin") for n in range(60)))
    assert [await blobs.get(blob.key) for blob in stored] == [bytes([n]) * 1_000 for n in range(60)]
    assert sorted(path.name for path in files(tmp_path)) == sorted(blob.key for blob in stored)
    assert len(list(tmp_path.iterdir())) > 30


async def test_a_blob_is_durable_before_it_has_its_name_and_its_name_before_put_returns(
    tmp_path: Path, synced: list[Path]
) -> None:
    blobs = DirectoryBlobs(tmp_path)
    blob = await blobs.put(b"picture", ".jpg")
    (path,) = files(tmp_path)
    assert synced == [path.with_name(f"{blob.key}.part"), path.parent, tmp_path]


async def test_blobs_that_belong_together_share_a_folder_which_is_synced_once(
    tmp_path: Path, synced: list[Path]
) -> None:
    blobs = DirectoryBlobs(tmp_path)
    one, two = await blobs.put_all([b"one", b"two"], ".jpg")
    folder = tmp_path / one.key.partition(".")[0][-2:]
    assert [await blobs.get(blob.key) for blob in (one, two)] == [b"one", b"two"]
    assert synced == [folder / f"{one.key}.part", folder / f"{two.key}.part", folder, tmp_path]


async def test_the_root_is_synced_once_for_each_folder(
    tmp_path: Path, synced: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs, ids = DirectoryBlobs(tmp_path), iter(f"{n:030x}ab" for n in range(9))
    monkeypatch.setattr("vouch.blobs.new_id", lambda: next(ids))
    await blobs.put(b"first", ".jpg")
    synced.clear()
    blob = await blobs.put(b"second", ".jpg")
    assert synced == [tmp_path / "ab" / f"{blob.key}.part", tmp_path / "ab"]


async def test_of_blobs_that_belong_together_none_is_left_when_one_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, taken = os.fsync, iter([True])

    def full(descriptor: int) -> None:
        if not next(taken, False):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        await DirectoryBlobs(tmp_path).put_all([b"one", b"two"], ".jpg")
    assert files(tmp_path) == []


async def test_on_a_full_disk_nothing_is_left_of_a_blob(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        await DirectoryBlobs(tmp_path).put(b"picture", ".jpg")
    assert files(tmp_path) == []


async def test_files_are_never_touched_on_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs, threads = DirectoryBlobs(tmp_path), set()
    for name in ("open", "read_bytes", "unlink", "rename", "mkdir"):
        real = getattr(Path, name)

        def note(*args: object, _real: object = real, **kwargs: object) -> object:
            threads.add(threading.current_thread())
            return _real(*args, **kwargs)  # type: ignore[operator]

        monkeypatch.setattr(Path, name, note)
    blob = await blobs.put(b"picture", ".jpg")
    await blobs.get(blob.key)
    await blobs.delete(blob.key)
    assert threads
    assert threading.current_thread() not in threads


async def test_a_blob_that_was_deleted_is_gone_and_may_be_deleted_again(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    blob = await blobs.put(b"picture", ".jpg")
    await blobs.delete(blob.key)
    await blobs.delete(blob.key)
    with pytest.raises(FileNotFoundError):
        await blobs.get(blob.key)


@pytest.mark.parametrize("key", ["", "../secret.key", "/etc/passwd", "ab/cd.jpg", ".", "..", "0123.jpg"])
async def test_what_is_no_key_leads_nowhere(key: str, tmp_path: Path) -> None:
    secret, blobs = tmp_path / "secret.key", DirectoryBlobs(tmp_path / "evidence")
    secret.write_text("secret")
    with pytest.raises(FileNotFoundError):
        await blobs.get(key)
    with suppress(FileNotFoundError):
        await blobs.delete(key)
    assert secret.exists()


async def test_nobody_else_on_the_machine_may_look_into_it(tmp_path: Path) -> None:
    DirectoryBlobs(tmp_path / "evidence")
    assert (tmp_path / "evidence").stat().st_mode & 0o777 == 0o700


def test_it_tells_the_space_that_is_left(tmp_path: Path) -> None:
    found = os.statvfs(tmp_path)
    assert 0 < DirectoryBlobs(tmp_path).free_bytes() < found.f_blocks * found.f_frsize


def test_a_folder_that_is_not_there_cannot_be_made_durable(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "nowhere")


async def test_a_blob_grows_piece_by_piece(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    key = blobs.new_key(".webm")
    await blobs.append(key, 0, b"first ")
    await blobs.append(key, 6, b"second ")
    await blobs.append(key, 13, b"")
    assert key.endswith(".webm")
    assert (await blobs.get(key), await blobs.size(key)) == (b"first second ", 13)


async def test_what_is_there_of_a_growing_blob_is_never_changed(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    key = blobs.new_key(".webm")
    await blobs.append(key, 0, b"0123456789")
    await blobs.append(key, 0, b"0123456789")
    await blobs.append(key, 4, b"xxxx")
    await blobs.append(key, 8, b"xxabcd")
    assert await blobs.get(key) == b"0123456789abcd"


@pytest.mark.parametrize("there", [b"", b"01234"])
async def test_a_piece_that_would_leave_a_gap_is_refused(there: bytes, tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    key = blobs.new_key(".webm")
    if there:
        await blobs.append(key, 0, there)
    with pytest.raises(GapError):
        await blobs.append(key, 6, b"6789")
    await blobs.append(key, 0, b"012345")
    await blobs.append(key, 6, b"6789")
    assert await blobs.get(key) == b"0123456789"


async def test_two_nodes_that_are_told_the_same_pieces_make_one_blob(tmp_path: Path) -> None:
    nodes = DirectoryBlobs(tmp_path), DirectoryBlobs(tmp_path)
    key, data = nodes[0].new_key(".webm"), os.urandom(400_000)
    for offset in range(0, len(data), 50_000):
        piece = data[offset : offset + 50_000]
        await asyncio.gather(*(node.append(key, offset, piece) for node in nodes for _ in range(3)))
    assert await nodes[0].get(key) == data


async def test_a_piece_is_durable_before_append_returns_and_so_is_the_name_of_the_first(
    tmp_path: Path, synced: list[Path]
) -> None:
    blobs = DirectoryBlobs(tmp_path)
    key = blobs.new_key(".webm")
    await blobs.append(key, 0, b"first")
    (path,) = files(tmp_path)
    assert synced == [path, path.parent, tmp_path]
    await blobs.append(key, 5, b"second")
    assert synced[3:] == [path]


async def test_a_part_of_a_blob_is_read(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    blob = await blobs.put(b"0123456789", ".bin")
    assert [await blobs.read(blob.key, start, 4) for start in (0, 8, 10)] == [b"0123", b"89", b""]
    with blobs.open(blob.key) as file:
        assert file.read() == b"0123456789"


async def test_of_a_key_that_is_not_there_nothing_is_read(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    key = blobs.new_key(".webm")
    with pytest.raises(FileNotFoundError):
        await blobs.size(key)
    with pytest.raises(FileNotFoundError):
        await blobs.read(key, 0, 1)
    with pytest.raises(FileNotFoundError):
        blobs.open(key)
