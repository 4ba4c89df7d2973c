"""Every process of a service of three is stopped and started again under load, one after the other: no call fails.

That is what an upgrade of the control plane does. The writers are those of tests/crash, which count what they had to
ask again.
"""

import sys

import pytest

from local.ports import PROCESSES
from tests.crash.balance import balance
from tests.crash.writers import at_work
from tests.e2e.installation import Installation, Paas, eventually
from tests.e2e.replicas.processes import WORKERS

pytestmark = pytest.mark.thorough


@pytest.mark.timeout(900)
def test_an_upgrade_of_one_process_at_a_time_fails_no_call(three: Installation, ada: Paas) -> None:
    live_app, draft_app = three.new_app(ada, instances=0), three.new_app(ada, instances=0)
    live_app.ok("secrets:set", "SEED=1")
    parts = [name if number == 1 else f"{name}-{number}" for name in PROCESSES for number in range(1, WORKERS + 1)]
    asked_again = {}
    with at_work(live_app, draft_app) as books:
        for part in parts:
            before, acknowledged = len(books.asked_again), len(books.acknowledged)
            three.stack.stop_part(part)
            three.stack.start_part(part)
            three.stack.wait_ready([part])
            eventually(lambda acknowledged=acknowledged: len(books.acknowledged) > acknowledged + 6)  # type: ignore[misc]
            asked_again[part] = books.asked_again[before:]
    sys.stdout.write(f"{len(books.acknowledged)} acknowledged while {len(parts)} processes were started again\n")
    assert {part: tries for part, tries in asked_again.items() if tries} == {}
    balance(three.stack, live_app, draft_app, books)
