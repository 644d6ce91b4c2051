"""What `vouch demo` prints, in both languages."""

from pathlib import Path
from typing import Literal

Language = Literal["vi", "en"]

TEXTS: dict[Language, dict[str, str]] = {
    "vi": {
        "title": "Vouch đang chạy (bản dùng thử)",
        "ekyc": "Màn hình eKYC của điểm bán",
        "agent": "Màn hình nhân viên hỗ trợ",
        "supervisor": "Màn hình giám sát",
        "msale": "mSale Core (mô phỏng)",
        "steps": "Thử cuộc gọi đầu tiên",
        "step_agent": "Mở màn hình nhân viên hỗ trợ, đăng nhập agent1, cho phép camera, bấm [Sẵn sàng].",
        "step_dealer": "Ở cửa sổ khác, mở màn hình eKYC, điền biểu mẫu, chọn ba ảnh, tài khoản dealer1, bấm [Gọi].",
        "step_robots": "Có {callers} khách hàng tự động đang gọi: cuộc gọi sẽ tự đổ chuông.",
        "step_decide": "Nhận cuộc gọi, đối chiếu, đánh dấu hai ô, bấm [Xác nhận].",
        "step_result": "Xem kết quả và hình ảnh trên trang mSale Core, xem lại hồ sơ với tài khoản supervisor1.",
        "accounts": "Tài khoản (tên, mật khẩu), lưu trong {file}",
        "lan": "Điện thoại cùng mạng: mở {url}. Chứng chỉ tự ký, trình duyệt sẽ hỏi một lần.",
        "stop": "Ctrl-C để dừng; chạy lại sẽ tiếp tục với dữ liệu cũ.",
        "ending": "Đang dừng ...",
    },
    "en": {
        "title": "Vouch is running (demo)",
        "ekyc": "Dealer's eKYC screen",
        "agent": "Agent console",
        "supervisor": "Supervisor's page",
        "msale": "mSale Core (simulated)",
        "steps": "Try the first call",
        "step_agent": "Open the agent console, sign in as agent1, allow the camera, press [Ready].",
        "step_dealer": "In another window open the eKYC screen, fill in the form, choose three pictures, "
        "account dealer1, press [Call].",
        "step_robots": "{callers} robot callers are calling: the console rings by itself.",
        "step_decide": "Accept, compare, tick the two boxes, press [Confirm].",
        "step_result": "See the result with its pictures on mSale Core's page; review the case as supervisor1.",
        "accounts": "Accounts (name, password), kept in {file}",
        "lan": "Phones on this network: open {url}. The certificate is self-signed, so the browser asks once.",
        "stop": "Ctrl-C ends it; started again it goes on from its data.",
        "ending": "Stopping ...",
    },
}


def text(language: Language, origin: str, msale_port: int, callers: int, data_dir: Path) -> str:
    """Addresses and what to click, ending with the heading of the accounts."""
    say = TEXTS[language]
    pages = [(say[page], f"{origin}/{page}?lang={language}") for page in ("ekyc", "agent", "supervisor")]
    pages.append((say["msale"], f"http://127.0.0.1:{msale_port}/?lang={language}"))
    width = max(len(name) for name, _address in pages)
    caller = say["step_robots"].format(callers=callers) if callers else say["step_dealer"]
    steps = (say["step_agent"], caller, say["step_decide"], say["step_result"])
    return "\n".join(
        (
            say["title"],
            "",
            *(f"  {name:<{width}}  {address}" for name, address in pages),
            "",
            say["steps"],
            *(f"  {number}. {step}" for number, step in enumerate(steps, 1)),
            "",
            say["accounts"].format(file=data_dir / "demo.json"),
        )
    )
