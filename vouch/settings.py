"""Every knob of Vouch, read once at start from `VOUCH_*` variables (and an `.env` file); frozen afterwards."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from vouch.companies.hours import OFFICE_HOURS, weekly, written

_ORIGIN = re.compile(r"https?://(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?|https?://\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


class IceServer(BaseModel):
    """One STUN or TURN server as a browser's RTCPeerConnection takes it (W3C WebRTC, RTCIceServer)."""

    model_config = ConfigDict(frozen=True)

    urls: str
    username: str | None = None
    credential: str | None = Field(None, repr=False)


class Settings(BaseSettings):
    """The settings of one node. Values that change while calls run (company rules) live in the database."""

    model_config = SettingsConfigDict(env_prefix="VOUCH_", env_file=".env", frozen=True, extra="ignore")

    data_dir: Path = Field(Path("data"), description="Database (SQLite), evidence, keys. Back up the whole of it.")
    database_url: str = Field(
        "", repr=False, description="postgresql+asyncpg://user:password@host/name; empty: SQLite in the data directory."
    )
    node: str = Field("node-1", description="Name of this node, unique among nodes that share a database.")
    host: str = Field("127.0.0.1", description="Address to listen on. 0.0.0.0 behind a TLS proxy or with --tls-cert.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on.")
    public_url: str = Field("", description="How browsers and clients reach Vouch; empty: http://127.0.0.1:PORT.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR; lines go to stderr as JSON."
    )
    redis_url: str = Field(
        "", repr=False, description="redis://host:6379/0 for fan-out between nodes; empty: one node."
    )
    frame_ancestors: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins that may embed the pages for which nothing else is said, comma-separated; empty: none."
    )
    ekyc_frame_ancestors: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins that may embed the eKYC screen /ekyc; `none`: nobody; empty: as frame_ancestors."
    )
    call_frame_ancestors: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins that may embed the call page /call; `none`: nobody; empty: as frame_ancestors."
    )
    console_frame_ancestors: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins that may embed /agent and /supervisor; `none`: nobody; empty: as frame_ancestors."
    )
    trusted_proxies: int = Field(0, ge=0, le=8, description="How many proxies of our own append to X-Forwarded-For.")
    hsts_s: int = Field(
        31_536_000,
        ge=0,
        description="For how long browsers ask by https alone, where public_url is https; 0: not said.",
    )
    hsts_subdomains: bool = Field(True, description="That holds for all names below public_url's host too.")

    connections: int = Field(4096, ge=32, description="Connections in all; idle ones make room for new ones.")
    connections_per_address: int = Field(
        256, ge=1, description="Connections of one address (IPv6: /64); behind proxies its requests under way."
    )
    header_s: float = Field(10, gt=0, description="How long a request's header, or the TLS handshake, may take.")
    idle_s: float = Field(75, gt=0, description="How long a connection may wait for its next request.")
    body_grace_s: float = Field(10, gt=0, description="How long a body may take whatever its size.")
    body_bytes_per_s: int = Field(4096, gt=0, description="The least pace of a body.")
    longest_body_s: float = Field(180, gt=0, description="How long a body may take in all.")
    slow_reader_s: float = Field(30, gt=0, description="How long a peer may take nothing of an answer.")
    token_rate: str = Field("600/minute", description="Requests of one company token; all may come at once.")
    join_rate: str = Field("30/minute", description="Tries to exchange one join link.")
    network_rate: str = Field(
        "600/minute", description="Tries from one address (IPv6: /64) with join links or tokens that are not known."
    )
    upload_memory_bytes: int = Field(
        96 << 20, ge=64 << 20, description="What pictures under way may hold in memory together."
    )
    memory_warn_bytes: int = Field(600 << 20, ge=0, description="Above it the log says so, once in a minute; 0: never.")

    ice_servers: tuple[IceServer, ...] = Field(
        (),
        description="STUN servers, and TURN servers whose password never changes, as JSON: "
        '[{"urls": "stun:host:3478"}, {"urls": "turn:host:3478", "username": .., "credential": ..}].',
    )
    turn_urls: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="TURN servers that share turn_secret, comma-separated: turn:host:3478?transport=tcp."
    )
    turn_secret: str = Field(
        "", repr=False, description="What pages' passwords for turn_urls are made from (coturn's static-auth-secret)."
    )
    turn_ttl_s: int = Field(3600, ge=60, le=86_400, description="How long a page may begin to use such a password for.")
    media_workers: int = Field(
        1,
        ge=0,
        description="Media worker processes that this node starts: one per core. 0: as many as there are cores, or "
        "none where media_worker_addresses names others.",
    )
    media_listen: str = Field(
        "127.0.0.1", description="Address on which this node's media workers listen for all nodes; TLS but on loopback."
    )
    media_worker_addresses: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Workers that run by themselves (`vouch media-worker`), comma-separated: name=host:port."
    )
    media_secret: str = Field(
        "", repr=False, description="What nodes and media workers know of each other; empty: from the node's key."
    )
    media_udp_ports: str = Field(
        "",
        pattern=r"^(\d{1,5}-\d{1,5})?$",
        description="First and last UDP port for media, for the firewall's rule: 50000-50999; empty: any.",
    )
    media_address: str = Field("", description="Address that media workers announce; empty: this machine's own.")
    media_private_peers: bool = Field(
        True, description="Media workers send to browsers on private ranges; false where all come from outside."
    )
    media_memory_mib: int = Field(
        512,
        ge=256,
        description="MiB above which a media worker takes no new call; half as much again: it starts anew.",
    )

    recording: bool = Field(
        True, description="Calls are recorded, and Confirm waits until the recordings of both sides are on disk."
    )
    minimum_free_bytes: int = Field(
        1 << 30, description="Below this much free space where evidence goes, no new call is offered."
    )
    ring_time_out_s: float = Field(
        20, gt=0, le=86_400, description="How long an agent's console rings before the next is asked."
    )
    wrap_up_s: float = Field(30, ge=0, le=86_400, description="The agent's own time after a call.")
    longest_wait_s: float = Field(600, gt=0, le=86_400, description="How long a caller waits before `no_agent`.")
    longest_call_s: float = Field(1800, gt=0, le=86_400, description="How long a call may last before `too_long`.")
    office_hours: str = Field(
        OFFICE_HOURS, description="When teams work: `always`, or days with times, parted by `;`; Vietnamese time."
    )
    calls_per_day: int = Field(10, gt=0, description="Calls that one verification may make in a Vietnamese day.")
    join_token_s: int = Field(900, gt=0, description="How long a join token can be exchanged for the call page.")
    call_session_s: int = Field(4 * 3600, gt=0, description="How long the call page of one verification may live.")
    verification_s: int = Field(7 * 86400, gt=0, description="How long an undecided verification can be called for.")
    shift_s: int = Field(12 * 3600, gt=0, description="How long staff and dealers stay signed in.")
    staff_idle_s: int = Field(
        1800, ge=120, description="How long staff stay signed in without a request or an open console."
    )
    dealer_idle_s: int = Field(4 * 3600, ge=120, description="How long dealers stay signed in without a request.")
    second_factor_roles: Annotated[tuple[Literal["dealer", "agent", "supervisor", "administrator"], ...], NoDecode] = (
        Field((), description="Roles that must have a second factor, comma-separated: administrator,supervisor.")
    )

    ekyc_files: bool = Field(False, description="Dealers may choose picture files; the camera alone otherwise.")
    picture_decoders: int = Field(
        0, ge=0, description="Processes in which pictures are decoded; 0: as many as there are cores, at least two."
    )
    drafts_per_hour: int = Field(300, gt=0, description="Forms that one dealer's account may begin in an hour.")
    most_drafts: int = Field(20_000, gt=0, description="Forms that all dealers have begun and not sent, at most.")
    most_draft_octets: int = Field(5 << 30, gt=0, description="What the pictures of those forms take on disk, at most.")
    msale_url: str = Field("", description="mSale Core's address, asked for company tokens by our eKYC screen.")
    msale_secret: str = Field(
        "", repr=False, description="What our eKYC screen shows mSale Core when it asks for a token."
    )
    webhook_private: bool = Field(False, description="Results may go to private addresses (the demo's mSale).")
    webhook_http_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Hosts to which results may go in clear (http://), comma-separated; empty: none.",
    )

    @field_validator(
        "frame_ancestors",
        "ekyc_frame_ancestors",
        "call_frame_ancestors",
        "console_frame_ancestors",
        "media_worker_addresses",
        "second_factor_roles",
        "turn_urls",
        "webhook_http_hosts",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("frame_ancestors", "ekyc_frame_ancestors", "call_frame_ancestors", "console_frame_ancestors")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value in {(), ("none",)}:
            return value
        if any(_ORIGIN.fullmatch(each) is None for each in value):
            raise ValueError("each must be an origin such as https://msale.example.vn, or alone `none`")
        return value

    @field_validator("token_rate", "join_rate", "network_rate")
    @classmethod
    def _rate(cls, value: str) -> str:
        if re.fullmatch(r"[1-9]\d{0,6}/(second|minute|hour)", value) is None:
            raise ValueError("must be a number per second, minute or hour, such as 600/minute")
        return value

    @field_validator("office_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        return written(weekly(value))

    @field_validator("media_listen")
    @classmethod
    def _reachable(cls, value: str) -> str:
        if value in {"", "::", "0.0.0.0"}:  # noqa: S104 - refused here
            raise ValueError("must be one address of this machine, which the other nodes are told")
        return value

    @field_validator("turn_urls")
    @classmethod
    def _relays(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(re.fullmatch(r"turns?:[^\s:?]+(:\d{1,5})?(\?transport=(udp|tcp))?", each) is None for each in value):
            raise ValueError("each must be turn:host:port?transport=udp, or turns: and tcp (RFC 7065)")
        return value

    @model_validator(mode="after")
    def _relays_have_a_secret(self) -> "Settings":
        if self.turn_urls and not self.turn_secret:
            raise ValueError("turn_urls needs turn_secret")
        return self

    @field_validator("media_worker_addresses")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(re.fullmatch(r"[^=\s]+=[^=\s]+:\d{1,5}", each) is None for each in value):
            raise ValueError("each must be name=host:port")
        return value

    def ancestors_of(self, page: Literal["ekyc", "call", "console"]) -> tuple[str, ...]:
        """The origins that may embed a kind of page."""
        own: tuple[str, ...] = getattr(self, f"{page}_frame_ancestors") or self.frame_ancestors
        return () if own == ("none",) else own

    @property
    def worker_addresses(self) -> dict[str, str]:
        """The workers that run by themselves: `host:port` by name."""
        return dict(each.split("=", 1) for each in self.media_worker_addresses)

    @property
    def udp_ports(self) -> tuple[int, int] | None:
        """First and last UDP port for media; None: any."""
        first, _, last = self.media_udp_ports.partition("-")
        return (int(first), int(last)) if last else None

    @property
    def database(self) -> str:
        """The address that SQLAlchemy connects to."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir.absolute() / 'vouch.db'}"

    @property
    def url(self) -> str:
        """The public address without a slash at the end."""
        return (self.public_url or f"http://127.0.0.1:{self.port}").rstrip("/")
