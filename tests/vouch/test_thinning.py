from dataclasses import dataclass

from vouch.thinning import Allowance


@dataclass
class Seconds:
    """A clock in seconds that the test moves."""

    at: float = 0.0

    def __call__(self) -> float:
        return self.at


def test_of_each_kind_a_few_are_written_and_the_rest_is_counted() -> None:
    allowance = Allowance(2, 60.0, now=Seconds())
    assert [allowance.take("a") for _ in range(4)] == [0, 0, None, None]
    assert allowance.take("b") == 0
    assert (allowance.settle("a"), allowance.settle("a"), allowance.settle("b"), allowance.settle("c")) == (2, 0, 0, 0)


def test_the_first_line_after_the_time_tells_how_many_were_left_out() -> None:
    seconds = Seconds()
    allowance = Allowance(1, 60.0, now=seconds)
    assert [allowance.take("a") for _ in range(4)] == [0, None, None, None]
    seconds.at = 59.9
    assert allowance.take("a") is None
    seconds.at = 60.0
    assert [allowance.take("a"), allowance.take("a")] == [4, None]


def test_many_kinds_together_have_a_bound_of_their_own() -> None:
    seconds = Seconds()
    allowance = Allowance(2, 60.0, in_all=3, now=seconds)
    assert [allowance.take(kind) for kind in "aabb"] == [0, 0, 0, None]
    seconds.at = 60.0
    assert [allowance.take(kind) for kind in "bbaa"] == [1, 0, 0, None]


def test_what_is_remembered_of_kinds_is_bounded() -> None:
    seconds = Seconds()
    allowance = Allowance(1, 60.0, in_all=10_000, now=seconds)
    for number in range(10_000):
        allowance.take(number)
    assert len(allowance._kinds) <= 256
    seconds.at = 60.0
    assert allowance.take("new") == 0
    assert len(allowance._kinds) == 1
