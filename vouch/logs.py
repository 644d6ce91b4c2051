"""Logs: one JSON line each, to stderr. Static messages, tagged fields, never personal data, tokens or pictures.

The call's id is bound once with `call_context` and stands in every line written below it, through awaits and threads
started by `asyncio.to_thread`, because structlog keeps it in a context variable.

What a stranger can cause is one short line at most, and of each kind a few in a minute: our own such lines go through
`Thinned`, those of the libraries that read strangers' bytes through `_Strangers`. Every line tells how many were left
out before it (`left_out`).
"""

import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, cast

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, FilteringBoundLogger

from vouch.thinning import Allowance

_LINES, _PER_S = 5, 60.0
# They log what they could not read, with a traceback, once for each time that somebody sends it.
_READERS = ("aiohttp", "aioice", "aiortc", "engineio", "socketio", "websockets")
_LONGEST = 300
"""Characters of one text that a stranger may have had a hand in."""
_MARK = "vouch_left_out"


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
        foreign_pre_chain=[_one_line, *shared],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # Without local variables: they hold passwords, tokens and what people said about themselves.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            _first_lines,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_Strangers())
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Libraries log peers' addresses, SDP, paths and statements' values: only what is wrong with them is ours to keep.
    for noisy in ("aioice", "aiortc", "socketio", "engineio", "aiohttp.access", "aiosqlite", "alembic", "PIL"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # A logger without a level of its own gets a handler from python-socketio, which writes tracebacks as plain text.
    for own_handler in ("socketio.server", "engineio.server", "socketio.client", "engineio.client"):
        logging.getLogger(own_handler).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=False,
    )


class Thinned:
    """The lines of a module that strangers can cause: five of each message in a minute, then only their number.

    Messages are static texts, as everywhere. What was left out is told by the next line of that message, or when its
    minute is over, if a loop runs that can wake us.
    """

    def __init__(self, log: FilteringBoundLogger, allowance: Allowance | None = None) -> None:
        self._log = log
        self._allowance = allowance or Allowance(_LINES, _PER_S)
        self._awaited: set[str] = set()

    def info(self, event: str, **fields: Any) -> None:
        """Log what is in order."""
        self._write("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Log what somebody should look at if it goes on."""
        self._write("warning", event, fields)

    def _write(self, level: str, event: str, fields: dict[str, Any]) -> None:
        left_out = self._allowance.take(event)
        if left_out is None:
            self._tell_later(level, event)
            return
        told = {"left_out": left_out} if left_out else {}
        getattr(self._log, level)(event, **{name: _short(value) for name, value in fields.items()}, **told)

    def _tell_later(self, level: str, event: str) -> None:
        if event in self._awaited:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._awaited.add(event)
        loop.call_later(self._allowance.per_s, self._tell, level, event)

    def _tell(self, level: str, event: str) -> None:
        self._awaited.discard(event)
        if left_out := self._allowance.settle(event):
            getattr(self._log, level)(event, left_out=left_out)


class _Strangers(logging.Filter):
    """Thins what libraries say of bytes that they could not read; `_one_line` makes it short."""

    def __init__(self) -> None:
        super().__init__()
        self._allowance = Allowance(_LINES, _PER_S)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written; one of a stranger's doing is marked."""
        if record.name.partition(".")[0] not in _READERS and not _is_broken_connection(record):
            return True
        left_out = self._allowance.take((record.name, _static(record)))
        setattr(record, _MARK, left_out)
        return left_out is not None


def _is_broken_connection(record: logging.LogRecord) -> bool:
    # The loop itself tells of TLS handshakes that came to nothing, and of connections that broke in one.
    return record.name == "asyncio" and isinstance(record.exc_info and record.exc_info[1], OSError)


def _static(record: logging.LogRecord) -> str:
    # Without the arguments, and without further lines: they are a peer's address, or what it sent.
    return str(record.msg).partition("\n")[0][:_LONGEST]


def _one_line(_logger: object, _method: str, fields: EventDict) -> EventDict:
    record: logging.LogRecord = fields["_record"]
    left_out: int | None = getattr(record, _MARK, None)
    if left_out is None:
        return fields
    fields["event"] = _static(record)
    if record.exc_info and record.exc_info[1] is not None:
        fields.update(error=type(record.exc_info[1]).__name__, at=_place(record.exc_info[2]))
    if left_out:
        fields["left_out"] = left_out
    fields.pop("exc_info", None)
    fields.pop("stack_info", None)
    return fields


def _place(trace: TracebackType | None) -> str | None:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace is not None else None


def _short(value: Any) -> Any:
    return value[:_LONGEST] if isinstance(value, str) else value


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
