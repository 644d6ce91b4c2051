"""What one company's token opens is nobody else's: every route of the integration API, for its own, another company's
and another client's verification; and tokens of several companies.
"""

from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web

from ekyc import tokens
from ekyc.openapi import document
from tests.ekyc import flows
from tests.ekyc.conftest import Site, new_verification
from vouch.problems import Problem

PATHS = document("")["paths"]
ROUTES = sorted((method, path) for path, operations in PATHS.items() for method in operations if "{id}" in path)
"""Every route that names a verification; `test_openapi.py` holds that the description has them all."""
READABLE = {"get": 200, "post": 201}


def filled(path: str, verification: str) -> str:
    return path.replace("{id}", verification).replace("{kind}", "portrait")


async def issued(site: Site, client: str, *companies: str) -> dict[str, str]:
    """Headers of a request by a fresh token."""
    first, *also = companies
    async with site.database.write() as session:
        found = await tokens.client_named(session, client, site.clock.now())
        secret = (await tokens.issue(session, found.id, first, site.clock.now(), also=also)).secret
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_a_token_reads_what_is_its_companys_alone(
    site: Site, files: dict[str, bytes], method: str, path: str
) -> None:
    opened = await flows.opened(site, files)
    address = filled(path, opened["id"])
    answers: Mapping[str, tuple[dict[str, str], int]] = {
        "its own": (site.bearer("CTKV1"), READABLE[method]),
        "another company, same client": (site.bearer("CTKV2"), 404),
        "same company, another client": (site.bearer("CTKV1", "shop"), 404),
        "several companies with it": (await issued(site, "mSale", "CTKV2", "CTKV1"), READABLE[method]),
        "several companies without it": (await issued(site, "mSale", "CTKV2", "CTKV4"), 404),
        "several companies of another client": (await issued(site, "shop", "CTKV2", "CTKV1"), 404),
        "nobody": ({}, 401),
    }
    got = {}
    for who, (headers, _) in answers.items():
        response = await site.client.request(method, address, headers=headers)
        got[who] = response.status
        if response.status == 404:
            assert await flows.code_of(response) == "not_found"
    assert got == {who: status for who, (_, status) in answers.items()}


@flows.ON_SQLITE
async def test_every_route_of_the_api_is_among_them(site: Site) -> None:
    assert isinstance(site.client.app, web.Application)
    named = {
        (route.method.lower(), route.resource.canonical)
        for route in site.client.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/v1/") and route.method != "HEAD"
    }
    assert named - set(ROUTES) == {("post", "/api/v1/verifications")}


async def test_one_companys_key_never_gives_anothers_verification(site: Site, files: dict[str, bytes]) -> None:
    both = await issued(site, "mSale", "CTKV1", "CTKV2")
    first = await flows.opened(site, files, headers=site.bearer("CTKV1"))
    second = await flows.opened(site, files, headers=site.bearer("CTKV2"))
    assert first["id"] != second["id"]
    data = new_verification(company="CTKV2")
    assert (await flows.opened(site, files, data=data, headers=both))["id"] == second["id"]
    assert (await flows.opened(site, files, headers=site.bearer("CTKV1")))["id"] == first["id"]


@pytest.mark.parametrize(
    ("companies", "named", "status", "code"),
    [
        (("CTKV1", "CTKV2"), "CTKV2", 201, None),
        (("CTKV1", "CTKV2"), None, 422, "company_needed"),
        (("CTKV1", "CTKV2"), "CTKV4", 403, "company_not_allowed"),
        (("CTKV1", "CTKV2"), "CTKV2'--", 422, "invalid_body"),
        (("CTKV3",), "CTKV3", 422, "invalid_body"),
        (("CTKV3",), "CTKV1", 422, "invalid_body"),
    ],
)
async def test_a_token_of_several_companies_has_the_request_name_one(
    site: Site, files: dict[str, bytes], companies: tuple[str, ...], named: str | None, status: int, code: str | None
) -> None:
    headers = await issued(site, "app", *companies)
    response = await flows.post(site, files, new_verification(company=named), headers=headers)
    assert response.status == status, await response.text()
    if code is not None:
        assert await flows.code_of(response) == code
        return
    opened: dict[str, Any] = await response.json()
    shown = await site.client.get(f"/api/v1/verifications/{opened['id']}", headers=headers)
    assert (await shown.json())["company"] == named


async def test_a_dealers_company_is_meant_where_msale_gives_a_token_of_several(
    site: Site, files: dict[str, bytes]
) -> None:
    secret = (await issued(site, "mSale", "CTKV1", "CTKV4"))["Authorization"].removeprefix("Bearer ")
    site.msale.tokens["CTKV1"] = secret
    answer = await flows.call(site, await flows.draft(site, files))
    assert answer.status == 201, await answer.text()
    shown = await site.client.get(
        f"/api/v1/verifications/{(await answer.json())['verification']}", headers=site.bearer("CTKV1")
    )
    assert (await shown.json())["company"] == "CTKV1"


async def test_tokens_of_several_companies_are_rotated_and_revoked_whole(site: Site) -> None:
    now, mine = site.clock.now(), site.seed.clients["mSale"]
    await issued(site, "mSale", "CTKV1", "CTKV2")
    async with site.database.write() as session:
        for also, code in ((("CTKV2",), "token_exists"), (("CTKV99",), "unknown_company")):
            with pytest.raises(Problem) as refused:
                await tokens.issue(session, mine, "CTKV1", now, also=also)
            assert refused.value.code == code
        with pytest.raises(Problem) as refused:
            await tokens.rotate(session, mine, "CTKV1", now, also=("CTKV4",))
        assert refused.value.code == "no_token"
        fresh = (await tokens.rotate(session, mine, "CTKV2", now, also=("CTKV1",))).secret
        assert (await tokens.holder_of(session, fresh, now)).companies == ("CTKV1", "CTKV2")
        # Its own two, and the two that stand for CTKV2 as well.
        assert await tokens.revoke(session, mine, "CTKV2", now) == 3
        with pytest.raises(Problem):
            await tokens.holder_of(session, fresh, now)
        alone = await tokens.holder_of(session, site.seed.tokens["mSale", "CTKV1"], now)
        assert alone.companies == ("CTKV1",)
