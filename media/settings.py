"""Settings of the media plane: one frozen value, read once by whoever builds the plane."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class IceServer:
    """A STUN or TURN server for the worker's side of a connection (RFC 8445); the pages are told theirs elsewhere."""

    urls: tuple[str, ...]
    """Its addresses, as in RFC 7064 (`stun:`) and RFC 7065 (`turn:`)."""
    username: str | None = None
    """Name for TURN; None for STUN."""
    credential: str | None = field(default=None, repr=False)
    """Password for TURN; kept out of every printed form."""


@dataclass(frozen=True)
class MediaSettings:
    """What the node needs to know to start and dial its media workers."""

    node: str = "node"
    """This node's stable name; its workers are called `<node>-w0`, `<node>-w1`, ..."""
    workers: int = 0
    """How many workers to start."""
    listen_host: str = "127.0.0.1"
    """Where the workers listen for all nodes: loopback, or, with TLS, an address that the other nodes reach."""
    secret: str = field(default="", repr=False)
    """What node and worker prove to each other that they know; empty draws a new one at every start."""
    ice_servers: tuple[IceServer, ...] = ()
    """STUN and TURN servers; empty asks nobody (the library's own default is a public server abroad)."""
    udp_addresses: tuple[str, ...] = ()
    """Local addresses that media is received on; empty is all of the machine's, loopback when it has no other."""
    udp_ports: tuple[int, int] | None = None
    """First and last UDP port for media, for the firewall's rule; None leaves the choice to the system."""
    announced_address: str | None = None
    """Address told to the peers in place of the local one, where the machine stands behind a one-to-one NAT."""
    private_peers: bool = True
    """Whether peers are reached on private ranges (RFC 1918, RFC 4193, RFC 6598); False where all come from outside."""
    longest_calls: int = 60
    """Calls that one worker takes before it answers `overloaded`; measured good for 50 to 85 on one core."""
    memory_mib: int = 512
    """Memory above which a worker takes no new call, recordings that wait for a node not counted: MiB. At half as much
    again it ends, and its calls go on in another."""
    recording: bool = True
    """Record what both sides of a call send."""
    evidence: bool = True
    """Keep frames, recordings and facts of calls; without, packets are forwarded and nothing more (to measure that)."""
