"""How far an IP address reaches: which addresses are dialled for a peer, and which of ours a page can use. Pure."""

from collections.abc import Iterable, Sequence
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

LEAST_PORT = 1_024
"""Below are the ports of services; neither a browser nor a NAT in front of one uses them (RFC 4787 §4.2.2)."""
GREATEST_PORT = 65_535


class Reach(Enum):
    """From where an address can be reached."""

    NOWHERE = "nowhere"
    """No address of one machine: multicast, broadcast, unspecified, reserved, or no address at all."""
    HERE = "here"
    """Loopback and link-local, where cloud machines have their metadata too."""
    PRIVATE = "private"
    """A network of one's own: RFC 1918, RFC 4193, behind a carrier's NAT (RFC 6598)."""
    PUBLIC = "public"


_NETWORKS: tuple[tuple[Reach, tuple[str, ...]], ...] = (
    (Reach.NOWHERE, ("0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "::/128", "ff00::/8")),
    (Reach.HERE, ("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10")),
    (
        Reach.PRIVATE,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15"),
    ),
    (Reach.PRIVATE, ("fc00::/7", "fec0::/10", "64:ff9b:1::/48")),
)
_IPV4 = [(reach, IPv4Network(net)) for reach, nets in _NETWORKS for net in nets if ":" not in net]
_IPV6 = [(reach, IPv6Network(net)) for reach, nets in _NETWORKS for net in nets if ":" in net]
_LAST_FOUR = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
"""Where an IPv4 address stands in the last four octets: behind NAT64 (RFC 6052), and as was once meant (RFC 4291)."""


@lru_cache(4_096)
def reach(host: str) -> Reach:
    """How far the address in text reaches; an IPv6 address that stands for one of IPv4, as far as that."""
    try:
        address = ip_address(host)
    except ValueError:
        return Reach.NOWHERE
    if isinstance(address, IPv4Address):
        return _reach_of(address)
    own = next((found for found, network in _IPV6 if address in network), Reach.PUBLIC)
    inner = _inner(address)
    return own if own is not Reach.PUBLIC or inner is None else _reach_of(inner)


def _reach_of(address: IPv4Address) -> Reach:
    return next((found for found, network in _IPV4 if address in network), Reach.PUBLIC)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that what is sent there comes to."""
    # By its packed form, because an address with a zone is in no network.
    plain = IPv6Address(address.packed)
    if any(plain in network for network in _LAST_FOUR):
        return IPv4Address(plain.packed[-4:])
    teredo = plain.teredo
    return plain.ipv4_mapped or plain.sixtofour or (teredo[1] if teredo is not None else None)


def are_local(hosts: Iterable[str]) -> bool:
    """Whether there are addresses and all of them are this machine's own or its link's, as in demo and tests."""
    every = list(hosts)
    return bool(every) and all(reach(host) is Reach.HERE for host in every)


def usable(hosts: Sequence[str]) -> list[str]:
    """Those of our own addresses that a page elsewhere can use; all of them where none is such."""
    return [host for host in hosts if reach(host) is not Reach.HERE] or list(hosts)


def may_dial(host: str, port: int, *, local: bool, private_peers: bool) -> bool:
    """Whether a peer may have us send there. `local`: we listen on nothing but loopback or link-local addresses."""
    if not LEAST_PORT <= port <= GREATEST_PORT:
        return False
    found = reach(host)
    return (
        found is Reach.PUBLIC
        or (found is Reach.HERE and local)
        or (found is Reach.PRIVATE and (local or private_peers))
    )


def may_answer(host: str, port: int, *, local: bool, private_peers: bool) -> bool:
    """Whether a peer may be learned there, because what bears its proof has come from there.

    Loopback too: no system takes a datagram that comes with such a source from outside (RFC 1122 §3.2.1.3, RFC 4291
    §2.5.3), so it is a robot of this machine, which knows the way. A link's addresses can be forged.
    """
    return may_dial(host, port, local=local or _is_loopback(host), private_peers=private_peers)


@lru_cache(4_096)
def _is_loopback(host: str) -> bool:
    """As it is, and not as another address stands for it."""
    if reach(host) is not Reach.HERE:
        return False
    address = ip_address(host)
    return address.is_loopback and (isinstance(address, IPv4Address) or address.ipv4_mapped is None)
