"""Sealing what stands in rows and whoever reads the database, or a copy of it, must not know: AES-256-GCM (NIST SP
800-38D) by a key of its own purpose.

The key follows from `secret.key`, which never lies in the database. A sealed text says so by its beginning, so that
what was written before anything was sealed stays readable.
"""

import base64
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vouch.keys import Keys
from vouch.problems import Problem

_MARK = "sealed:"
_NONCE = 12


class Box:
    """Seals and opens texts of one purpose."""

    def __init__(self, keys: Keys, purpose: str) -> None:
        self._cipher = AESGCM(keys.derive(purpose))

    def seal(self, text: str, about: str) -> str:
        """`text` sealed; it opens only as what it is `about`, so that no row can be put in another's place."""
        nonce = secrets.token_bytes(_NONCE)
        return _MARK + base64.b64encode(nonce + self._cipher.encrypt(nonce, text.encode(), about.encode())).decode()

    def open(self, text: str, about: str) -> str:
        """What was sealed; Problem `sealed_otherwise` where another key, or about something else."""
        data = base64.b64decode(text.removeprefix(_MARK))
        try:
            return self._cipher.decrypt(data[:_NONCE], data[_NONCE:], about.encode()).decode()
        except InvalidTag:
            advice = "This was sealed by another secret.key, or was changed; work with the key of this database."
            raise Problem(500, "sealed_otherwise", advice) from None


def is_sealed(text: str) -> bool:
    """Whether `seal` wrote it."""
    return text.startswith(_MARK)
