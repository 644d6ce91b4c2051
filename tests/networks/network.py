"""A network of two places, the server's and the customer's, and the link between them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import NamedTuple

import pytest

from tests import services
from tests.networks import namespaces
from tests.networks.link import DEVICE
from tests.networks.namespaces import ip
from tests.networks.pipe import Wire

SERVER, CUSTOMER, ELSEWHERE = "10.213.0.1", "10.213.0.2", "10.213.77.2"
"""Addresses in the two namespaces; ELSEWHERE is where the customer may move to, another network."""
_BLOCK_UDP = """
table inet blocked {{
    chain arriving {{
        type filter hook prerouting priority 0; policy accept;
        iifname "{device}" meta l4proto udp drop
    }}
}}
"""


class Passed(NamedTuple):
    """Packets in one direction."""

    put_in: int
    dropped: int


class Network:
    """Two namespaces and their link; made by `network`."""

    def __init__(self, seed: int) -> None:
        self.server, self.customer = namespaces.add("server"), namespaces.add("customer")
        self._wires = {"down": Wire(), "up": Wire()}
        self._link = subprocess.Popen(
            [sys.executable, "-m", "tests.networks.link", str(seed), self.server, self.customer],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def open(self) -> None:
        """Give both ends of the link their addresses, once it has made them."""
        self._answer()
        self._connect(self.server, SERVER)
        self._connect(self.customer, CUSTOMER)

    def set(self, *, down: Wire, up: Wire) -> dict[str, Passed]:
        """What the link does from now on, to the customer and from him; gives what has passed in each direction."""
        self._wires = {"down": down, "up": up}
        return self._tell()

    def both(self, wire: Wire) -> dict[str, Passed]:
        """The same in both directions."""
        return self.set(down=wire, up=wire)

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Nothing passes while this lasts."""
        before = self._wires
        self._wires = {way: replace(wire, cut=True) for way, wire in before.items()}
        self._tell()
        try:
            yield
        finally:
            self._wires = before
            self._tell()

    @contextmanager
    def moved(self) -> Iterator[None]:
        """The customer has another address and lost the one that he had, as from one network into another."""
        self._exchange(CUSTOMER, ELSEWHERE)
        try:
            yield
        finally:
            self._exchange(ELSEWHERE, CUSTOMER)

    @contextmanager
    def udp_blocked(self) -> Iterator[None]:
        """No UDP arrives at the server's side, and nobody is told."""
        self._nft(_BLOCK_UDP.format(device=DEVICE))
        try:
            yield
        finally:
            self._nft("delete table inet blocked")

    def close(self) -> None:
        """End the link and remove the namespaces."""
        self._link.communicate(timeout=10)
        for name in (self.server, self.customer):
            namespaces.remove(name)

    def _connect(self, namespace: str, address: str) -> None:
        ip("-n", namespace, "address", "add", f"{address}/24", "dev", DEVICE)
        ip("-n", namespace, "link", "set", "dev", DEVICE, "up")
        ip("-n", namespace, "route", "add", "default", "dev", DEVICE)

    def _exchange(self, old: str, new: str) -> None:
        ip("-n", self.customer, "address", "add", f"{new}/24", "dev", DEVICE)
        ip("-n", self.customer, "address", "del", f"{old}/24", "dev", DEVICE)

    def _nft(self, rules: str) -> None:
        command = [*namespaces.within(self.server), services.program("nft"), "--file", "-"]
        subprocess.run(command, input=rules, text=True, check=True)

    def _tell(self) -> dict[str, Passed]:
        assert self._link.stdin is not None
        print(json.dumps({way: asdict(wire) for way, wire in self._wires.items()}), file=self._link.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Passed]:
        assert self._link.stdout is not None
        line = self._link.stdout.readline()
        assert line, "the link has ended"
        return {way: Passed(*counts) for way, counts in json.loads(line).items()}


def require() -> None:
    """Skip the test where this machine or user cannot have namespaces joined by a link of ours."""
    services.program("ip")
    services.program("nft")
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        pytest.skip("the link between network namespaces needs /dev/net/tun")
    try:
        namespaces.remove(namespaces.add("trial"))
    except subprocess.CalledProcessError:
        pytest.skip("this machine lets nobody make network namespaces")


@contextmanager
def network(seed: int = 1) -> Iterator[Network]:
    """Two places and a perfect link, gone at the end of the block; skips the test where that is not to be had."""
    require()
    made = Network(seed)
    try:
        made.open()
        yield made
    finally:
        made.close()
