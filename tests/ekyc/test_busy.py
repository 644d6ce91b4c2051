"""While too many pictures wait, requests are sent away with a time to come again, and leave nothing behind."""

import pytest
from sqlalchemy import select

from ekyc import drafts
from ekyc.darkroom.turns import MOST_HELD_EACH, Turns
from ekyc.pictures import Darkroom
from ekyc.reception import source_of
from ekyc.tokens import Holder
from tests.ekyc import flows
from tests.ekyc.conftest import Site
from tests.ekyc.test_screen import scan
from vouch.accounts.models import Account
from vouch.problems import Problem

pytestmark = flows.ON_SQLITE


def turns_of(site: Site) -> Turns:
    darkroom: Darkroom = site.ekyc._darkroom
    return darkroom._turns


async def test_a_client_that_sends_too_much_at_once_is_told_to_come_again_and_others_are_served(
    site: Site, files: dict[str, bytes]
) -> None:
    with turns_of(site).hold(f"client:{site.seed.clients['mSale']}:CTKV1", MOST_HELD_EACH):
        response = await flows.post(site, files)
        assert (response.status, await flows.code_of(response)) == (503, "pictures_busy")
        assert int(response.headers["Retry-After"]) > 0
        assert (await flows.post(site, files, headers=site.bearer(client="shop"))).status == 201
    assert (await flows.post(site, files, key="again")).status == 201


async def test_a_dealer_who_sends_too_much_at_once_is_told_to_come_again(site: Site, files: dict[str, bytes]) -> None:
    draft = await flows.draft(site, {})
    with turns_of(site).hold(await _dealer_source(site), MOST_HELD_EACH):
        response = await scan(site, draft, "portrait", files["portrait"])
        assert (response.status, await flows.code_of(response)) == (503, "pictures_busy")
    assert (await scan(site, draft, "portrait", files["portrait"])).status == 200


async def test_pictures_that_were_kept_before_it_was_busy_are_forgotten(
    site: Site, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    darkroom: Darkroom = site.ekyc._darkroom

    async def busy(_pictures: list[bytes], _source: str) -> str | None:
        raise Problem(503, "pictures_busy", "busy")

    with monkeypatch.context() as patch:
        patch.setattr(darkroom, "read_code", busy)
        response = await flows.post(site, files)
        assert (response.status, await flows.code_of(response)) == (503, "pictures_busy")
        assert site.stored_blobs() == 0
    assert (await flows.post(site, files)).status == 201
    assert site.stored_blobs() == 3


def test_each_company_of_a_client_is_a_source_of_its_own(site: Site) -> None:
    sources = {source_of(Holder("t", client, (company,))) for client in ("a", "b") for company in ("x", "y")}
    assert len(sources) == 4


async def _dealer_source(site: Site) -> str:
    async with site.database.read() as session:
        found = (await session.scalars(select(Account.id).where(Account.username == "dealer1"))).one()
    return drafts.source_of(found)
