"""The migration that begins to look after keys: tenants that have one are on the schedule, and older code goes on."""

from services.secrets.keys.keyring import Keyring
from services.secrets.keys.wrapping import Wrapping
from services.secrets.store.key_care import KeyCareSchedule
from services.secrets.store.tenant_keys import KeyStore
from tests.fakes.clock import FakeClock
from tests.fakes.kms import FakeKms, RightKms
from tests.fixtures.postgres import Databases

_KEY = "INSERT INTO tenant_keys (tenant, generation, wrapped) VALUES (%s, %s, 'x')"


async def test_tenants_with_keys_are_on_the_schedule(databases: Databases) -> None:
    with databases.earlier("secrets", revision="0005") as earlier:
        for tenant, generation in (("acme", 1), ("acme", 2), ("globex", 1)):
            earlier.look(_KEY, (tenant, generation))
        earlier.upgrade()
        async with earlier.open() as database:
            assert {due.tenant for due in await KeyCareSchedule(database).due(10)} == {"acme", "globex"}
            assert [key.generation for key in await KeyStore(database).wrapped_keys("globex")] == [1]
        forced = "SELECT relforcerowsecurity FROM pg_class WHERE relname = 'tenant_keys'"
        assert earlier.look(forced) == [(True,)], "the owner is shown no tenant's rows afterwards"


async def test_a_key_that_code_of_before_made_is_put_on_the_schedule_when_it_is_read(databases: Databases) -> None:
    async with databases.open("secrets") as database:
        store, kms = KeyStore(database), FakeKms()
        await store.add_key("acme", await Wrapping(kms, RightKms()).make("acme", 1))
        assert await KeyCareSchedule(database).due(10) == []
        keyring = Keyring(store, Wrapping(kms, RightKms()), clock=FakeClock())
        assert (await keyring.keys("acme")).newest.generation == 1
        assert [due.tenant for due in await KeyCareSchedule(database).due(10)] == ["acme"]
