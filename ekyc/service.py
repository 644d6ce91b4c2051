"""The intake of verifications, put together; built once, in the composition root."""

import os
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from ekyc.api import IntegrationApi
from ekyc.call_page import CallPages
from ekyc.dealer_call import DealerCalls
from ekyc.drafts import Drafts
from ekyc.msale import CompanyTokens, company_tokens
from ekyc.pictures import FEWEST_DECODERS, Darkroom
from ekyc.reception import Reception
from ekyc.screen import DealerScreen
from ekyc.sweep import sweep
from vouch.accounts.service import Accounts
from vouch.accounts.sessions import Sessions
from vouch.blobs import Blobs
from vouch.clock import Clock
from vouch.companies.service import Rulebook
from vouch.database import Database
from vouch.pages import add_pages
from vouch.rates import Rates
from vouch.settings import Settings

_DIST = Path(__file__).parent / "web" / "dist"
_PAGES = {"/ekyc": "ekyc.html", "/call": "call.html"}


class Ekyc:
    """The integration API, the dealer's screen and the call page."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        blobs: Blobs,
        accounts: Accounts,
        sessions: Sessions,
        rulebook: Rulebook,
        tokens: CompanyTokens | None = None,
        *,
        rates: Rates | None = None,
        signed_out: Callable[[str], None] = lambda _session: None,
        match_lifts_table: bool = False,
    ) -> None:
        """`tokens` and `rates`: None takes what the settings ask for. `signed_out`: see `CallPages`.

        `match_lifts_table`: see `policy.decide`.
        """
        self._database, self._clock, self._blobs = database, clock, blobs
        rates = rates or Rates(settings)
        self._darkroom = darkroom = Darkroom(settings.picture_decoders or os.cpu_count() or FEWEST_DECODERS)
        drafts = Drafts(settings, database, clock, blobs, darkroom)
        reception = Reception(settings, database, clock, blobs, darkroom, match_lifts_table=match_lifts_table)
        calls = DealerCalls(
            settings, database, clock, drafts, tokens or company_tokens(settings), match_lifts_table=match_lifts_table
        )
        self._parts = (
            IntegrationApi(settings, database, clock, blobs, reception, rates),
            DealerScreen(settings, database, clock, accounts, sessions, drafts, calls, darkroom),
            CallPages(settings, database, clock, blobs, sessions, darkroom, rulebook, rates, signed_out),
        )

    def add_routes(self, app: web.Application) -> None:
        """Add every route of the package's pages and of the integration API to `app`."""
        for part in self._parts:
            part.add_routes(app)
        add_pages(app, _DIST, "ekyc-web", _PAGES)

    def close(self) -> None:
        """End the picture decoders; call it when no request is served any more."""
        self._darkroom.close()

    async def sweep(self) -> None:
        """Tidy up what has run out; call it every few minutes."""
        await sweep(self._database, self._blobs, self._clock.now())
