"""The page of the simulated mSale Core, rendered on the server; pure, results in, HTML out."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from signaling.demo.msale_results import KeptPicture, PictureLink, Result
from vouch.clock import VIETNAM, in_vietnam

Language = str

TEXTS = {
    "vi": {
        "title": "mSale Core (mô phỏng)",
        "lead": "Kết quả xác minh mà Vouch gửi về hệ thống bán hàng, mới nhất ở trên.",
        "count": "Đã nhận {} kết quả trên trang này",
        "empty": "Chưa có kết quả nào",
        "empty_how": (
            "Kết quả đầu tiên sẽ tự hiện ở đây, kèm ảnh giấy tờ, chân dung và ảnh chụp trong cuộc gọi, ngay khi "
            "nhân viên xác nhận hoặc từ chối, hoặc khi cuộc gọi kết thúc. Hãy mở màn hình eKYC, quét giấy tờ và "
            "bấm [Gọi]."
        ),
        "nothing_older": "Không còn kết quả cũ hơn.",
        "older": "Cũ hơn",
        "newest": "Về mới nhất",
        "attempt": "Cuộc gọi lần",
        "agent": "Nhân viên",
        "reason": "Lý do",
        "decided": "Quyết định lúc",
        "received": "Nhận lúc",
        "verification": "Mã xác minh",
        "call_ended": "Cuộc gọi kết thúc, chưa có kết luận",
        "checked": "Đúng mã băm",
        "altered": "Sai mã băm",
        "missing": "Chưa tải được, sẽ thử lại",
        "id_front": "Giấy tờ, mặt trước",
        "id_back": "Giấy tờ, mặt sau",
        "portrait": "Chân dung",
        "snapshot": "Ảnh trong cuộc gọi",
        "confirmed": "Đã xác nhận",
        "rejected": "Bị từ chối",
        "unable_to_verify": "Không thể xác minh",
        "declined": "NVHT từ chối cuộc gọi",
        "no_agent": "Không có NVHT rảnh",
        "closed": "Ngoài giờ làm việc",
        "cancelled": "Người gọi đã tắt máy",
        "agent_ended": "NVHT kết thúc cuộc gọi",
        "connection_lost": "Mất kết nối",
        "interrupted": "Bị gián đoạn",
        "too_long": "Quá thời gian cho phép",
        "setup_failed": "Không nối được hình và tiếng",
        "reason.face_differs": "Khuôn mặt không khớp",
        "reason.data_differs": "Thông tin không khớp",
        "reason.paper_suspect": "Nghi giấy tờ giả",
        "reason.paper_expired": "Giấy tờ hết hạn",
        "reason.not_live": "Không phải người thật trước máy",
        "reason.under_pressure": "Có người ép hoặc làm thay",
        "reason.customer_refuses": "Khách hàng không đồng ý",
        "reason.picture_poor": "Hình không rõ",
        "reason.sound_poor": "Tiếng không rõ",
        "reason.connection_poor": "Kết nối kém",
        "reason.papers_unreadable": "Không đọc được giấy tờ",
        "reason.face_covered": "Khuôn mặt bị che",
        "reason.language": "Bất đồng ngôn ngữ",
        "reason.other": "Lý do khác",
    },
    "en": {
        "title": "mSale Core (simulated)",
        "lead": "Results that Vouch sends back to the sales system, the newest first.",
        "count": "{} results received on this page",
        "empty": "No result yet",
        "empty_how": (
            "The first one will appear here by itself, with the pictures of papers, portrait and call, as soon as "
            "an agent confirms or rejects, or a call ends. Open the eKYC screen, scan the papers and press [Call]."
        ),
        "nothing_older": "There are no older results.",
        "older": "Older",
        "newest": "Back to the newest",
        "attempt": "Call no.",
        "agent": "Agent",
        "reason": "Reason",
        "decided": "Decided at",
        "received": "Received at",
        "verification": "Verification",
        "call_ended": "The call ended without a verdict",
        "checked": "Hash matches",
        "altered": "Hash differs",
        "missing": "Not fetched yet, will be tried again",
        "id_front": "Card, front",
        "id_back": "Card, back",
        "portrait": "Portrait",
        "snapshot": "Picture in the call",
        "confirmed": "Confirmed",
        "rejected": "Rejected",
        "unable_to_verify": "Unable to verify",
        "declined": "Declined by the agent",
        "no_agent": "No agent was free",
        "closed": "Outside office hours",
        "cancelled": "The caller hung up",
        "agent_ended": "Ended by the agent",
        "connection_lost": "Connection lost",
        "interrupted": "Interrupted",
        "too_long": "Longer than allowed",
        "setup_failed": "Sound and picture could not be connected",
        "reason.face_differs": "The face differs",
        "reason.data_differs": "The data differ",
        "reason.paper_suspect": "The papers are suspect",
        "reason.paper_expired": "The papers have expired",
        "reason.not_live": "Not a live person",
        "reason.under_pressure": "Somebody acts under pressure or for another",
        "reason.customer_refuses": "The customer refuses",
        "reason.picture_poor": "Poor picture",
        "reason.sound_poor": "Poor sound",
        "reason.connection_poor": "Poor connection",
        "reason.papers_unreadable": "The papers cannot be read",
        "reason.face_covered": "The face is covered",
        "reason.language": "No common language",
        "reason.other": "Another reason",
    },
}
LANGUAGES = tuple(TEXTS)
_NAMES = {"vi": "Tiếng Việt", "en": "English"}
_ICONS = {"confirmed": "✓", "rejected": "✕", "unable_to_verify": "?"}

CSS = """
:root { color-scheme: light dark; --ground: #f3f6f6; --card: #fff; --text: #14211f; --soft: #526462; --line: #d8e1e0;
  --accent: #0b6e69; --good: #0d7045; --bad: #b3261e; --unsure: #8a5a00; --good-soft: #e2f3ea; --bad-soft: #fbe9e7;
  --unsure-soft: #fbf0da; --quiet-soft: #e9eeee; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0e1615; --card: #16211f; --text: #e7efee; --soft: #9db0ad; --line: #2a3937; --accent: #5cc7bf;
    --good: #6fd7a3; --bad: #ff9c92; --unsure: #f0c169; --good-soft: #14332a; --bad-soft: #3c1d1b;
    --unsure-soft: #382c12; --quiet-soft: #223130; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); line-height: 1.5;
  font-family: "Be Vietnam Pro", system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
header, main { max-width: 1080px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 24px; display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: baseline; }
h1 { font-size: 1.35rem; margin: 0; color: var(--accent); letter-spacing: -.01em; }
header p { order: 3; flex-basis: 100%; margin: 0; color: var(--soft); }
nav { margin-left: auto; display: flex; gap: 4px; }
nav a { padding: 4px 10px; border-radius: 999px; text-decoration: none; font-size: .9rem; }
nav a[aria-current] { background: var(--accent); color: var(--card); }
main { padding-top: 16px; padding-bottom: 48px; }
.status { color: var(--soft); font-size: .9rem; margin: 0 0 12px; }
.empty { background: var(--card); border: 1px dashed var(--line); border-radius: 14px; padding: 40px 24px;
  text-align: center; }
.empty h2 { margin: 0 0 8px; font-size: 1.1rem; }
.empty p { margin: 0 auto; max-width: 56ch; color: var(--soft); }
article { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 16px 18px;
  margin-bottom: 14px; }
.head { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; }
.head h2 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
.chip { padding: 3px 12px; border-radius: 999px; font-weight: 600; font-size: .9rem; background: var(--quiet-soft); }
.confirmed .chip { background: var(--good-soft); color: var(--good); }
.rejected .chip { background: var(--bad-soft); color: var(--bad); }
.unable_to_verify .chip { background: var(--unsure-soft); color: var(--unsure); }
.hint { color: var(--soft); font-size: .9rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(168px, 1fr)); gap: 8px 18px; margin: 12px 0 0; }
dt { color: var(--soft); font-size: .8rem; }
dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
ul { list-style: none; margin: 14px 0 0; padding: 0; display: grid; gap: 12px;
  grid-template-columns: repeat(4, minmax(0, 1fr)); }
