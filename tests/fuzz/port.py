"""Datagrams at a media port, before ICE has a pair and after: from strangers, in the peer's name, with its proof."""

import asyncio
from struct import pack

from aioice import stun
from aioice.ice import CandidatePair

from media.ingress.guard import MOST_ADDRESSES, MOST_WAITING
from tests.fuzz.cases import Op
from tests.fuzz.targets import PACKET_S, Features, within
from tests.media import forged
from tests.media.offline import Offline

PEER, STRANGER = ("192.0.2.9", 5_000), ("192.0.2.66", 6_000)


class Port:
    """One connection, and what was said to whom."""

    def __init__(self) -> None:
        self.side = Offline()
        self.side.connection.remote_username, self.side.connection.remote_password = "theirs", "p" * 22
        self.features: Features = set()

    def do(self, op: Op) -> None:
        """One datagram, or what makes a pair."""
        connection = self.side.connection
        if op.verb == "pair":
            # As where a check of ours was answered.
            pair = CandidatePair(self.side.protocol, self.side.candidate(*PEER))
            connection.check_state(pair, CandidatePair.State.SUCCEEDED)
            return
        data, address = op.data, STRANGER if op.verb == "stranger" else PEER
        known = set(self.side.guard._proved)
        if op.verb == "proved":
            data, address = self._proved(op.data), (PEER[0], int.from_bytes(op.data[:2], "big"))
        waited = connection._queue.qsize()
        self.side.answers.clear()
        with within(PACKET_S):
            self.side.protocol.datagram_received(data, address)
        self._check(op, data, address, known, grown=connection._queue.qsize() - waited)

    def _check(self, op: Op, data: bytes, address: tuple[str, int], known: set[tuple[str, int]], *, grown: int) -> None:
        connection, dropped = self.side.connection, self.side.guard.counts.dropped
        assert grown <= (op.verb == "peer")
        assert connection._queue.qsize() <= MOST_WAITING
        assert len(connection._early_checks) <= 100
        assert len(self.side.guard._proved) <= MOST_ADDRESSES
        assert len(self.side.answers) <= (op.verb == "proved")
        for message, to in self.side.answers:
            assert to == address
            assert message.message_class is not stun.Class.REQUEST
            # Or who forges an address could have it flooded by us.
            assert to in known or len(bytes(message)) <= len(data)
            self.features.add((op.verb, message.message_class.name))
        self.features |= {(op.verb, reason) for reason in dropped}
        self.features.add((op.verb, grown, min(3, self.side.guard.counts.faults)))

    def _proved(self, attributes: bytes) -> bytes:
        """A request of these attributes, signed by whoever knows the password."""
        name = f"{self.side.connection.local_username}:theirs".encode()
        named = pack("!HH", 0x0006, len(name)) + name + bytes(-len(name) % 4)
        body = (named + attributes[2:])[:1_000]
        body += bytes(-len(body) % 4)
        head = b"\x21\x12\xa4\x42" + b"transaction1"
        whole = pack("!HH", 0x0001, len(body)) + head + body
        seal = stun.message_integrity(whole, self.side.connection.local_password.encode())
        sealed = pack("!HH", 0x0001, len(body) + 24) + head + body + pack("!HH", 0x0008, 20) + seal
        # What the fingerprint covers says the length with it.
        sealed = sealed[:2] + pack("!H", len(body) + 32) + sealed[4:]
        return sealed + pack("!HHI", 0x8028, 4, stun.message_fingerprint(sealed))


def port(ops: tuple[Op, ...]) -> Features:
    """Do them all at one port."""
    return asyncio.run(_all(ops))


async def _all(ops: tuple[Op, ...]) -> Features:
    raised: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
    opened = Port()
    for op in ops:
        opened.do(op)
    await opened.side.connection.close()
    assert raised == []
    return opened.features


def seeds() -> list[tuple[Op, ...]]:
    """Everything that is known to be hostile, from everywhere and at both times."""
    known = [*forged.HARMLESS.values(), *forged.NOT_FROM_OUTSIDE.values(), *forged.malformed_checks("a:b")]
    check = pack("!HHHI", 5_000, 0x0024, 4, 1) + pack("!HHQ", 0x802A, 8, 1) + pack("!HH", 0x0025, 0)
    proved = [Op("proved", check), Op("proved", check[:8]), Op("proved", pack("!HHHH", 80, 0x0024, 2, 0))]
    strangers, peers = ([Op(who, each) for each in known] for who in ("stranger", "peer"))
    return [
        (*strangers, *peers, *proved),
        (*proved, Op("pair", b""), *strangers, *peers),
        (Op("pair", b""), *[Op("peer", each) for each in forged.SHORT[::7]], *proved),
    ]
