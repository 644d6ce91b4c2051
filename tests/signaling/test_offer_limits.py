"""How often a leg may offer media."""

from routing.state import Leg
from signaling.offer_limits import OfferLimits


class Seconds:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_six_in_ten_seconds_and_the_rest_is_told_how_long_to_wait() -> None:
    clock = Seconds()
    limits = OfferLimits(clock)
    assert [limits.take("call", Leg.AGENT) for _ in range(8)] == [0] * 6 + [10, 10]
    assert limits.take("call", Leg.CUSTOMER) == limits.take("other", Leg.AGENT) == 0, "each leg has its own"
    clock.now += 7.5
    assert limits.take("call", Leg.AGENT) == 3
    clock.now += 2.5
    assert limits.take("call", Leg.AGENT) == 0


def test_whoever_waits_as_told_is_taken_and_sixty_in_an_hour_are_all() -> None:
    clock = Seconds()
    limits = OfferLimits(clock)
    times = []
    while clock.now < 1_000 + 7_200:
        if wait := limits.take("call", Leg.AGENT):
            clock.now += wait
        else:
            times.append(clock.now)
    assert len(times) == 120
    assert max(sum(1 for at in times if first <= at < first + 3_600) for first in times) == 60
    assert max(sum(1 for at in times if first <= at < first + 10) for first in times) == 6


def test_what_cost_nothing_is_given_back_and_what_is_over_is_forgotten() -> None:
    limits = OfferLimits(Seconds())
    for _ in range(50):
        assert limits.take("call", Leg.AGENT) == 0
        limits.give_back("call", Leg.AGENT)
    for _ in range(6):
        limits.take("call", Leg.AGENT)
    limits.forget("call")
    limits.give_back("call", Leg.AGENT)
    assert limits.take("call", Leg.AGENT) == 0
