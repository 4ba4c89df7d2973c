"""Every process of a service of three is stopped and started again under load, one after the other: nothing is lost.

That is what an upgrade of the control plane does. The writers are those of tests/crash, which keep what they had to ask
again. No call of the gateway's is refused, and none is ended in the middle. One between two services may meet a process
at the moment in which it stops, since a service knows of that only from its connection; who waits for it is told
UNAVAILABLE, which is to ask again.
"""

import sys

import pytest

from local.ports import PROCESSES
from tests.crash.balance import balance
from tests.crash.writers import Books, at_work
from tests.e2e.installation import Installation, Paas, eventually
from tests.e2e.replicas.processes import WORKERS

pytestmark = pytest.mark.thorough
# Calls between services that may be under way to one process as it stops.
_BETWEEN_SERVICES = 2
# A machine that has other things to do may keep a caller waiting past its deadline, whoever stops meanwhile. It does
# not do so each time; a process that loses calls when it is stopped does.
_ATTEMPTS = 6


def _stopped_and_started(installation: Installation, part: str, books: Books) -> list[str]:
    """Stop one process and start it again under load; return what had to be asked again meanwhile, and why."""
    before, acknowledged = len(books.asked_again), len(books.acknowledged)
    installation.stack.stop_part(part)
    installation.stack.start_part(part)
    installation.stack.wait_ready([part])
    eventually(lambda: len(books.acknowledged) > acknowledged + 6)
    return books.asked_again[before:]


def _is_lossless(asked_again: list[str]) -> bool:
    return len(asked_again) <= _BETWEEN_SERVICES and all("UNAVAILABLE The " in each for each in asked_again)


def test_an_upgrade_of_one_process_at_a_time_loses_nothing(three: Installation, ada: Paas) -> None:
    live_app, draft_app = three.new_app(ada, instances=0), three.new_app(ada, instances=0)
    live_app.ok("secrets:set", "SEED=1")
    parts = [name if number == 1 else f"{name}-{number}" for name in PROCESSES for number in range(1, WORKERS + 1)]
    with at_work(live_app, draft_app) as books:
        for part in parts:
            tried: list[list[str]] = []
            while not tried or not _is_lossless(tried[-1]):
                assert len(tried) < _ATTEMPTS, (part, tried)
                tried.append(_stopped_and_started(three, part, books))
    sys.stdout.write(f"{len(books.acknowledged)} acknowledged while {len(parts)} processes were started again\n")
    balance(three.stack, live_app, draft_app, books)
