"""The readers of aioice and aiortc with our own checks in front of them, for both ways in which we hold connections.

Like `media.aiortc_seam` it rests on what the libraries keep private; `check` says whether that is there.
"""

import asyncio
from typing import Any

from aioice import Connection, ice, stun
from aioice.ice import CandidatePair, StunProtocol
from aiortc import RTCDtlsTransport, RTCIceGatherer
from aiortc.rtcdtlstransport import State

from media import clock
from media.ingress import addresses, datagrams, sources
from media.ingress.counts import Counts
from media.ingress.datagrams import Kind
from media.ingress.privates import Replaced, require

MOST_WAITING = 512
"""Datagrams that may wait for the library to read them: with `datagrams.LONGEST` a bound of their octets too."""
MOST_ADDRESSES = 32
"""Addresses from which one peer's checks are taken in the life of a connection; browsers have some ten."""
MOST_REQUESTS = 200
"""A peer's checks that are answered in one second, from all its addresses together; browsers send some 20."""
MOST_PARSED = 2 * MOST_REQUESTS
"""Checks in our name, and answers, that are looked at in one second whatever proof they have: to look is what costs."""
MOST_CHECKS = 200
"""What is sent in all to addresses that the peer only named: requests, each repetition counted."""
MOST_CHECKS_EACH = 32
"""What is sent to any one address that has never answered."""
FAULT_PAUSE_S = 0.001
"""After something that the library raised: seconds."""

_SECOND = 1_000_000
_REQUEST, _RESPONSES = b"\0\x01", (b"\x01\x01", b"\x01\x11")
_EXPECTED = {"client": datagrams.BY_SERVER, "server": datagrams.BY_CLIENT}
"""By our role."""
_FROM_ALL = {"USERNAME", "MESSAGE-INTEGRITY"}
"""What every check has (RFC 8445 §7.1)."""
_AT_FIRST = _FROM_ALL | {"PRIORITY", "FINGERPRINT"}
"""The first from an address: what the library learns it by; and with them none is shorter than our answer."""
_NAME = "_guard_of_strangers"
_PRIVATE: tuple[tuple[type, tuple[str, ...]], ...] = (
    (StunProtocol, ("datagram_received", "send_stun")),
    (
        Connection,
        ("check_complete", "check_start", "check_state", "data_received", "request_received"),
    ),
    (Connection, ("_pair_remote_candidate", "_valid_username")),
    (stun.Message, ("check_message_integrity",)),
    (RTCDtlsTransport, ("_recv_next", "_set_state", "_setup_srtp", "start")),
)

Address = tuple[str, int]


def check() -> None:
    """Raise RuntimeError where the installed libraries have no place for a guard."""
    require(_PRIVATE)
    # What only instances have.
    connection = getattr(RTCIceGatherer(iceServers=[]), "_connection", None)
    missing = [name for name in ("_protocols", "_queue") if not hasattr(connection, name)]
    if missing:
        raise RuntimeError(f"aioice lacks {', '.join(missing)}")


