"""Structured JSON logs on standard output, one object a line, never a value.

Exceptions are logged as their type and the places they passed, without their text and without local variables:
ValueError, UnicodeDecodeError, SQLAlchemy and protobuf errors all quote what they were given.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Mapping
from typing import Any

import structlog

from paaskit.settings import SettingsError


def configure_logs(*, service: str, level: str) -> None:
    """Send structlog, the standard library's logging and what nobody catches to standard output.

    Call once, before anything logs. Raises ValueError where there is no such level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError("the log level is debug, info, warning or error")

    def say_who(_logger: Any, _method: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
        # Not a context variable: work that is shared by many requests runs in a context of its own.
        fields.setdefault("service", service)
        return fields

    structlog.configure(
        processors=[
            say_who,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _describe_exceptions,
            structlog.processors.JSONRenderer(default=_named_by_type),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_Bridge()]
    root.setLevel(max(number, logging.WARNING))
    # Python itself would print their texts: of what is raised where nobody can catch it, and of what ends a thread.
    sys.unraisablehook = _say_unraisable
    threading.excepthook = _say_thread_ended


def refuse_traces_of_grpc(environment: Mapping[str, str]) -> None:
    """Raise SettingsError where grpc is told to trace.

    It would write every header and message to standard error, as text and in hex: identities and values. It has read
    the variable by the time that anybody could take it away.
    """
    if environment.get("GRPC_TRACE"):
        raise SettingsError("GRPC_TRACE is set, and has grpc write identities and values into the log: unset it.")


def _say_unraisable(raised: "sys.UnraisableHookArgs") -> None:
    where = getattr(raised.object, "__qualname__", type(raised.object).__qualname__)
    described = describe_exception(raised.exc_value) if raised.exc_value else {}
    structlog.get_logger().error("unraisable", within=where, **described)


def _say_thread_ended(raised: threading.ExceptHookArgs) -> None:
    described = describe_exception(raised.exc_value) if raised.exc_value else {}
    structlog.get_logger().error("thread_ended", **described)


def _describe_exceptions(_logger: Any, _method: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Keep what may be known of an exception that somebody gives as `exc_info`."""
    given = fields.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        fields.update(describe_exception(error))
    return fields


def _named_by_type(value: object) -> str:
    """Stand in for what JSON has no form for. Its own text form may be a message's, with all its values."""
    return f"<{type(value).__name__}>"


class _Bridge(logging.Handler):
    """Passes on what libraries log: the unformatted message, since its arguments can hold anything."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[1]:
            fields |= describe_exception(record.exc_info[1])
        log = structlog.get_logger()
        log.log(record.levelno, record.msg if record.args else f"a message from {record.name}", **fields)


def describe_exception(error: BaseException) -> dict[str, Any]:
    """Return what may be logged of an exception: type, SQLSTATE where it has one, and places; never its text."""
    described: dict[str, Any] = {
        "error_type": f"{type(error).__module__}.{type(error).__qualname__}",
        "error_places": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in _frames(error)][-12:],
    }
    if sqlstate := getattr(error, "sqlstate", None):
        described["sqlstate"] = str(sqlstate)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        described["error_cause"] = f"{type(cause).__module__}.{type(cause).__qualname__}"
    return described


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    return list(traceback.extract_tb(error.__traceback__))
