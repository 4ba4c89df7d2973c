"""One of three processes of each service is killed under load: nothing acknowledged is lost, all errors are retryable.

The writers and the books are those of tests/crash, which kills a service's only process by the hundred.
"""

import random
import sys
import time

import pytest

from tests.crash.balance import balance
from tests.crash.writers import at_work
from tests.e2e.installation import Installation, Paas, eventually

pytestmark = pytest.mark.thorough
_KILLED = ("config-2", "secrets-3", "sign-in-check-2", "tokens-2", "audit-3", "releaser")


def test_one_process_of_three_dies_under_load(three: Installation, ada: Paas) -> None:
    live_app, draft_app = three.new_app(ada, instances=0), three.new_app(ada, instances=0)
    live_app.ok("secrets:set", "SEED=1")
    seed = random.SystemRandom().randrange(2**31)
    chance = random.Random(seed)
    with at_work(live_app, draft_app) as books:
        for part in _KILLED:
            time.sleep(chance.random() * 0.5)
            before = len(books.acknowledged)
            three.stack.kill_part(part)
            eventually(lambda before=before: len(books.acknowledged) > before + 6)  # type: ignore[misc]
            three.stack.wait_ready([part])
    sys.stdout.write(f"{len(books.acknowledged)} acknowledged, {len(books.asked_again)} tries again, seed {seed}\n")
    balance(three.stack, live_app, draft_app, books)
