"""What makes a request the same as another, and which pictures a kind of paper needs."""

import json
from typing import Any

import pytest

from ekyc.intake import fingerprint, missing_papers
from ekyc.messages import NewVerification
from ekyc.models import PictureKind
from ekyc.policy import IdType
from tests.ekyc.conftest import new_verification

HASHES = {PictureKind.ID_FRONT: "a", PictureKind.ID_BACK: "b", PictureKind.PORTRAIT: "c"}


def of(hashes: dict[PictureKind, str] = HASHES, company: str = "CTKV1", **changes: Any) -> str:
    return fingerprint(company, NewVerification.model_validate_json(_json(new_verification(**changes))), hashes)


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data)


def test_the_order_of_the_pictures_and_of_the_fields_does_not_matter() -> None:
    turned = dict(reversed(new_verification().items()))
    assert of() == of(dict(reversed(HASHES.items())))
    assert of() == fingerprint("CTKV1", NewVerification.model_validate_json(_json(turned)), HASHES)


def test_space_around_a_value_does_not_matter() -> None:
    assert of() == of(external_ref="  order-1 ")


@pytest.mark.parametrize(
    "changes",
    [
        {"external_ref": "order-2"},
        {"customer": {"full_name": "Nguyễn Thị Hạnh"}},
        {"referral": "web"},
        {"company": "CTKV4"},
        {"hashes": {**HASHES, PictureKind.PORTRAIT: "d"}},
        {"hashes": {**HASHES, PictureKind.ID_FRONT: "b", PictureKind.ID_BACK: "a"}},
    ],
)
def test_everything_else_does(changes: dict[str, Any]) -> None:
    assert of() != of(**changes)


@pytest.mark.parametrize("id_type", IdType)
def test_a_second_side_is_needed_of_cards_alone(id_type: IdType) -> None:
    cards = {IdType.CHIP_CARD, IdType.CARD_WITHOUT_CHIP}
    missing = missing_papers(id_type, {PictureKind.ID_FRONT, PictureKind.PORTRAIT})
    assert missing == ([PictureKind.ID_BACK] if id_type in cards else [])
    assert missing_papers(id_type, set(HASHES)) == []
