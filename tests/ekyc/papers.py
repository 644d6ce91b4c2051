"""Papers for tests: a drawn citizen card with a real QR code, and a portrait that is none."""

import io

import segno
from PIL import Image, ImageDraw

CARD_CODE = "001099012345|012345678|Nguyễn Thị Hòa|05031999|Nữ|12 Tràng Tiền, Hoàn Kiếm, Hà Nội|10072021"


def card(code: str | None = CARD_CODE, width: int = 1200) -> Image.Image:
    """The front of a card, `width` pixels wide, with its QR code at the top right where there is one."""
    height = round(width * 638 / 1011)
    picture = Image.new("RGB", (width, height), (214, 232, 226))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((width // 20, height // 3, width // 3, height - height // 12), fill=(150, 160, 170))
    for line in range(6):
        y = height * (5 + line) // 12
        draw.line((width * 3 // 8, y, width * 7 // 8, y), fill=(60, 60, 60), width=3)
    if code is not None:
        side = width * 13 // 86
        drawn = _qr(code).resize((side, side), Image.Resampling.LANCZOS)
        picture.paste(drawn, (width - side - width // 25, height // 25))
    return picture


def portrait(width: int = 480, height: int = 640) -> Image.Image:
    """A face of circles."""
    picture = Image.new("RGB", (width, height), (230, 230, 240))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((width // 4, height // 5, width * 3 // 4, height * 4 // 5), fill=(224, 180, 150))
    for x in (width * 2 // 5, width * 3 // 5):
        draw.ellipse((x - 12, height * 2 // 5 - 8, x + 12, height * 2 // 5 + 8), fill=(40, 30, 30))
    return picture


def encoded(picture: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    """The picture as a file's bytes."""
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def _qr(code: str) -> Image.Image:
    buffer = io.BytesIO()
    segno.make(code, error="m", micro=False).save(buffer, kind="png", scale=8, border=2)
    return Image.open(buffer).convert("RGB")
