"""SQL text of the statements that a floor's transaction is made of, written once."""

from sqlalchemy import ARRAY, BigInteger, Text, TextClause

from signaling.models import EffectRow, FloorAgentRow, FloorCallRow, JournalRow, PressRow
from vouch.database import Base
from vouch.statements import Types, insert_rows, statement, table_of, upsert

_FLOOR: Types = {"floor": Text}
_NEWER: Types = _FLOOR | {"known": BigInteger}
_WRITTEN: Types = _FLOOR | {"version": BigInteger, "now": BigInteger, "next_deadline": BigInteger, "data": Text}
_CLOCK = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

LOCK = {
    "sqlite": statement("SELECT version, now, 0 AS clock FROM floor WHERE id = :floor", **_FLOOR),
    # The clock outside of what waits for the lock: it is read when the lock is held.
    "postgresql": statement(
        "WITH locked AS MATERIALIZED (SELECT version, now FROM floor WHERE id = :floor FOR UPDATE)"  # noqa: S608 - names of our own
        f" SELECT version, now, {_CLOCK} AS clock FROM locked",
        **_FLOOR,
    ),
}
"""A floor's row, for this transaction, and the database's clock (0: this process's).

On SQLite the transaction itself is the lock.
"""

_ROWS = """
SELECT 'agent' AS kind, agent AS id, version, 0 AS now, 0 AS clock, present, data
FROM floor_agent WHERE floor = :floor AND version > :known
UNION ALL
SELECT 'call', id, version, 0, 0, present, data
FROM floor_call WHERE floor = :floor AND version > :known AND (present OR :known >= 0)
UNION ALL
SELECT 'floor', id, version, now, {clock}, version >= 0, data FROM floor WHERE id = :floor
"""
WHOLE = {
    "sqlite": statement(_ROWS.format(clock="0"), **_NEWER),
    "postgresql": statement(_ROWS.format(clock=_CLOCK), **_NEWER),
}
"""A floor's own row, the database's clock, and what was written after version `known`: all of one instant.

-1: every agent, and every call that has not left.
"""

_WRITE = """
UPDATE floor SET version = :version, now = :now, next_deadline = :next_deadline, data = coalesce(:data, data)
WHERE id = :floor
"""
_INSERTED: dict[type[Base], tuple[tuple[str, ...], str]] = {
    FloorAgentRow: (
        ("floor", "agent", "version", "present", "data"),
        upsert(("floor", "agent"), ("version", "present", "data")),
    ),
    FloorCallRow: (
        ("id", "floor", "verification", "version", "present", "live", "data"),
        upsert(("id",), ("version", "present", "live", "data")),
    ),
    JournalRow: (("event_id", "floor", "version", "at", "type", "data"), ""),
    # A socket's token may be refused twice, once for each call that was over when its page came to it.
    PressRow: (("request", "code", "detail", "at"), "ON CONFLICT DO NOTHING"),
    EffectRow: (("id", "floor", "call", "position", "type", "data", "lease_until"), ""),
}
"""What a batch of steps may write beside the floor's row: columns, and what becomes of rows that are there."""

COLUMNS = {table: columns for table, (columns, _) in _INSERTED.items()}
WRITE = statement(_WRITE, **_WRITTEN)
INSERT = {table: insert_rows(table, columns, ending) for table, (columns, ending) in _INSERTED.items()}


def parameter(table: type[Base], column: str) -> str:
    """The name by which SAVE is given a column's values."""
    return f"{table.__tablename__}_{column}"


def _save() -> TextClause:
    """UPDATE of the floor and all INSERTs as one statement, each column of theirs given as an array."""
    types, parts = dict(_WRITTEN), []
    for table, (columns, ending) in _INSERTED.items():
        known = table_of(table)
        types |= {parameter(table, name): ARRAY(known.c[name].type) for name in columns}
        names = ", ".join(f'"{name}"' for name in columns)
        arrays = ", ".join(f":{parameter(table, name)}" for name in columns)
        parts.append(
            f"new_{known.name} AS (INSERT INTO {known.name} ({names}) SELECT {names}"  # noqa: S608 - names of our own
            f" FROM unnest({arrays}) WITH ORDINALITY AS given({names}, place) ORDER BY place {ending})"
        )
    return statement(f"WITH {', '.join(parts)} {_WRITE}", **types)


SAVE = _save()
"""WRITE and every INSERT in one round trip; PostgreSQL only."""

_REPEATED = """
SELECT event_id AS id, NULL AS code, NULL AS detail FROM journal WHERE event_id {in_ids}
UNION ALL
SELECT request, code, detail FROM press WHERE request {in_requests}
"""
_EACH = "IN (SELECT value FROM json_each(:{}))"
REPEATED = {
    "sqlite": statement(
        _REPEATED.format(in_ids=_EACH.format("ids"), in_requests=_EACH.format("requests")), ids=Text, requests=Text
    ),
    "postgresql": statement(
        _REPEATED.format(in_ids="= ANY(:ids)", in_requests="= ANY(:requests)"), ids=ARRAY(Text), requests=ARRAY(Text)
    ),
}
"""Which events the journal has, and the answers to presses; on SQLite the lists come as JSON."""
