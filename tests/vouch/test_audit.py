import re

import pytest
from sqlalchemy import select

from vouch.audit import AuditEntry, Tag, record
from vouch.database import Database


async def entries(database: Database) -> list[AuditEntry]:
    async with database.read() as session:
        return list((await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all())


async def test_a_line_says_who_did_what_to_whom_and_when(database: Database) -> None:
    async with database.write() as session:
        record(session, Tag.PICTURE_SEEN, 7, company="CTKV1", account="a", subject="v", kind="portrait", attempt=2)
    (entry,) = await entries(database)
    assert (entry.at, entry.tag, entry.company) == (7, "staff:picture:seen", "CTKV1")
    assert (entry.account, entry.subject) == ("a", "v")
    assert entry.details == {"kind": "portrait", "attempt": 2}


async def test_lines_are_in_the_order_of_the_deeds(database: Database) -> None:
    for tag in (Tag.SIGNED_IN, Tag.PICTURE_SEEN, Tag.SIGNED_OUT):
        async with database.write() as session:
            record(session, tag, 1)
    assert [entry.tag for entry in await entries(database)] == [Tag.SIGNED_IN, Tag.PICTURE_SEEN, Tag.SIGNED_OUT]


async def test_a_deed_that_fails_leaves_no_line(database: Database) -> None:
    async def deed() -> None:
        async with database.write() as session:
            record(session, Tag.TOKEN_ISSUED, 1)
            await session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        await deed()
    assert await entries(database) == []


@pytest.mark.parametrize("tag", Tag)
def test_tags_read_source_subject_action(tag: Tag) -> None:
    assert re.fullmatch("(command|account|staff|dealer|client|caller|system):[a-z_]+:[a-z_]+", tag)
