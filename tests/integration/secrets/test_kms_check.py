"""A key service with other keys than those the database was begun with is found out before it seals anything."""

from collections.abc import AsyncIterator

import pytest

from paaskit.db import Database
from services.secrets.keys.kms_check import KmsCheck, WrongKeyError
from services.secrets.store.tenant_keys import KeyStore
from tests.fakes.kms import FakeKms
from tests.fixtures.postgres import Databases


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    """The empty `secrets` database, with the service's own role."""
    async with databases.open("secrets") as database:
        yield database


async def test_same_keys_are_confirmed_by_every_replica(database: Database) -> None:
    kms = FakeKms()
    for _ in range(3):
        await KmsCheck(KeyStore(database), kms).confirm()
    assert kms.wraps == 1


async def test_other_keys_are_refused(database: Database) -> None:
    right, wrong = FakeKms(), FakeKms()
    await KmsCheck(KeyStore(database), right).confirm()
    check = KmsCheck(KeyStore(database), wrong)
    for _ in range(2):
        with pytest.raises(WrongKeyError):
            await check.confirm()
    assert wrong.wraps == 0
    await KmsCheck(KeyStore(database), right).confirm()
