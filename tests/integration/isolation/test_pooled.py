"""Operations of five tenants, interleaved on two connections of a kind, checked against a model of what each has.

hypothesis makes the operations and what goes wrong in them: exceptions, statements that fail, are cancelled or take
too long, callers who go away, sessions that are ended, connections that are cut. No row, no count and no answer to
"does it exist?" is ever of another tenant, and a statement without a tenant fails. Leaves out the statements of the
services themselves (test_servers.py).
"""

import asyncio
from collections.abc import Iterator
from itertools import count
from typing import ClassVar, Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.fixtures.postgres import Databases
from tests.integration.isolation.pooled import FORMS, TENANTS, Act, Fault, Operation, Pool, Tenant, opened

_AT_ONCE: Final = 24
_STEPS: Final = 20
_TENANT: Final = st.integers(0, TENANTS - 1)
# Three of four go well, so that connections are used again and again, and now and then by who comes after a fault.
_FAULTS: Final = st.sampled_from([*[Fault.NONE] * (3 * len(Fault)), *Fault])
_OPERATIONS: Final = st.lists(
    st.builds(Operation, tenant=_TENANT, act=st.sampled_from(Act), fault=_FAULTS, other=_TENANT),
    min_size=_AT_ONCE,
    max_size=_AT_ONCE,
)


class Interleaving(RuleBasedStateMachine):
    """Five new tenants on the pool that all earlier ones have used; what these stored is still there."""

    runner: ClassVar["asyncio.Runner"]
    pool: ClassVar[Pool]
    numbers: ClassVar["count[int]"] = count()

    def __init__(self) -> None:
        super().__init__()
        number = next(self.numbers)
        self._tenants = [Tenant(f"tenant-{number}-{each}") for each in range(TENANTS)]

    @rule(operations=_OPERATIONS)
    def go_on(self, operations: list[Operation]) -> None:
        """Do so many at once."""
        self.runner.run(self.pool.do(operations, self._tenants))

    def teardown(self) -> None:
        """See that what stands is what the model has."""
        self.runner.run(self.pool.settle(self._tenants))


@pytest.fixture
def pool(databases: Databases) -> Iterator[Pool]:
    """The pool, with a loop of its own: hypothesis calls functions that are none of asyncio's."""
    with asyncio.Runner() as runner:
        opening = opened(databases)
        Interleaving.runner, Interleaving.pool = runner, runner.run(opening.__aenter__())
        yield Interleaving.pool
        runner.run(opening.__aexit__(None, None, None))


@pytest.mark.parametrize(("examples", "most_often"), [(2, 400), pytest.param(32, 10_000, marks=pytest.mark.thorough)])
def test_nothing_of_another_tenant_comes_back(pool: Pool, examples: int, most_often: int) -> None:
    first = [Tenant(f"first-{each}") for each in range(TENANTS)]
    Interleaving.runner.run(pool.do_each(first))
    run_state_machine_as_test(
        Interleaving,
        settings=settings(
            max_examples=examples,
            stateful_step_count=_STEPS,
            # What depends on who is faster is not the same when it is tried again, so there is no shrinking it.
            phases=[Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
            database=None,
        ),
    )
    Interleaving.runner.run(pool.settle(first))
    # The controls: so much was done, all that can go wrong did, and what had to be refused was. How many steps a run
    # has is chance, up to 32 times 20 of 24 operations each.
    assert pool.done >= most_often
    assert min(pool.injected.values()) > 0, pool.injected
    assert pool.refused > 0


async def test_one_plan_serves_every_tenant_its_own_rows(databases: Databases) -> None:
    """CVE-2024-10976: policies were forgotten where a plan is used again and the table is in a part of the query."""
    tenants = [Tenant(f"planned-{each}") for each in range(TENANTS)]
    async with opened(databases, connections=1) as pool:
        for turn in range(12):
            for me in tenants:
                await pool.add(me)
                for form in FORMS:
                    found = await pool.database.fetch(me.name, form)
                    assert sorted(found) == sorted((me.name, app_id) for app_id in me.stored), (form, turn)
        # The control: they were planned without a tenant's name, and these plans were used nearly every time.
        used = await pool.database.fetch_unscoped(
            "SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = ANY(%s)",
            (list(FORMS),),
        )
    assert {row.statement: (row.generic_plans, row.custom_plans) for row in used} == dict.fromkeys(FORMS, (60, 0))
