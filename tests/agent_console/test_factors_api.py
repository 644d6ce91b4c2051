"""Second factors: set up, shown at each sign-in, taken away; a role that must have one."""

import pyotp
import pytest
from sqlalchemy import select

from tests.agent_console.desk import PASSWORD, Office
from tests.agent_console.test_account_api import ELSEWHERE, Browser, outcome, tags
from vouch.accounts.factors.totp import Sealer
from vouch.accounts.models import RecoveryCode, Role, SecondFactor
from vouch.clock import MINUTE, SECOND
from vouch.keys import Keys
from vouch.problems import Problem


@pytest.fixture
def browser(desk: Office) -> Browser:
    return Browser(desk)


def code(desk: Office, secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(desk.clock.now() // SECOND + 30 * steps)


async def set_up(desk: Office, browser: Browser, password: str = PASSWORD) -> tuple[str, list[str]]:
    """An authenticator app; gives its secret and the recovery codes."""
    begun = await (await browser.ask("POST", "app", {"password": password})).json()
    form = {"code": code(desk, begun["secret"]), "name": "Phone"}
    made = await (await browser.ask("POST", "app/code", form)).json()
    desk.clock.advance(30 * SECOND)
    return begun["secret"], made["recovery_codes"]


async def step(browser: Browser, **form: str) -> str:
    return await outcome(await browser.ask("POST", "second-step", form))


async def test_an_app_is_set_up_and_asked_for_at_the_next_sign_in(desk: Office, browser: Browser) -> None:
    await browser.sign_in()
    secret, codes = await set_up(desk, browser)
    own = await (await browser.ask("GET")).json()
    assert [(each["kind"], each["name"]) for each in own["factors"]] == [("totp", "Phone")]
    assert own["recovery_codes"] == len(codes) == len(set(codes)) == 8

    again = Browser(desk)
    assert await again.sign_in() == "second_factor"
    pending = dict(again.cookies)
    for method, path in (("GET", "/api/console/codes"), ("POST", "/api/console/ticket"), ("GET", "sessions")):
        assert await outcome(await again.ask(method, path)) == "second_factor_needed"
    assert (await (await again.ask("GET")).json())["factors"][0]["name"] == ""
    assert await step(again, code=code(desk, secret)) == "in"
    assert (await again.ask("POST", "/api/console/ticket")).status == 200
    again.cookies = pending
    assert await outcome(await again.ask("GET")) == "not_signed_in", "the session that opened less is over"
    assert await tags(desk) == ["staff:session:opened", "account:second_factor:added", "staff:session:opened"]


async def test_the_secret_is_sealed_and_recovery_codes_are_hashed(desk: Office, browser: Browser) -> None:
    await browser.sign_in()
    secret, codes = await set_up(desk, browser)
    async with desk.database.read() as session:
        (factor,) = (await session.scalars(select(SecondFactor))).all()
        kept = (await session.scalars(select(RecoveryCode.digest))).all()
    assert secret not in str(factor.secret)
    sealer = Sealer(Keys(b"a secret of these tests"))
    assert sealer.unseal(str(factor.secret), factor.account) == secret
    with pytest.raises(Problem, match="sealed by another"):
        sealer.unseal(str(factor.secret), "another account")
    assert not set(kept) & {each.replace("-", "") for each in codes} | set(codes) & set(kept)


async def test_a_code_is_taken_once_and_half_a_minute_early_or_late(desk: Office, browser: Browser) -> None:
    await browser.sign_in()
    secret, _ = await set_up(desk, browser)
    for steps, answer in ((-2, "wrong_code"), (2, "wrong_code"), (1, "in"), (1, "wrong_code"), (0, "wrong_code")):
        again = Browser(desk)
        await again.sign_in()
        assert await step(again, code=code(desk, secret, steps)) == answer
    desk.clock.advance(60 * SECOND)
    again = Browser(desk)
    await again.sign_in()
    assert await step(again, code=code(desk, secret)) == "in"


async def test_the_code_that_set_an_app_up_signs_nobody_in(desk: Office, browser: Browser) -> None:
    await browser.sign_in()
    begun = await (await browser.ask("POST", "app", {"password": PASSWORD})).json()
    first = code(desk, begun["secret"])
    assert (await browser.ask("POST", "app/code", {"code": first, "name": "Phone"})).status == 200
    again = Browser(desk)
    await again.sign_in()
    assert await step(again, code=first) == "wrong_code"


@pytest.mark.parametrize("wrong", ["", "000000x", "²²²²²²", "١٢٣٤٥٦", "\0", "12 34 56"])
async def test_whatever_is_typed_for_a_code_is_an_answer(desk: Office, browser: Browser, wrong: str) -> None:
    await browser.sign_in()
    await set_up(desk, browser)
    again = Browser(desk)
    await again.sign_in()
    assert await step(again, code=wrong) in {"wrong_code", "invalid_body"}


async def test_a_recovery_code_stands_in_once_however_it_is_typed(desk: Office, browser: Browser) -> None:
    await browser.sign_in()
    _, codes = await set_up(desk, browser)
    typed = codes[0].upper().replace("-", " ").replace("0", "O").replace("1", "l")
    again = Browser(desk)
    await again.sign_in()
    assert await step(again, recovery_code="0000-" * 5 + "0000") == "wrong_code"
    assert await step(again, recovery_code=typed) == "in"
    assert (await (await again.ask("GET")).json())["recovery_codes"] == 7
    third = Browser(desk)
    await third.sign_in()
    assert await step(third, recovery_code=codes[0]) == "wrong_code"


async def test_codes_are_not_guessed(desk: Office, browser: Browser) -> None:
    await browser.sign_in()
    secret, _ = await set_up(desk, browser)
    stranger = Browser(desk, address=ELSEWHERE)
    await stranger.sign_in()
    for _ in range(5):
        assert await step(stranger, code="000000") == "wrong_code"
    assert await step(stranger, code=code(desk, secret)) == "too_many_attempts"
    for number in range(25):
        mover = Browser(desk, address=f"10.0.{number}.1")
        await mover.sign_in()
        assert await step(mover, code="000000") == "wrong_code"
    mover = Browser(desk, address="10.9.9.9")
    await mover.sign_in()
    assert await step(mover, code=code(desk, secret)) == "too_many_attempts", "thirty a day from everywhere"
    await browser.sign_in()
    assert await step(browser, code=code(desk, secret)) == "in", "on a browser of their own they are in"


async def test_setting_up_and_taking_away_ask_for_the_password_once_more(desk: Office, browser: Browser) -> None:
    await browser.sign_in()
    for path in ("app", "passkey", "recovery-codes"):
        assert await outcome(await browser.ask("POST", path, {"password": "wrong"})) == "wrong_password"
    await set_up(desk, browser)
    (factor,) = (await (await browser.ask("GET")).json())["factors"]
    path = f"factors/{factor['id']}/removal"
    assert await outcome(await browser.ask("POST", path, {"password": ""})) == "wrong_password"
    own = await (await browser.ask("POST", path, {"password": PASSWORD})).json()
    assert (own["factors"], own["recovery_codes"]) == ([], 0)
    assert await Browser(desk).sign_in() == "in"


async def test_an_app_that_was_not_confirmed_is_no_factor(desk: Office, browser: Browser) -> None:
    await browser.sign_in()
    begun = await (await browser.ask("POST", "app", {"password": PASSWORD})).json()
    assert begun["address"].startswith("otpauth://totp/Vouch:agent1?secret=")
    assert begun["picture"].startswith("data:image/svg+xml")
    assert await outcome(await browser.ask("POST", "app/code", {"code": "000000", "name": "x"})) == "wrong_code"
    assert await Browser(desk).sign_in() == "in"
    desk.clock.advance(MINUTE)
    newer = await (await browser.ask("POST", "app", {"password": PASSWORD})).json()
    old, new = ({"code": code(desk, each["secret"]), "name": "x"} for each in (begun, newer))
    assert await outcome(await browser.ask("POST", "app/code", old)) == "wrong_code"
    assert (await browser.ask("POST", "app/code", new)).status == 200


async def test_nobody_takes_anothers_factor_away(desk: Office, browser: Browser) -> None:
    await browser.sign_in()
    await set_up(desk, browser)
    (factor,) = (await (await browser.ask("GET")).json())["factors"]
    other = Browser(desk)
    await other.sign_in("supervisor1")
    form = {"password": PASSWORD}
    assert await outcome(await other.ask("POST", f"factors/{factor['id']}/removal", form)) == "not_found"
    assert (await (await browser.ask("GET")).json())["factors"]


async def test_fresh_recovery_codes_replace_the_old(desk: Office, browser: Browser) -> None:
    await browser.sign_in()
    _, codes = await set_up(desk, browser)
    fresh = (await (await browser.ask("POST", "recovery-codes", {"password": PASSWORD})).json())["recovery_codes"]
    assert not set(fresh) & set(codes)
    again = Browser(desk)
    await again.sign_in()
    assert await step(again, recovery_code=codes[0]) == "wrong_code"
    assert await step(again, recovery_code=fresh[0]) == "in"


async def test_a_role_that_must_have_a_factor_sets_one_up_before_anything_else(desk: Office, browser: Browser) -> None:
    desk.accounts._second_factor_roles = frozenset({Role.AGENT})
    assert await browser.sign_in() == "enrolment"
    for method, path in (("POST", "/api/console/ticket"), ("GET", "sessions"), ("POST", "recovery-codes")):
        assert await outcome(await browser.ask(method, path, {})) == "second_factor_missing"
    _, codes = await set_up(desk, browser, password="")
    assert len(codes) == 8
    own = await (await browser.ask("GET")).json()
    assert (own["pending"], own["second_factor_required"]) == (None, True)
    assert (await browser.ask("POST", "/api/console/ticket")).status == 200
    form = {"password": PASSWORD}
    path = f"factors/{own['factors'][0]['id']}/removal"
    assert await outcome(await browser.ask("POST", path, form)) == "second_factor_required"
    assert await Browser(desk).sign_in("supervisor1") == "in", "other roles need none"


async def test_what_was_reset_is_asked_for_no_more(desk: Office, browser: Browser) -> None:
    await browser.sign_in()
    await set_up(desk, browser)
    reset = await desk.accounts.reset_second_factor("agent1")
    assert reset is not None
    assert reset[1] == 1
    assert await outcome(await browser.ask("GET")) == "not_signed_in"
    assert await browser.sign_in() == "in"
    assert await desk.accounts.reset_second_factor("nobody") is None


@pytest.mark.parametrize(
    "form", [{}, {"code": "1", "recovery_code": "2"}, {"passkey": {"id": "x"}}, {"code": "1" * 21}]
)
async def test_one_factor_is_shown_at_a_time(desk: Office, browser: Browser, form: dict[str, object]) -> None:
    await browser.sign_in()
    await set_up(desk, browser)
    again = Browser(desk)
    await again.sign_in()
    assert await outcome(await again.ask("POST", "second-step", form)) == "invalid_body"
