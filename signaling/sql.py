"""SQL text of the statements that a floor's transaction is made of, written once."""

from sqlalchemy import ARRAY, BigInteger, Text

from vouch.statements import Types, statement

_FLOOR: Types = {"floor": Text}
_NEWER: Types = _FLOOR | {"known": BigInteger}
_WRITTEN: Types = _FLOOR | {"version": BigInteger, "now": BigInteger, "next_deadline": BigInteger}

_LOCK = "SELECT version, now, data FROM floor WHERE id = :floor"
LOCK = {"sqlite": statement(_LOCK, **_FLOOR), "postgresql": statement(f"{_LOCK} FOR UPDATE", **_FLOOR)}
"""A floor's row, for this transaction; on SQLite the transaction itself is the lock."""

WRITE = statement(
    "UPDATE floor SET version = :version, now = :now, next_deadline = :next_deadline WHERE id = :floor", **_WRITTEN
)
WRITE_WITH_DATA = statement(
    "UPDATE floor SET version = :version, now = :now, next_deadline = :next_deadline, data = :data WHERE id = :floor",
    **_WRITTEN,
    data=Text,
)

_ROWS = """
SELECT 'agent' AS kind, agent AS id, version, 0 AS now, 0 AS clock, present, data
FROM floor_agent WHERE floor = :floor AND version > :known
UNION ALL
SELECT 'call', id, version, 0, 0, present, data
FROM floor_call WHERE floor = :floor AND version > :known AND (present OR :known >= 0)
"""
_ITSELF = "UNION ALL SELECT 'floor', id, version, now, {clock}, version >= 0, data FROM floor WHERE id = :floor"

NEWER = statement(_ROWS, **_NEWER)
"""A floor's agents and calls whose rows were written after version `known`; -1: all, without calls that have left."""
WHOLE = {
    "sqlite": statement(_ROWS + _ITSELF.format(clock="0"), **_NEWER),
    "postgresql": statement(
        _ROWS + _ITSELF.format(clock="(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"), **_NEWER
    ),
}
"""The same with the floor's own row, and the database's clock (0: this process's): of one instant."""

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
