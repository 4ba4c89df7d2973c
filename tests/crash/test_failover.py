"""Each database fails over to read-only and back, under load, with the books kept."""

import random
import time

from tests.crash.balance import balance
from tests.crash.points import SERVICES, read_only
from tests.crash.writers import at_work
from tests.e2e.installation import Installation, Paas


def test_a_standby_for_a_while_loses_nothing(installation: Installation, ada: Paas) -> None:
    failover(installation, ada, rounds=2)


def failover(installation: Installation, ada: Paas, *, rounds: int) -> None:
    """Have each database be read-only for some seconds, `rounds` times over. Raises AssertionError."""
    choice = random.Random(rounds)
    live_app, draft_app = installation.new_app(ada, instances=0), installation.new_app(ada, instances=0)
    live_app.ok("secrets:set", "SEED=1")
    order = list(SERVICES) * rounds
    choice.shuffle(order)
    with at_work(live_app, draft_app) as books:
        for service in order:
            with read_only(installation.stack, service):
                time.sleep(choice.uniform(1.0, 3.0))
            time.sleep(choice.uniform(0.5, 1.5))
    done = f"{len(books.acknowledged)} acknowledged, {len(books.asked_again)} tries again"
    print(f"\n{len(order)} failovers: {done}")
    assert books.asked_again
    balance(installation.stack, live_app, draft_app, books)
