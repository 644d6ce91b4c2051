"""Setting up, proving and taking away second factors, and the codes that stand in for them."""

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from vouch.accounts.factors import passkeys, recovery, totp
from vouch.accounts.factors.passkeys import Passkey, RelyingParty
from vouch.accounts.models import Account, RecoveryCode, SecondFactor, WebSession
from vouch.clock import MINUTE, Clock
from vouch.database import Database
from vouch.ids import new_id
from vouch.keys import Keys
from vouch.problems import Problem, not_found

_CHALLENGE_LIVES = 5 * MINUTE
_MOST = 10
TOTP, PASSKEY = "totp", "passkey"


class SecondFactors:
    """Second factors of one installation, whose public address is `url`."""

    def __init__(self, database: Database, clock: Clock, keys: Keys, url: str) -> None:
        self._database = database
        self._clock = clock
        self._sealer = totp.Sealer(keys)
        self._site = RelyingParty(url)

    @property
    def passkeys_available(self) -> bool:
        """Whether browsers make passkeys for this installation's address."""
        return self._site.available

    async def of(self, account: str) -> Sequence[SecondFactor]:
        """The account's factors, the oldest first."""
        async with self._database.read() as session:
            return (await session.scalars(_shown(account))).all()

    async def recovery_codes_left(self, account: str) -> int:
        """How many recovery codes of the account were not used yet."""
        counted = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.account == account)
        async with self._database.read() as session:
            return int((await session.execute(counted)).scalar_one())

    async def begin_totp(self, account: Account) -> str:
        """A fresh secret for an authenticator app, which counts once its first code was shown."""
        secret = totp.draw()
        async with self._database.write() as session:
            await self._refuse_more(session, account.id)
            unfinished = SecondFactor.account == account.id, SecondFactor.confirmed_at.is_(None)
            await session.execute(delete(SecondFactor).where(*unfinished))
            session.add(self._row(account.id, TOTP, "", secret=self._sealer.seal(secret, account.id)))
        return secret

    async def confirm_totp(self, account: Account, code: str, name: str) -> list[str]:
        """Show the app's first code; gives recovery codes with the account's first factor. Problem `wrong_code`."""
        async with self._database.write() as session:
            begun = select(SecondFactor).where(SecondFactor.account == account.id, SecondFactor.kind == TOTP)
            row = (await session.scalars(begun.where(SecondFactor.confirmed_at.is_(None)))).first()
            if row is None:
                raise not_found("authenticator app")
            step = totp.step_of(self._sealer.unseal(row.secret or "", account.id), code, self._clock.now())
            if step is None:
                raise wrong_code()
            row.name, row.last_step, row.confirmed_at = name, step, self._clock.now()
            return await self._first_codes(session, account.id)

    async def prove_code(self, account: str, code: str) -> None:
        """Take a code of one of the account's apps, each once; Problem `wrong_code`."""
        now = self._clock.now()
        async with self._database.write() as session:
            for row in (await session.scalars(_shown(account).where(SecondFactor.kind == TOTP))).all():
                step = totp.step_of(self._sealer.unseal(row.secret or "", account), code, now)
                if step is not None and await self._take_step(session, row.id, step, now):
                    return
        raise wrong_code()

    async def prove_recovery(self, account: str, code: str) -> None:
        """Take one of the account's recovery codes, which is gone then; Problem `wrong_code`."""
        kept = RecoveryCode.digest == recovery.stored(code), RecoveryCode.account == account
        async with self._database.write() as session:
            taken = await session.execute(delete(RecoveryCode).where(*kept).returning(RecoveryCode.digest))
            if taken.first() is None:
                raise wrong_code()

    async def draw_recovery_codes(self, account: str) -> list[str]:
        """Fresh recovery codes in place of those that were left; shown once."""
        async with self._database.write() as session:
            return await self._draw_codes(session, account)

    async def passkey_creation(self, session_digest: str, account: Account) -> dict[str, Any]:
        """What a browser needs to make a passkey. Problem `passkeys_unavailable`, `too_many_factors`."""
        self._refuse_elsewhere()
        async with self._database.write() as session:
            await self._refuse_more(session, account.id)
            challenge = await self._challenge(session, session_digest)
            known = [row.credential or "" for row in await self._passkeys(session, account.id)]
        return await asyncio.to_thread(self._site.creation, account.id, account.username, known, challenge)

    async def add_passkey(
        self, session_digest: str, account: Account, credential: dict[str, Any], name: str
    ) -> list[str]:
        """Keep the passkey that a browser made; gives recovery codes with the first. Problem `passkey_refused`."""
        challenge = await self._spend_challenge(session_digest)
        made = await asyncio.to_thread(self._site.created, credential, challenge)
        row = self._row(account.id, PASSKEY, name, credential=made.credential, public_key=made.public_key)
        row.sign_count, row.confirmed_at = made.sign_count, self._clock.now()
        try:
            async with self._database.write() as session:
                await self._refuse_more(session, account.id)
                session.add(row)
                await session.flush()
                return await self._first_codes(session, account.id)
        except IntegrityError:
            raise Problem(409, "passkey_known", "This passkey is set up already; use another.") from None

    async def passkey_request(self, session_digest: str, account: str) -> dict[str, Any]:
        """What a browser needs to show one of the account's passkeys. Problem `passkeys_unavailable`."""
        self._refuse_elsewhere()
        async with self._database.write() as session:
            challenge = await self._challenge(session, session_digest)
            known = [row.credential or "" for row in await self._passkeys(session, account)]
        return await asyncio.to_thread(self._site.request, known, challenge)

    async def prove_passkey(self, session_digest: str, account: str, credential: dict[str, Any]) -> None:
        """Take what one of the account's passkeys signed; Problem `passkey_refused`."""
        challenge = await self._spend_challenge(session_digest)
        async with self._database.read() as session:
            rows = {row.credential: row for row in await self._passkeys(session, account)}
        row = rows.get(str(credential.get("id", "")))
        if row is None:
            raise Problem(422, "passkey_refused", "This passkey is not one of yours; use another.")
        kept = Passkey(row.credential or "", row.public_key or "", row.sign_count)
        signed = await asyncio.to_thread(self._site.sign_count, credential, kept, challenge)
        async with self._database.write() as session:
            used = {"sign_count": signed, "used_at": self._clock.now()}
            await session.execute(update(SecondFactor).where(SecondFactor.id == row.id).values(**used))

    async def remove(self, account: str, factor: str, *, last_too: bool) -> None:
        """Take a factor away, and with the last the recovery codes. Problem `not_found`, `second_factor_required`."""
        async with self._database.write() as session:
            rows = (await session.scalars(_shown(account))).all()
            if factor not in {row.id for row in rows}:
                raise not_found("second factor")
            if len(rows) == 1 and not last_too:
                raise Problem(409, "second_factor_required", "Your role needs one; set up another before.")
            await session.execute(delete(SecondFactor).where(SecondFactor.id == factor))
            if len(rows) == 1:
                await session.execute(delete(RecoveryCode).where(RecoveryCode.account == account))

    def _refuse_elsewhere(self) -> None:
        if not self.passkeys_available:
            raise Problem(409, "passkeys_unavailable", "Passkeys need an address with a name; ask the administrator.")

    async def _refuse_more(self, session: AsyncSession, account: str) -> None:
        if len((await session.scalars(_shown(account))).all()) >= _MOST:
            raise Problem(409, "too_many_factors", f"An account has at most {_MOST} factors; take one away before.")

    async def _passkeys(self, session: AsyncSession, account: str) -> Sequence[SecondFactor]:
        return (await session.scalars(_shown(account).where(SecondFactor.kind == PASSKEY))).all()

    async def _take_step(self, session: AsyncSession, factor: str, step: int, now: int) -> bool:
        """Whether no code of this step or after was taken before; of two at once one is first."""
        taking = update(SecondFactor).where(SecondFactor.id == factor, SecondFactor.last_step < step)
        taken = await session.execute(taking.values(last_step=step, used_at=now).returning(SecondFactor.id))
        return taken.first() is not None

    async def _challenge(self, session: AsyncSession, session_digest: str) -> str:
        challenge = passkeys.draw_challenge()
        kept = {"challenge": challenge, "challenge_at": self._clock.now()}
        await session.execute(update(WebSession).where(WebSession.digest == session_digest).values(**kept))
        return challenge

    async def _spend_challenge(self, session_digest: str) -> str:
        """The session's challenge, which is gone then, whether or not what was signed is right."""
        async with self._database.write() as session:
            row = await session.get(WebSession, session_digest, with_for_update=True)
            challenge, at = (row.challenge, row.challenge_at or 0) if row is not None else (None, 0)
            if row is not None:
                row.challenge = row.challenge_at = None
        if challenge is None or self._clock.now() - at > _CHALLENGE_LIVES:
            raise Problem(422, "passkey_refused", "That took too long; try again.")
        return challenge

    async def _first_codes(self, session: AsyncSession, account: str) -> list[str]:
        # The row itself counts by now: one means that it is the first.
        await session.flush()
        rows = (await session.scalars(_shown(account))).all()
        return await self._draw_codes(session, account) if len(rows) == 1 else []

    async def _draw_codes(self, session: AsyncSession, account: str) -> list[str]:
        codes, now = recovery.draw(), self._clock.now()
        await session.execute(delete(RecoveryCode).where(RecoveryCode.account == account))
        session.add_all(RecoveryCode(digest=recovery.stored(code), account=account, created_at=now) for code in codes)
        return codes

    def _row(self, account: str, kind: str, name: str, **more: str) -> SecondFactor:
        return SecondFactor(id=new_id(), account=account, kind=kind, name=name, created_at=self._clock.now(), **more)


async def reset(session: AsyncSession, account: str) -> int:
    """Take all of an account's factors and recovery codes away; gives how many factors there were."""
    gone = await session.execute(
        delete(SecondFactor).where(SecondFactor.account == account).returning(SecondFactor.confirmed_at)
    )
    await session.execute(delete(RecoveryCode).where(RecoveryCode.account == account))
    return sum(1 for row in gone if row.confirmed_at is not None)


def wrong_code() -> Problem:
    """The answer to a code that is not, or no longer, right."""
    return Problem(401, "wrong_code", "The code is not right, or was used already; take the next one that is shown.")


def _shown(account: str) -> Any:
    confirmed = SecondFactor.account == account, SecondFactor.confirmed_at.is_not(None)
    return select(SecondFactor).where(*confirmed).order_by(SecondFactor.created_at)
