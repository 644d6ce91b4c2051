"""SQL text written once, for the statements that every call makes.

To build such a statement anew from tables costs three times what sending it does. Both databases spell these alike.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any, cast

from sqlalchemy import Table, TextClause, bindparam, text

from vouch.database import Base

Types = dict[str, Any]
"""Parameters of a statement with their types."""


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


@cache
def put_rows(table: type[Base], columns: tuple[str, ...], key: tuple[str, ...], changed: tuple[str, ...]) -> TextClause:
    """INSERT of these columns; of a row that is there the `changed` ones are written."""
    return insert_rows(table, columns, upsert(key, changed))


def upsert(key: Iterable[str], changed: Iterable[str]) -> str:
    """The end of an INSERT by which of a row that is there the `changed` columns are written."""
    new = ", ".join(f'"{name}" = excluded."{name}"' for name in changed)
    return f"ON CONFLICT ({_listed(key)}) DO UPDATE SET {new}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
