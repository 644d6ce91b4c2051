"""Pictures for load: small, real JPEGs, made once."""

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any

import segno
from PIL import Image

from vouch.ids import new_id


@dataclass(frozen=True)
class Papers:
    """What a verification is opened with."""

    data: dict[str, Any]
    """The part `data` of the integration API."""
    pictures: dict[str, bytes]
    """JPEGs by kind."""


@cache
def textured(width: int = 320, height: int = 240) -> bytes:
    """A JPEG of a few thousand bytes that is no plain area."""
    image = Image.radial_gradient("L").resize((width, height)).convert("RGB")
    out = BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


@cache
def paper() -> bytes:
    """About the smallest picture that intake takes for a paper."""
    return textured(220, 204)


@cache
def card() -> bytes:
    """A card that is nothing but its code: found at the first look, where a card without one costs many."""
    drawn = BytesIO()
    code = "079090001234||Trần Thị Thử|17051990|Nữ|12 Lê Lợi, Phường Sài Gòn, TP. Hồ Chí Minh|01012021"
    segno.make(code, error="m", micro=False).save(drawn, kind="png", scale=4, border=4)
    out = BytesIO()
    with Image.open(drawn) as image:
        image.convert("L").save(out, "JPEG", quality=60)
    return out.getvalue()


def tiny_papers(reference: str, **changes: Any) -> Papers:
    """A verification whose pictures cost next to nothing; `reference` is its `external_ref`."""
    data: dict[str, Any] = {
        "channel": "dealer",
        "external_ref": reference,
        "customer": {
            "full_name": "Trần Thị Thử",
            "id_number": "079090001234",
            "date_of_birth": "1990-05-17",
            "id_type": "chip_card",
            "address": "12 Lê Lợi, Phường Sài Gòn, TP. Hồ Chí Minh",
        },
        "subscriber": {
            "msisdn": "0901234567",
            "sub_type": "ET1",
            "customer_type": "individual",
            "payment": "prepaid",
        },
        "dealer": {"username": f"dealer-{new_id()[-6:]}", "name": "Võ Thành Đạt"},
    } | changes
    return Papers(data, {"id_front": card(), "id_back": paper(), "portrait": paper()})
