"""`kill -9` in the middle of things: nothing acknowledged is lost, and nothing happens twice.

The short form of `tests/crash`, which kills by the hundred. Leaves out crashes at each chosen point inside a release,
which releaser's own tests have.
"""

import signal
import time

import pytest

from tests.crash.balance import balance
from tests.crash.test_events import kill_around_events
from tests.crash.test_failover import failover
from tests.crash.test_kill import crash
from tests.crash.writers import at_work
from tests.e2e.installation import (
    Installation,
    Paas,
    environments,
    events,
    eventually,
    instances,
    kill,
    pid_of,
    releases,
)


def test_releaser_dies_in_the_middle_of_a_release(installation: Installation, paas: Paas) -> None:
    watching = paas.start("config:set", "A=1")
    assert watching.stderr is not None
    while "running" not in (line := watching.stderr.readline()):
        assert line
    kill(pid_of(installation.stack, "releaser"))
    ended = paas.finish(watching)
    assert (ended.exit_code, ended.lines[-1]) == (0, "v2 succeeded"), ended.err
    assert [environment["A"] for environment in environments(paas)] == ["1", "1"]
    assert [one["state"] for one in instances(paas)] == ["ready", "ready"]
    assert len(releases(paas)) == 2
    app = paas.environment["PAAS_APP"]
    eventually(lambda: len(events(paas, app=app, action="releases.finish")) == 2)
    installation.stack.wait_ready()


def test_services_die_under_load(installation: Installation, ada: Paas) -> None:
    crash(installation, ada, kills=5, seed=7)


@pytest.mark.thorough
def test_services_die_around_events(installation: Installation, ada: Paas) -> None:
    kill_around_events(installation, ada, kills=6, seed=7)


@pytest.mark.thorough
def test_databases_fail_over_under_load(installation: Installation, ada: Paas) -> None:
    failover(installation, ada, rounds=1)


@pytest.mark.thorough
def test_the_database_restarts_under_load(installation: Installation, ada: Paas) -> None:
    live_app, draft_app = installation.new_app(ada, instances=0), installation.new_app(ada, instances=0)
    live_app.ok("secrets:set", "SEED=1")
    with at_work(live_app, draft_app) as books:
        for number in (signal.SIGINT, signal.SIGKILL):
            time.sleep(0.5)
            before = len(books.acknowledged)
            installation.stack.kill_part("postgres", number)
            eventually(lambda: len(books.acknowledged) > before + 10)  # noqa: B023 - called at once
    assert books.asked_again
    balance(installation.stack, live_app, draft_app, books)
