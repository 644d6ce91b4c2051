"""People who do not exist, one for each number: what their cards and subscriptions say."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Võ", "Đặng", "Bùi", "Đỗ", "Ngô", "Dương")
_MIDDLE = ("Thị Thu", "Thị Ngọc", "Thùy", "Thị Bích", "Khánh", "Thị Hồng", "Phương")
_GIVEN = ("Hà", "Linh", "Ánh", "Trang", "Yến", "Quỳnh", "Thảo", "Vân", "Hương", "Mỹ", "Oanh", "Diệu", "Tuyết")
_ADDRESSES = (
    "12 Lê Lợi, Phường Sài Gòn, TP. Hồ Chí Minh",
    "45 Trần Phú, Phường Hải Châu, Đà Nẵng",
    "7 Hàng Bông, Phường Hoàn Kiếm, Hà Nội",
    "230 Nguyễn Văn Cừ, Phường Ninh Kiều, Cần Thơ",
)
_WOMAN_BORN_IN_1900S = 1


@dataclass(frozen=True, slots=True)
class Person:
    """One of them."""

    full_name: str
    id_number: str
    """Twelve digits: province, sex and century, year of birth, serial number (Circular 59/2021/TT-BCA, Article 4)."""
    born: date
    address: str
    msisdn: str

    def data(self, external_ref: str) -> dict[str, Any]:
        """The part `data` of the integration API, as mSale would send it for this person online."""
        return {
            "channel": "online",
            "external_ref": external_ref,
            "referral": "demo",
            "customer": {
                "full_name": self.full_name,
                "id_number": self.id_number,
                "date_of_birth": self.born.isoformat(),
                "id_type": "chip_card",
                "address": self.address,
            },
            "subscriber": {
                "msisdn": self.msisdn,
                "sub_type": "ET1",
                "customer_type": "individual",
                "payment": "prepaid",
            },
            "ekyc": {
                "passed": True,
                "matched_fields": ["id_number", "full_name", "date_of_birth", "face"],
                "reference": external_ref,
                "differences": [],
            },
        }

    def card_code(self) -> str:
        """The text of the QR code on the card's front."""
        issued = "10072021"
        return "|".join(
            (self.id_number, "", self.full_name, f"{self.born:%d%m%Y}", "Nữ", self.address, issued),
        )


def person(number: int) -> Person:
    """The person of this number, always the same; neighbours differ in every field."""
    name = f"{_pick(_FAMILY, number)} {_pick(_MIDDLE, number)} {_pick(_GIVEN, number)}"
    born = date(1965, 1, 1) + timedelta(days=number * 2_657 % 12_000)
    id_number = f"079{_WOMAN_BORN_IN_1900S}{born:%y}{number * 7_919 % 1_000_000:06}"
    return Person(name, id_number, born, _pick(_ADDRESSES, number), f"09{number * 104_729 % 100_000_000:08}")


def _pick(choices: tuple[str, ...], number: int) -> str:
    return choices[number % len(choices)]
