"""What is refused after the first password, and what let somebody in, is in the audit log."""

from sqlalchemy import select

from tests.agent_console.desk import PASSWORD, Office
from tests.agent_console.test_account_api import ELSEWHERE, NEW, Browser, outcome
from tests.agent_console.test_factors_api import code, set_up, step
from vouch.audit import AuditEntry

_REFUSED = "staff:session:refused"


async def everything(desk: Office) -> list[AuditEntry]:
    async with desk.database.read() as session:
        return list((await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all())


async def with_the_password_alone(desk: Office) -> Browser:
    """Somebody elsewhere who knows the password of an account that has a second factor."""
    browser = Browser(desk)
    await browser.sign_in()
    await set_up(desk, browser)
    stranger = Browser(desk, address=ELSEWHERE)
    await stranger.sign_in()
    return stranger


async def test_wrong_codes_are_counted_with_where_they_came_from(desk: Office) -> None:
    stranger = await with_the_password_alone(desk)
    assert await step(stranger, code="000000") == "wrong_code"
    assert await step(stranger, recovery_code="0000-" * 5 + "0000") == "wrong_code"
    (line,) = [line for line in await everything(desk) if line.tag == _REFUSED]
    assert (line.company, line.details["network"], line.details["count"]) == ("CTKV1", ELSEWHERE, 1)


async def test_a_passkey_that_is_none_is_a_refusal_too(desk: Office) -> None:
    again = await with_the_password_alone(desk)
    forged = {
        "id": "AAAA",
        "rawId": "AAAA",
        "type": "public-key",
        "response": {"clientDataJSON": "AAAA", "authenticatorData": "AAAA", "signature": "AAAA"},
    }
    assert await outcome(await again.ask("POST", "second-step", {"passkey": forged})) == "passkey_refused"
    assert [line.details["network"] for line in await everything(desk) if line.tag == _REFUSED] == [ELSEWHERE]


async def test_wrong_passwords_in_an_open_session_are_counted_too(desk: Office) -> None:
    for path, form in (
        ("password", {"current": "wrong-horse-battery", "new": NEW}),
        ("app", {"password": "wrong-horse-battery"}),
    ):
        browser = Browser(desk, address=f"192.0.2.{len(path)}")
        await browser.sign_in()
        assert await outcome(await browser.ask("POST", path, form)) == "wrong_password"
    assert [line.details["network"] for line in await everything(desk) if line.tag == _REFUSED] == [
        "192.0.2.8",
        "192.0.2.3",
    ]


async def test_what_let_somebody_in_is_told(desk: Office) -> None:
    browser = Browser(desk)
    await browser.sign_in("agent1", PASSWORD)
    secret, codes = await set_up(desk, browser)
    for form in ({"code": code(desk, secret)}, {"recovery_code": codes[0]}):
        again = Browser(desk)
        await again.sign_in()
        assert await step(again, **form) == "in"
    assert [line.details["by"] for line in await everything(desk) if line.tag == "staff:session:opened"] == [
        "password",
        "code",
        "recovery_code",
    ]