@media (max-width: 640px) { ul, dl { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  dl > :last-child { grid-column: 1 / -1; }
  header, main { padding-left: 14px; padding-right: 14px; } article { padding: 14px; } }
figure { margin: 0; }
figure img, .gone { display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: contain; border-radius: 8px;
  background: var(--quiet-soft); }
.gone { display: grid; place-items: center; color: var(--soft); font-size: 1.4rem; }
figcaption { font-size: .82rem; margin-top: 6px; }
.mark { display: block; font-weight: 600; color: var(--good); }
.mark.altered { color: var(--bad); }
.mark.missing { color: var(--unsure); font-weight: 400; }
.pages { display: flex; gap: 16px; justify-content: center; margin-top: 18px; }
"""

# Only the newest page changes by itself; it is replaced when it differs, so that nothing flickers or loses its place.
JS = """
const main = document.querySelector("main");
async function refresh() {
  try {
    const response = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("main");
    if (fresh && fresh.dataset.version !== main.dataset.version) {
      main.replaceChildren(...fresh.childNodes);
      main.dataset.version = fresh.dataset.version;
    }
  } catch { /* mSale is away for a moment; the next look will tell */ }
  setTimeout(refresh, 2000);
}
if (main.dataset.version) setTimeout(refresh, 2000);
"""


def render(language: Language, results: Sequence[Result], older: str | None, *, first: bool) -> str:
    """The page in `language` (vi, en); `older` is the cursor of the next part, `first` whether this is the newest."""
    texts = TEXTS[language]
    version = f"{results[0].position}.{sum(len(each.pictures) for each in results)}" if results else "0"
    return f"""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(texts["title"])}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/msale.css">