class IceGuard:
    """Of one connection: which datagrams the library gets, whom it learns of, and to whom it sends.

    Until ICE has found a pair, STUN alone goes through; of it only what bears our name and the peer's proof, or answers
    a question of ours. Afterwards DTLS and media go through from the addresses that passed a check, theirs or ours.
    Nothing is said to whoever has no proof, so that nobody else can be made a target of what we say.
    """

    def __init__(self, connection: Connection, *, private_peers: bool) -> None:
        self.counts = Counts()
        self._connection = connection
        self._private_peers = private_peers
        self._named = f"{connection.local_username}:".encode()
        self._password = connection.local_password.encode()
        self._proved: set[Address] = set()
        """Where checks came from that bore the peer's proof."""
        self._answered: set[Address] = set()
        """Where checks of ours were answered."""
        self._sent: dict[Address, int] = {}
        """Requests to addresses that have not answered."""
        self._sent_unproved = 0
        self._second, self._requests, self._parsed = 0, 0, 0
        self._dtls: RTCDtlsTransport | None = None
        self._replaced = Replaced()
        self._take_request = connection.request_received
        self._take_data = connection.data_received
        self._take_state = connection.check_state
        self._pair = connection._pair_remote_candidate
        self._check = connection.check_start
        # For sockets that the library opens itself, TURN's among them; unguarded connections see no change.
        setattr(ice, "StunProtocol", GuardedProtocol)  # noqa: B010 - a name that types cannot be changed under
        vars(connection)[_NAME] = self
        self._replaced.put(connection, "request_received", self._on_request)
        self._replaced.put(connection, "data_received", self._on_data)
        self._replaced.put(connection, "check_state", self._on_state)
        self._replaced.put(connection, "check_start", self._on_check)
        self._replaced.put(connection, "_pair_remote_candidate", self._on_candidate)

    def watch(self, dtls: RTCDtlsTransport) -> None:
        """Let nothing that the library raises about a packet end this transport."""
        self._dtls = dtls
        receive, start = dtls._recv_next, dtls.start

        async def receive_next() -> None:
            try:
                await receive()
            except ConnectionError:
                # The end, as the library says it.
                raise
            except Exception as fault:  # noqa: BLE001 - a stranger's packet meets a library's reader here
                self.counts.fault(fault)
                # One that comes before the reader waits must not hold everybody else.
                await asyncio.sleep(FAULT_PAUSE_S)

        async def begin(remote: Any) -> None:
            try:
                await start(remote)
            except Exception as fault:  # noqa: BLE001 - a stranger's certificate, too
                self.counts.fault(fault)
                dtls._set_state(State.FAILED)

        self._replaced.put(dtls, "_recv_next", receive_next)
        self._replaced.put(dtls, "start", begin)

    def bound_sources(self, dtls: RTCDtlsTransport) -> None:
        """Bound the peer's sources where the library itself decrypts."""
        sources.bound(dtls, self.counts, self._replaced)

    def close(self) -> None:
        """Put back what was replaced, and tell what was counted; safe to call twice."""
        self._replaced.undo()
        vars(self._connection).pop(_NAME, None)
        self.counts.tell()

    def refusal(self, protocol: StunProtocol, data: bytes, address: Address) -> str | None:
        """Why the library must not see a datagram; None where it may."""
        kind = datagrams.kind(data, self._expected())
        if kind is None:
            return "malformed"
        if "local_candidate" not in vars(protocol):
            return "before_listening"
        if kind is Kind.STUN:
            return self._refuses_stun(protocol, data)
        if not self._answered:
            return "before_ice"
        return None if address in self._answered or address in self._proved else "of_strangers"

    def may_send(self, message: stun.Message, address: Address) -> bool:
        """Whether a STUN message may leave: what asks a STUN server and what answers may, a check has its bounds."""
        if message.message_class is not stun.Class.REQUEST or "USERNAME" not in message.attributes:
            return True
        if address in self._answered:
            return True
        sent = self._sent.get(address, 0)
        is_proved = address in self._proved
        if not (is_proved or self._may_dial(*address)) or sent >= MOST_CHECKS_EACH:
            return False
        if not is_proved and self._sent_unproved >= MOST_CHECKS:
            return False
        self._sent[address] = sent + 1
        self._sent_unproved += not is_proved
        return True

    def _expected(self) -> frozenset[int]:
        """The handshake messages that the peer may send in clear."""
        role = "auto" if self._dtls is None else self._dtls._role
        return _EXPECTED.get(role, datagrams.BY_EITHER)

    def _may_dial(self, host: str, port: int) -> bool:
        return addresses.may_dial(host, port, local=self._is_local(), private_peers=self._private_peers)

    def _is_local(self) -> bool:
        """Whether we listen on nothing that others reach."""
        ours = [each.local_candidate for each in self._connection._protocols]
        return addresses.are_local(each.host for each in ours if each.type == "host")

    def _refuses_stun(self, protocol: StunProtocol, data: bytes) -> str | None:
        """Before it is parsed: a flood must cost next to nothing."""
        if data[:2] == _REQUEST:
            if self._named not in data:
                return "no_proof"
        elif data[:2] not in _RESPONSES:
            return "malformed"
        elif data[8:20] not in protocol.transactions:
            return "unasked"
        return self._refuses_look(data)

    def _refuses_look(self, data: bytes) -> str | None:
        if not datagrams.has_few_attributes(data):
            return "malformed"
        self._begin_second()
        self._parsed += 1
        return "too_many_checks" if self._parsed > MOST_PARSED else None

    def _begin_second(self) -> None:
        second = clock.now() // _SECOND
        if second != self._second:
            self._second, self._requests, self._parsed = second, 0, 0

    def _refuses_request(self, message: stun.Message, address: Address) -> str | None:
        has = message.attributes
        if not has.keys() >= (_FROM_ALL if address in self._proved else _AT_FIRST):
            return "malformed"
        if not (self._connection._valid_username(has["USERNAME"]) and message.check_message_integrity(self._password)):
            return "no_proof"
        if not addresses.may_answer(*address, local=self._is_local(), private_peers=self._private_peers):
            return "forbidden_address"
        if address not in self._proved and len(self._proved) >= MOST_ADDRESSES:
            return "too_many_addresses"
        self._begin_second()
        self._requests += 1
        return "too_many_checks" if self._requests > MOST_REQUESTS else None

    def _on_request(self, message: stun.Message, address: Address, protocol: StunProtocol) -> None:
        refusal = self._refuses_request(message, address)
        if refusal is not None:
            self.counts.dropped[refusal] += 1
            return
        self._proved.add(address)
        self._take_request(message, address, protocol)

    def _on_data(self, data: bytes, component: int) -> None:
        # What looked like STUN and was none comes here too.
        if data[0] < 20:
            self.counts.dropped["malformed"] += 1
        elif self._connection._queue.qsize() >= MOST_WAITING:
            self.counts.dropped["too_many_waiting"] += 1
        else:
            self._take_data(data, component)

    def _on_state(self, pair: CandidatePair, state: CandidatePair.State) -> None:
        self._take_state(pair, state)
        if state is CandidatePair.State.SUCCEEDED:
            self._answered.add(pair.remote_addr)
            self._sent.pop(pair.remote_addr, None)

    async def _on_check(self, pair: CandidatePair) -> None:
        try:
            await self._check(pair)
        except Exception as fault:  # noqa: BLE001 - nobody waits for this task
            self.counts.fault(fault)
            self._connection.check_state(pair, CandidatePair.State.FAILED)
            self._connection.check_complete(pair)

    def _on_candidate(self, candidate: Any) -> None:
        # While nothing is bound nothing is paired, and what we listen on is not known.
        if self._connection._protocols and self._may_dial(candidate._network_host, candidate.port):
            self._pair(candidate)


class GuardedProtocol(StunProtocol):
    """The library's socket reader behind the guard of its connection, where that has one."""

    def __init__(self, receiver: Connection) -> None:
        super().__init__(receiver)
        self._guard: IceGuard | None = vars(receiver).get(_NAME)

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        """Take a datagram from the socket; what may not go on is counted, and raises nothing."""
        guard = self._guard
        if guard is None or isinstance(data, str):
            super().datagram_received(data, addr)
            return
        refusal = guard.refusal(self, data, (addr[0], addr[1]))
        if refusal is not None:
            guard.counts.dropped[refusal] += 1
            return
        try:
            super().datagram_received(data, addr)
        except Exception as fault:  # noqa: BLE001 - a stranger's packet meets a library's reader here
            guard.counts.fault(fault)

    def send_stun(self, message: stun.Message, addr: Address) -> None:
        """Send a STUN message where the guard lets it go."""
        guard = self._guard
        if guard is None:
            super().send_stun(message, addr)
        elif guard.may_send(message, addr):
            try:
                super().send_stun(message, addr)
            except Exception as fault:  # noqa: BLE001 - to an address that a stranger named
                guard.counts.fault(fault)
        else:
            guard.counts.dropped["not_sent"] += 1
