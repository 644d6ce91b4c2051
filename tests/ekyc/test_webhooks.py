"""One try: signed as Standard Webhooks asks, no redirects, no private addresses, errors as words."""

import asyncio
import base64
import ipaddress
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet, InvalidToken
from standardwebhooks import Webhook

from ekyc import webhooks
from ekyc.webhooks import (
    Delivery,
    PrivateAddressError,
    Sender,
    encode,
    new_secret,
    refusal,
    seal,
    socket_to,
    unseal,
)
from tests.ekyc.evidence_fixtures import SECRET
from tests.ekyc.receiver import Receiver, start_receiver
from vouch.clock import SECOND, SystemClock
from vouch.keys import Keys

AT = 1_795_142_523_456_789
BODY = encode({"type": "verification.decided", "data": {"id": "1", "reason": "Khuôn mặt khác"}})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    answering = await start_receiver()
    yield answering
    await answering.close()


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    pool = Sender(private=True, time_out_s=1)
    yield pool
    await pool.close()


async def send(sender: Sender, url: str, at: int = AT) -> Delivery:
    return await sender.send(url, "message-1", at, SECRET, BODY)


async def test_a_receiver_verifies_it_with_the_standards_own_library(sender: Sender, receiver: Receiver) -> None:
    assert await send(sender, receiver.url, SystemClock().now()) == Delivery()
    ((headers, body),) = receiver.requests
    assert Webhook(SECRET).verify(body, headers) == {
        "type": "verification.decided",
        "data": {"id": "1", "reason": "Khuôn mặt khác"},
    }
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == "message-1"


def test_id_time_and_body_are_what_is_signed() -> None:
    headers = webhooks.headers("message-1", AT, SECRET, BODY)
    assert headers["webhook-timestamp"] == str(AT // SECOND)
    expected = Webhook(SECRET).sign("message-1", datetime.fromtimestamp(AT // SECOND, UTC), BODY)
    assert headers["webhook-signature"] == expected
    assert webhooks.headers("message-2", AT, SECRET, BODY)["webhook-signature"] != expected
    assert webhooks.headers("message-1", AT + SECOND, SECRET, BODY)["webhook-signature"] != expected


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_two_hundreds_are_deliveries(sender: Sender, receiver: Receiver, status: int) -> None:
    receiver.status = status
    assert await send(sender, receiver.url) == Delivery()


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 400, 401, 404, 429, 500, 503])
async def test_anything_else_is_tried_again_and_redirects_are_not_followed(
    sender: Sender, receiver: Receiver, status: int
) -> None:
    receiver.status = status
    receiver.headers = {"Location": receiver.url}
    assert await send(sender, receiver.url) == Delivery(f"http_{status}")
    assert len(receiver.requests) == 1


async def test_gone_ends_it(sender: Sender, receiver: Receiver) -> None:
    receiver.status = 410
    assert await send(sender, receiver.url) == Delivery("http_410", final=True, gone=True)


@pytest.mark.parametrize(
    ("header", "wait"), [("120", 120 * SECOND), ("9999999", 86_400 * SECOND), ("soon", 0), ("-5", 0), ("", 0)]
)
async def test_a_receivers_wish_to_wait_is_passed_on(
    sender: Sender, receiver: Receiver, header: str, wait: int
) -> None:
    receiver.status, receiver.headers = 503, {"Retry-After": header}
    assert (await send(sender, receiver.url)).retry_after == wait


async def test_a_receiver_that_is_away_is_an_answer(sender: Sender) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        assert await send(sender, url) == Delivery("connection_failed")


async def test_a_receiver_that_never_answers_is_left_after_the_time_out() -> None:
    sender = Sender(private=True, time_out_s=0.05)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert await send(sender, f"http://127.0.0.1:{silent.getsockname()[1]}/") == Delivery("time_out")
    await sender.close()


def test_the_time_out_is_fifteen_seconds() -> None:
    assert webhooks.TIME_OUT_S == 15


@pytest.mark.parametrize("url", ["nonsense", "http://", "ftp://example.org/", "http://[::1", "https://host:99999/"])
async def test_an_address_that_is_none_is_an_answer(sender: Sender, url: str) -> None:
    assert (await send(sender, url)).error == "bad_address"


async def test_a_name_that_leads_nowhere_is_an_answer(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nowhere(*_asked: object, **_more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nowhere)
    assert await send(sender, "https://results.example.vn/") == Delivery("name_not_found")


async def test_a_receiver_without_tls_under_https_is_an_answer(sender: Sender, receiver: Receiver) -> None:
    assert await send(sender, receiver.url.replace("http:", "https:")) == Delivery("tls_failed")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "127.1", "[::ffff:127.0.0.1]"])
