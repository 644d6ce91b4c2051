"""Whom an address belongs to, as far as guesses are counted: one IPv4 address, or an IPv6 network of 64 bits."""

import ipaddress

UNKNOWN = "unknown"
_HOUSEHOLD = 64
"""The bits that a provider hands to one customer at least (RFC 6177); within them addresses cost nothing."""


def network_of(address: str) -> str:
    """The network of an address; what is none is of one that all such share."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return UNKNOWN
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(known), _HOUSEHOLD), strict=False))
