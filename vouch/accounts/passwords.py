"""Passwords: argon2id (RFC 9106), always in a thread; one hash costs about 50 ms and 64 MiB."""

import asyncio
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from vouch.accounts.guarding import strength
from vouch.accounts.guarding.strength import SHORTEST

__all__ = ["SHORTEST", "check_strength", "draw", "hash_password", "matches"]

_hasher = PasswordHasher()
# Threads of their own: a flood of sign-ins may neither fill the memory nor hold up evidence on its way to the disk.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")
# Checked when the account does not exist, so that a wrong name takes as long as a wrong password.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$AivhwAVyY8qrOXQN9ajgxw$CXTF11QUKpxFOc9dlUuPxc+ATehxnTz/gYQPLzOV7hQ"


async def hash_password(password: str) -> str:
    """The stored form of a password."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, _bytes(password))


async def matches(password: str, stored: str | None) -> bool:
    """Whether `password` is the one that `stored` was made of; None stands for an account that does not exist."""
    try:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            _threads, _hasher.verify, _NOBODY if stored is None else stored, _bytes(password)
        )
    except (VerificationError, InvalidHashError):
        return False
    return found and stored is not None


async def check_strength(password: str, *about: str | None) -> None:
    """`strength.check` of the password as it is stored, beside the loop; `about` is what is known of its owner."""
    composed = unicodedata.normalize("NFC", password)
    await asyncio.get_running_loop().run_in_executor(_threads, strength.check, composed, *about)


def _bytes(password: str) -> bytes:
    # RFC 8265, 4.2.2: NFC, because keyboards differ in how they write the letters of Vietnamese.
    return unicodedata.normalize("NFC", password).encode(errors="surrogatepass")


def draw() -> str:
    """A password for an account that a command makes: 79 bits in groups that can be typed."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))
