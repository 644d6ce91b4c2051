"""What the account's routes take and answer."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from vouch.accounts.models import Pending


class SignIn(BaseModel):
    """What somebody types."""

    username: str = Field(max_length=200)
    password: str = Field(max_length=1_000)


class PasswordChange(BaseModel):
    """The password that somebody has, and the one that they choose."""

    current: str = Field(max_length=1_000)
    new: str = Field(max_length=1_000)


class Proof(BaseModel):
    """The password once more, for what a stranger at an open page must not do; not asked for in a first set-up."""

    password: str = Field("", max_length=1_000)


class AppCode(BaseModel):
    """The first code of an authenticator app, and what its owner calls it."""

    code: str = Field(max_length=20)
    name: str = Field(min_length=1, max_length=60)


class SignedWith(BaseModel):
    """A PublicKeyCredential as `toJSON()` writes it (WebAuthn level 3, 5.1); what we do not need is left out."""

    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(max_length=2_000)
    raw_id: str = Field(alias="rawId", max_length=2_000)
    type: Literal["public-key"]
    response: dict[str, Any]

    def plain(self) -> dict[str, Any]:
        """As the package reads it."""
        texts = {name: value for name, value in self.response.items() if isinstance(value, str)}
        return {"id": self.id, "rawId": self.raw_id, "type": self.type, "response": texts}


class NewPasskey(BaseModel):
    """A passkey that the browser made."""

    name: str = Field(min_length=1, max_length=60)
    credential: SignedWith


class SecondStep(BaseModel):
    """One of three."""

    code: str | None = Field(None, max_length=20)
    recovery_code: str | None = Field(None, max_length=60)
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
