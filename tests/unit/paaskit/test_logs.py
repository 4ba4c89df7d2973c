"""Logs are JSON lines without a value in them, whoever logs.

Covers: what is said of an exception, also of one that nobody can catch, structlog's way out, the bridge from the
standard library. That our own calls are
written plainly is an architecture test.
"""

import gc
import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import structlog
from google.protobuf.message import DecodeError
from paas.secrets.v1 import secrets_pb2

from paaskit.logs import configure_logs, describe_exception, refuse_traces_of_grpc
from paaskit.settings import SettingsError

CANARY = "canary-52c1"


class LogLines:
    """Logs as in a service, into memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._printed = io.StringIO()

    def configure(self, level: str) -> None:
        """Start logging. Called by the test itself: pytest puts its own standard output in place after fixtures."""
        self._monkeypatch.setattr(sys, "stdout", self._printed)
        configure_logs(service="config", level=level)

    def __call__(self) -> list[dict[str, Any]]:
        """The lines so far."""
        return [json.loads(line) for line in self._printed.getvalue().splitlines()]


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[LogLines]:
    """Logs that are put back afterwards."""
    for module, hook in ((sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, hook, getattr(module, hook))
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers, root.level
    yield LogLines(monkeypatch)
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = handlers, level


def _raise(error: BaseException) -> BaseException:
    def fail() -> None:
        value = CANARY
        assert value
        raise error

    try:
        fail()
    except BaseException as caught:
        return caught
    raise AssertionError("nothing was raised")


def _parse_error() -> BaseException:
    try:
        secrets_pb2.SetSecretsRequest.FromString(CANARY.encode())
    except DecodeError as error:
        return error
    raise AssertionError("it was parsed")


@pytest.mark.parametrize(
    "error",
    [
        _raise(ValueError(CANARY)),
        _raise(KeyError(CANARY)),
        _raise(UnicodeDecodeError("utf-8", CANARY.encode(), 0, 1, CANARY)),
        _raise(json.JSONDecodeError("bad", CANARY, 0)),
        _raise(psycopg.errors.UniqueViolation(f"Key (name)=({CANARY}) already exists")),
        _raise(OSError(2, CANARY, CANARY)),
        _raise(ExceptionGroup(CANARY, [ValueError(CANARY)])),
        _parse_error(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_exception_is_described_without_its_text(error: BaseException) -> None:
    described = describe_exception(error)
    assert CANARY not in json.dumps(described)
    assert described["error_type"].endswith(type(error).__qualname__)
    assert described["error_places"]


def test_a_cause_is_named_and_not_quoted() -> None:
    error = ValueError(CANARY)
    error.__cause__ = KeyError(CANARY)
    described = describe_exception(_raise(error))
    assert described["error_cause"] == "builtins.KeyError"
    assert CANARY not in json.dumps(described)


def test_a_database_error_has_its_state() -> None:
    assert describe_exception(psycopg.errors.UniqueViolation(CANARY))["sqlstate"] == "23505"


def test_a_line_is_one_json_object(log_lines: LogLines) -> None:
    log_lines.configure("debug")
    structlog.get_logger().info("serving", address="127.0.0.1:1", text="two\nlines")
    (line,) = log_lines()
    assert (line["event"], line["level"], line["service"]) == ("serving", "info", "config")
    assert line["timestamp"].endswith("Z")


def test_an_exception_in_the_log_call_shows_neither_text_nor_locals(log_lines: LogLines) -> None:
    log_lines.configure("debug")
    log = structlog.get_logger()
    error = _raise(ValueError(CANARY))
    log.error("failed", **describe_exception(error))
    try:
        int(CANARY)
    except ValueError:
        log.exception("failed")
        log.error("failed", exc_info=error)
    lines = log_lines()
    assert [line["error_type"] for line in lines] == ["builtins.ValueError"] * 3
    assert CANARY not in json.dumps(lines)


def test_the_standard_library_is_passed_on_without_arguments(log_lines: LogLines) -> None:
    log_lines.configure("debug")
    library = logging.getLogger("some.library")
    library.warning("could not set %s", CANARY)
    library.warning(f"could not set {CANARY}")
    try:
        int(CANARY)
    except ValueError:
        library.exception("it failed with %s", CANARY)
    library.info("not wanted: %s", CANARY)
    lines = log_lines()
    assert [line["event"] for line in lines] == [
        "could not set %s",
        "a message from some.library",
        "it failed with %s",
    ]
    assert [line["logger"] for line in lines] == ["some.library"] * 3
    assert lines[2]["error_type"] == "builtins.ValueError"
    assert CANARY not in json.dumps(lines)


def test_what_is_no_plain_value_is_named_by_its_type(log_lines: LogLines) -> None:
    log_lines.configure("debug")
    message = secrets_pb2.RevealSecretResponse(value=CANARY)
    structlog.get_logger().info("set", answer=message, raw=CANARY.encode(), error=ValueError(CANARY), names=["A"])
    (line,) = log_lines()
    assert CANARY not in json.dumps(line)
    assert (line["answer"], line["raw"], line["names"]) == ("<RevealSecretResponse>", "<bytes>", ["A"])


def test_levels(log_lines: LogLines) -> None:
    log_lines.configure("warning")
    structlog.get_logger().info("not shown")
    structlog.get_logger().warning("shown")
    assert [line["event"] for line in log_lines()] == ["shown"]
    with pytest.raises(ValueError, match="the log level is"):
        configure_logs(service="config", level="loud")


class Fails:
    """What can't be got rid of without an exception."""

    def __del__(self) -> None:
        raise ValueError(CANARY)


def test_what_nobody_can_catch_is_logged_without_its_text(
    log_lines: LogLines, capfd: pytest.CaptureFixture[str]
) -> None:
    gc.collect()  # what other tests left may have something to say as well
    log_lines.configure("info")
    failing = Fails()
    del failing
    gc.collect()
    thread = threading.Thread(target=_raise_in_thread)
    thread.start()
    thread.join()
    unraisable, ended = log_lines()
    assert (unraisable["event"], unraisable["within"]) == ("unraisable", "Fails.__del__")
    assert (ended["event"], ended["level"]) == ("thread_ended", "error")
    assert unraisable["error_type"] == ended["error_type"] == "builtins.ValueError"
    assert "_raise_in_thread" in ended["error_places"][-1]
    assert CANARY not in f"{unraisable}{ended}{capfd.readouterr()}"


def _raise_in_thread() -> None:
    raise ValueError(CANARY)


def test_a_service_whose_grpc_would_trace_does_not_start() -> None:
    with pytest.raises(SettingsError, match="GRPC_TRACE is set"):
        refuse_traces_of_grpc({"GRPC_TRACE": "all"})
    refuse_traces_of_grpc({"GRPC_TRACE": "", "GRPC_VERBOSITY": "debug"})
