"""SQL text written once, for the statements that every call makes.

To build such a statement anew from tables costs three times what sending it does. Both databases spell these alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import Table, TextClause, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from vouch.database import Base

Types = dict[str, Any]
"""Parameters of a statement with their types."""
Row = Mapping[str, object]
"""Values by column."""


def statement(sql: str, **types: Any) -> TextClause:
    """Text with `:name` for each of `types`."""
    return text(sql).bindparams(*(bindparam(name, type_=kind) for name, kind in types.items()))


def table_of(mapped: type[Base]) -> Table:
    """The table itself: its statements pass the mapper by."""
    return cast(Table, mapped.__table__)


@cache
def insert_rows(table: type[Base], columns: tuple[str, ...], ending: str = "") -> TextClause:
    """INSERT of these columns."""
    known = table_of(table)
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(f":{name}" for name in columns)
    sql = f"INSERT INTO {known.name} ({names}) VALUES ({values}) {ending}"  # noqa: S608 - names of our own
    return statement(sql, **{name: known.c[name].type for name in columns})


async def insert(session: AsyncSession, table: type[Base], *rows: Row) -> None:
    """Add rows, at least one, all of the same columns."""
    await session.execute(insert_rows(table, tuple(rows[0])), list(rows))


async def put(
    session: AsyncSession, table: type[Base], rows: Sequence[Row], key: Sequence[str], changed: Sequence[str]
) -> None:
    """Add rows, if any; of those that are there the `changed` columns are written."""
    if rows:
        await session.execute(insert_rows(table, tuple(rows[0]), upsert(key, changed)), rows)


def upsert(key: Iterable[str], changed: Iterable[str]) -> str:
    """The end of an INSERT by which of a row that is there the `changed` columns are written."""
    new = ", ".join(f'"{name}" = excluded."{name}"' for name in changed)
    return f"ON CONFLICT ({_listed(key)}) DO UPDATE SET {new}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
