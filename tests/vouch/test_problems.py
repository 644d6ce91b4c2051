import json

import pytest

from vouch.problems import Problem, not_found


def body(problem: Problem) -> dict[str, object]:
    return dict(json.loads(problem.response().text or ""))


def test_a_problem_is_answered_as_rfc_9457_says() -> None:
    response = Problem(409, "username_taken", "Choose another name.").response()
    assert (response.status, response.content_type) == (409, "application/problem+json")
    assert json.loads(response.text or "") == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "code": "username_taken",
        "detail": "Choose another name.",
    }


def test_no_cache_may_keep_a_problem() -> None:
    assert not_found("call").response().headers["Cache-Control"] == "no-store"


def test_a_problem_may_say_more() -> None:
    assert body(Problem(422, "invalid_body", "See `fields`.", fields=["name"]))["fields"] == ["name"]


@pytest.mark.parametrize(("seconds", "told"), [(30, "30"), (0, "1"), (None, None)])
def test_a_problem_says_when_trying_again_makes_sense(seconds: int | None, told: str | None) -> None:
    response = Problem(429, "too_many_attempts", "Wait.", retry_after_s=seconds).response()
    assert response.headers.get("Retry-After") == told


def test_a_problem_can_be_raised_and_says_its_detail() -> None:
    with pytest.raises(Problem, match="No such luck"):
        raise Problem(400, "code", "No such luck.")


def test_what_is_not_there_and_what_is_not_yours_are_not_told_apart() -> None:
    problem = not_found("call")
    assert (problem.status, problem.code) == (404, "not_found")
    assert problem.detail == "There is no such call, or it is not yours to see."
