"""What a customer consents to before the call is recorded; the version that he saw is kept with his verification."""

from dataclasses import dataclass

from vouch.problems import Problem


@dataclass(frozen=True, slots=True)
class Consent:
    """A text in force, in both languages."""

    version: str
    """Changes with every change of the text."""
    vi: str
    en: str


CONSENT = Consent(
    version="2026-11-01",
    vi=(
        "Tôi đồng ý cho nhà mạng ghi âm, ghi hình cuộc gọi video này, chụp ảnh khuôn mặt và giấy tờ của tôi, và "
        "so sánh chúng để xác minh chính chủ thuê bao theo quy định của pháp luật. Dữ liệu này là dữ liệu cá nhân "
        "nhạy cảm: chỉ người có thẩm quyền được xem, mỗi lần xem đều được ghi lại. Dữ liệu được lưu trong suốt "
        "thời gian thuê bao hoạt động và ít nhất hai năm sau đó, rồi bị xóa. Tôi có thể rút lại đồng ý trước khi "
        "gọi; khi đó thuê bao không thể được xác minh bằng cuộc gọi video."
    ),
    en=(
        "I agree that the operator records this video call in sound and picture, takes pictures of my face and "
        "papers, and compares them in order to verify me as the owner of the subscription, as the law asks. These "
        "are sensitive personal data: only authorised staff may see them, and every look is logged. They are kept "
        "as long as the number is active and at least two years afterwards, then deleted. I may withdraw before "
        "the call; the subscription can then not be verified by video call."
    ),
)


def check_version(version: str | None) -> str:
    """The version that was agreed to, if it is the one in force; Problem `consent_needed` otherwise."""
    if version != CONSENT.version:
        raise Problem(422, "consent_needed", "The customer must agree to the consent text that is in force.")
    return version
