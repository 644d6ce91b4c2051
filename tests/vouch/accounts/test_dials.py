from contextlib import suppress

import pytest

from vouch.accounts.dials import Dials
from vouch.problems import Problem


def taken(dials: Dials, session: str, count: int, now: float) -> int:
    """How many of so many tickets are given at an instant."""
    given = 0
    with suppress(Problem):
        for given in range(count):  # noqa: B007 - told below
            dials.count(session, now)
        given = count
    return given


def test_a_page_that_comes_and_goes_all_the_time_has_to_wait_and_no_other() -> None:
    dials = Dials()
    assert taken(dials, "one", 1_000, 0.0) == 120
    with pytest.raises(Problem) as refused:
        dials.count("one", 0.0)
    assert (refused.value.status, refused.value.code, refused.value.retry_after_s) == (429, "too_many_requests", 1)
    assert taken(dials, "other", 1, 0.0) == 1
    assert taken(dials, "one", 1_000, 10.0) == 20


@pytest.mark.parametrize("pages", [1, 4])
def test_pages_that_try_every_two_seconds_for_hours_are_never_refused(pages: int) -> None:
    dials = Dials()
    assert sum(taken(dials, "one", pages, 2.0 * turn) for turn in range(3_600)) == 3_600 * pages


def test_what_is_remembered_has_a_bound() -> None:
    dials = Dials(most=10)
    for number in range(100):
        dials.count(str(number), 0.0)
    assert len(dials) == 10
    assert taken(dials, "99", 200, 0.0) == 119
