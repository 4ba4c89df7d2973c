"""Wrapping tenants' keys anew once another version of the KMS's key wraps: noticed, compared, and then replaced."""

import base64
import os
from dataclasses import replace

import pytest

from paaskit.audit import Actor
from paaskit.errors import Unavailable
from services.secrets.keys.kms import KeyName, UnwrapError, tenant_key
from services.secrets.keys.wrapping import Wrapping, key_context
from services.secrets.rotation.standing import Renewed
from tests.fakes.kms import FakeKms, RightKms
from tests.fixtures.waiting import until
from tests.integration.secrets.conftest import Secrets
from tests.integration.secrets.rollouts import Rollouts, until_done
from tests.integration.secrets.test_key_rollout import nowhere, rollouts

__all__ = ["nowhere", "rollouts"]
ACME = tenant_key("acme")
WRAPPED = "SELECT wrapped FROM tenant_keys WHERE tenant = 'acme' ORDER BY generation"


async def test_all_keys_are_wrapped_anew_and_nothing_else_changes(rollouts: Rollouts) -> None:
    await rollouts.store(3)
    await rollouts.store(3, tenant="globex")
    replica = rollouts.replica()
    await replica.rotate()
    await until_done(replica)
    before, theirs = rollouts.look(WRAPPED), rollouts.look("SELECT wrapped FROM tenant_keys WHERE tenant = 'globex'")
    values = rollouts.look("SELECT sealed FROM sealed ORDER BY name")
    rollouts.kms.new_primary_version(ACME)
    rollouts.look("UPDATE key_care SET due = now()")
    await replica.care.look_after_due()
    after = rollouts.look(WRAPPED)
    assert len(after) == 2
    assert not {*before} & {*after}
    for generation, (wrapped,) in enumerate(after, start=1):
        context = key_context("acme", generation)
        assert await rollouts.kms.is_current(ACME, bytes(wrapped), context=context)
    assert await rollouts.unreadable() == []
    assert rollouts.look("SELECT sealed FROM sealed ORDER BY name") == values
    assert rollouts.look("SELECT wrapped FROM tenant_keys WHERE tenant = 'globex'") == theirs
    rollouts.look("UPDATE key_care SET due = now()")
    await replica.care.look_after_due()
    assert rollouts.look(WRAPPED) == after, "once is enough"


@pytest.mark.parametrize("generation", [1, 2])
async def test_a_process_that_ended_in_between_is_made_up_for(rollouts: Rollouts, generation: int) -> None:
    await rollouts.store(3)
    replica = rollouts.replica()
    await replica.rotate()
    await until_done(replica)
    rollouts.kms.new_primary_version(ACME)
    done = (await replica.generations.keys("acme"))[:generation]
    for key in done:
        renewed = await replica.wrapping.renew("acme", key)
        rollouts.look("UPDATE tenant_keys SET wrapped = %s WHERE generation = %s", renewed.wrapped, key.generation)
    rollouts.look("UPDATE key_care SET due = now()")
    await replica.care.look_after_due()
    assert not any([await replica.wrapping.is_outdated("acme", key) for key in await replica.generations.keys("acme")])
    assert await rollouts.unreadable() == []


async def test_two_replicas_at_once_leave_one_form_that_opens(rollouts: Rollouts) -> None:
    await rollouts.store(3)
    first, second = rollouts.replica(0), rollouts.replica(1)
    rollouts.kms.new_primary_version(ACME)
    (seen,) = await second.generations.keys("acme")
    await first.care._rewrap("acme")
    ((kept,),) = rollouts.look(WRAPPED)
    late = Renewed(seen, await second.wrapping.renew("acme", seen))
    await second.generations.rewrap("acme", late, Actor(tenant="acme", name="service:secrets"))
    assert rollouts.look(WRAPPED) == [(kept,)]
    assert await rollouts.unreadable() == []


class Changing(FakeKms):
    """Once it lies, it unwraps what it wraps to another key, or not at all."""

    def __init__(self, *, lost: bool) -> None:
        super().__init__()
        self.lying, self._lost, self._last = False, lost, b""

    async def wrap(self, name: KeyName, key: bytes, *, context: bytes) -> bytes:
        wrapped = await super().wrap(name, key, context=context)
        self._last = wrapped if self.lying else b""
        return wrapped

    async def unwrap(self, name: KeyName, wrapped: bytes, *, context: bytes) -> bytes:
        if wrapped == self._last:
            if self._lost:
                raise UnwrapError
            return os.urandom(32)
        return await super().unwrap(name, wrapped, context=context)


@pytest.mark.parametrize("lost", [True, False], ids=["does not unwrap", "unwraps to another key"])
async def test_what_does_not_open_to_the_same_key_replaces_nothing(lost: bool) -> None:
    kms = Changing(lost=lost)
    wrapping = Wrapping(kms, RightKms())
    stored = await wrapping.make("acme", 1)
    kms.lying = True
    with pytest.raises(Unavailable):
        await wrapping.renew("acme", stored)


async def test_a_key_without_a_check_value_is_not_touched(rollouts: Rollouts) -> None:
    """A wrong one that the KMS answered with could take its place."""
    await rollouts.store(1)
    rollouts.look("UPDATE tenant_keys SET check_value = NULL")
    before = rollouts.look(WRAPPED)
    rollouts.kms.new_primary_version(ACME)
    replica = rollouts.replica()
    await replica.care.look_after_due()
    assert rollouts.look(WRAPPED) == before
    (key,) = await replica.generations.keys("acme")
    with pytest.raises(ValueError, match="without a check value"):
        await replica.wrapping.renew("acme", replace(key, check_value=None))


async def test_by_itself_in_a_running_service(secrets: Secrets) -> None:
    await secrets.set(KEY="1")
    before = (await secrets.keys()).kms_primary_version
    root, *rest = secrets.key_file.read_text().split("\n")
    new = base64.b64encode(os.urandom(32)).decode()
    secrets.key_file.write_text("\n".join([new, f"former {root}", *rest]))
    wrapped = secrets.look(WRAPPED)
    secrets.look("UPDATE key_care SET due = now()")
    await until(lambda: secrets.look(WRAPPED) != wrapped)
    assert (await secrets.keys()).kms_primary_version != before
    secrets.key_file.write_text(new)  # the former root is not needed any more
    assert await secrets.reveal() == "1"
    events = [event for event in await secrets.events() if event.action == "keys.rewrap"]
    assert [(event.actor, event.version, list(event.targets)) for event in events] == [("service:secrets", 1, [])]
