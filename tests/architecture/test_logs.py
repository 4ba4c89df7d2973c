"""Log lines hold names, numbers and ids, and never a message, an exception's text or a value.

Covers the calls as they are written: `log.warning("constant_event", key=simple)`. What comes out when values are around
is tested in tests/unit/paaskit/test_logs.py.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import Source, sources

_LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "log"}
# What may not be logged under any key, by the last part of its name.
_VALUES = {
    *("value", "values", "plaintext", "secret", "secrets", "password", "bearer", "token", "jwt", "unverified_jwt"),
    *("request", "response", "answer", "message", "payload", "payloads", "event", "order", "environment", "body"),
    *("error", "exception", "exc", "args", "metadata", "headers", "fields", "key_bytes", "wrapped", "sealed"),
}
# `**error.metadata` of our own errors: machine-readable, made of constants.
_SPREAD = {"describe_exception(error)", "error.metadata"}
# The bridge passes on what libraries log, on purpose without its arguments.
_BRIDGE = "paaskit/logs.py"


def _calls(source: Source) -> Iterator[ast.Call]:
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _LEVELS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in {"log", "logger", "logging"}
        ):
            yield node


def wrong_with(call: ast.Call) -> list[str]:
    """What is wrong with one log call."""
    found = []
    if len(call.args) != 1 or not isinstance(call.args[0], ast.Constant) or not isinstance(call.args[0].value, str):
        found.append("the event is one constant")
    if isinstance(call.func, ast.Attribute) and call.func.attr == "exception":
        found.append("an exception is logged with describe_exception")
    for keyword in call.keywords:
        if keyword.arg is None:
            if ast.unparse(keyword.value) not in _SPREAD:
                found.append(f"**{ast.unparse(keyword.value)} can hold anything")
        elif keyword.arg in {"exc_info", "stack_info"} or not _is_simple(keyword.value):
            found.append(f"{keyword.arg}={ast.unparse(keyword.value)}")
    return found


def _is_simple(node: ast.expr) -> bool:
    """A constant, a name, attributes of one, or an element of a row: nothing that makes text of something."""
    match node:
        case ast.Constant():
            return True
        case ast.Name():
            return node.id not in _VALUES
        case ast.Attribute():
            return node.attr not in _VALUES and isinstance(node.value, ast.Name | ast.Attribute)
        case ast.Subscript():
            return isinstance(node.value, ast.Subscript | ast.Name) and isinstance(node.slice, ast.Constant)
        case ast.Call(func=ast.Name(id="len"), args=[_]):
            return True
    return False


@pytest.mark.parametrize("source", sources("paaskit", "services"), ids=lambda each: each.path)
def test_log_calls_are_plain(source: Source) -> None:
    if source.path == _BRIDGE:
        return
    assert [(call.lineno, problem) for call in _calls(source) for problem in wrong_with(call)] == []


@pytest.mark.parametrize(
    "line",
    [
        'log.info(f"set {name}")',
        'log.info("set %s", value)',
        'log.info("set", request=str(request))',
        'log.info("set", request=request)',
        'log.info("set", value=assignment.value)',
        'log.info("set", what=repr(x))',
        'log.info("set", what=f"{x}")',
        'log.info("set", what="%s" % x)',
        'log.info("set", what="{}".format(x))',
        'log.info("set", **fields)',
        'log.info("set", reason=error)',
        'log.exception("failed")',
        'log.error("failed", exc_info=True)',
    ],
)
def test_the_check_of_log_calls_sees(line: str) -> None:
    assert [problem for call in _calls(Source("x.py", line)) for problem in wrong_with(call)]


_FORMATTERS = {"str", "repr", "format", "print", "pformat", "pprint"}
_MESSAGE_NAMES = {"request", "response", "event", "message", "order", "status", "answer"}


def _formatted(source: Source) -> Iterator[str]:
    """Places where something that is called like a message is turned into text."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Name(id=what), *_]) if name in _FORMATTERS:
                if what in _MESSAGE_NAMES:
                    yield f"{node.lineno}: {ast.unparse(node)}"
            case ast.FormattedValue(value=ast.Name(id=what)) if what in _MESSAGE_NAMES:
                yield f"{node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize(
    "source", sources("paaskit", "services", "cli", "client", "gateway"), ids=lambda each: each.path
)
def test_no_message_is_made_text(source: Source) -> None:
    """str(), f-strings and repr() of a protobuf message print the fields that debug_redact should hide."""
    if not source.imports_any("paas", "google", "envoy"):
        return
    assert list(_formatted(source)) == []
    assert source.imports_any("google.protobuf.text_format", "google.protobuf.json_format") == []


def test_the_check_of_formatting_sees() -> None:
    for line in ("str(request)", 'f"got {response}"', 'f"{event!r}"', "print(message)"):
        assert list(_formatted(Source("x.py", line))), line
