"""The link between two network namespaces: a process that moves packets from one TUN device to the other.

`python -m tests.networks.link SEED SERVER CUSTOMER` makes the device `link` in both namespaces. Each line on standard
input, `{"down": {...}, "up": {...}}` with the fields of `pipe.Wire`, is what holds from then on for packets to the
customer and from him; the answer is a line with what has passed. It ends with its input.
"""

import contextlib
import fcntl
import json
import os
import select
import struct
import sys
import time

from tests.networks.namespaces import entered
from tests.networks.pipe import Pipe, Wire

DEVICE = "link"
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
_LARGEST = 65_536
_AT_ONCE = 64


class Link:
    """Two devices and a pipe in each direction."""

    def __init__(self, seed: int, server: str, customer: str) -> None:
        ends = (_tun(server), _tun(customer))
        self._pipes = {"down": Pipe(seed), "up": Pipe(seed + 1)}
        self._reads = {ends[0]: self._pipes["down"], ends[1]: self._pipes["up"]}
        self._writes = {ends[1]: self._pipes["down"], ends[0]: self._pipes["up"]}
        self._poll = select.epoll()
        for descriptor in (*ends, sys.stdin.fileno()):
            self._poll.register(descriptor, select.EPOLLIN)

    def run(self) -> None:
        """Move packets until the input ends."""
        self._tell()
        while True:
            for descriptor, _ in self._poll.poll(self._patience()):
                if descriptor in self._reads:
                    self._read(descriptor)
                elif not self._obey():
                    return
            self._write()

    def _patience(self) -> float:
        """Seconds until the next packet arrives; -1: until something happens."""
        instants = [at for pipe in self._pipes.values() if (at := pipe.next_at()) is not None]
        return max(0, min(instants) - _now()) / 1_000_000 if instants else -1

    def _read(self, descriptor: int) -> None:
        for _ in range(_AT_ONCE):
            try:
                self._reads[descriptor].put(os.read(descriptor, _LARGEST), _now())
            except BlockingIOError:
                return

    def _write(self) -> None:
        for descriptor, pipe in self._writes.items():
            for packet in pipe.due(_now()):
                # A device whose queue is full, or that is down, drops what comes, as any does.
                with contextlib.suppress(OSError):
                    os.write(descriptor, packet)

    def _obey(self) -> bool:
        line = sys.stdin.readline()
        if not line:
            return False
        for way, fields in json.loads(line).items():
            self._pipes[way].wire = Wire(**fields)
        self._tell()
        return True

    def _tell(self) -> None:
        print(json.dumps({way: [pipe.put_in, pipe.dropped] for way, pipe in self._pipes.items()}), flush=True)


def _tun(namespace: str) -> int:
    with entered(namespace):
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), _IFF_TUN | _IFF_NO_PI))
    return descriptor


def _now() -> int:
    return time.monotonic_ns() // 1_000


if __name__ == "__main__":
    # It is the wire: however busy the machine is, packets take as long as was said.
    os.nice(-10)
    Link(int(sys.argv[1]), sys.argv[2], sys.argv[3]).run()
