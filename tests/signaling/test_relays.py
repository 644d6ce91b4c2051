"""What pages may use on their way to the media workers, against a real coturn with the configuration that we ship."""

import asyncio
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aioice import stun, turn

from media.settings import IceServer as WorkersServer
from signaling.composition import media_settings
from signaling.demo.lan import certificate
from signaling.relays import Relays, credentials
from tests.clock import ManualClock
from tests.ports import free_port
from tests.signaling.conftest import Start, ring_and_accept
from tests.turn import TurnServer, turn_server
from vouch.clock import HOUR, SECOND, SystemClock
from vouch.ids import digest, new_id
from vouch.settings import IceServer, Settings

WORKER, STRANGER = "127.0.0.1", "127.0.0.2"
TRANSPORTS = ["udp", "tcp"]
CALL = "0192f0c1a1b27c3d8e4f5a6b7c8d9e0f"


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TurnServer]:
    with turn_server(tmp_path_factory.mktemp("turn"), WORKER, free_port(), WORKER, loopback=True) as server:
        yield server


async def allocated(
    relay: TurnServer, transport: str, name: str, password: str, trust: ssl.SSLContext | None = None
) -> Any:
    """A page's allocation at the relay, by TLS with `trust`; stun.TransactionFailed where it is refused."""
    loop = asyncio.get_running_loop()
    asked = {"username": name, "password": password, "lifetime": 600, "channel_refresh_time": 500}
    server = (relay.host, relay.port)
    protocol: Any
    if transport == "udp":
        _, protocol = await loop.create_datagram_endpoint(
            lambda: turn.TurnClientUdpProtocol(server, **asked), remote_addr=server
        )
    else:
        _, protocol = await loop.create_connection(
            lambda: turn.TurnClientTcpProtocol(server, **asked), *server, ssl=trust
        )
    try:
        await protocol.connect()
    except stun.TransactionFailed:
        protocol.transport.close()
        raise
    return protocol


def now_s() -> int:
    return SystemClock().now() // SECOND


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_page_gets_to_the_worker_and_to_nobody_else(relay: TurnServer, transport: str) -> None:
    settings = Settings(turn_urls=(relay.url(transport),), turn_secret=relay.secret)
    (told,) = Relays(settings, SystemClock()).of(CALL).servers
    assert told.username is not None
    assert told.credential is not None
    page = await allocated(relay, transport, told.username, told.credential)
    await page.channel_bind(0x4000, (WORKER, 50_000))
    for number, address in enumerate((STRANGER, "10.0.0.1", "203.0.113.9"), start=0x4001):
        with pytest.raises(stun.TransactionFailed) as refused:
            await page.channel_bind(number, (address, 50_000))
        assert refused.value.response.attributes["ERROR-CODE"][0] == 403
    await page.delete()


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("secret", "seconds"), [(None, -5), (None, -HOUR // SECOND), ("another", 60)], ids=["expired", "old", "foreign"]
)
async def test_what_is_expired_or_made_by_others_is_refused(
    relay: TurnServer, transport: str, secret: str | None, seconds: int
) -> None:
    name, password = credentials(secret or relay.secret, "call", now_s() + seconds)
    with pytest.raises(stun.TransactionFailed) as refused:
        await allocated(relay, transport, name, password)
    assert refused.value.response.attributes["ERROR-CODE"][0] == 401


async def test_a_page_that_reaches_nothing_else_gets_through_by_tls(tmp_path: Path) -> None:
    tls = certificate(tmp_path, WORKER)
    port = free_port()
    with turn_server(tmp_path, WORKER, free_port(), WORKER, loopback=True, tls=(tls, port)) as relay:
        name, password = credentials(relay.secret, "call", now_s() + 60)
        trust = ssl.create_default_context(cafile=tls.certificate)
        page = await allocated(replace(relay, port=port), "tcp", name, password, trust)
        await page.channel_bind(0x4000, (WORKER, 50_000))
        await page.delete()


async def test_a_longer_time_cannot_be_written_into_a_name(relay: TurnServer) -> None:
    _, password = credentials(relay.secret, "call", now_s() - 5)
    with pytest.raises(stun.TransactionFailed):
        await allocated(relay, "udp", f"{now_s() + 60}:call", password)


def test_the_name_holds_its_end_and_nothing_that_leads_to_a_person() -> None:
    settings = Settings(turn_urls=("turn:relay.example",), turn_secret="s", turn_ttl_s=600)
    clock = ManualClock(HOUR)
    told = Relays(settings, clock).of(CALL)
    (server,) = told.servers
    assert (server.username, told.ttl_s) == (f"{3_600 + 600}:{digest(CALL)[:24]}", 600)
    clock.advance(HOUR)
    assert Relays(settings, clock).of(CALL).servers[0].username == f"{7_200 + 600}:{digest(CALL)[:24]}"


def test_a_credential_is_the_one_of_the_draft() -> None:
    # Reckoned with `openssl dgst -sha1 -hmac north -binary | base64`.
    assert credentials("north", "alice", 1_433_895_918) == ("1433895918:alice", "RqMvcGPYTJMGThVLSi4amT4zFtI=")


def test_servers_with_passwords_of_their_own_are_told_as_they_are() -> None:
    static = (IceServer(urls="stun:a"), IceServer(urls="turn:b", username="u", credential="c"))
    told = Relays(Settings(ice_servers=static), SystemClock()).of(CALL)
    assert [each.model_dump() for each in told.servers] == [each.model_dump() for each in static]


def test_workers_are_told_of_stun_alone_and_only_where_their_address_is_not_known() -> None:
    static = (IceServer(urls="stun:a"), IceServer(urls="turn:b", username="u", credential="c"))
    settings = Settings(ice_servers=static, turn_urls=("turn:c",), turn_secret="s")
    assert media_settings(settings, "secret").ice_servers == (WorkersServer(("stun:a",)),)
    known = settings.model_copy(update={"media_address": "203.0.113.10"})
    assert media_settings(known, "secret").ice_servers == ()


async def test_both_pages_of_a_call_are_told_and_nobody_without_one(start: Start) -> None:
    house = await start(turn_urls=("turn:relay.example",), turn_secret="s")
    agent, caller = await house.ready(), await house.caller()
    assert (await caller.press("media.servers"))["code"] == "unknown_call"
    assert (await agent.press("media.servers", call=new_id()))["code"] == "not_your_call"

    await ring_and_accept(caller, agent)

    for told in (await caller.press("media.servers"), await agent.press("media.servers", call=agent.call["id"])):
        assert (told["code"], told["ttl_s"]) == ("ok", 3_600)
        assert [server["urls"] for server in told["servers"]] == ["turn:relay.example"]
        assert told["servers"][0]["username"].endswith(":" + digest(agent.call["id"])[:24])
    await caller.press("call.hangup")
    await caller.until_state("ended")
    assert (await caller.press("media.servers"))["code"] == "call_ended"
