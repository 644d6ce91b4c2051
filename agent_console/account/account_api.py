"""Routes under /api/account/{kind}: signing in and out, the own password, the own sessions."""

from aiohttp import web

from agent_console.access import Access
from agent_console.account.factors_api import Owned
from agent_console.account.gate import Gate, Owner, kind_of
from agent_console.account.messages import PasswordChange, Seen, SeenList, SignIn
from vouch.accounts.guarding import devices
from vouch.accounts.models import Pending, WebSession
from vouch.accounts.service import Accounts
from vouch.accounts.sessions import Sessions
from vouch.audit import Tag
from vouch.database import Database
from vouch.http import answer, read
from vouch.ids import digest
from vouch.problems import not_found

_ROOT = "/api/account/{kind}"


class AccountApi:
    """For whoever has an account; a session that is pending sees who it is, signs out, and does what is pending."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        sessions: Sessions,
        gate: Gate,
        owned: Owned,
        access: Access,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._sessions = sessions
        self._gate = gate
        self._owned = owned
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        """To be added to the application."""
        return [
            web.get(_ROOT, self._me),
            web.post(f"{_ROOT}/session", self._sign_in),
            web.delete(f"{_ROOT}/session", self._sign_out),
            web.post(f"{_ROOT}/password", self._password),
            web.get(f"{_ROOT}/sessions", self._list),
            web.delete(f"{_ROOT}/sessions", self._end_all),
            web.delete(f"{_ROOT}/sessions/{{session}}", self._end_one),
        ]

    async def _me(self, request: web.Request) -> web.StreamResponse:
        owner = await self._gate.owner(request, *Pending)
        return answer(await self._owned.body(owner.account, owner.session))

    async def _sign_in(self, request: web.Request) -> web.StreamResponse:
        kind = kind_of(request)
        typed = await read(request, SignIn)
        cookies = web.Response()
        account, session = await self._gate.enter(request, cookies, kind, typed.username, typed.password)
        return with_cookies(answer(await self._owned.body(account, session)), cookies)

    async def _sign_out(self, request: web.Request) -> web.StreamResponse:
        response = web.Response(status=204)
        await self._gate.leave(await self._gate.owner(request, *Pending), response)
        return response

    async def _password(self, request: web.Request) -> web.StreamResponse:
        owner = await self._gate.owner(request, Pending.PASSWORD)
        form = await read(request, PasswordChange)
        changing = self._accounts.change_password(
            owner.account, form.current, form.new, owner.guess, keep=owner.session.digest
        )
        account = await self._gate.watched(owner, changing)
        await self._access.note(Tag.PASSWORD_CHANGED, account, company=account.company)
        cookies = web.Response()
        session = owner.session if owner.pending is None else await self._gate.go_on(owner, cookies)
        return with_cookies(answer(await self._owned.body(account, session)), cookies)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        owner = await self._gate.owner(request)
        listed = [_seen(each, owner) for each in await self._sessions.of_account(owner.account.id)]
        return answer(SeenList(sessions=listed))

    async def _end_one(self, request: web.Request) -> web.StreamResponse:
        owner = await self._gate.owner(request)
        asked = request.match_info["session"]
        known = {_public(each): each.digest for each in await self._sessions.of_account(owner.account.id)}
        if asked not in known:
            raise not_found("session")
        await self._end(owner, [known[asked]])
        return web.Response(status=204)

    async def _end_all(self, request: web.Request) -> web.StreamResponse:
        """Everywhere, here too; strangers' guesses count for every other browser from then on."""
        owner = await self._gate.owner(request)
        await self._end(owner, [each.digest for each in await self._sessions.of_account(owner.account.id)])
        async with self._database.write() as transaction:
            await devices.forget_others(transaction, owner.account.id, owner.origin.device)
        response = web.Response(status=204)
        await self._sessions.end(response, owner.visitor)
        return response

    async def _end(self, owner: Owner, digests: list[str]) -> None:
        async with self._database.write() as transaction:
            await self._sessions.end_those(transaction, digests)
        await self._access.note(
            Tag.SESSIONS_ENDED, owner.account, company=owner.account.company, count=str(len(digests))
        )


def with_cookies(response: web.Response, cookies: web.Response) -> web.Response:
    """The response with the cookies that were set on another: they are set before its text is known."""
    response.cookies.update(cookies.cookies)
    return response


def _public(session: WebSession) -> str:
    """What a session is called in the list; its digest is what rows are found by."""
    return digest(session.digest)[:32]


def _seen(session: WebSession, owner: Owner) -> Seen:
    return Seen(
        id=_public(session),
        this=session.digest == owner.session.digest,
        kind=session.kind,
        browser=session.browser,
        network=session.network,
        created_at=session.created_at,
        seen_at=session.seen_at or session.created_at,
        expires_at=session.expires_at,
    )
