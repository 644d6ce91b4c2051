"""Codes of an authenticator app (RFC 6238): six digits, a new one each 30 s, the one before and after taken too."""

import pyotp

from vouch.clock import SECOND
from vouch.keys import Keys
from vouch.sealing import Box

_ISSUER = "Vouch"
_STEP_S = 30
_DRIFT = 1


def draw() -> str:
    """A fresh secret of 160 bits in base 32."""
    return pyotp.random_base32()


def address(secret: str, username: str) -> str:
    """What an app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=_ISSUER)


def step_of(secret: str, code: str, now: int) -> int | None:
    """The time step whose code this is, at most one away from that of `now`; None: it is wrong."""
    app, present = pyotp.TOTP(secret), now // (_STEP_S * SECOND)
    steps = range(present - _DRIFT, present + _DRIFT + 1)
    # None is left out once another was right: what is compared does not depend on what was typed.
    right = [step for step in steps if pyotp.utils.strings_equal(code, app.generate_otp(step))]
    return right[0] if right else None


class Sealer:
    """Keeps secrets so that the database alone is of no use: encrypted by the installation's own key."""

    def __init__(self, keys: Keys) -> None:
        self._box = Box(keys, "second-factor-secret")

    def seal(self, secret: str, account: str) -> str:
        """A secret as `SecondFactor.secret` keeps it; it opens for this account alone."""
        return self._box.seal(secret, account)

    def unseal(self, sealed: str, account: str) -> str:
        """The secret; Problem `sealed_otherwise` where another installation sealed it, or for another account."""
        return self._box.open(sealed, account)
