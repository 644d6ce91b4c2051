"""How many wrong passwords and codes are taken.

Strangers are counted by name and network, by network in all, and, much higher and slower, by name over all networks.
A browser that the account knows is counted by itself alone (OWASP, "device cookies"): whatever strangers do, nobody is
shut out of an account on a browser of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from vouch.accounts.models import SignInFailure
from vouch.clock import DAY, MINUTE, SECOND
from vouch.ids import new_id
from vouch.problems import Problem

_WINDOW = 15 * MINUTE
_MOST_ROWS = 100_000
"""As many as are kept whoever sends them; a queue of hashes gives them no faster than some tens a second."""


class Purpose(StrEnum):
    """What is guessed."""

    PASSWORD = "password"  # noqa: S105 - a name, not a secret
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many failures are taken."""

    device: int
    """Of one name on one known browser, in 15 minutes."""
    name_and_network: int
    """Of one name from one network, in 15 minutes."""
    network: int
    """From one network, in 15 minutes."""
    name: int
    """Of one name from all networks, in a day."""


BOUNDS = {
    Purpose.PASSWORD: Bounds(device=10, name_and_network=10, network=50, name=100),
    # Three codes of a million are right at any time: a day of guessing finds one once in 11,000 days.
    Purpose.CODE: Bounds(device=5, name_and_network=5, network=50, name=30),
}


@dataclass(frozen=True, slots=True)
class Guess:
    """Who tries what."""

    purpose: Purpose
    name: str
    network: str
    device: str | None
    """A browser that the account knows."""


async def begin(session: AsyncSession, guess: Guess, now: int) -> str:
    """Count a guess as a failure before it is tried; gives its id, for `succeed`.

    Guesses sent all at once must not pass the count together. Problem `too_many_attempts`, which is not counted.
    """
    for most, window, condition in _counts(guess):
        wait = await _wait(session, most, window, condition, guess.purpose, now)
        if wait:
            raise Problem(
                429,
                "too_many_attempts",
                "Too many wrong tries from here; wait and try again, or sign in where you have signed in before.",
                retry_after_s=-(-wait // SECOND),
            )
    row = SignInFailure(
        id=new_id(), purpose=guess.purpose, name=guess.name, network=guess.network, device=guess.device, at=now
    )
    session.add(row)
    return row.id


async def succeed(session: AsyncSession, attempt: str) -> None:
    """It was right after all."""
    await session.execute(delete(SignInFailure).where(SignInFailure.id == attempt))


async def sweep(session: AsyncSession, now: int) -> None:
    """Forget what counts no longer, and the oldest of too many."""
    await session.execute(delete(SignInFailure).where(SignInFailure.at <= now - DAY))
    newest = select(SignInFailure.at).order_by(SignInFailure.at.desc()).offset(_MOST_ROWS).limit(1)
    last = (await session.execute(newest)).scalar_one_or_none()
    if last is not None:
        await session.execute(delete(SignInFailure).where(SignInFailure.at <= last))


def _counts(guess: Guess) -> Sequence[tuple[int, int, ColumnElement[bool]]]:
    """What is counted: the most that is taken, the time in which, and of what."""
    bounds, row = BOUNDS[guess.purpose], SignInFailure
    if guess.device is not None:
        return [(bounds.device, _WINDOW, (row.name == guess.name) & (row.device == guess.device))]
    strangers = row.device.is_(None)
    name, network = row.name == guess.name, row.network == guess.network
    return [
        (bounds.name_and_network, _WINDOW, name & network & strangers),
        (bounds.network, _WINDOW, network & strangers),
        (bounds.name, DAY, name & strangers),
    ]


async def _wait(
    session: AsyncSession, most: int, window: int, condition: ColumnElement[bool], purpose: Purpose, now: int
) -> int:
    """For how long no more is taken, microseconds."""
    counted = select(SignInFailure.at).where(condition, SignInFailure.purpose == purpose)
    counted = counted.where(SignInFailure.at > now - window)
    nth = counted.order_by(SignInFailure.at.desc()).offset(most - 1).limit(1)
    at = (await session.execute(nth)).scalar_one_or_none()
    return 0 if at is None else at + window - now
