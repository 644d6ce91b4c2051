"""The installation's secret in a backup: sealed by a passphrase, never in clear beside the data that it opens.

scrypt (RFC 7914) makes the key, AES-256-GCM seals; the file says with which costs, so that they can rise. Without the
passphrase nothing of the secret can be had from a backup: who keeps it in a second place keeps it there.
"""

import base64
import json
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from vouch.keys import Keys
from vouch.problems import Problem

SEALED = "secret.key.sealed"
SHORTEST = 16
"""Characters of a passphrase: whoever holds a copy may guess for years, at half a second a guess and core."""
_COST = {"n": 1 << 17, "r": 8, "p": 1}
"""128 MiB and some 0.4 s."""
_MOST_MEMORY = 1 << 30


def seal_key(data_dir: Path, directory: Path, passphrase: str) -> Path:
    """Write the installation's secret to `directory`, sealed; Problem `passphrase_short`. Blocks for half a second."""
    if len(passphrase) < SHORTEST:
        raise Problem(422, "passphrase_short", f"Choose a passphrase of at least {SHORTEST} characters.")
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    plain = (data_dir / "secret.key").read_bytes()
    sealed = AESGCM(_derived(passphrase, salt, **_COST)).encrypt(nonce, plain, SEALED.encode())
    parts = {"salt": salt, "nonce": nonce, "sealed": sealed}
    told = {"kdf": "scrypt", **_COST, **{name: base64.b64encode(part).decode() for name, part in parts.items()}}
    target = directory / SEALED
    _write(target, json.dumps(told).encode())
    return target


def restore_key(sealed: Path, data_dir: Path, passphrase: str) -> None:
    """Put the secret of a backup back; Problem `not_sealed`, `wrong_passphrase` or `key_exists`.

    A data directory that has another secret keeps it: what was written with that would be lost.
    """
    plain = _opened(sealed, passphrase)
    target = data_dir / "secret.key"
    if target.exists() and target.read_bytes() != plain:
        raise Problem(409, "key_exists", f"{target} holds another secret; restore into an empty data directory.")
    data_dir.mkdir(parents=True, exist_ok=True)
    _write(target, plain)
    Keys.load(data_dir)


def _opened(sealed: Path, passphrase: str) -> bytes:
    try:
        told = json.loads(sealed.read_bytes())
        salt, nonce, data = (base64.b64decode(told[name]) for name in ("salt", "nonce", "sealed"))
        cost = {name: int(told[name]) for name in _COST}
        if 128 * cost["n"] * cost["r"] > _MOST_MEMORY:
            raise ValueError
        cipher = AESGCM(_derived(passphrase, salt, **cost))
    except (ValueError, KeyError, TypeError):
        raise Problem(422, "not_sealed", f"{sealed} is no {SEALED} of a backup.") from None
    try:
        return cipher.decrypt(nonce, data, SEALED.encode())
    except InvalidTag:
        raise Problem(403, "wrong_passphrase", "The passphrase is not the one that sealed this key.") from None


def _derived(passphrase: str, salt: bytes, *, n: int, r: int, p: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase.encode())


def _write(path: Path, data: bytes) -> None:
    part = path.with_suffix(path.suffix + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
