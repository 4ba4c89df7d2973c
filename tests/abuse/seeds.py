"""The seed of a run: chosen with PAAS_ABUSE_SEED, else by chance, and printed by every test that uses it."""

import os
import random
from typing import Final

SEED: Final = int(os.environ.get("PAAS_ABUSE_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
