"""The description is valid OpenAPI 3.1 and says what the API really does."""

import re
from typing import Any

import pytest
from aiohttp import web
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from ekyc.openapi import document
from ekyc.webhooks_messages import MESSAGES, CallEnded, CallEndedMessage
from tests.ekyc import flows
from tests.ekyc.conftest import Site, new_verification

DOCUMENT = document("https://vouch.example")


def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]})


def test_it_is_valid() -> None:
    validate(DOCUMENT, cls=OpenAPIV31SpecValidator)


@flows.ON_SQLITE
async def test_it_is_served_to_anybody(site: Site) -> None:
    response = await site.client.get("/api/openapi.json")
    assert response.status == 200
    assert await response.json() == DOCUMENT


@flows.ON_SQLITE
async def test_it_describes_every_route_of_the_api_and_no_other(site: Site) -> None:
    assert isinstance(site.client.app, web.Application)
    served = {
        (route.method.lower(), route.resource.canonical)
        for route in site.client.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/v1/") and route.method != "HEAD"
    }
    described = {(method, path) for path, operations in DOCUMENT["paths"].items() for method in operations}
    assert served == described


@flows.ON_SQLITE
async def test_real_answers_are_as_it_says(site: Site, files: dict[str, bytes]) -> None:
    opened = await flows.opened(site, files)
    one = f"/api/v1/verifications/{opened['id']}"
    shown = await (await site.client.get(one, headers=site.bearer())).json()
    joined = await (await site.client.post(one + "/join", headers=site.bearer())).json()
    refused = await (await flows.post(site, files, {"channel": "dealer"}, key="other")).json()
    for name, body in (
        ("OpenedVerification", opened),
        ("VerificationView", shown),
        ("FreshJoin", joined),
        ("ProblemBody", refused),
    ):
        schema(name).validate(body)


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({}, True),
        ({"dealer": {"name": "x"}, "shop_code": None, "ekyc": {"passed": True}}, True),
        ({"channel": "fax"}, False),
        ({"unknown": 1}, False),
        ({"customer": {"id_number": "1"}}, False),
    ],
)
def test_the_requests_schema_takes_what_the_api_takes(change: dict[str, Any], valid: bool) -> None:
    assert schema("NewVerification").is_valid(new_verification(**change)) == valid


def test_every_problem_code_is_named_in_it() -> None:
    text = str(DOCUMENT)
    for code in (
        "bad_token",
        "verification_not_enabled",
        "ekyc_not_passed",
        "unknown_sub_type",
        "idempotency_key_missing",
        "idempotency_key_reused",
        "picture_missing",
        "picture_broken",
        "picture_too_large",
        "picture_too_small",
        "already_confirmed",
        "verification_expired",
        "call_not_possible",
        "not_found",
        "invalid_body",
    ):
        assert re.search(rf"`{code}`", text), code


def test_results_are_described_as_they_are_sent() -> None:
    about: Any = {"id": "v", "external_ref": "order-1", "attempt": 1}
    ended = CallEndedMessage(timestamp="2026-11-21T02:03:04Z", data=CallEnded(outcome="no_agent", **about))
    schema("CallEndedMessage").validate(ended.model_dump(mode="json"))
    assert set(DOCUMENT["webhooks"]) == set(MESSAGES)
