"""How often something may be asked, counted by the `limits` library: by company token, join link, and network.

Where there is a Redis all nodes count together; while it is away, and without one, each node counts for itself.
"""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from limits import RateLimitItem, parse
from limits.aio.storage import RedisStorage, SlidingWindowCounterSupport, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from vouch.keys import Keys
from vouch.logs import Thinned, logger
from vouch.problems import Problem
from vouch.settings import Settings

strangers = Thinned(logger(__name__))

_REDIS_S = 0.25
"""What Redis may take: a request waits for it."""
_AWAY_S = 5.0
"""How long a Redis that did not answer is not asked again."""
_MOST_KEYS = 50_000
What = Literal["token", "join", "network"]
"""A company token, a join link, or an address that shows what is not known."""
Question = Callable[..., Awaitable[bool]]


class BoundedMemory(Storage, SlidingWindowCounterSupport):
    """Counts of the latest 50,000 keys: strangers choose some of them, and the library's own memory keeps all.

    Whoever pushes a key out by as many others makes it begin anew, which costs more requests than it gives.
    """

    STORAGE_SCHEME = None

    def __init__(self, now: Callable[[], float] = time.time, most: int = _MOST_KEYS) -> None:
        """`now` is a clock in seconds since the epoch."""
        super().__init__()
        self._now, self._most = now, most
        self._counts: OrderedDict[str, tuple[int, int, int]] = OrderedDict()
        """By key: number of the window, count of the one before, count of this one."""

    def __len__(self) -> int:
        return len(self._counts)

    @property
    def base_exceptions(self) -> type[Exception]:
        """None that anybody could mend."""
        return ValueError

    async def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count, if there is room."""
        before, left, count, _ = await self.get_sliding_window(key, expiry)
        if math.floor(before * left / expiry + count) + amount > limit:
            return False
        self._counts[key] = (int(self._now() // expiry), before, count + amount)
        self._counts.move_to_end(key)
        if len(self._counts) > self._most:
            self._counts.popitem(last=False)
        return True

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Count and remaining seconds of the window before, and of this one."""
        window, within = divmod(self._now(), expiry)
        number, before, count = self._counts.get(key, (int(window), 0, 0))
        if number != window:
            before, count = (count, 0) if number == window - 1 else (0, 0)
        return before, expiry - within, count, 2 * expiry - within

    async def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget a key."""
        self._counts.pop(key, None)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Not of use: counts are of sliding windows alone."""
        raise NotImplementedError

    async def get(self, key: str) -> int:
        """Not of use."""
        raise NotImplementedError

    async def get_expiry(self, key: str) -> float:
        """Not of use."""
        raise NotImplementedError

    async def check(self) -> bool:
        """Whether it works: always."""
        return True

    async def reset(self) -> int:
        """Forget all; how many keys that were."""
        count = len(self._counts)
        self._counts.clear()
        return count

    async def clear(self, key: str) -> None:
        """Forget a key."""
        self._counts.pop(key, None)


class Rates:
    """The counts of one node, or of all by Redis."""

    def __init__(self, settings: Settings, keys: Keys | None = None, now: Callable[[], float] = time.time) -> None:
        """`keys` tell this installation's counts from those of others in the same Redis; `now`: seconds since 1970."""
        self._now = now
        self.memory = BoundedMemory(now)
        self._own = SlidingWindowCounterRateLimiter(self.memory)
        self._shared: SlidingWindowCounterRateLimiter | None = None
        self._pool: ConnectionPool | None = None
        if settings.redis_url and keys is not None:
            self._pool = ConnectionPool.from_url(
                settings.redis_url, socket_timeout=_REDIS_S, socket_connect_timeout=_REDIS_S
            )
            self._shared = SlidingWindowCounterRateLimiter(_storage(self._pool, keys))
        self._away_until = 0.0
        self._limits: dict[What, RateLimitItem] = {
            "token": parse(settings.token_rate),
            "join": parse(settings.join_rate),
            "network": parse(settings.network_rate),
        }

    async def count(self, what: What, key: str) -> None:
        """Count one request of `key`; Problem `too_many_requests` where there are too many, which are not counted."""
        await self._ask(what, key, SlidingWindowCounterRateLimiter.hit)

    async def check(self, what: What, key: str) -> None:
        """The same without counting: for what is counted only where it goes wrong."""
        await self._ask(what, key, SlidingWindowCounterRateLimiter.test)

    async def _ask(self, what: What, key: str, question: Question) -> None:
        limit = self._limits[what]
        limiter = self._shared if self._shared is not None and self._now() >= self._away_until else None
        if limiter is not None:
            try:
                async with asyncio.timeout(2 * _REDIS_S):
                    return await self._answer(limiter, limit, (what, key), question)
            except (RedisError, OSError, TimeoutError) as error:
                self._away_until = self._now() + _AWAY_S
                strangers.warning("redis is away; this node counts requests by itself", error=type(error).__name__)
        return await self._answer(self._own, limit, (what, key), question)

    async def close(self) -> None:
        """Let go of Redis."""
        if self._pool is not None:
            await self._pool.aclose()

    async def _answer(
        self, limiter: SlidingWindowCounterRateLimiter, limit: RateLimitItem, key: tuple[str, str], question: Question
    ) -> None:
        if await question(limiter, limit, *key):
            return
        resets_at = (await limiter.get_window_stats(limit, *key)).reset_time
        wait = min(max(1, math.ceil(resets_at - time.time())), limit.get_expiry())
        strangers.info("too many requests", of=key[0])
        raise Problem(
            429, "too_many_requests", "Too many requests. Wait as long as Retry-After says.", retry_after_s=wait
        )


def _storage(pool: ConnectionPool, keys: Keys) -> RedisStorage:
    options: dict[str, Any] = {"connection_pool": pool}
    prefix = f"vouch:{keys.derive('rates').hex()[:16]}"
    return RedisStorage("async+redis://", implementation="redispy", key_prefix=prefix, **options)
