"""Routes under /api/account/{kind}: the second step of signing in; second factors set up and taken away."""

import segno
from aiohttp import web

from agent_console.access import Access
from agent_console.account.gate import Gate, Owner, shown
from agent_console.account.messages import (
    AppCode,
    AppSecret,
    Enrolled,
    Factor,
    NewPasskey,
    Own,
    Proof,
    RecoveryCodes,
    SecondStep,
)
from vouch.accounts.factors import totp
from vouch.accounts.factors.service import SecondFactors
from vouch.accounts.models import Account, Pending, WebSession
from vouch.accounts.service import Accounts
from vouch.audit import Tag
from vouch.http import answer, read

_ROOT = "/api/account/{kind}"


class Owned:
    """An account as its owner sees it."""

    def __init__(self, accounts: Accounts, factors: SecondFactors) -> None:
        self._accounts = accounts
        self._factors = factors

    async def body(self, account: Account, session: WebSession) -> Own:
        """The answer's body; before the second step it tells which kinds of factor there are, and no more of them."""
        factors = [Factor.model_validate(each, from_attributes=True) for each in await self._factors.of(account.id)]
        if session.pending == Pending.SECOND_FACTOR:
            factors = [each.model_copy(update={"name": "", "used_at": None}) for each in factors]
        return Own(
            **shown(account, session).model_dump(),
            factors=factors,
            recovery_codes=await self._factors.recovery_codes_left(account.id),
            second_factor_required=self._accounts.must_have_second_factor(account),
            passkeys_available=self._factors.passkeys_available,
        )


class FactorsApi:
    """For whoever has an account."""

    def __init__(self, accounts: Accounts, factors: SecondFactors, gate: Gate, owned: Owned, access: Access) -> None:
        self._accounts = accounts
        self._factors = factors
        self._gate = gate
        self._owned = owned
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        """To be added to the application."""
        return [
            web.post(f"{_ROOT}/second-step/passkey", self._passkey_request),
            web.post(f"{_ROOT}/second-step", self._second_step),
            web.post(f"{_ROOT}/app", self._begin_app),
            web.post(f"{_ROOT}/app/code", self._confirm_app),
            web.post(f"{_ROOT}/passkey", self._begin_passkey),
            web.post(f"{_ROOT}/passkey/credential", self._add_passkey),
            web.post(f"{_ROOT}/factors/{{factor}}/removal", self._remove),
            web.post(f"{_ROOT}/recovery-codes", self._recovery_codes),
        ]

    async def _passkey_request(self, request: web.Request) -> web.StreamResponse:
        owner = await self._gate.owner(request, Pending.SECOND_FACTOR)
        return web.json_response(await self._factors.passkey_request(owner.session.digest, owner.account.id))

    async def _second_step(self, request: web.Request) -> web.StreamResponse:
        owner = await self._gate.owner(request, Pending.SECOND_FACTOR)
        form = await read(request, SecondStep)
        if owner.pending is None:
            return answer(await self._owned.body(owner.account, owner.session))
        return await self._next(owner, await self._gate.watched(owner, self._prove(owner, form)))

    async def _prove(self, owner: Owner, form: SecondStep) -> str:
        """Take what is shown, and tell what it was."""
        account = owner.account.id
        if form.passkey is not None:
            await self._factors.prove_passkey(owner.session.digest, account, form.passkey.plain())
            return "passkey"
        if form.recovery_code is not None:
            # Of 120 random bits: there is nothing to count.
            await self._factors.prove_recovery(account, form.recovery_code)
            await self._note(Tag.RECOVERY_CODE_USED, owner)
            return "recovery_code"
        async with self._accounts.counted(await self._gate.code_guess(owner)):
            await self._factors.prove_code(account, form.code or "")
        return "code"

    async def _begin_app(self, request: web.Request) -> web.StreamResponse:
        owner = await self._setting_up(request)
        secret = await self._factors.begin_totp(owner.account)
        address = totp.address(secret, owner.account.username)
        picture = segno.make(address, error="m").svg_data_uri(scale=4, border=2, light="white")
        return answer(AppSecret(secret=secret, address=address, picture=picture))

    async def _confirm_app(self, request: web.Request) -> web.StreamResponse:
        owner = await self._gate.owner(request, Pending.ENROLMENT)
        form = await read(request, AppCode)
        codes = await self._factors.confirm_totp(owner.account, form.code, form.name)
        return await self._enrolled(owner, codes)

    async def _begin_passkey(self, request: web.Request) -> web.StreamResponse:
        owner = await self._setting_up(request)
        return web.json_response(await self._factors.passkey_creation(owner.session.digest, owner.account))

    async def _add_passkey(self, request: web.Request) -> web.StreamResponse:
        owner = await self._gate.owner(request, Pending.ENROLMENT)
        form = await read(request, NewPasskey)
        made = form.credential.plain()
        codes = await self._factors.add_passkey(owner.session.digest, owner.account, made, form.name)
        return await self._enrolled(owner, codes)

    async def _remove(self, request: web.Request) -> web.StreamResponse:
        owner = await self._proven(request)
        last_too = not self._accounts.must_have_second_factor(owner.account)
        await self._factors.remove(owner.account.id, request.match_info["factor"], last_too=last_too)
        await self._note(Tag.SECOND_FACTOR_REMOVED, owner)
        return answer(await self._owned.body(owner.account, owner.session))

    async def _recovery_codes(self, request: web.Request) -> web.StreamResponse:
        owner = await self._proven(request)
        codes = await self._factors.draw_recovery_codes(owner.account.id)
        await self._note(Tag.RECOVERY_CODES_DRAWN, owner)
        return answer(RecoveryCodes(recovery_codes=codes))

    async def _setting_up(self, request: web.Request) -> Owner:
        """Who sets up a factor: with the password once more, but for a role that must have one and has none yet."""
        owner = await self._gate.owner(request, Pending.ENROLMENT)
        return owner if owner.pending is not None else await self._proven(request)

    async def _proven(self, request: web.Request) -> Owner:
        owner = await self._gate.owner(request)
        password = (await read(request, Proof)).password
        await self._gate.watched(owner, self._accounts.prove(owner.account, password, owner.guess))
        return owner

    async def _enrolled(self, owner: Owner, codes: list[str]) -> web.StreamResponse:
        await self._note(Tag.SECOND_FACTOR_ADDED, owner)
        response = web.Response(content_type="application/json", headers={"Cache-Control": "no-store"})
        session = owner.session if owner.pending is None else await self._gate.go_on(owner, response)
        own = await self._owned.body(owner.account, session)
        response.text = Enrolled(account=own, recovery_codes=codes).model_dump_json()
        return response

    async def _next(self, owner: Owner, by: str) -> web.StreamResponse:
        response = web.Response(content_type="application/json", headers={"Cache-Control": "no-store"})
        session = await self._gate.go_on(owner, response, by)
        response.text = (await self._owned.body(owner.account, session)).model_dump_json()
        return response

    async def _note(self, tag: Tag, owner: Owner) -> None:
        await self._access.note(tag, owner.account, company=owner.account.company)
