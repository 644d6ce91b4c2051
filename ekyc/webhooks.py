"""Sends one result to its receiver, as Standard Webhooks 1.0 asks: signed, no redirects, only 2xx counts.

It is not what keeps results or repeats them: that is `outbox.py`. The receiver's side is `standardwebhooks.Webhook`.
"""

import base64
import ipaddress
import json
import secrets
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from cryptography.fernet import Fernet, InvalidToken
from standardwebhooks import Webhook

from vouch.addresses import is_loopback
from vouch.clock import SECOND
from vouch.keys import Keys
from vouch.problems import Problem
from vouch.sealing import Box, is_sealed

TIME_OUT_S = 15
_SEALED_ONCE = "webhook-secret"
"""Purpose of the key of version 0.1.0, which sealed by Fernet; such secrets are read until they are set anew."""
_SEALED, _ABOUT = "webhook secrets", "the secret of a client"
_LONGEST_RETRY_AFTER_S = 86_400
_MOST_DIGITS = 18
_GONE = 410
# RFC 6052: an IPv4 address in the last four bytes of an IPv6 one.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one try."""

    error: str | None = None
    """None: delivered. Else what went wrong, in words that hold nothing of the receiver's answer."""
    final: bool = False
    """Trying again is of no use."""
    gone: bool = False
    """The receiver answered 410: it wants nothing any more."""
    retry_after: int = 0
    """Microseconds that the receiver asked us to wait at least (RFC 9110, 10.2.3)."""


class PrivateAddressError(OSError):
    """The receiver's name leads to an address that is not of the public Internet."""


def new_secret() -> str:
    """A fresh signing secret of 192 bits in the form that receivers are given."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def seal(keys: Keys, secret: str) -> str:
    """A signing secret as `Client.webhook_secret` keeps it: encrypted by the installation's own key."""
    return Box(keys, _SEALED).seal(secret, _ABOUT)


def unseal(keys: Keys, sealed: str) -> str:
    """The secret that was sealed; `cryptography.fernet.InvalidToken` where another installation sealed it."""
    if not is_sealed(sealed):
        return Fernet(base64.urlsafe_b64encode(keys.derive(_SEALED_ONCE))).decrypt(sealed.encode()).decode()
    try:
        return Box(keys, _SEALED).open(sealed, _ABOUT)
    except Problem:
        raise InvalidToken from None


def encode(body: dict[str, Any]) -> str:
    """A body as it is signed and sent; the same body gives the same text in every try."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def headers(message: str, at: int, secret: str, body: str) -> dict[str, str]:
    """The headers of a try at the instant `at` (Standard Webhooks 1.0, "Webhook headers")."""
    moment = datetime.fromtimestamp(at // SECOND, UTC)
    return {
        "content-type": "application/json",
        "user-agent": "Vouch",
        "webhook-id": message,
        "webhook-timestamp": str(at // SECOND),
        "webhook-signature": Webhook(secret).sign(message, moment, body),
    }


class Sender:
    """Connections to receivers, kept between tries; `close` at the end."""

    def __init__(
        self, *, private: bool, http_hosts: Collection[str] | None = None, time_out_s: float = TIME_OUT_S
    ) -> None:
        """`private`: receivers may have private addresses (the demo's, on this machine).

        `http_hosts`: those to which results may go in clear, see `refusal`; None: all.
        """
        self._private, self._http_hosts = private, http_hosts
        self._socket = socket_to(_anywhere if private else is_public)
        self._time_out = aiohttp.ClientTimeout(total=time_out_s)
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Give the connections back; tries that run end with an error."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def send(self, url: str, message: str, at: int, secret: str, body: str) -> Delivery:
        """Try once; whatever the receiver does is an answer, never an exception. The answer's body is not read."""
        # Asked at each try: the setting may have changed since the address was stored.
        hosts = self._http_hosts
        if hosts is not None and (refused := refusal(url, private=self._private, http_hosts=hosts)) is not None:
            return Delivery(refused)
        try:
            async with self._pool().post(
                url, data=body.encode(), headers=headers(message, at, secret, body), allow_redirects=False
            ) as response:
                return _judge(response.status, response.headers.get("Retry-After", ""))
        except TimeoutError:
            return Delivery("time_out")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # aiohttp raises ValueError for addresses that it cannot parse.
            return Delivery(_describe(error))

    def _pool(self) -> aiohttp.ClientSession:
        # Made at the first try: it needs a running event loop, and a node may be built before one runs.
        if self._http is None:
            connector = aiohttp.TCPConnector(limit=32, limit_per_host=8, socket_factory=self._socket)
            # Neither proxies nor .netrc of the environment, nor cookies of one receiver for the next.
            self._http = aiohttp.ClientSession(
                connector=connector,
                timeout=self._time_out,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
            )
        return self._http


def _judge(status: int, retry_after: str) -> Delivery:
    if 200 <= status < 300:
        return Delivery()
    # Python refuses to read thousands of digits, and nobody need wait for so long.
    is_number = len(retry_after) <= _MOST_DIGITS and retry_after.isascii() and retry_after.isdigit()
    seconds = min(int(retry_after), _LONGEST_RETRY_AFTER_S) if is_number else 0
    gone = status == _GONE
    return Delivery(f"http_{status}", final=gone, gone=gone, retry_after=seconds * SECOND)


def refusal(url: str, *, private: bool, http_hosts: Collection[str]) -> str | None:
    """Why no result goes to this address, in a word; None: it may.

    Over http:// what is sent, and who answers, is anybody's on the way: it is for hosts that the operator names
    (`http_hosts`), and where addresses may be private (`private`) for this machine itself.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "bad_address"
    if parts.scheme == "https" and host:
        return None
    if parts.scheme != "http" or not host:
        return "bad_address"
    return None if host in http_hosts or (private and _is_this_machine(host)) else "not_https"


def _is_this_machine(host: str) -> bool:
    return host == "localhost" or is_loopback(host)


def _describe(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "name_not_found"
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, PrivateAddressError):
        return "private_address"
    if isinstance(error, aiohttp.ClientSSLError):
        return "tls_failed"
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError | ValueError):
        return "bad_address"
    return "connection_failed"


def socket_to(allowed: Callable[[Address], bool]) -> Callable[[Any], socket.socket]:
    """Makes sockets for addresses that `allowed` admits, and raises PrivateAddressError for the others.

    It is asked with the very address that is connected to, after the name was looked up, so that a name which leads
    elsewhere at the second look (DNS rebinding) gains nothing, and a literal address is seen too.
    """

    def make(target: Any) -> socket.socket:
        family, kind, protocol, _, where = target
        if not allowed(ipaddress.ip_address(where[0].partition("%")[0])):
            raise PrivateAddressError("the address is not public")
        return socket.socket(family, kind, protocol)

    return make


def _anywhere(_address: Address) -> bool:
    return True


def is_public(address: Address) -> bool:
    """Whether an address is of the public Internet, the IPv4 one that an IPv6 one carries too."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64:
            carried.append(ipaddress.IPv4Address(address.packed[-4:]))
        if any(inner is not None and not is_public(inner) for inner in carried):
            return False
        # ::ffff:0:0/96 is not global in itself; what it carries was judged above.
        return address.ipv4_mapped is not None or (address.is_global and not address.is_multicast)
    return address.is_global and not address.is_multicast
