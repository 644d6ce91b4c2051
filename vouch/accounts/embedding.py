"""Which cookies must be delivered in a frame of another site, and what they must say for that."""

from collections.abc import Collection
from typing import Literal

from vouch.accounts.models import SessionKind
from vouch.settings import Settings

# SameSite=None and Partitioned are the only kind that Chromium delivers in a cross-site frame. The flag rides on
# SameSite, because http.cookies knows `Partitioned` only from Python 3.14 on.
_IN_FRAMES, _AT_HOME = "None; Partitioned", "Lax"


def embedded_kinds(settings: Settings) -> frozenset[SessionKind]:
    """Give the kinds of session whose pages others may embed; the eKYC screen holds the call within itself."""
    ekyc, call, console = (bool(settings.ancestors_of(page)) for page in _PAGES)
    found = {SessionKind.DEALER: ekyc, SessionKind.CALLER: ekyc or call, SessionKind.STAFF: console}
    return frozenset(kind for kind, embedded in found.items() if embedded)


_PAGES: tuple[Literal["ekyc", "call", "console"], ...] = ("ekyc", "call", "console")


def same_site(kind: SessionKind, embedded: Collection[SessionKind] | bool) -> str:  # noqa: FBT001 - or the kinds
    """Give the attribute SameSite of a kind's cookie; `embedded`: the kinds, or whether all of them are."""
    is_embedded = embedded if isinstance(embedded, bool) else kind in embedded
    return _IN_FRAMES if is_embedded else _AT_HOME
