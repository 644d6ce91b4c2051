"""Identifiers: UUID version 7 (RFC 9562, 5.7), so that rows sort by the time they were made, and secrets."""

import hashlib
import secrets

import uuid_utils

# Crockford's base 32: no I, L, O or U, so a number can be read aloud over a call.
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> str:
    """A fresh identifier of 32 lower-case hexadecimal digits."""
    return uuid_utils.uuid7().hex


def new_secret() -> str:
    """A fresh secret of 256 bits in URL-safe characters."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored in place of a secret of at least 112 random bits: its SHA-256 as hexadecimal digits.

    Only for random secrets; passwords that people choose go through `accounts.passwords`.
    """
    # Headers come with surrogates in place of bytes that are not UTF-8; such a secret is wrong, but no error of ours.
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def call_number(call: str) -> str:
    """The number that people read: eight characters of a call's id, four and four; for display, not for look-up."""
    value = int.from_bytes(hashlib.sha256(call.encode()).digest()[:5])
    characters = "".join(_CROCKFORD[(value >> shift) & 31] for shift in range(35, -1, -5))
    return f"{characters[:4]}-{characters[4:]}"