</head>
<body>
<header>
<h1>{escape(texts["title"])}</h1>
<nav>{"".join(_switch(other, language) for other in LANGUAGES)}</nav>
<p>{escape(texts["lead"])}</p>
</header>
<main data-version="{escape(version) if first else ""}">
{_body(texts, results, first=first)}
{_pages(language, texts, older, first=first)}
</main>
<script src="/msale.js" defer></script>
</body>
</html>
"""


def _switch(other: Language, language: Language) -> str:
    current = ' aria-current="true"' if other == language else ""
    return f'<a href="/?lang={other}" lang="{other}" hreflang="{other}"{current}>{_NAMES[other]}</a>'


def _body(texts: dict[str, str], results: Sequence[Result], *, first: bool) -> str:
    if results:
        count = f'<p class="status" role="status">{escape(texts["count"].format(len(results)))}</p>'
        return count + "".join(_article(texts, result) for result in results)
    if first:
        return f'<div class="empty"><h2>{escape(texts["empty"])}</h2><p>{escape(texts["empty_how"])}</p></div>'
    return f'<div class="empty"><p>{escape(texts["nothing_older"])}</p></div>'


def _pages(language: Language, texts: dict[str, str], older: str | None, *, first: bool) -> str:
    links = [] if first else [f'<a href="/?lang={language}">{escape(texts["newest"])}</a>']
    if older is not None:
        links.append(f'<a href="/?lang={language}&amp;before={escape(older)}">{escape(texts["older"])}</a>')
    return f'<p class="pages">{"".join(links)}</p>' if links else ""


def _article(texts: dict[str, str], result: Result) -> str:
    data = result.message.data
    outcome = escape(texts.get(data.outcome, data.outcome))
    decided = result.message.type == "verification.decided"
    hint = "" if decided else f'<span class="hint">{escape(texts["call_ended"])}</span>'
    return f"""<article class="{escape(data.outcome)}" data-testid="result" data-verification="{escape(data.id)}"
 data-outcome="{escape(data.outcome)}" data-attempt="{data.attempt}" data-type="{result.message.type}">
<div class="head"><span class="chip">{_ICONS.get(data.outcome, "•")} {outcome}</span>
<h2>{escape(data.external_ref)}</h2>{hint}</div>
<dl>{_facts(texts, result)}</dl>
{_pictures(texts, result)}
</article>
"""


def _facts(texts: dict[str, str], result: Result) -> str:
    data = result.message.data
    facts = [
        ("attempt", str(data.attempt)),
        ("agent", data.agent),
        ("reason", texts.get(f"reason.{data.reason}", data.reason)),
        ("decided", _sent_time(data.decided_at)),
        ("received", f"{in_vietnam(result.received_at):%H:%M:%S %d/%m/%Y}"),
        ("verification", data.id),
    ]
    return "".join(f"<div><dt>{escape(texts[name])}</dt><dd>{escape(said)}</dd></div>" for name, said in facts if said)


def _sent_time(moment: str | None) -> str | None:
    """An RFC 3339 time as people in Vietnam read it; what is none is shown as it came."""
    if moment is None:
        return None
    try:
        return f"{datetime.fromisoformat(moment).astimezone(VIETNAM):%H:%M:%S %d/%m/%Y}"
    except ValueError:
        return moment


def _pictures(texts: dict[str, str], result: Result) -> str:
    kept = {picture.kind: picture for picture in result.pictures}
    figures = [_figure(texts, link, kept.get(link.kind)) for link in result.message.data.pictures]
    return f"<ul>{''.join(figures)}</ul>" if figures else ""


def _figure(texts: dict[str, str], link: PictureLink, picture: KeptPicture | None) -> str:
    name = escape(texts[link.kind])
    if picture is None:
        image = '<div class="gone" aria-hidden="true">…</div>'
        mark = f'<span class="mark missing">{escape(texts["missing"])}</span>'
    else:
        address = f"/pictures/{escape(picture.file)}"
        image = (
            f'<a href="{address}" target="_blank" rel="noopener"><img src="{address}" alt="{name}" loading="lazy"></a>'
        )
        mark = _mark(texts, picture)
    return f'<li><figure data-kind="{link.kind}">{image}<figcaption>{name}{mark}</figcaption></figure></li>'


def _mark(texts: dict[str, str], picture: KeptPicture) -> str:
    state, icon = ("checked", "✓") if picture.checked else ("altered", "✕")
    words = f"{icon} {escape(texts[state])}"
    return f'<span class="mark {state}" title="SHA-256 {picture.sha256}" data-hash="{state}">{words}</span>'
