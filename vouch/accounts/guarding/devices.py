"""The browsers that an account knows: a random cookie for each browser, remembered once somebody has signed in there.

It opens nothing. It says that guesses from this browser are counted apart from strangers', so that strangers cannot
shut it out; who steals it has as many guesses as a stranger, and no more.
"""

from aiohttp import web
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from vouch.accounts.models import KnownDevice
from vouch.clock import DAY
from vouch.statements import put

COOKIE = "__Host-vouch-device"
LIFETIME_S = 180 * 86_400
_MOST_OF_ACCOUNT = 20
_SHORTEST, _LONGEST = 32, 64


def cookie_of(request: web.Request) -> str:
    """The browser's cookie; empty: it has none that we set."""
    value = request.cookies.get(COOKIE, "")
    return value if _SHORTEST <= len(value) <= _LONGEST else ""


async def known(session: AsyncSession, account: str, device: str | None) -> str | None:
    """`device`, if somebody has signed in to the account there."""
    if device is None:
        return None
    found = select(KnownDevice.device).where(KnownDevice.account == account, KnownDevice.device == device)
    return (await session.execute(found)).scalar_one_or_none()


async def remember(session: AsyncSession, account: str, device: str, now: int) -> None:
    """Somebody has signed in there; of more than twenty the account forgets those that were seen longest ago."""
    row = {"device": device, "account": account, "seen_at": now}
    await put(session, KnownDevice, [row], ("device", "account"), ("seen_at",))
    of_account = KnownDevice.account == account
    newest = select(KnownDevice.seen_at).where(of_account).order_by(KnownDevice.seen_at.desc())
    last = (await session.execute(newest.offset(_MOST_OF_ACCOUNT).limit(1))).scalar_one_or_none()
    if last is not None:
        await session.execute(delete(KnownDevice).where(of_account, KnownDevice.seen_at <= last))


async def forget_others(session: AsyncSession, account: str, device: str | None) -> None:
    """Have the account know `device` alone."""
    others = delete(KnownDevice).where(KnownDevice.account == account)
    await session.execute(others if device is None else others.where(KnownDevice.device != device))


async def sweep(session: AsyncSession, now: int) -> None:
    """Forget the browsers on which nobody signed in for half a year."""
    await session.execute(delete(KnownDevice).where(KnownDevice.seen_at <= now - 180 * DAY))
