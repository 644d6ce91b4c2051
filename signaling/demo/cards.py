"""Drawn papers of the demo's callers: a card like no state's, marked as a specimen, with a real QR code."""

from functools import partial
from io import BytesIO

import segno
from PIL import Image, ImageDraw

from ekyc.stamp import font
from signaling.demo.faces import portrait
from signaling.demo.people import Person

WIDTH, HEIGHT = 1200, 757
_PAPER, _INK, _FAINT, _ACCENT = (223, 236, 232), (24, 34, 38), (110, 128, 130), (12, 110, 108)


def pictures(person: Person) -> dict[str, bytes]:
    """JPEGs of id_front, id_back and portrait."""
    photograph = portrait().resize((768, 1024), Image.Resampling.LANCZOS)
    return {"id_front": _jpeg(front(person)), "id_back": _jpeg(back(person)), "portrait": _jpeg(photograph)}


def front(person: Person) -> Image.Image:
    """The side with the photograph."""
    card, write = _blank()
    write((60, 44), "THẺ MẪU · SPECIMEN", size=44, fill=_ACCENT)
    card.paste(portrait().resize((300, 400), Image.Resampling.LANCZOS), (60, 250))
    fields = (
        ("Số / No.", person.id_number),
        ("Họ và tên / Full name", person.full_name),
        ("Ngày sinh / Date of birth", f"{person.born:%d/%m/%Y}"),
        ("Nơi thường trú / Residence", person.address),
    )
    for row, (label, value) in enumerate(fields):
        top = 250 + row * 112
        write((410, top), label, size=26, fill=_FAINT)
        write((410, top + 34), value, size=40 if row < 2 else 32, fill=_INK)
    code = _code(person.card_code())
    card.paste(code, (WIDTH - code.width - 44, 36))
    return card


def back(person: Person) -> Image.Image:
    """The side with the machine-readable lines."""
    card, write = _blank()
    write((60, 60), "Mặt sau / Back side", size=34, fill=_ACCENT)
    write((60, 150), "Thẻ này không có giá trị. Chỉ dùng để thử phần mềm.", size=32, fill=_INK)
    write((60, 200), "This card is worth nothing. It serves to try software.", size=32, fill=_INK)
    for row, line in enumerate((f"SPECIMEN<{person.id_number}<<<<<<<<", f"{person.born:%y%m%d}<<<<<<<<<<<<<<<<<<<<<<")):
        write((60, 540 + row * 80), line, size=52, fill=_INK)
    return card


def _blank() -> tuple[Image.Image, "partial[None]"]:
    card = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    draw = ImageDraw.Draw(card)
    for y in range(0, HEIGHT, 18):
        draw.line((0, y, WIDTH, y + 60), fill=(210, 227, 222), width=2)
    draw.rounded_rectangle((8, 8, WIDTH - 8, HEIGHT - 8), radius=36, outline=_ACCENT, width=4)
    return card, partial(_write, draw)


def _write(draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, *, size: int, fill: tuple[int, int, int]) -> None:
    draw.text(at, text, font=font(size), fill=fill)


def _code(text: str) -> Image.Image:
    drawn = BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="png", scale=4, border=2)
    return Image.open(drawn).convert("RGB")


def _jpeg(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()
