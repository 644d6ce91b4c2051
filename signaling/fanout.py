"""What other nodes commit, brought here: by a look at all floors' versions once a second, sooner by Redis.

A push says no more than "floor F is at version n": whoever is behind reads the rows. Redis keeps nothing that matters;
while it is flushed, restarted or absent, the look finds the same a second later. Without VOUCH_REDIS_URL there is only
the look.
"""

import asyncio
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis
from redis.exceptions import RedisError

from signaling.floors import Floors
from signaling.writer import Changes
from vouch.keys import Keys
from vouch.logs import logger
from vouch.tasks import TaskSet

log = logger(__name__)

_LOOK_EVERY_S = 1.0
_AGAIN_S = 0.5
_REDIS_S = 2.0
"""What connecting to Redis, or a command, may take."""
_PAUSE_S = 0.02
"""After each push: what a busy floor commits meanwhile goes as one, for each costs every other node a query."""


class Fanout:
    """This node's ear and voice among the nodes of its installation."""

    def __init__(self, redis_url: str, keys: Keys, floors: Floors) -> None:
        self._url = redis_url
        # A channel of its own for each installation: several may share a Redis.
        self._channel = f"vouch:{keys.derive('fan-out').hex()[:16]}"
        self._floors = floors
        self._news: dict[str, int] = {}
        self._woken = asyncio.Event()
        self._tasks = TaskSet("fan-out")
        floors.listen(self._committed)

    def start(self) -> None:
        """Begin to look, and to speak and hear by Redis where there is one."""
        self._tasks.every(_LOOK_EVERY_S, "look", self._floors.look)
        if self._url:
            self._tasks.spawn("speak", self._always(self._speak))
            self._tasks.spawn("hear", self._always(self._hear))

    async def close(self) -> None:
        """Stop."""
        await self._tasks.close()

    def _committed(self, changes: Changes) -> None:
        if self._url and changes.own and changes.before.version != changes.after.version:
            self._news[changes.after.id] = changes.after.version
            self._woken.set()

    async def _always(self, work: Callable[[Redis], Awaitable[None]]) -> None:
        while True:
            try:
                async with Redis.from_url(self._url, socket_connect_timeout=_REDIS_S, socket_timeout=_REDIS_S) as redis:
                    await work(redis)
            except (RedisError, OSError) as error:
                log.warning("redis is away", error=type(error).__name__)
            except Exception:
                log.exception("fan-out failed by our fault")
            await asyncio.sleep(_AGAIN_S)

    async def _speak(self, redis: Redis) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            news, self._news = self._news, {}
            for floor, version in news.items():
                await redis.publish(self._channel, f"{version} {floor}")
            await asyncio.sleep(_PAUSE_S)

    async def _hear(self, redis: Redis) -> None:
        async with redis.pubsub(ignore_subscribe_messages=True) as heard:
            await heard.subscribe(self._channel)
            while True:
                message = await heard.get_message(timeout=_REDIS_S)
                if message is not None:
                    version, _, floor = message["data"].decode().partition(" ")
                    self._floors.pushed(floor, int(version))
