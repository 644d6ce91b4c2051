"""The staff's HTTP API and pages as one thing that the composition root builds and mounts."""

from pathlib import Path

from aiohttp import web

from agent_console.access import Access
from agent_console.account.account_api import AccountApi
from agent_console.account.factors_api import FactorsApi, Owned
from agent_console.account.gate import Gate
from agent_console.audit_api import AuditApi
from agent_console.calls_api import CallsApi
from agent_console.cases_api import CasesApi
from agent_console.explanations_api import ExplanationsApi
from agent_console.ports import Cases, Desk, Explanations, Recordings, Signs
from agent_console.recordings_api import RecordingsApi
from agent_console.sessions_api import SessionsApi
from agent_console.signs_api import SignsApi
from vouch.accounts.factors.service import SecondFactors
from vouch.accounts.service import Accounts
from vouch.accounts.sessions import Sessions
from vouch.clock import Clock
from vouch.companies.service import Rulebook
from vouch.database import Database
from vouch.pages import add_pages
from vouch.settings import Settings

_DIST = Path(__file__).parent / "web" / "dist"
_PAGES = {"/agent": "agent.html", "/supervisor": "supervisor.html", "/account": "account.html"}


class Console:
    """Everything under /api/console and /api/account, and the pages /agent, /supervisor and /account."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        accounts: Accounts,
        sessions: Sessions,
        cases: Cases,
        desk: Desk,
        rulebook: Rulebook,
        explanations: Explanations,
        recordings: Recordings,
        signs: Signs,
        factors: SecondFactors,
    ) -> None:
        access = Access(sessions, database, clock)
        gate = Gate(settings, database, accounts, sessions, access)
        owned = Owned(accounts, factors)
        self._parts = (
            SessionsApi(database, clock, sessions, access, rulebook, gate),
            AccountApi(database, accounts, sessions, gate, owned, access),
            FactorsApi(accounts, factors, gate, owned, access),
            CallsApi(clock, cases, desk, access),
            CasesApi(cases, desk, access),
            ExplanationsApi(explanations, access),
            RecordingsApi(recordings, access, clock),
            AuditApi(database, access),
            SignsApi(signs, access),
        )

    def add_routes(self, app: web.Application) -> None:
        """Mount the API and the built pages on `app`."""
        for part in self._parts:
            app.add_routes(part.routes())
        add_pages(app, _DIST, "console-web", _PAGES)
