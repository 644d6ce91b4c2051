"""Passkeys against hostile input; whole ones are made and shown by a real browser in tests/e2e."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vouch.accounts.factors.passkeys import Passkey, RelyingParty, draw_challenge
from vouch.problems import Problem

SITE = RelyingParty("https://vouch.example.vn")
KEPT = Passkey("AAAA", "pAEBAycgBiFYIAAA", 0)
PARTS = st.one_of(st.text(max_size=40), st.from_regex(r"[A-Za-z0-9_-]{0,200}", fullmatch=True))


@pytest.mark.parametrize(
    ("url", "available"),
    [
        ("https://vouch.example.vn", True),
        ("http://localhost:8080", True),
        ("http://127.0.0.1:8080", False),
        ("http://[::1]:8080", False),
    ],
)
def test_an_address_with_a_name_has_passkeys(url: str, available: bool) -> None:
    assert RelyingParty(url).available == available


def test_a_browser_is_asked_for_this_site_alone_and_no_known_passkey() -> None:
    challenge = draw_challenge()
    asked = SITE.creation("account", "agent1", ["AAAA"], challenge)
    assert (asked["rp"]["id"], asked["challenge"]) == ("vouch.example.vn", challenge)
    assert [each["id"] for each in asked["excludeCredentials"]] == ["AAAA"]
    shown = SITE.request(["AAAA"], challenge)
    assert (shown["rpId"], [each["id"] for each in shown["allowCredentials"]]) == ("vouch.example.vn", ["AAAA"])
    assert json.dumps(asked)


@given(st.fixed_dictionaries({"clientDataJSON": PARTS}, optional=dict.fromkeys(("attestationObject", "x"), PARTS)))
def test_whatever_is_sent_as_a_new_passkey_is_refused_and_no_fault(response: dict[str, Any]) -> None:
    with pytest.raises(Problem, match="not taken"):
        SITE.created({"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": response}, draw_challenge())


@given(
    st.fixed_dictionaries(
        {"clientDataJSON": PARTS}, optional=dict.fromkeys(("authenticatorData", "signature", "userHandle"), PARTS)
    )
)
def test_whatever_is_sent_as_a_signature_is_refused_and_no_fault(response: dict[str, Any]) -> None:
    credential = {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": response}
    with pytest.raises(Problem, match="not taken"):
        SITE.sign_count(credential, KEPT, draw_challenge())
