"""The machine's own PostgreSQL admits what the pools of all processes may take together.

Otherwise a process that is started again under load finds no connection, and neither does anybody's next change.
"""

import re

import pytest

from local.ports import PROCESSES, SERVICES
from tests.e2e.installation import Installation, as_superuser, metrics_page
from tests.e2e.replicas.processes import WORKERS

pytestmark = pytest.mark.thorough
# The gauges of a process's two pools on its page of metrics.
_MOST = re.compile(rb"^paas_database_connections_most\{[^}]*\} ([0-9.]+)$", re.MULTILINE)
# Whose turn it is at work in the background is settled on a connection more, where there is such work; people look too.
_AT_WORK = len(SERVICES)
_OTHERS = 10


def test_all_pools_may_be_full(three: Installation) -> None:
    pools = [_MOST.findall(metrics_page(three.stack, process)) for process in PROCESSES]
    assert all(pools)
    of_one_of_each = sum(sum(map(float, sizes)) for sizes in pools) + _AT_WORK
    (row,) = as_superuser(three.stack, "postgres", "SHOW max_connections")
    assert int(row[0]) >= WORKERS * of_one_of_each + _OTHERS
