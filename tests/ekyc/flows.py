"""What clients, dealers and the shell do, in one call each."""

import io
import json
from typing import Any

import pytest
from aiohttp import ClientResponse, FormData
from sqlalchemy import update

from ekyc.consent import CONSENT
from ekyc.models import CallRecord, Verification
from tests.ekyc.conftest import PASSWORD, Site, new_verification
from vouch.database import Database
from vouch.ids import new_id

ON_SQLITE = pytest.mark.parametrize("copy", ["sqlite"], indirect=True)
"""For tests of what never reaches the database: once is enough."""


def form(data: dict[str, Any], files: dict[str, bytes], kind: str = "image/jpeg") -> FormData:
    """A multipart request to open a verification."""
    made = FormData()
    made.add_field("data", json.dumps(data), content_type="application/json")
    for name, content in files.items():
        made.add_field(name, io.BytesIO(content), filename=f"{name}.jpg", content_type=kind)
    return made


async def post(
    site: Site,
    files: dict[str, bytes],
    data: dict[str, Any] | None = None,
    *,
    key: str = "key-1",
    headers: dict[str, str] | None = None,
) -> ClientResponse:
    """Ask the integration API to open a verification."""
    asked = {**site.bearer(), "Idempotency-Key": key, **(headers or {})}
    return await site.client.post("/api/v1/verifications", data=form(data or new_verification(), files), headers=asked)


async def opened(site: Site, files: dict[str, bytes], **options: Any) -> dict[str, Any]:
    """The same, and it must be granted."""
    response = await post(site, files, **options)
    assert response.status == 201, await response.text()
    return dict(await response.json())


async def code_of(response: ClientResponse) -> str:
    """The stable code of a problem."""
    assert response.content_type == "application/problem+json", await response.text()
    body = await response.json()
    assert body["status"] == response.status
    assert body["detail"]
    return str(body["code"])


def dealer_form(**changes: Any) -> dict[str, Any]:
    """What the dealer's form says; fields may be changed."""
    data = new_verification()
    return {
        **data["customer"],
        **data["subscriber"],
        "consent_version": CONSENT.version,
        **changes,
    }


async def sign_in(site: Site, username: str = "dealer1", password: str = PASSWORD) -> ClientResponse:
    """Sign a dealer in on this browser."""
    return await site.client.post("/api/ekyc/dealer", json={"username": username, "password": password})


async def csrf(site: Site, username: str = "dealer1") -> dict[str, str]:
    """The header of the dealer's session, which is opened where nobody is signed in."""
    dealer = (await (await site.client.get("/api/ekyc/config")).json())["dealer"]
    if dealer is None:
        response = await sign_in(site, username)
        assert response.status == 200, await response.text()
        dealer = await response.json()
    return {"X-Vouch-CSRF": dealer["csrf"]}


async def draft(site: Site, files: dict[str, bytes], username: str = "dealer1") -> str:
    """A draft with pictures, of the dealer who is signed in, else of this one."""
    headers = await csrf(site, username)
    response = await site.client.post("/api/ekyc/drafts", headers=headers)
    assert response.status == 201
    begun = str((await response.json())["draft"])
    for kind, content in files.items():
        scanned = await site.client.put(
            f"/api/ekyc/drafts/{begun}/pictures/{kind}?source=camera", data=io.BytesIO(content), headers=headers
        )
        assert scanned.status == 200, await scanned.text()
    return begun


async def call(site: Site, begun: str, *, headers: dict[str, str] | None = None, **changes: Any) -> ClientResponse:
    """Press [Call]."""
    asked = {**await csrf(site), **(headers or {})}
    return await site.client.post(f"/api/ekyc/drafts/{begun}/call", json=dealer_form(**changes), headers=asked)


async def set_verification(database: Database, verification: str, **values: Any) -> None:
    """Change a verification behind everyone's back."""
    async with database.write() as session:
        await session.execute(update(Verification).where(Verification.id == verification).values(**values))


async def add_call(database: Database, verification: str, attempt: int, at: int, **values: Any) -> str:
    """A call's record, as the shell leaves it."""
    call_id = new_id()
    async with database.write() as session:
        session.add(
            CallRecord(
                id=call_id,
                number=f"CALL-{attempt}",
                verification=verification,
                attempt=attempt,
                team="CTKV1",
                queued_at=at,
                gaps=[],
                **values,
            )
        )
    return call_id
