"""What the account's routes take and answer."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from vouch.accounts.models import Pending
from vouch.fields import CHARACTERS, PRINTABLE, Line, Password

TypedCode = Annotated[str, StringConstraints(max_length=20, pattern=r"^[ -~]*$")]
TypedRecoveryCode = Annotated[str, StringConstraints(max_length=60, pattern=r"^[ -~]*$")]
FactorName = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=PRINTABLE), CHARACTERS]
Base64 = Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[0-9A-Za-z_=-]*$")]


class SignIn(BaseModel):
    """What somebody types."""

    username: Line
    password: Password


class PasswordChange(BaseModel):
    """The password that somebody has, and the one that they choose."""

    current: Password
    new: Password


class Proof(BaseModel):
    """The password once more, for what a stranger at an open page must not do; not asked for in a first set-up."""

    password: Password = ""


class AppCode(BaseModel):
    """The first code of an authenticator app, and what its owner calls it."""

    code: TypedCode
    name: FactorName


class SignedResponse(BaseModel):
    """What the browser's authenticator made or signed; all of it base64url."""

    clientDataJSON: Base64  # noqa: N815 - WebAuthn's own names
    attestationObject: Base64 | None = None  # noqa: N815
    authenticatorData: Base64 | None = None  # noqa: N815
    signature: Base64 | None = None
    userHandle: Base64 | None = None  # noqa: N815


class SignedWith(BaseModel):
    """A PublicKeyCredential as `toJSON()` writes it (WebAuthn level 3, 5.1); what we do not need is left out."""

    model_config = ConfigDict(populate_by_name=True)

    id: Base64
    raw_id: Base64 = Field(alias="rawId")
    type: Literal["public-key"]
    response: SignedResponse

    def plain(self) -> dict[str, Any]:
        """As the package reads it."""
        texts = self.response.model_dump(exclude_none=True)
        return {"id": self.id, "rawId": self.raw_id, "type": self.type, "response": texts}


class NewPasskey(BaseModel):
    """A passkey that the browser made."""

    name: FactorName
    credential: SignedWith


class SecondStep(BaseModel):
    """One of three."""

    code: TypedCode | None = None
    recovery_code: TypedRecoveryCode | None = None
    passkey: SignedWith | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.code, self.recovery_code, self.passkey)) != 1:
            raise ValueError("send `code`, `recovery_code` or `passkey`")
        return self


class Me(BaseModel):
    """Who is signed in, and what the page needs to act for them."""

    id: str
    username: str
    full_name: str
    role: str
    company: str | None
    csrf: str
    pending: Pending | None
    """What is to be done before anything else is opened."""


class Factor(BaseModel):
    """One second factor."""

    id: str
    kind: str
    name: str
    created_at: int
    used_at: int | None


class Own(Me):
    """An account as its owner sees it."""

    factors: list[Factor]
    recovery_codes: int
    """How many are left."""
    second_factor_required: bool
    """The role must have one."""
    passkeys_available: bool
    """This address can have passkeys."""


class Enrolled(BaseModel):
    """A factor was set up."""

    account: Own
    recovery_codes: list[str]
    """With the first factor: shown once."""


class RecoveryCodes(BaseModel):
    """Fresh ones, shown once."""

    recovery_codes: list[str]


class AppSecret(BaseModel):
    """What an authenticator app needs."""

    secret: str
    address: str
    """`otpauth://`"""
    picture: str
    """Of the address as a QR code: an SVG as `data:` address."""


class Seen(BaseModel):
    """One session."""

    id: str
    this: bool
    kind: str
    browser: str | None
    network: str | None
    created_at: int
    seen_at: int
    expires_at: int


class SeenList(BaseModel):
    """All that live, the newest first."""

    sessions: list[Seen]
