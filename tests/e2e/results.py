"""What mSale was told, against what stood on the agent's screen."""

import hashlib
import io
from typing import Any

import aiohttp
import numpy as np
from PIL import Image

from media.synthetic import read_counter
from signaling.demo.msale_results import Result
from tests.e2e.house import House
from tests.e2e.pages import Agent
from vouch.accounts.sessions import CSRF_HEADER

PICTURES = {"id_front", "id_back", "portrait", "snapshot"}


async def decided(house: House, agent: Agent, outcome: str, company: str = "CTKV1") -> Result:
    """The verdict's result: complete, its pictures unaltered, its snapshot the frame that the verdict named."""
    result = await result_of(house, outcome)
    data = result.message.data
    _timestamp, number = await agent.verdict_frame()
    clean = await picture(house, company, data.id, "snapshot", clean=True)
    assert read_counter(np.asarray(Image.open(io.BytesIO(clean)).convert("RGB"))) == number
    stamped = await picture(house, company, data.id, "snapshot")
    told = next(link.sha256 for link in data.pictures if link.kind == "snapshot")
    assert hashlib.sha256(stamped).hexdigest() == told
    assert Image.open(io.BytesIO(stamped)).height > Image.open(io.BytesIO(clean)).height, "no stamp"
    return result


async def result_of(house: House, outcome: str) -> Result:
    """The verdict's result: complete, and its pictures unaltered."""
    result = await house.result()
    assert (result.message.type, result.message.data.outcome) == ("verification.decided", outcome)
    assert {picture.kind for picture in result.pictures} == PICTURES
    assert all(picture.checked for picture in result.pictures)
    return result


async def ended(house: House, outcome: str) -> Result:
    """The result of a call that ended without a verdict."""
    result = await house.result()
    data = result.message.data
    assert (result.message.type, data.outcome, data.pictures) == ("verification.call_ended", outcome, ())
    return result


async def picture(house: House, company: str, verification: str, kind: str, *, clean: bool = False) -> bytes:
    """A picture by the integration API."""
    address = f"{house.origin}/api/v1/verifications/{verification}/pictures/{kind}{'?clean=1' if clean else ''}"
    headers = {"Authorization": f"Bearer {house.seeds.tokens[company]}"}
    async with aiohttp.ClientSession(headers=headers) as http, http.get(address) as answer:
        assert answer.status == 200
        return await answer.read()


async def case(house: House, verification: str) -> dict[str, Any]:
    """A verification as the supervisor's page reads it."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        signing_in = {"username": "admin", "password": house.seeds.passwords["admin"]}
        async with http.post(f"{house.origin}/api/console/session", json=signing_in) as answer:
            cookie = answer.headers["Set-Cookie"].split(";")[0]
            csrf = (await answer.json())["csrf"]
        headers = {"Cookie": cookie, CSRF_HEADER: csrf}
        async with http.get(f"{house.origin}/api/console/verifications/{verification}", headers=headers) as answer:
            assert answer.status == 200
            return dict(await answer.json())