async def test_private_receivers_are_refused_before_anything_is_sent(receiver: Receiver, host: str) -> None:
    sender = Sender(private=False, time_out_s=2)
    url = receiver.url.replace("127.0.0.1", host)
    assert (await send(sender, url)).error in {"private_address", "name_not_found", "connection_failed", "bad_address"}
    assert receiver.requests == []
    await sender.close()


async def test_the_refusal_has_its_own_word(receiver: Receiver) -> None:
    sender = Sender(private=False)
    assert await send(sender, receiver.url) == Delivery("private_address")
    await sender.close()


PRIVATE = [
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "127.0.0.1",
    "0.0.0.0",  # noqa: S104 - an address, not a binding
    "100.64.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "::1",
    "::",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a00:1::",
    "2001:db8::1",
]
PUBLIC = ["8.8.8.8", "203.162.0.1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"]


def target(address: str) -> tuple[int, int, int, str, tuple[str, int]]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.SOCK_STREAM, 0, "", (address, 443)


@pytest.mark.parametrize("address", PRIVATE)
def test_no_socket_is_made_for_an_address_that_is_not_public(address: str) -> None:
    with pytest.raises(PrivateAddressError):
        socket_to(webhooks.is_public)(target(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_socket_is_made_for_a_public_address(address: str) -> None:
    socket_to(webhooks.is_public)(target(address)).close()


def test_sockets_for_every_address_where_private_ones_are_allowed() -> None:
    asked: list[object] = []

    def everything(address: object) -> bool:
        asked.append(address)
        return True

    socket_to(everything)(target("10.0.0.1")).close()
    assert asked == [ipaddress.ip_address("10.0.0.1")]


def test_secrets_are_drawn_in_the_standards_form_and_sealed_by_the_installation() -> None:
    secret = new_secret()
    assert secret.startswith("whsec_")
    Webhook(secret)
    sealed = seal(Keys(b"a" * 32), secret)
    assert secret not in sealed
    assert unseal(Keys(b"a" * 32), sealed) == secret
    with pytest.raises(InvalidToken):
        unseal(Keys(b"b" * 32), sealed)


def test_what_the_first_version_sealed_is_read() -> None:
    keys = Keys(b"a" * 32)
    of_before = Fernet(base64.urlsafe_b64encode(keys.derive("webhook-secret"))).encrypt(b"whsec_of_before").decode()
    assert unseal(keys, of_before) == "whsec_of_before"
    with pytest.raises(InvalidToken):
        unseal(Keys(b"b" * 32), of_before)


def test_a_sealed_secret_that_was_changed_is_none() -> None:
    keys = Keys(b"a" * 32)
    sealed = seal(keys, "whsec_x")
    assert sealed != seal(keys, "whsec_x")
    changed = sealed[:-4] + ("AAAA" if sealed[-4:] != "AAAA" else "BBBB")
    with pytest.raises(InvalidToken):
        unseal(keys, changed)


def test_the_same_body_is_the_same_text_every_time() -> None:
    assert encode({"b": 1, "a": "Đ"}) == '{"b":1,"a":"Đ"}'


# In clear


@pytest.mark.parametrize(
    ("url", "private", "hosts", "refused"),
    [
        ("https://shop.example/results", False, (), None),
        ("http://shop.example/results", False, (), "not_https"),
        ("http://shop.example/results", True, (), "not_https"),
        ("http://10.0.0.1/results", True, (), "not_https"),
        ("http://SHOP.example:8080/results", False, ("shop.example",), None),
        ("http://shop.example.evil.example/results", False, ("shop.example",), "not_https"),
        ("http://shop.example@evil.example/results", False, ("shop.example",), "not_https"),
        ("http://127.0.0.1:9/results", True, (), None),
        ("http://[::1]:9/results", True, (), None),
        ("http://localhost/results", True, (), None),
        ("http://127.0.0.1:9/results", False, (), "not_https"),
        ("ftp://shop.example/", True, ("shop.example",), "bad_address"),
        ("https:///results", True, (), "bad_address"),
        ("http://[", True, (), "bad_address"),
        ("", True, (), "bad_address"),
    ],
)
def test_results_go_in_clear_only_to_hosts_that_are_named(
    url: str, private: bool, hosts: tuple[str, ...], refused: str | None
) -> None:
    assert refusal(url, private=private, http_hosts=hosts) == refused


async def test_an_address_that_was_stored_before_is_refused_when_it_is_sent_to(receiver: Receiver) -> None:
    sender = Sender(private=False, http_hosts=())
    assert await send(sender, receiver.url) == Delivery("not_https")
    assert not receiver.requests


@pytest.mark.parametrize("header", ["9" * 19, "9" * 5_000])
async def test_a_wish_to_wait_for_ages_is_no_fault_of_the_address(
    header: str, receiver: Receiver, sender: Sender
) -> None:
    receiver.status, receiver.headers = 503, {"Retry-After": header}
    assert await send(sender, receiver.url) == Delivery("http_503")
