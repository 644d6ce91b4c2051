"""Keys: one secret per installation, and from it one key per purpose (HKDF, RFC 5869), so none serves two ends."""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from itsdangerous import BadData, URLSafeSerializer

from vouch.blobs import sync_folder
from vouch.clock import SECOND, Clock, SystemClock

_FILE = "secret.key"
_BYTES = 32


class Keys:
    """Derives keys by purpose; nodes that share a database must share the secret's file."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def load(cls, data_dir: Path) -> "Keys":
        """Read the installation's secret, or draw it on the first start (file mode 0600).

        Processes that start at once get the same secret; ValueError where the file is broken.
        """
        path = data_dir / _FILE
        if not path.exists():
            data_dir.mkdir(parents=True, exist_ok=True)
            _draw(path)
        try:
            secret = bytes.fromhex(path.read_text().strip())
        except ValueError:
            secret = b""
        if len(secret) != _BYTES:
            raise ValueError(f"{path} does not hold {_BYTES * 2} hexadecimal digits; put it back from a backup.")
        return cls(secret)

    @staticmethod
    def exists(data_dir: Path) -> bool:
        """Whether the installation's secret lies here."""
        return (data_dir / _FILE).exists()

    def derive(self, purpose: str) -> bytes:
        """The 32-byte key for `purpose`; the same every time."""
        return HKDF(SHA256(), _BYTES, salt=None, info=purpose.encode()).derive(self._secret)

    def signer(self, purpose: str, clock: Clock | None = None) -> "Signer":
        """What makes and checks short-lived tokens of one purpose; `clock` tells their age, else this machine."""
        serializer = URLSafeSerializer(
            self.derive(purpose), salt=purpose, signer_kwargs={"digest_method": hashlib.sha256}
        )
        return Signer(serializer, clock or SystemClock())


class Signer:
    """Tokens that carry their own payload; a token of another purpose never passes."""

    def __init__(self, serializer: URLSafeSerializer, clock: Clock) -> None:
        self._serializer = serializer
        self._clock = clock

    def sign(self, payload: dict[str, str]) -> str:
        """A token that carries `payload`, readable by whoever holds it."""
        return str(self._serializer.dumps([self._clock.now(), payload]))

    def read(self, token: str, max_age_s: int) -> dict[str, str] | None:
        """The payload of a token that we made at most `max_age_s` ago, or None.

        One that seems to come from the future was made by a node whose clock is ahead of ours, and is good.
        """
        try:
            made_at, payload = self._serializer.loads(token)
        except (BadData, UnicodeEncodeError):
            return None
        return dict(payload) if self._clock.now() - made_at <= max_age_s * SECOND else None


def _draw(path: Path) -> None:
    # Written whole under another name and then linked: whoever sees the file sees all of it, and the first link wins.
    descriptor, part = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(part)
    except FileExistsError:
        pass
    finally:
        Path(part).unlink()
    sync_folder(path.parent)
