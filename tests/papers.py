"""Papers for tests: pictures made by Pillow, large enough to be taken for cards and portraits."""

from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from signaling.demo.robots import Papers
from vouch.ids import new_id


def picture(text: str, width: int = 856, height: int = 540) -> bytes:
    """A JPEG that says what it is."""
    image = Image.new("RGB", (width, height), (226, 236, 232))
    drawing = ImageDraw.Draw(image)
    drawing.rectangle((20, 20, width - 20, height - 20), outline=(10, 90, 90), width=6)
    drawing.text((60, 60), text, fill=(20, 20, 20), font_size=48)
    out = BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def dealers_data(**changes: Any) -> dict[str, Any]:
    """The part `data` of a dealer's verification of a person who does not exist."""
    data: dict[str, Any] = {
        "channel": "dealer",
        "external_ref": f"order-{new_id()[-8:]}",
        "customer": {
            "full_name": "Nguyễn Văn Ân",
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
        "dealer": {"username": "dealer1", "name": "Võ Thành Đạt"},
    }
    return data | changes


def papers(**changes: Any) -> Papers:
    """A whole verification, pictures and all."""
    kinds = ("id_front", "id_back", "portrait")
    return Papers(dealers_data(**changes), {kind: picture(kind) for kind in kinds})
