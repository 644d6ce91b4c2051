"""Every text and number of every message and HTTP body, filled with what is hostile, on both databases: refused, with
nothing broken and nobody else kept waiting."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from signaling.demo.robot_page import RobotPage
from signaling.demo.robots import agent_page, browser
from tests import poison, received
from tests.signaling.conftest import House
from tests.signaling.raw_socket import RawSocket
from tests.vouch.conftest import LogLines, log_lines
from vouch.accounts.sessions import CSRF_HEADER

__all__ = ["log_lines"]

AT_ONCE_S = 2.0
DROPPED = ("lone surrogate", "nested deeply", "thousands of digits", "no number")
"""No JSON of RFC 8259 that can be read: nothing tells which message it was, so it has no answer."""
ENDED = ("1 MB",)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that bear everything: when they end is another test's."""
    for name in ("_STRIKES", "_MESSAGES", "_CHARACTERS"):
        monkeypatch.setattr(f"signaling.transport.link.{name}", 1 << 40)


def nothing_broke(lines: LogLines) -> None:
    """No line of a fault of ours."""
    wrong = [line for line in lines() if line["level"] in {"error", "critical"} or "fault" in line["event"]]
    assert wrong == []


async def others_go_on(page: RobotPage) -> None:
    """Somebody else's press on the same floor is answered at once."""
    async with asyncio.timeout(AT_ONCE_S):
        assert (await page.press("agent.ready"))["code"] == "ok"


async def signed_in(house: House, username: str) -> RobotPage:
    http = await house.stack.enter_async_context(browser(house.origin))
    page = await agent_page(house.origin, http, username, house.seeds.passwords[username])
    house.jars[page] = http
    return page


@pytest.mark.parametrize("namespace", received.SOCKETS)
async def test_no_field_of_a_message_breaks_anything(house: House, log_lines: LogLines, namespace: str) -> None:
    other = await house.agent("agent2")
    page = await house.caller() if namespace == "/caller" else None
    page = page or await signed_in(house, "agent1" if namespace == "/console" else "supervisor1")
    raw = await RawSocket.join(house, page, namespace)
    for event, kind in received.SOCKETS[namespace].items():
        good = await raw.call(namespace, event, poison.sample(kind))
        assert good is None or good["code"] not in {"invalid_message", "unknown_message"}, (event, good)
        for where, body in poison.poisoned(kind):
            answer = await raw.answered_at_once(namespace, event, body)
            if where.endswith(ENDED):
                assert answer is None, (event, where)
                raw = await again(house, page, namespace, raw)
            elif where.endswith(DROPPED):
                assert answer is None, (event, where)
            else:
                assert answer is not None, (event, where)
                assert answer["code"] == "invalid_message", (event, where)
        await others_go_on(other)
    await raw.close()
    nothing_broke(log_lines)


async def again(house: House, page: RobotPage, namespace: str, raw: RawSocket) -> RawSocket:
    """A new connection in place of one that was ended."""
    assert await raw.ended()
    await raw.close()
    return await RawSocket.join(house, page, namespace)


Send = Callable[[str], Awaitable[aiohttp.ClientResponse]]


async def senders(house: House) -> dict[str, Send]:
    """By the model's name: how its body reaches the handler that reads it."""
    http = await house.stack.enter_async_context(browser(house.origin))
    supervisor = await signed_in(house, "supervisor1")
    opened = await house.verification()
    who = {"username": "dealer1", "password": house.seeds.passwords["dealer1"]}
    async with http.post(f"{house.origin}/api/ekyc/dealer", json=who) as answer:
        dealer = (await answer.json())["csrf"]
    async with http.post(f"{house.origin}/api/ekyc/drafts", headers={CSRF_HEADER: dealer}) as answer:
        draft = (await answer.json())["draft"]

    def posts(jar: aiohttp.ClientSession, path: str, csrf: str = "") -> Send:
        headers = {"Content-Type": "application/json", CSRF_HEADER: csrf}
        return lambda body: jar.post(house.origin + path, data=body.encode(), headers=headers)

    def own(path: str) -> Send:
        return posts(house.jars[supervisor], f"/api/account/staff{path}", supervisor.told["csrf"])

    def opens(body: str) -> Any:
        form = aiohttp.FormData()
        form.add_field("data", body, content_type="application/json")
        headers = {"Authorization": f"Bearer {house.seeds.tokens['CTKV1']}", "Idempotency-Key": "12345678"}
        return http.post(f"{house.origin}/api/v1/verifications", data=form, headers=headers)

    review = f"/api/console/verifications/{opened['id']}/review"
    return {
        "JoinForm": posts(http, "/api/call/session"),
        "SignIn": posts(http, "/api/console/session"),
        "SignInForm": posts(http, "/api/ekyc/dealer"),
        "CheckForm": posts(http, f"/api/ekyc/drafts/{draft}/check", dealer),
        "DealerForm": posts(http, f"/api/ekyc/drafts/{draft}/call", dealer),
        "PasswordChange": own("/password"),
        "Proof": own("/app"),
        "AppCode": own("/app/code"),
        "NewPasskey": own("/passkey/credential"),
        "SecondStep": own("/second-step"),
        "ReviewForm": posts(house.jars[supervisor], review, supervisor.told["csrf"]),
        "NewVerification": opens,
    }


ANSWERS_OF_OTHERS = {"_Answer"}
"""Read from mSale Core, whom we ask."""
KNOWN: dict[str, dict[str, Any]] = {
    "NewVerification": {"language": "vi"},
    # One of three.
    "SecondStep": {"code": None, "recovery_code": None},
}


async def test_no_field_of_a_body_breaks_anything(house: House, log_lines: LogLines) -> None:
    other, send = await house.agent("agent2"), await senders(house)
    models = {name.rpartition(".")[2]: model for name, model in received.http_models().items()}
    assert models.keys() - ANSWERS_OF_OTHERS == send.keys(), "each model that a handler reads has its route here"
    for name, reach in send.items():
        for where, body in poison.poisoned(models[name], **KNOWN.get(name, {})):
            async with reach(body) as answer:  # type: ignore[attr-defined]
                assert 400 <= answer.status < 500, (name, where, answer.status)
                told = await answer.read()
            assert len(told) < 8_192, (name, where)
            problem = json.loads(told)
            assert answer.status == 413 or problem["code"] == "invalid_body", (name, where, problem)
        await others_go_on(other)
    nothing_broke(log_lines)
