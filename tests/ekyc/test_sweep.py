"""What has run out is tidied up, and nothing else."""

from sqlalchemy import func, select

from ekyc.drafts import LIFETIME
from ekyc.models import Draft, DraftPicture, JoinToken, Picture, Verification
from tests.ekyc import flows
from tests.ekyc.conftest import Site
from vouch.clock import DAY, SECOND
from vouch.settings import Settings


async def counts(site: Site) -> dict[str, int]:
    async with site.database.read() as session:
        return {
            table.__tablename__: (await session.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (Draft, DraftPicture, JoinToken, Picture, Verification)
        }


async def test_drafts_go_after_their_hour_and_pictures_of_verifications_stay(
    site: Site, files: dict[str, bytes]
) -> None:
    used = await flows.draft(site, files)
    assert (await flows.call(site, used)).status == 201
    await flows.draft(site, files)
    assert site.stored_blobs() == 6
    site.clock.advance(LIFETIME - 1)
    await site.ekyc.sweep()
    assert (await counts(site))["draft"] == 2
    site.clock.advance(1)
    fresh = await flows.draft(site, {})
    for _ in range(2):
        await site.ekyc.sweep()
    assert await counts(site) == {"draft": 1, "draft_picture": 0, "join_token": 0, "picture": 3, "verification": 1}
    assert site.stored_blobs() == 3
    shown = await site.client.get("/api/call/pictures/portrait")
    assert shown.status == 200
    path, headers = f"/api/ekyc/drafts/{fresh}/pictures/portrait", await flows.csrf(site)
    assert (await site.client.put(path, data=files["portrait"], headers=headers)).ok


async def test_undecided_verifications_are_written_down_as_expired(
    site: Site, files: dict[str, bytes], settings: Settings
) -> None:
    states = {}
    for state in ("created", "in_call", "confirmed", "rejected"):
        opened = await flows.opened(site, files, key=state)
        await flows.set_verification(site.database, opened["id"], state=state)
        states[opened["id"]] = "expired" if state == "created" else state
    site.clock.advance(settings.verification_s * SECOND - 1)
    later = await flows.opened(site, files, key="later")
    states[later["id"]] = "created"
    site.clock.advance(1)
    await site.ekyc.sweep()
    async with site.database.read() as session:
        rows = (await session.scalars(select(Verification))).all()
    assert {row.id: row.state for row in rows} == states


@flows.ON_SQLITE
async def test_join_tokens_go_a_day_after_their_use_or_end(
    site: Site, files: dict[str, bytes], settings: Settings
) -> None:
    opened = await flows.opened(site, files)
    await flows.opened(site, files)
    await site.client.post("/api/call/session", json={"join_token": opened["join_token"]})
    site.clock.advance(DAY - 1)
    await site.ekyc.sweep()
    assert (await counts(site))["join_token"] == 2
    site.clock.advance(1)
    await site.ekyc.sweep()
    assert (await counts(site))["join_token"] == 1
    site.clock.advance(settings.join_token_s * SECOND)
    await site.ekyc.sweep()
    assert (await counts(site))["join_token"] == 0
