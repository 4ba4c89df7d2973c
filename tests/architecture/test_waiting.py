"""Tests wait for what they want to see, and say nothing of how long it took: that says more about the machine.

Covers tests as they are written: no assertion that something was quick, and no patience of a few seconds, which a
loaded machine uses up. `tests/fixtures/waiting.py` has what to wait with. Performance is measured in bench/.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import Source, sources

_CLOCKS = {"monotonic", "perf_counter", "time"}
_LEAST_SECONDS = 30
# Calls whose time limit is what is tested, or that are made again until they succeed: reviewed.
_SHORT_ON_PURPOSE = {
    "tests/unit/cli/test_wire.py": {"error_of(Channel(where, token='t', user_agent='test'), timeout=1.0)"},
    "tests/unit/paaskit/db/test_open_transaction.py": {"call(stub.AppendEvents"},  # nobody is there
    "tests/unit/paaskit/outbox/test_statuses.py": {"_relay(database, tls, audit, timeout=0.1)"},
    "tests/integration/releaser/test_crash.py": {"stub.Check(health_pb2.HealthCheckRequest(), timeout="},
    "tests/integration/releaser/test_drafts.py": {"quick.users.CreateRelease("},
    "tests/integration/audit/test_server.py": {"asyncio.wait([first_seen], timeout=0.05)"},
    "tests/crash/test_events.py": {"desk.channel.unary("},
    "tests/crash/writers.py": {"self.channel.unary("},
    "tests/abuse/neighbours/attacks.py": {"socket.create_connection("},  # being refused is one of its ends
}


def _reads_a_clock(node: ast.expr) -> bool:
    return any(
        isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in _CLOCKS
        for each in ast.walk(node)
    )


def _timed(source: Source) -> Iterator[str]:
    """Assertions that less than some time has passed."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assert):
            for each in ast.walk(node.test):
                match each:
                    case ast.Compare(left=ast.BinOp(op=ast.Sub()) as passed, ops=[ast.Lt() | ast.LtE()]):
                        if _reads_a_clock(passed):
                            yield f"{node.lineno}: {ast.unparse(node)}"


def _limits(call: ast.Call) -> Iterator[ast.expr]:
    """The time limits that a call sets."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    words = {"timeout", "seconds", "patience"} if name in {"until", "eventually"} else {"timeout"}
    yield from (keyword.value for keyword in call.keywords if keyword.arg in words)
    if name == "timeout" and call.args:
        yield call.args[0]
    if name == "wait_for" and len(call.args) > 1:
        yield call.args[1]


def _hasty(source: Source) -> Iterator[str]:
    """Calls that give up after a few seconds."""
    allowed = _SHORT_ON_PURPOSE.get(source.path, set())
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or any(ast.unparse(node).startswith(each) for each in allowed):
            continue
        for limit in _limits(node):
            match limit:
                case ast.Constant(value=int(seconds) | float(seconds)) if 0 < seconds < _LEAST_SECONDS:
                    yield f"{node.lineno}: {ast.unparse(node)}"


def _looks_once(source: Source) -> Iterator[str]:
    """Waits of Playwright's for a script: one that promises something is true, and text may be looked at just once."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr == "wait_for_function":
            yield f"{node.lineno}: {ast.unparse(node)}: use tests.browser.visits.comes_true"


@pytest.mark.parametrize("source", sources("tests"), ids=lambda each: each.path)
def test_nothing_is_said_of_how_long_it_took(source: Source) -> None:
    assert list(_timed(source)) == []


@pytest.mark.parametrize("source", sources("tests"), ids=lambda each: each.path)
def test_nobody_is_hasty(source: Source) -> None:
    assert list(_hasty(source)) == []


@pytest.mark.parametrize("source", sources("tests/browser", "tests/keycloak"), ids=lambda each: each.path)
def test_what_a_page_comes_to_is_looked_for_again(source: Source) -> None:
    assert list(_looks_once(source)) == []


def test_the_checks_see() -> None:
    assert list(_looks_once(Source("x.py", "page.wait_for_function('true')")))
    assert list(_timed(Source("x.py", "assert time.monotonic() - begun < 0.5")))
    assert list(_timed(Source("x.py", "assert asyncio.get_running_loop().time() - begun <= 2")))
    assert not list(_timed(Source("x.py", "assert time.monotonic() - begun >= 2\nassert time.monotonic() < deadline")))
    for line in ("asyncio.timeout(5)", "asyncio.wait_for(x, 3)", "until(x, seconds=10)", "process.wait(timeout=10)"):
        assert list(_hasty(Source("x.py", line))), line
    for line in ("asyncio.timeout(PATIENCE)", "Duration(seconds=3)", "clock.advance(seconds=3)"):
        assert not list(_hasty(Source("x.py", line))), line
