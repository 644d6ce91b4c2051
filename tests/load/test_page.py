"""What a robot's page makes of changes, and pictures that intake takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekyc.card_reader import read_code
from ekyc.darkroom.develop import develop
from signaling.changes import difference
from tests.load.page import applied
from tests.load.pictures import card, paper, tiny_papers

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
VIEWS = st.fixed_dictionaries({"call": JSON, "agent": JSON, "queue": JSON})


@given(VIEWS, VIEWS)
def test_changes_of_the_server_make_the_new_view(old: dict[str, object], new: dict[str, object]) -> None:
    changes = [[list(path), value] for path, value in difference(old, new)]
    message = {"since": 1, "version": 2, "server_time": 7, "changes": changes}
    assert applied(old | {"version": 1, "server_time": 5}, message) == new | {"version": 2, "server_time": 7}


@pytest.mark.parametrize("kind", ["id_front", "id_back", "portrait"])
def test_a_tiny_paper_is_a_picture_that_intake_takes(kind: str) -> None:
    papers = tiny_papers("order-1")
    assert len(papers.pictures[kind]) < 16_000
    assert develop(papers.pictures[kind]).width >= 200


def test_the_code_of_the_card_is_found_at_the_first_look() -> None:
    pictures = [develop(card()).jpeg, develop(paper()).jpeg]
    assert (read_code(pictures, 0) or "").startswith("079090001234|")
