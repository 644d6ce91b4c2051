"""A picture costs its decoder and nobody else: not the node, not those who wait."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ekyc.darkroom.decoder import LARGEST_DATA
from ekyc.darkroom.process import _PASSED_ON, Decoder, DecoderLost
from ekyc.pictures import Darkroom
from tests.ekyc import papers
from tests.ekyc.darkroom import hostile
from vouch.problems import Problem

ROOT = Path(__file__).parents[3]
SMALL = papers.encoded(papers.portrait())
LARGE = hostile.png(hostile.MEGAPIXELS_24, 16)
PATIENCE_S = 60.0
"""For what has to be answered however busy the machine is."""


@pytest.fixture
async def darkroom() -> AsyncIterator[Darkroom]:
    made = Darkroom(2, PATIENCE_S)
    yield made
    made.close()


async def refusal(darkroom: Darkroom, data: bytes, source: str = "account:1") -> str | None:
    try:
        await darkroom.prepare(data, source)
    except Problem as problem:
        return problem.code
    return None


def _landlock() -> int:
    """Version of the system's interface; 0 where there is none."""
    script = "from vouch.confinement import Confinement, confine; print(confine(Confinement()).landlock)"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=environment, timeout=60)
    return int(run.stdout)


def memory(pid: int | str, what: str) -> int:
    """Octets of a process: VmRSS now, VmHWM at most ever."""
    return int(re.findall(rf"{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[0]) << 10


@pytest.mark.parametrize("scans", [3_000, 30_000])
async def test_a_picture_of_thousands_of_scans_costs_nothing(darkroom: Darkroom, scans: int) -> None:
    assert await refusal(darkroom, hostile.progressive(scans)) == "picture_too_complex"
    assert await refusal(darkroom, SMALL) is None
    assert len(darkroom.pids()) == 1


@pytest.mark.parametrize(
    "sent",
    [
        hostile.png(hostile.MEGAPIXELS_24),
        LARGE,
        hostile.png(hostile.MEGAPIXELS_24, 16, interlaced=True),
        hostile.png(hostile.MEGAPIXELS_24, 8, 4, interlaced=True),
        hostile.png((65_500, 366), 8),
        hostile.png((300, 300), air=4_000),
        hostile.progressive(20, hostile.MEGAPIXELS_24, "CMYK"),
    ],
    ids=["rgba", "16 bits", "interlaced", "grey and alpha", "narrow", "air", "cmyk"],
)
async def test_the_largest_that_is_taken_leaves_node_and_decoder_small(darkroom: Darkroom, sent: bytes) -> None:
    assert await refusal(darkroom, SMALL) is None
    (decoder,) = darkroom.pids()
    idle, node = memory(decoder, "VmRSS"), memory("self", "VmRSS")
    assert await refusal(darkroom, sent) is None
    assert darkroom.pids() == [decoder]
    assert memory(decoder, "VmHWM") < 400 << 20
    assert memory(decoder, "VmRSS") < idle + (16 << 20)
    assert memory("self", "VmRSS") < node + (32 << 20)


async def test_a_picture_that_takes_too_long_is_refused_and_its_decoder_replaced() -> None:
    darkroom = Darkroom(2, PATIENCE_S)
    assert await refusal(darkroom, SMALL) is None
    (before,) = darkroom.pids()
    hurried = Darkroom(2, 0.05)
    hurried._idle, darkroom._idle = darkroom._idle, []
    assert await refusal(hurried, LARGE) == "picture_too_complex"
    assert hurried.pids() == []
    hurried.close()
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)
    assert await refusal(darkroom, SMALL) is None
    darkroom.close()


async def test_processor_time_ends_a_decoder_by_itself() -> None:
    decoder = await Decoder.start()

    async def ask_for_much() -> None:
        for _ in range(30):
            await decoder.ask({"job": "develop", "cpu_s": 0}, [LARGE], PATIENCE_S)

    with pytest.raises(DecoderLost):
        await ask_for_much()
    decoder.end()
    assert decoder.ended_by() == signal.SIGXCPU


async def test_what_nobody_waits_for_any_more_costs_its_decoder(darkroom: Darkroom) -> None:
    for started in (False, True):
        assert len(darkroom.pids()) == started
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await darkroom.prepare(LARGE, "account:1")
        assert darkroom.pids() == []
        assert await refusal(darkroom, SMALL) is None


async def test_one_source_keeps_nobody_else_waiting(darkroom: Darkroom) -> None:
    done: list[str] = []

    async def send(source: str, data: bytes) -> None:
        await darkroom.prepare(data, source)
        done.append(source)

    slow = hostile.png(hostile.MEGAPIXELS_24, 8, 2)
    hostile_ones = (send("account:1", slow) for _ in range(4))
    others = (send(f"account:{number}", SMALL) for number in range(2, 6))
    await asyncio.gather(*hostile_ones, *others)
    assert done[-2:] == ["account:1"] * 2


async def test_a_decoder_has_no_environment_no_files_and_bounded_memory() -> None:
    decoder = await Decoder.start()
    process = Path(f"/proc/{decoder.pid}")
    told = process.joinpath("environ").read_bytes().split(b"\0")
    names = {entry.split(b"=")[0].decode() for entry in told if entry}
    assert names - {"MALLOC_MMAP_THRESHOLD_", "MALLOC_ARENA_MAX"} <= {*_PASSED_ON, "PYTHONPATH"}
    limits = process.joinpath("limits").read_text()
    assert re.search(rf"Max data size\s+{LARGEST_DATA}\s+{LARGEST_DATA}", limits)
    assert re.search(r"Max file size\s+0\s+0", limits)
    assert decoder.opens_files is (_landlock() == 0)
    assert "NoNewPrivs:\t1" in process.joinpath("status").read_text()
    decoder.end()


def test_memory_that_is_not_there_refuses_the_picture_alone() -> None:
    script = """
import json, resource, sys
from ekyc.darkroom import decoder
from tests.ekyc.darkroom import hostile
sent = [hostile.png(hostile.MEGAPIXELS_24), hostile.png((300, 300))]
decoder._load()
resource.setrlimit(resource.RLIMIT_DATA, (64 << 20, 64 << 20))
print(json.dumps([decoder._answer({"job": "develop", "cpu_s": 60}, [each])[0] for each in sent]))
"""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=environment, timeout=60)
    assert json.loads(run.stdout) == [{"refused": "picture_too_complex"}, {"width": 300, "height": 300}]


async def test_a_fault_of_ours_is_raised_and_is_not_the_pictures(darkroom: Darkroom) -> None:
    with pytest.raises(RuntimeError, match="failed: UnidentifiedImageError"):
        await darkroom.thumbnail(b"what develop never makes", 100, "verification:1")
    assert await refusal(darkroom, SMALL) is None


async def test_closing_ends_the_decoders() -> None:
    darkroom = Darkroom(2, PATIENCE_S)
    assert await refusal(darkroom, SMALL) is None
    (decoder,) = darkroom.pids()
    darkroom.close()
    with pytest.raises(ProcessLookupError):
        os.kill(decoder, 0)
