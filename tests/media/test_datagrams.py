"""What a datagram is by its shape, whatever its lengths say."""

import time
from struct import pack

import pytest
from aioice import stun
from OpenSSL import SSL

from media.ingress.datagrams import (
    BY_CLIENT,
    BY_SERVER,
    LONGEST,
    LONGEST_STUN,
    MOST_ATTRIBUTES,
    Kind,
    has_few_attributes,
    kind,
)
from tests.media.forged import COOKIE_WANTED, FRAGMENT, SERVER_HELLO, SHORT, check, handshake, record

CHECK = check("a:b", "password")


def client_hello() -> bytes:
    """As OpenSSL, and so the library, says it."""
    connection = SSL.Connection(SSL.Context(SSL.DTLS_METHOD))
    connection.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        connection.do_handshake()
    return connection.bio_read(2_000)


def test_what_is_whole_is_known() -> None:
    assert kind(CHECK) is Kind.STUN
    assert kind(bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST))) is Kind.STUN
    hello = client_hello()
    assert kind(hello) is Kind.DTLS
    assert kind(hello, BY_CLIENT) is Kind.DTLS
    assert kind(hello, BY_SERVER) is None
    for each in (SERVER_HELLO, COOKIE_WANTED, FRAGMENT, SERVER_HELLO + FRAGMENT, record(20, b"\x01")):
        assert kind(each, BY_SERVER) is Kind.DTLS
    assert kind(record(20, b"\x01") + record(22, bytes(40), epoch=1)) is Kind.DTLS
    assert kind(b"\x80\x60" + bytes(10)) is Kind.MEDIA
    assert kind(b"\x80\xc8" + bytes(6)) is Kind.MEDIA


def test_nothing_shorter_than_a_header_is_anything() -> None:
    for each in SHORT:
        found = kind(each)
        shortest = {Kind.STUN: 20, Kind.DTLS: 13, Kind.MEDIA: 8}
        assert found is None or len(each) >= shortest[found]
    assert all(kind(each) is None for each in SHORT if len(each) < 8)


@pytest.mark.parametrize(
    "whole", [CHECK, SERVER_HELLO, FRAGMENT, client_hello()], ids=["check", "server_hello", "fragment", "client_hello"]
)
def test_whatever_is_cut_off_or_added_it_is_nothing(whole: bytes) -> None:
    assert all(kind(whole[:size]) is None for size in range(len(whole)))
    assert all(kind(whole + bytes(size)) is None for size in range(1, 40))


def test_lengths_that_lie_are_seen() -> None:
    for at in range(11, 13):
        for value in range(256):
            changed = SERVER_HELLO[:at] + bytes([value]) + SERVER_HELLO[at + 1 :]
            assert (kind(changed) is Kind.DTLS) == (changed == SERVER_HELLO)
    assert kind(handshake(11, bytes(8), whole=16)) is Kind.DTLS
    assert kind(handshake(11, bytes(8), whole=16, offset=9)) is None
    assert kind(CHECK[:2] + pack("!H", len(CHECK) - 24) + CHECK[4:]) is None


def test_what_is_longer_than_networks_bear_is_nothing() -> None:
    assert kind(b"\x80" + bytes(LONGEST)) is None
    assert kind(record(23, bytes(LONGEST), epoch=1)) is None
    body = bytes(LONGEST_STUN)
    assert kind(pack("!HH", 1, len(body)) + CHECK[4:20] + body) is None


def test_a_datagram_of_the_most_fragments_costs_little() -> None:
    many = record(22, (b"\x0b" + bytes(11)) * 120)
    began = time.thread_time()
    for _ in range(100):
        assert kind(many) is Kind.DTLS
    assert time.thread_time() - began < 0.2


def test_a_message_has_few_attributes_and_whole_ones() -> None:
    header, attribute = CHECK[:20], pack("!HH4s", 0x7FFE, 3, b"abc")
    assert has_few_attributes(CHECK)
    assert all(has_few_attributes(header + attribute * count) for count in range(MOST_ATTRIBUTES + 1))
    assert not has_few_attributes(header + attribute * (MOST_ATTRIBUTES + 1))
    assert not has_few_attributes(header + pack("!HH4s", 0x7FFE, 5, b"abcd"))
