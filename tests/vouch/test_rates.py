from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from tests import services
from tests.vouch.conftest import LogLines
from vouch.keys import Keys
from vouch.problems import Problem
from vouch.rates import BoundedMemory, Rates
from vouch.settings import Settings

KEYS = Keys(b"k" * 32)


@dataclass
class Seconds:
    """A clock in seconds that the test moves; it begins at the start of a minute."""

    at: float = 1_795_143_600.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture(scope="module")
def redis() -> Iterator[services.RedisServer]:
    with services.redis_server() as server:
        yield server


def settings(redis_url: str = "", rate: str = "3/minute") -> Settings:
    return Settings(_env_file=None, token_rate=rate, network_rate="2/minute", redis_url=redis_url)


async def refused(rates: Rates, key: str = "t", what: str = "token") -> int | None:
    """After how many seconds to come again; None: it was let through."""
    try:
        await rates.count(what, key)  # type: ignore[arg-type]
    except Problem as problem:
        return problem.retry_after_s if (problem.status, problem.code) == (429, "too_many_requests") else -1
    return None


async def test_all_of_a_minute_may_come_at_once_and_no_more(seconds: Seconds) -> None:
    rates = Rates(settings(), now=seconds)
    assert [await refused(rates) for _ in range(3)] == [None] * 3
    wait = await refused(rates)
    assert wait is not None
    assert 1 <= wait <= 60
    assert await refused(rates, "other") is None


async def test_what_was_refused_is_not_counted_and_time_gives_back(seconds: Seconds) -> None:
    rates = Rates(settings(), now=seconds)
    for _ in range(100):
        await refused(rates)
    seconds.at += 60
    assert await refused(rates)  # all of the minute before still weigh
    seconds.at += 20
    assert [await refused(rates) is None for _ in range(2)] == [True, False]
    seconds.at += 120
    assert [await refused(rates) is None for _ in range(4)] == [True, True, True, False]


async def test_a_check_counts_nothing(seconds: Seconds) -> None:
    rates = Rates(settings(), now=seconds)
    for _ in range(10):
        await rates.check("network", "n")
    await rates.count("network", "n")
    await rates.count("network", "n")
    with pytest.raises(Problem):
        await rates.check("network", "n")


async def test_what_is_remembered_is_bounded(seconds: Seconds) -> None:
    memory = BoundedMemory(seconds, most=100)
    for number in range(10_000):
        await memory.acquire_sliding_window_entry(str(number), 1, 60)
    assert len(memory) == 100
    assert await memory.acquire_sliding_window_entry("9999", 1, 60) is False


@pytest.fixture
async def nodes(redis: services.RedisServer) -> AsyncIterator[tuple[Rates, Rates]]:
    """Two nodes of one installation."""
    one, two = (Rates(settings(redis_url=redis.url, rate="3/hour"), KEYS) for _ in range(2))
    yield one, two
    await one.close()
    await two.close()


async def test_nodes_count_together_by_redis(nodes: tuple[Rates, Rates]) -> None:
    one, two = nodes
    assert [await refused(rates, "together") for rates in (one, two, one)] == [None] * 3
    for rates in nodes:
        wait = await refused(rates, "together")
        assert wait is not None
        assert 1 <= wait <= 3_600
        assert len(rates.memory) == 0


async def test_another_installation_in_the_same_redis_counts_apart(redis: services.RedisServer) -> None:
    one, two = (Rates(settings(redis_url=redis.url, rate="3/hour"), Keys(key * 32)) for key in (b"a", b"b"))
    assert [await refused(one, "apart") is None for _ in range(4)] == [True, True, True, False]
    assert await refused(two, "apart") is None
    await one.close()
    await two.close()


async def test_while_redis_is_away_each_node_counts_by_itself_and_does_not_wait(
    seconds: Seconds, log_lines: LogLines
) -> None:
    rates = Rates(settings(redis_url="redis://127.0.0.1:1/0"), KEYS, now=seconds)
    assert [await refused(rates) is None for _ in range(4)] == [True, True, True, False]
    assert len([line for line in log_lines() if line["event"].startswith("redis is away")]) == 1
    seconds.at += 5
    await refused(rates, "other")
    assert len([line for line in log_lines() if line["event"].startswith("redis is away")]) == 2
    await rates.close()


async def test_redis_comes_back_and_is_asked_again(seconds: Seconds) -> None:
    with services.redis_server() as server:
        rates = Rates(settings(redis_url=server.url), KEYS, now=seconds)
        assert await refused(rates) is None
        server.kill()
        assert await refused(rates) is None
        assert len(rates.memory) == 1
        server.start()
        seconds.at += 5
        assert await refused(rates, "other") is None
        assert len(rates.memory) == 1
        await rates.close()
