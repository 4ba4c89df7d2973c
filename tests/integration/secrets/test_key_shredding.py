"""Destroying a tenant's keys: none of its secrets is read or set any more, anywhere, and all else stays.

On the whole server with the provider `local`. What Cloud KMS does is tests/unit/secrets/keys/test_cloud_kms.py, the
log that still verifies tests/e2e/test_keys.py.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest

from paaskit.db import Database
from services.secrets.keys.kms import UnwrapError, tenant_key
from services.secrets.keys.kms.local import LocalKeyManagement
from services.secrets.keys.wrapping import key_context
from tests.fixtures.waiting import until
from tests.integration.secrets.conftest import Secrets
from tests.integration.secrets.rollouts import Replica
from tests.integration.secrets.test_key_rotation import refused


@asynccontextmanager
async def _database(secrets: Secrets) -> AsyncIterator[Database]:
    """A second process's way to the database."""
    databases = secrets.databases
    database = Database(
        databases.service_url("secrets"), password_file=databases.password_file("secrets"), service="secrets"
    )
    await database.open()
    yield database
    await database.close()


GONE = "FAILED_PRECONDITION: The keys of your secrets were destroyed: no secret can be read or set any more."


async def test_nothing_is_read_or_set_any_more_and_the_rest_goes_on(secrets: Secrets) -> None:
    await secrets.set(KEY="1", OTHER="2")
    await secrets.set(KEY="3", stage=True)
    await secrets.attach("postgres://db")
    version = (await secrets.listed()).version
    destruction = await secrets.shred_keys()
    assert destruction.HasField("destroyed_at")
    assert destruction.HasField("kms_destroyed_at")
    assert not destruction.HasField("restorable_until"), "a key file forgets for good"
    for call in (
        secrets.reveal("KEY"),
        secrets.reveal_all("KEY", "OTHER"),
        secrets.resolve(version, "KEY"),
        secrets.set(KEY="new"),
        secrets.set(NEW="new"),
        secrets.set(NEW="new", stage=True),
        secrets.rotate("KEY"),
        secrets.attach("postgres://other", attachment_id="a2"),
        secrets.release(),
        secrets.restore(1),
        secrets.rotate_keys(),
    ):
        assert await refused(call) == GONE
    assert [each.name for each in (await secrets.listed()).secrets] == ["KEY", "OTHER"], "names stay"
    await secrets.unset("OTHER")
    assert [each.name for each in (await secrets.listed()).secrets] == ["KEY"]
    keys = await secrets.keys()
    assert keys.destruction == destruction
    assert keys.kms_primary_version == ""
    actions = [event.action for event in await secrets.events()]
    assert actions.count("keys.shred") == 1
    assert secrets.look("SELECT count(*) FROM tenant_keys") == [(1,)], "no key was made anew"


async def test_again_is_no_second_time(secrets: Secrets) -> None:
    await secrets.set(KEY="1")
    first = await secrets.shred_keys()
    assert await secrets.shred_keys() == first
    assert [event.action for event in await secrets.events()].count("keys.shred") == 1


@pytest.mark.parametrize("confirm", ["", "globex", "ACME", "acme ", "acm", "acme\u200b"])
async def test_the_tenant_is_named_exactly(secrets: Secrets, confirm: str) -> None:
    await secrets.set(KEY="1")
    assert (await refused(secrets.shred_keys(confirm))).startswith("INVALID_ARGUMENT")
    assert await secrets.reveal() == "1"


async def test_another_tenant_can_not_be_named_and_is_not_touched(secrets: Secrets) -> None:
    globex = secrets.signer.user(tenant="globex")
    secrets.registry.add_app(tenant="globex")
    await secrets.set(KEY="theirs", me=globex)
    await secrets.set(KEY="mine")
    assert (await refused(secrets.shred_keys("acme", me=globex))).startswith("INVALID_ARGUMENT")
    await secrets.shred_keys()
    assert await secrets.reveal(me=globex) == "theirs"
    await secrets.set(KEY="theirs again", me=globex)
    assert not (await secrets.keys(me=globex)).HasField("destruction")
    assert (await secrets.rotate_keys(me=globex)).generation == 2
    await secrets.rolled_out(me=globex)
    assert await secrets.reveal(me=globex) == "theirs again"


async def test_before_the_first_secret_there_is_nothing_to_destroy(secrets: Secrets) -> None:
    assert (await refused(secrets.shred_keys())).startswith("FAILED_PRECONDITION: There is no key to destroy")


async def test_with_the_database_and_the_key_file_of_now_nothing_opens(secrets: Secrets) -> None:
    """A backup of the database has wrapped keys of the time; what wrapped them is nowhere any more."""
    await secrets.set(KEY="1")
    ((backup,),) = secrets.look("SELECT wrapped FROM tenant_keys")
    root = secrets.key_file.read_text().split()[0]
    kms, name, context = LocalKeyManagement(secrets.key_file), tenant_key("acme"), key_context("acme", 1)
    assert len(await kms.unwrap(name, bytes(backup), context=context)) == 32, "the control"
    await secrets.shred_keys()
    for process in (kms, LocalKeyManagement(secrets.key_file)):
        with pytest.raises(UnwrapError):
            await process.unwrap(name, bytes(backup), context=context)
    left = secrets.key_file.parent.glob(f"{secrets.key_file.name}*")
    assert not [path for path in left if root in path.read_text(errors="replace")]


async def test_every_replica_forgets_within_seconds(secrets: Secrets) -> None:
    """One that is not asked for anything, and was not the one that destroyed them."""
    await secrets.set(KEY="1")
    async with grpc.aio.insecure_channel("127.0.0.1:1") as nowhere, _database(secrets) as database:
        other = Replica.on(database, nowhere, LocalKeyManagement(secrets.key_file))
        assert (await other.keyring.keys("acme")).newest.generation == 1
        await secrets.shred_keys()
        assert "acme" in other.keyring._held
        running = asyncio.create_task(other.care.run_forgetting())
        try:
            await until(lambda: "acme" not in other.keyring._held)
            assert not running.done()
        finally:
            running.cancel()
        assert await refused(secrets.reveal()) == GONE


async def test_what_the_kms_can_not_do_now_is_done_later(secrets: Secrets) -> None:
    await secrets.set(KEY="1")
    beside = secrets.key_file.with_name(f"{secrets.key_file.name}.new")
    beside.mkdir()  # the key file can't be replaced
    destruction = await secrets.shred_keys()
    assert destruction.HasField("destroyed_at")
    assert not destruction.HasField("kms_destroyed_at")
    assert await refused(secrets.reveal()) == GONE
    assert await refused(secrets.set(KEY="2")) == GONE
    beside.rmdir()

    async def is_done() -> bool:
        return (await secrets.keys()).destruction.HasField("kms_destroyed_at")

    secrets.look("UPDATE key_care SET due = now()")
    await until(is_done)
