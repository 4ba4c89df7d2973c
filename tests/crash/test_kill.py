"""200 times `kill -9` of the five services, at commit boundaries and at random, under load, with the books kept.

PAAS_CRASH_KILLS and PAAS_CRASH_SEED choose how many and which. Leaves out crashes at each step of a release, which
releaser's own tests have.
"""

import os
import random
from collections import Counter

import pytest

from tests.crash.balance import balance
from tests.crash.points import SERVICES, Point, installed, kill
from tests.crash.writers import at_work
from tests.e2e.installation import Installation, Paas

KILLS = int(os.environ.get("PAAS_CRASH_KILLS", "200"))
SEED = int(os.environ.get("PAAS_CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)


@pytest.mark.timeout(3600)
def test_nothing_acknowledged_is_lost_and_nothing_happens_twice(installation: Installation, ada: Paas) -> None:
    crash(installation, ada, kills=KILLS, seed=SEED)


def crash(installation: Installation, ada: Paas, *, kills: int, seed: int) -> None:
    """Kill services `kills` times under load and compare the books. Raises AssertionError."""
    choice = random.Random(seed)
    live_app, draft_app = installation.new_app(ada, instances=0), installation.new_app(ada, instances=0)
    live_app.ok("secrets:set", "SEED=1")
    plan = [(service, point) for service in SERVICES for point in Point]
    order = [plan[index % len(plan)] for index in range(kills)]
    choice.shuffle(order)
    came: Counter[str] = Counter()
    with installed(installation.stack), at_work(live_app, draft_app) as books:
        for service, point in order:
            came[point] += kill(installation.stack, service, point, choice=choice)
    done = f"{len(books.acknowledged)} acknowledged, {books.retried} tries again"
    print(f"\n{kills} kills, seed {seed}: {done}; where they died: {dict(came)}")
    assert len(books.acknowledged) > kills
    balance(installation.stack, live_app, draft_app, books)
