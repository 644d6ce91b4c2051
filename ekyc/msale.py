"""Where our own eKYC screen gets a dealer's company token: from mSale Core, asked by the server, never by the browser.

The wire: POST {msale_url}/tokens with `Authorization: Bearer {msale_secret}` and the JSON body
{"dealer": username, "shop_code": code or null, "company": code}; answered with {"token": company token}.
"""

from typing import Annotated, Protocol

import aiohttp
from pydantic import BaseModel, Field, ValidationError

from vouch.fields import Token
from vouch.logs import logger
from vouch.problems import Problem
from vouch.settings import Settings

log = logger(__name__)
_TIME_OUT_S = 5.0
_LONGEST_ANSWER = 64 << 10


class CompanyTokens(Protocol):
    """Gives the company token under which a dealer's verification is opened."""

    async def token(self, dealer: str, shop_code: str | None, company: str) -> str:
        """The secret of the token; Problem `msale_unreachable`."""
        ...


class _Answer(BaseModel):
    token: Annotated[Token, Field(min_length=1)]


class MsaleCore:
    """mSale Core over HTTP; a connection per question, for a dealer asks once a call."""

    def __init__(self, url: str, secret: str, time_out_s: float = _TIME_OUT_S) -> None:
        """`time_out_s`: for the whole exchange; a dealer and his customer wait for it."""
        self._time_out = aiohttp.ClientTimeout(total=time_out_s)
        self._url = url.rstrip("/") + "/tokens"
        self._headers = {"Authorization": f"Bearer {secret}"}

    async def token(self, dealer: str, shop_code: str | None, company: str) -> str:
        question = {"dealer": dealer, "shop_code": shop_code, "company": company}
        try:
            async with (
                aiohttp.ClientSession(timeout=self._time_out, headers=self._headers) as session,
                session.post(self._url, json=question, allow_redirects=False) as response,
            ):
                status, body = response.status, await _short(response)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("mSale Core was not reached", error=type(error).__name__)
            raise _unreachable() from None
        return _token(status, body)


class NoMsale:
    """Stands in where no mSale Core is configured: our own screen then opens no verifications."""

    def __init__(self) -> None:
        log.warning("no mSale Core is configured: the dealer's screen cannot call")

    async def token(self, dealer: str, shop_code: str | None, company: str) -> str:
        raise _unreachable()


def company_tokens(settings: Settings) -> CompanyTokens:
    """The adapter that the settings ask for."""
    return MsaleCore(settings.msale_url, settings.msale_secret) if settings.msale_url else NoMsale()


async def _short(response: aiohttp.ClientResponse) -> bytes:
    """An answer's body, as far as a token could reach; what is longer is none."""
    body = b""
    while len(body) <= _LONGEST_ANSWER and (chunk := await response.content.read(_LONGEST_ANSWER)):
        body += chunk
    return body if len(body) <= _LONGEST_ANSWER else b""


def _token(status: int, body: bytes) -> str:
    try:
        if status == 200:
            return _Answer.model_validate_json(body).token
    except ValidationError:
        pass
    log.warning("mSale Core gave no token", status=status)
    raise _unreachable()


def _unreachable() -> Problem:
    return Problem(503, "msale_unreachable", "mSale does not answer; try again in a moment.")
