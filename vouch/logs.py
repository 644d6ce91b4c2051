"""Logs: one JSON line each, to stderr. Static messages, tagged fields, never personal data, tokens or pictures.

The call's id is bound once with `call_context` and stands in every line written below it, through awaits and threads
started by `asyncio.to_thread`, because structlog keeps it in a context variable.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, FilteringBoundLogger


def logger(name: str) -> FilteringBoundLogger:
    """The logger of a module; `name` is its `__name__`."""
    return cast(FilteringBoundLogger, structlog.get_logger(name))


def configure(level: str = "INFO") -> None:
    """Send our own lines and those of libraries to stderr as JSON; `level` is a name of the logging module."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # Without local variables: they hold passwords, tokens and what people said about themselves.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            _first_lines,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Libraries log peers' addresses, SDP, paths and statements' values: only what is wrong with them is ours to keep.
    for noisy in ("aioice", "aiortc", "socketio", "engineio", "aiohttp.access", "aiosqlite", "alembic", "PIL"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=False,
    )


def _first_lines(_logger: object, _method: str, fields: EventDict) -> EventDict:
    # Drivers, SQLAlchemy and pydantic say what is wrong in the first line and quote the values in those below it.
    for stack in _stacks(fields.get("exception", [])):
        stack["exc_value"] = stack["exc_value"].partition("\n")[0]
        stack["exc_notes"] = []
    return fields


def _stacks(exceptions: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for stack in exceptions:
        yield stack
        for member in stack["exceptions"]:
            yield from _stacks(member)


@contextmanager
def call_context(call: str, **fields: str) -> Iterator[None]:
    """Put the call's id, and what else is given, into every line that is logged inside."""
    with structlog.contextvars.bound_contextvars(call=call, **fields):
        yield
