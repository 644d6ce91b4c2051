"""Pictures for load: small, real JPEGs, made once."""

from functools import cache
from io import BytesIO
from typing import Any

import segno
from PIL import Image

from signaling.demo.robots import Papers
from tests.papers import dealers_data
from vouch.ids import new_id


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
    code = "079090001234||Nguyễn Văn Ân|17051990|Nữ|12 Lê Lợi, Phường Sài Gòn, TP. Hồ Chí Minh|01012021"
    segno.make(code, error="m", micro=False).save(drawn, kind="png", scale=4, border=4)
    out = BytesIO()
    with Image.open(drawn) as image:
        image.convert("L").save(out, "JPEG", quality=60)
    return out.getvalue()


def tiny_papers(reference: str, **changes: Any) -> Papers:
    """A verification whose pictures cost next to nothing; `reference` is its `external_ref`."""
    dealer = {"username": f"dealer-{new_id()[-6:]}", "name": "Võ Thành Đạt"}
    data = dealers_data(external_ref=reference, dealer=dealer) | changes
    return Papers(data, {"id_front": card(), "id_back": paper(), "portrait": paper()})
