"""Who asks: the address that counts, and the network by which strangers are counted."""

import ipaddress
import re

from aiohttp import web

from vouch.settings import Settings

FORWARDED_FOR = "X-Forwarded-For"
_V6_BITS = 64
"""What one customer is given at least (RFC 6177): to change within it costs nothing."""
# Some proxies append the port: 192.0.2.1:4711, [2001:db8::1]:4711.
_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}")
_LONGEST = 64
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def address_of(request: web.Request, settings: Settings) -> str:
    """Give the peer's address: the one that our outermost own proxy saw, never what a stranger wrote in a header.

    What is no address there (`unknown`, a name, bytes) counts as nothing; then it is the connection's.
    """
    if settings.trusted_proxies:
        # All lines of the header: some proxies append a line of their own below the one that a stranger sent.
        lines = ",".join(request.headers.getall(FORWARDED_FOR, []))
        forwarded = [part for each in lines.split(",") if (part := each.strip())]
        if len(forwarded) >= settings.trusted_proxies:
            address = _parsed(forwarded[-settings.trusted_proxies])
            if address is not None:
                return str(address)
    return request.remote or "unknown"


def network_of(address: str) -> str:
    """Give what strangers are counted by: an IPv4 address itself, of an IPv6 one the /64; other text as it is."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((parsed.packed, _V6_BITS), strict=False))
    return str(parsed) if parsed is not None else address[:_LONGEST]


def is_loopback(address: str) -> bool:
    """Whether an address is of this very machine."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


def _parsed(text: str) -> Address | None:
    if len(text) > _LONGEST:
        return None
    found = _WITH_PORT.fullmatch(text)
    bare = (found.group(1) or found.group(2)) if found else text
    try:
        # A zone (fe80::1%eth0) is of the machine that wrote it, and says nothing here.
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address
