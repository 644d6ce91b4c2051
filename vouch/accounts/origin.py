"""Where a request of somebody who signs in comes from: network, browser, and whether the browser came before."""

from dataclasses import dataclass

from aiohttp import web

from vouch.accounts.guarding.devices import cookie_of
from vouch.addresses import address_of, network_of
from vouch.ids import digest
from vouch.settings import Settings

# The first that is found counts: each of the later ones names itself in the former, too.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("coc_coc", "Cốc Cốc"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Of one request."""

    address: str
    browser: str
    """For its owner's list, such as `Chrome, Windows`; what the browser says of itself, so no proof of anything."""
    cookie: str
    """Its device cookie; empty: it has none yet."""

    @property
    def device(self) -> str | None:
        """Its device cookie as it is stored; whether an account knows it is another question."""
        return digest(self.cookie) if self.cookie else None

    @property
    def network(self) -> str:
        """As far as guesses are counted."""
        return network_of(self.address)


def origin_of(request: web.Request, settings: Settings) -> Origin:
    """Where a request comes from."""
    agent = request.headers.get("User-Agent", "")
    found = [next((name for mark, name in marks if mark in agent), "") for marks in (_BROWSERS, _SYSTEMS)]
    return Origin(address_of(request, settings), ", ".join(filter(None, found)), cookie_of(request))
