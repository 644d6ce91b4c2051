"""Breaks what a plan says, when it says so; a kill waits for a call in its phase, and notes the phases of all calls."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import asyncpg

from tests.chaos.house import House
from tests.chaos.machines import VouchNode
from tests.chaos.plan import Planned
from vouch.clock import SECOND, SystemClock
from vouch.tasks import TaskSet

_HOLD_S = 3.0
"""How long a kill waits for its phase."""
_LOOK_S = 0.02
_RESTART_S = 1.0
"""A service manager starts a node that has ended by itself after this time."""
_SETTLED_S = 6.0
"""After an outage of the database or of all nodes deadlines are late, and that is no news."""
_GONE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Faults:
    """The faults of one run."""

    def __init__(self, house: House, planned: Sequence[Planned], seed: int) -> None:
        self._house = house
        self._planned = planned
        self._chance = random.Random(seed)  # noqa: S311 - repeatable
        self._clock = SystemClock()
        self._connection: asyncpg.Connection | None = None
        self._tasks = TaskSet("faults")
        self._outage_until = 0.0
        self._down: set[VouchNode] = set()
        self.done: Counter[str] = Counter()
        self.met: Counter[str] = Counter()
        self.latest_deadline_s = 0.0

    async def run(self) -> None:
        """Do all of it; returns when everything that was broken has been started again."""
        began = time.monotonic()
        watch = self._tasks.spawn("watch", self._watch())
        self._tasks.spawn("keep", self._keep())
        repairs = []
        for fault in self._planned:
            await asyncio.sleep(max(0.0, began + fault.at_s - time.monotonic()))
            repairs.append(self._tasks.spawn(fault.fault, await self._break(fault)))
        await asyncio.gather(*repairs)
        await asyncio.sleep(1)
        watch.cancel()

    async def close(self) -> None:
        """Stop."""
        await self._tasks.close()
        if self._connection is not None:
            self._connection.terminate()

    async def _break(self, fault: Planned) -> Any:
        """Break it now; gives what repairs it."""
        self.done[fault.fault] += 1
        match fault.fault:
            case "kill":
                node = await self._meet(fault.phase)
                self._down.add(node)
                node.kill()
                if not any(each.pid for each in self._house.nodes):
                    self._outage_until = time.monotonic() + fault.down_s + _SETTLED_S
                return self._again(node, fault.down_s)
            case "database":
                self._outage_until = time.monotonic() + fault.down_s + _SETTLED_S + 3
                self._house.postgres.stop_at_once()
                return self._database_again(fault.down_s)
            case "redis":
                self._house.redis.kill()
                return self._redis_again(fault.down_s)

    async def _again(self, node: VouchNode, seconds: float) -> None:
        await asyncio.sleep(seconds)
        node.start()
        self._down.discard(node)

    async def _keep(self) -> None:
        """Be the service manager."""
        while True:
            await asyncio.sleep(_RESTART_S)
            for node in self._house.nodes:
                if node.pid is None and node not in self._down:
                    self.done["node ended by itself"] += 1
                    node.start()

    async def _redis_again(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._house.redis.start()

    async def _database_again(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._house.postgres.start()
        await asyncio.to_thread(self._house.postgres.wait)

    async def _meet(self, phase: str) -> VouchNode:
        """Wait for a call in the phase; gives a node that has to do with it, else any that runs."""
        give_up = time.monotonic() + _HOLD_S
        while True:
            calls = await self._calls()
            found = [call for call in calls if call["phase"] == phase]
            if found or time.monotonic() > give_up:
                break
            await asyncio.sleep(_LOOK_S)
        for met in {call["phase"] for call in calls}:
            self.met[met] += 1
        running = [node for node in self._house.nodes if node.pid is not None]
        holders = {call[leg] for call in found for leg in ("customer", "agent")}
        concerned = [node for node in running if any(str(holder).startswith(node.name) for holder in holders)]
        return self._chance.choice(concerned or running or self._house.nodes)

    async def _calls(self) -> list[dict[str, Any]]:
        """Live calls and wrap-ups with their phase and the nodes of their sockets; none while the database is gone."""
        live = await self._fetch("SELECT data FROM floor_call WHERE live")
        resting = await self._fetch(
            "SELECT data FROM floor_agent WHERE present AND data::json ->> 'wrap_up' IS NOT NULL"
        )
        calls = [json.loads(row["data"]) for row in live]
        agents = [json.loads(row["data"]) for row in resting]
        return [
            {"phase": call["phase"], "customer": call["customer_leg"]["node"], "agent": call["agent_leg"]["node"]}
            for call in calls
        ] + [{"phase": "wrap_up", "customer": None, "agent": agent["node"]} for agent in agents]

    async def _fetch(self, query: str) -> list[Any]:
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self._house.dsn, timeout=2)
            return list(await self._connection.fetch(query, timeout=2))
        except _GONE:
            self._connection = None
            return []

    async def _watch(self) -> None:
        """How late the earliest deadline of any floor is, while nothing excuses it."""
        while True:
            await asyncio.sleep(0.25)
            try:
                rows = await self._house.fetch("SELECT min(next_deadline) FROM floor")
            except _GONE:
                continue
            if rows[0][0] is not None and time.monotonic() > self._outage_until:
                late = (self._clock.now() - rows[0][0]) / SECOND
                self.latest_deadline_s = max(self.latest_deadline_s, late)
