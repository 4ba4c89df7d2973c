"""200 times `kill -9` of the five services and the check, at commit boundaries and at random, with the books kept.

PAAS_CRASH_KILLS and PAAS_CRASH_SEED choose how many and which. Leaves out crashes at each step of a release, which
releaser's own tests have.
"""

import os
import random
from collections import Counter
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.ports import SIGN_IN_CHECK
from tests.crash.balance import balance
from tests.crash.points import SERVICES, Point, installed, kill
from tests.crash.writers import at_work
from tests.e2e.installation import Installation, Paas

KILLS = int(os.environ.get("PAAS_CRASH_KILLS", "200"))
# Of each side one dies at a time, so that two services are often away together.
SIDES = (("config", "tokens", "releaser"), ("secrets", "audit", SIGN_IN_CHECK))
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
    # It writes next to nothing, so it dies at any moment.
    plan.append((SIGN_IN_CHECK, Point.RANDOM))
    order = [plan[index % len(plan)] for index in range(kills)]
    choice.shuffle(order)

    def kill_in_turn(services: Collection[str], choice: random.Random) -> Counter[str]:
        came: Counter[str] = Counter()
        for service, point in order:
            if service in services:
                came[point] += kill(installation.stack, service, point, choice=choice)
        return came

    with installed(installation.stack), at_work(live_app, draft_app) as books, ThreadPoolExecutor() as pool:
        came = sum(pool.map(kill_in_turn, SIDES, [random.Random(choice.random()) for _ in SIDES]), Counter())
    done = f"{len(books.acknowledged)} acknowledged, {len(books.asked_again)} tries again"
    print(f"\n{kills} kills, seed {seed}: {done}; where they died: {dict(came)}")
    assert len(books.acknowledged) > kills
    balance(installation.stack, live_app, draft_app, books)
