"""Passkeys (WebAuthn level 3) as a second factor, for the installation's own address alone.

A page of another site gets no signature that is good here: the browser puts the site's name into what is signed.
The package is imported when the first passkey comes, because that takes a node's start a third of a second; what
needs it is to be called beside the loop.
"""

import base64
import ipaddress
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from vouch.problems import Problem

_NAME = "Vouch"
_BITS = 32


@dataclass(frozen=True, slots=True)
class Passkey:
    """What is kept of one."""

    credential: str
    public_key: str
    sign_count: int


class RelyingParty:
    """This installation as browsers name it, by its public address."""

    def __init__(self, url: str) -> None:
        self._origin = url
        self._id = urlsplit(url).hostname or ""

    @property
    def available(self) -> bool:
        """Whether browsers make passkeys for the address: for a name, not for a bare IP address."""
        try:
            ipaddress.ip_address(self._id)
        except ValueError:
            return bool(self._id)
        return False

    def creation(self, account: str, username: str, known: Sequence[str], challenge: str) -> dict[str, Any]:
        """What `navigator.credentials.create` is asked; `known` are the account's passkeys, which are not made anew."""
        import webauthn  # noqa: PLC0415 - see above
        from webauthn.helpers import structs  # noqa: PLC0415

        options = webauthn.generate_registration_options(
            rp_id=self._id,
            rp_name=_NAME,
            user_id=account.encode(),
            user_name=username,
            challenge=_bytes(challenge),
            exclude_credentials=_described(known),
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.DISCOURAGED,
                user_verification=structs.UserVerificationRequirement.PREFERRED,
            ),
        )
        return dict(json.loads(webauthn.options_to_json(options)))

    def created(self, credential: dict[str, Any], challenge: str) -> Passkey:
        """The passkey that a browser made; Problem `passkey_refused` where it is not what was asked for."""
        import webauthn  # noqa: PLC0415

        try:
            made = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=_bytes(challenge),
                expected_rp_id=self._id,
                expected_origin=self._origin,
            )
        except Exception as error:  # the package and its parsers raise dozens of kinds at what a stranger may send
            raise _refused() from error
        key = _text(made.credential_public_key)
        return Passkey(_text(made.credential_id), key, made.sign_count)

    def request(self, known: Sequence[str], challenge: str) -> dict[str, Any]:
        """What `navigator.credentials.get` is asked, for one of the passkeys `known`."""
        import webauthn  # noqa: PLC0415

        options = webauthn.generate_authentication_options(
            rp_id=self._id, challenge=_bytes(challenge), allow_credentials=_described(known)
        )
        return dict(json.loads(webauthn.options_to_json(options)))

    def sign_count(self, credential: dict[str, Any], passkey: Passkey, challenge: str) -> int:
        """How often the passkey has signed by now, if it signed the challenge; Problem `passkey_refused` else."""
        import webauthn  # noqa: PLC0415

        try:
            shown = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=_bytes(challenge),
                expected_rp_id=self._id,
                expected_origin=self._origin,
                credential_public_key=_bytes(passkey.public_key),
                credential_current_sign_count=passkey.sign_count,
            )
        except Exception as error:  # as above
            raise _refused() from error
        return shown.new_sign_count


def draw_challenge() -> str:
    """256 random bits, base64url."""
    return _text(secrets.token_bytes(_BITS))


def _described(credentials: Sequence[str]) -> list[Any]:
    from webauthn.helpers import structs  # noqa: PLC0415

    return [structs.PublicKeyCredentialDescriptor(id=_bytes(each)) for each in credentials]


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _refused() -> Problem:
    return Problem(422, "passkey_refused", "The passkey was not taken; try again, or use another factor.")
