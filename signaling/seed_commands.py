"""`vouch draws reseal`: floors go on where the secret key that sealed their seed is lost."""

from dataclasses import replace

import click
from sqlalchemy import select

from signaling.commands import note, with_database
from vouch.audit import Tag
from vouch.clock import SystemClock
from vouch.database import Database
from vouch.keys import Keys
from vouch.problems import Problem
from vouch.settings import Settings


@click.command("reseal")
def reseal() -> None:
    """Give floors whose seed another secret.key has sealed that day's seed of this one; stop all nodes before.

    For an installation whose key is lost for good: what was drawn until now can be neither replayed nor checked then.
    A floor whose seed this key opens is left as it is.
    """
    from signaling import codec  # noqa: PLC0415 - as `investigation.py` says
    from signaling.models import FloorRow  # noqa: PLC0415
    from signaling.seed_seal import box, closed, opened  # noqa: PLC0415
    from signaling.seeds import Seeds  # noqa: PLC0415

    async def work(database: Database, settings: Settings) -> list[str]:
        keys = Keys.load(settings.data_dir)
        mine, seeds, changed = box(keys), Seeds(keys, SystemClock()), []
        async with database.write() as session:
            for floor in (await session.scalars(select(FloorRow).order_by(FloorRow.id).with_for_update())).all():
                data = codec.load(codec.FloorData, floor.data)
                try:
                    opened(data, mine)
                except Problem:
                    floor.data = codec.dump(closed(replace(data, seed=seeds.of(data.seed.day)), mine))
                    note(session, Tag.SEED_RESEALED, company=floor.id, subject=floor.id, day=data.seed.day)
                    changed.append(floor.id)
        return changed

    click.echo(", ".join(with_database(work)) or "Every floor's seed opens with this key; nothing was changed.")
