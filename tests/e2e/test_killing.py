"""`kill -9` in the middle of things: nothing acknowledged is lost, and nothing happens twice.

Leaves out crashes at each chosen point inside a release, which releaser's own tests have.
"""

import random
import signal
import time

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
    settled,
)
from tests.e2e.load import balance, load

SERVICES = ("config", "secrets", "tokens", "audit", "releaser", "gateway")
ROUNDS = 8


def test_releaser_dies_in_the_middle_of_a_release(installation: Installation, paas: Paas) -> None:
    watching = paas.start("config:set", "A=1")
    assert watching.stdout is not None
    while "running" not in (line := watching.stdout.readline()):
        assert line, "it ended before it was running"
    kill(pid_of(installation.stack, "releaser"))
    ended = paas.finish(watching)
    assert (ended.exit_code, ended.lines[-1]) == (0, "v2 succeeded"), ended.err
    assert [environment["A"] for environment in environments(paas)] == ["1", "1"]
    assert [one["state"] for one in instances(paas)] == ["ready", "ready"]
    assert len(releases(paas)) == 2
    app = paas.environment["PAAS_APP"]
    eventually(lambda: len(events(paas, app=app, action="releases.finish")) == 2)
    installation.stack.wait_ready()


def test_services_die_at_random_under_load(installation: Installation, idle: Paas) -> None:
    choice = random.Random(7)
    order = [choice.choice(SERVICES) for _ in range(ROUNDS - len(SERVICES))] + list(SERVICES)
    choice.shuffle(order)
    with load(idle) as books:
        for part in order:
            time.sleep(choice.uniform(0.2, 0.8))
            installation.stack.kill_part(part)
            # At once, where the supervisor would wait longer each time.
            installation.stack.start_part(part)
        eventually(lambda: len(books.acknowledged) > 30)
    assert books.retried > 0
    balance(idle, books)


def test_the_database_restarts_under_load(installation: Installation, idle: Paas) -> None:
    with load(idle) as books:
        for number in (signal.SIGINT, signal.SIGKILL):
            time.sleep(0.5)
            before = len(books.acknowledged)
            installation.stack.kill_part("postgres", number)
            eventually(lambda: len(books.acknowledged) > before + 10)  # noqa: B023 - called at once
    assert books.retried > 0
    balance(idle, books)
    assert settled(idle)
