"""`vouch demo` as a person meets it: a process that prints what to do, robots that call, Ctrl-C that ends it."""

import asyncio
import json
import signal
import stat
import string
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import aiohttp
from cryptography import x509

from ekyc import card, card_reader
from media.synthetic import read_counter
from signaling.demo import cards, faces, guide, lan
from signaling.demo.people import person
from signaling.demo.robots import agent_page, browser
from tests.ports import free_port
from tests.signaling.conftest import tick_checks

USERNAMES = ["admin", "supervisor1", "agent1", "agent2", "agent3", "dealer1", "dealer2", "dealer4"]


@dataclass
class Demo:
    """A running demo."""

    origin: str
    msale: str
    passwords: dict[str, str]
    printed: str


@asynccontextmanager
async def demo(folder: Path, *options: str) -> AsyncIterator[Demo]:
    """Runs until its block ends; then Ctrl-C must end it well within a few seconds."""
    port, msale = free_port(), free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "signaling.main", "demo", "--port", str(port), "--msale-port", str(msale)),
        *("--data-dir", str(folder), "--lang", "en", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            printed = (await process.stdout.readuntil(b"Ctrl-C")).decode()
        pairs = [line.split(" ") for line in printed.splitlines() if line.split(" ")[0] in USERNAMES]
        yield Demo(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{msale}", dict(pairs), printed)
    finally:
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(20):
            errors = (await process.stderr.read()).decode()
            assert (await process.wait(), "Traceback" in errors) == (0, False), errors


async def test_it_prints_addresses_accounts_and_steps_and_goes_on_from_its_data(tmp_path: Path) -> None:
    async with demo(tmp_path / "demo") as first:
        assert list(first.passwords) == USERNAMES
        assert all(f"{first.origin}/{page}" in first.printed for page in ("ekyc", "agent", "supervisor"))
        assert first.msale in first.printed
        async with aiohttp.ClientSession() as http, http.get(f"{first.origin}/healthz") as health:
            assert health.status == 200
    kept = tmp_path / "demo" / "demo.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text())["passwords"] == first.passwords
    async with demo(tmp_path / "demo") as again:
        assert again.passwords == first.passwords


async def test_a_robots_call_ends_as_a_result_with_pictures_at_msale(tmp_path: Path) -> None:
    async with demo(tmp_path / "demo", "--callers", "1") as running, browser(running.origin) as http:
        agent = await agent_page(running.origin, http, "agent1", running.passwords["agent1"])
        await agent.open()
        await agent.press("agent.ready")
        offer = (await agent.until(lambda view: view.get("offer"), seconds=40))["offer"]
        await agent.press("offer.accept", call=offer["call"], offer=offer["offer"])
        await agent.until_state("active")
        await tick_checks(agent)
        assert agent.last_frame is not None
        assert read_counter(agent.last_frame.image()) is not None
        confirmed = await agent.press("verdict", call=offer["call"], verdict="confirmed", frame=agent.frame_name())
        assert confirmed["code"] == "ok"
        await agent.until_state("ended")
        result = await first_result(running.msale)
        await agent.close()
    assert result["message"]["data"]["outcome"] == "confirmed"
    assert {picture["kind"] for picture in result["pictures"]} == {"id_front", "id_back", "portrait", "snapshot"}
    assert all(picture["checked"] for picture in result["pictures"])


async def first_result(msale: str) -> dict[str, Any]:
    """The first result that mSale has with all its pictures."""
    async with aiohttp.ClientSession() as http, asyncio.timeout(20):
        while True:
            async with http.get(f"{msale}/results.json") as answer:
                whole = [each for each in (await answer.json())["results"] if len(each["pictures"]) == 4]
            if whole:
                return dict(whole[0])
            await asyncio.sleep(0.05)


def test_the_robots_cards_carry_a_code_that_says_what_is_printed_on_them() -> None:
    for number in range(3):
        someone = person(number)
        found = card_reader.read_code([cards.pictures(someone)["id_front"]], budget_s=5)
        assert found is not None
        read = card.parse(found)
        assert read == card.Card(someone.id_number, someone.full_name, someone.born)


def test_a_face_moves_under_a_running_number() -> None:
    video = faces.moving_face(7)
    first, second = next(video), next(video)
    assert [read_counter(first), read_counter(second)] == [7, 8]
    assert (first[100:] != second[100:]).any()


def test_both_languages_say_the_same() -> None:
    fields = {
        language: {key: [name for _, name, _, _ in string.Formatter().parse(text) if name] for key, text in say.items()}
        for language, say in guide.TEXTS.items()
    }
    assert fields["vi"] == fields["en"]


def test_a_certificate_is_kept_until_the_address_changes(tmp_path: Path) -> None:
    tls = lan.certificate(tmp_path, "192.168.1.7")
    first = tls.certificate.read_bytes()
    assert stat.S_IMODE(tls.key.stat().st_mode) == 0o600
    tls.context()
    lan.certificate(tmp_path, "192.168.1.7")
    assert tls.certificate.read_bytes() == first
    lan.certificate(tmp_path, "192.168.1.8")
    names = x509.load_pem_x509_certificate(tls.certificate.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert ip_address("192.168.1.8") in names.value.get_values_for_type(x509.IPAddress)


async def test_a_database_that_others_use_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    async with demo(folder):
        pass
    (folder / "demo.json").unlink()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "signaling.main", "demo", "--port", str(free_port()), "--data-dir", str(folder)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _printed, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert b"--data-dir" in errors
