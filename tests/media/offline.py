"""A guarded connection whose socket sends into a list: what is said to whom, without a network or time."""

from collections.abc import Callable
from typing import Any

from aioice import Candidate, stun
from aioice.ice import Connection

from media.ingress.guard import GuardedProtocol, IceGuard

OURS = "203.0.113.5"


class Offline:
    """Our side of one connection; the other side is whoever the test says."""

    def __init__(self, ours: str = OURS, *, private_peers: bool = True) -> None:
        self.connection = Connection(ice_controlling=False)
        self.guard = IceGuard(self.connection, private_peers=private_peers)
        self.protocol = GuardedProtocol(self.connection)
        self.protocol.connection_made(self)  # As much of a transport as is used.
        self.protocol.local_candidate = self.candidate(ours, 4_000)
        self.connection._protocols.append(self.protocol)
        self.connection._local_candidates_end = True
        self.answers: list[tuple[stun.Message, tuple[str, int]]] = []
        """What was sent, and to whom."""
        self.on_sent: Callable[[stun.Message, tuple[str, int]], Any] = lambda *_: None

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        """As a transport."""
        message = stun.parse_message(data)
        self.answers.append((message, address))
        self.on_sent(message, address)

    def close(self) -> None:
        """As a transport."""
        self.protocol.connection_lost(None)

    @staticmethod
    def candidate(host: str, port: int) -> Candidate:
        """An address as ICE has it."""
        candidate = Candidate(str(port), 1, "udp", 1, host, port, "host")
        candidate._network_host = host
        return candidate

    def request(self) -> stun.Message:
        """A check as the library would send it."""
        return stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes={"USERNAME": "a:b"})

    def hear(self, address: tuple[str, int], without: str = "") -> None:
        """A check that bears the peer's proof comes from there."""
        name = f"{self.connection.local_username}:{self.connection.remote_username or 'theirs'}"
        given: dict[str, Any] = {"USERNAME": name, "PRIORITY": 1, "ICE-CONTROLLING": 1}
        given.pop(without, None)
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes=given)
        request.add_message_integrity(self.connection.local_password.encode())
        self.protocol.datagram_received(bytes(request), address)

    def refuse_role(self, request: stun.Message) -> None:
        """Answer a check with a conflict of roles."""
        refused = stun.Message(stun.Method.BINDING, stun.Class.ERROR, request.transaction_id)
        refused.attributes["ERROR-CODE"] = (487, "Role Conflict")
        refused.add_message_integrity((self.connection.remote_password or "").encode())
        self.protocol.datagram_received(bytes(refused), ("192.0.2.9", 5_000))
