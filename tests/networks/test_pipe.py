"""What one direction of the link does, without a link."""

import itertools

from tests.networks.pipe import Pipe, Wire

MS = 1_000


def numbered(count: int, octets: int = 1_000) -> list[bytes]:
    return [number.to_bytes(4) + bytes(octets - 4) for number in range(count)]


def number(packet: bytes) -> int:
    return int.from_bytes(packet[:4])


def test_a_packet_takes_the_delay_and_no_longer() -> None:
    pipe = Pipe(1, Wire(delay=75 * MS))
    pipe.put(b"one", 1_000)
    pipe.put(b"two", 3_000)
    assert pipe.next_at() == 76_000
    assert list(pipe.due(75_999)) == []
    assert list(pipe.due(76_000)) == [b"one"]
    assert list(pipe.due(200_000)) == [b"two"]
    assert pipe.next_at() is None


def test_losses_are_as_many_as_was_said_and_the_same_ones_for_the_same_seed() -> None:
    def arrived(seed: int, **more: int) -> list[int]:
        pipe = Pipe(seed, Wire(loss=0.03, **more))
        for packet in numbered(10_000, 10):
            pipe.put(packet, 0)
        return [number(packet) for packet in pipe.due(10**9)]

    first = arrived(1)
    assert abs(len(first) - 9_700) < 60
    assert arrived(1, delay=MS) == first
    assert arrived(2) != first


def test_late_packets_are_overtaken_and_the_others_keep_their_order() -> None:
    pipe = Pipe(1, Wire(delay=MS, late=0.1, late_by=5 * MS))
    for at, packet in enumerate(numbered(1_000)):
        pipe.put(packet, at * MS)
    order = [number(packet) for packet in pipe.due(10**9)]
    displaced = [late for late, follower in itertools.pairwise(order) if late > follower]
    assert sorted(order) == list(range(1_000))
    assert 60 < len(displaced) < 120


def test_what_exceeds_the_limit_waits_its_turn() -> None:
    pipe = Pipe(1, Wire(bits_per_s=800_000, burst=0, queue=100_000))
    for packet in numbered(20):
        pipe.put(packet, 0)
    assert len(list(pipe.due(100 * MS))) == 10
    assert len(list(pipe.due(200 * MS))) == 10


def test_after_a_pause_a_burst_passes_at_once() -> None:
    pipe = Pipe(1, Wire(bits_per_s=800_000, burst=3_000))
    for packet in numbered(5):
        pipe.put(packet, 10**9)
    assert len(list(pipe.due(10**9))) == 3
    assert len(list(pipe.due(10**9 + 20 * MS))) == 2


def test_a_full_queue_drops_what_comes() -> None:
    pipe = Pipe(1, Wire(bits_per_s=800_000, burst=0, queue=5_000))
    for packet in numbered(20):
        pipe.put(packet, 0)
    assert (pipe.put_in, pipe.dropped) == (20, 15)
    assert len(list(pipe.due(10**9))) == 5


def test_a_cut_wire_drops_everything_but_what_is_under_way() -> None:
    pipe = Pipe(1, Wire(delay=MS))
    pipe.put(b"before", 0)
    pipe.wire = Wire(cut=True)
    pipe.put(b"during", 0)
    pipe.wire = Wire()
    pipe.put(b"after", 5 * MS)
    assert list(pipe.due(10 * MS)) == [b"before", b"after"]
