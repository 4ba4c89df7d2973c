"""Replicas of secrets' care for keys on one database and one KMS, and values that are sealed with a key."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc

from paaskit.audit import Actor
from paaskit.clock import Clock, random_id, utc_now
from paaskit.db import Database
from paaskit.redact import Plaintext
from paaskit.trail import Trail
from paaskit.write_path import WritePath
from services.secrets.keys.keyring import Keyring
from services.secrets.keys.kms import KeyManagement
from services.secrets.keys.tenant_keys import Sealed, TenantKeys
from services.secrets.keys.wrapping import Wrapping
from services.secrets.rotation.care import KeyCare
from services.secrets.rotation.operations import KeyOperations
from services.secrets.rotation.reencryption import Reencryption, Values
from services.secrets.rotation.shredding import Shredding
from services.secrets.rotation.standing import Standing
from services.secrets.store.generations import Generations
from services.secrets.store.key_care import KeyCareSchedule
from services.secrets.store.older import Old, OlderValues
from services.secrets.store.tenant_keys import KeyStore
from tests.fakes.clock import FakeClock
from tests.fakes.kms import FakeKms, RightKms
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import PATIENCE

ADA = Actor(tenant="acme", name="user:ada@example.com", credential="t1")


class Crash(BaseException):
    """The process ends here."""


class Dying:
    """Values whose process ends at its `at`th step: as a batch was read, or as one was written."""

    def __init__(self, values: Values, at: int) -> None:
        self._values = values
        self._left = at

    async def next(self, tenant: str, generation: int, *, after: Old | None) -> Sequence[Old]:
        self._step()
        found = await self._values.next(tenant, generation, after=after)
        self._step()
        return found

    async def replace(self, tenant: str, renewed: Sequence[tuple[Old, Sealed]], *, before: int, after: int) -> int:
        self._step()
        replaced = await self._values.replace(tenant, renewed, before=before, after=after)
        self._step()
        return replaced

    def _step(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Crash


class Replica:
    """What a process of secrets has of keys."""

    def __init__(
        self, database: Database, channel: grpc.aio.Channel, kms: KeyManagement, clock: Clock, *, dies_at: int = 0
    ) -> None:
        write_path = WritePath(database, trail=Trail(database, channel))
        self.wrapping = Wrapping(kms, RightKms())
        self.keyring = Keyring(KeyStore(database), self.wrapping, clock=clock)
        self.generations, self.schedule = Generations(database, write_path), KeyCareSchedule(database)
        values: list[Values] = [OlderValues(database, staged=staged) for staged in (False, True)]
        if dies_at:
            values = [Dying(each, dies_at) for each in values]
        shredding = Shredding(self.schedule, self.wrapping)
        self.care = KeyCare(
            self.schedule,
            self.generations,
            self.wrapping,
            reencryption=Reencryption(self.keyring, *values),
            shredding=shredding,
            forget=self.keyring.forget,
            clock=utc_now,
        )
        self.operations = KeyOperations(
            self.generations,
            self.wrapping,
            shredding=shredding,
            changed=self.keyring.forget,
            clock=utc_now,
        )

    @classmethod
    def on(cls, database: Database, channel: grpc.aio.Channel, kms: KeyManagement) -> "Replica":
        """One beside a server that is tested, with the same keys."""
        return cls(database, channel, kms, utc_now)

    async def rotate(self, actor: Actor = ADA) -> int:
        """Make a new key; returns its number."""
        return int((await self.operations.rotate(actor, request_id=random_id()))["generation"])

    async def standing(self, tenant: str = "acme") -> Standing:
        """How keys stand."""
        return (await self.generations.standing(tenant))[0]


class Rollouts:
    """A database of secrets with values in it, and processes that come and go."""

    def __init__(self, databases: Databases, channel: grpc.aio.Channel, *databases_of_replicas: Database) -> None:
        self.databases, self._channel, self._pools = databases, channel, databases_of_replicas
        self.kms, self.clock = FakeKms(), FakeClock()
        self._values: dict[tuple[str, str, str, int], str] = {}

    def replica(self, number: int = 0, *, dies_at: int = 0) -> Replica:
        """A process that begins now."""
        return Replica(self._pools[number], self._channel, self.kms, self.clock, dies_at=dies_at)

    def look(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows as superuser."""
        return self.databases.look("secrets", statement, parameters)

    async def store(self, count: int, *, tenant: str = "acme", staged: int = 2, size: int = 8) -> None:
        """Store so many values of a tenant, sealed with its newest key."""
        keys = await self.replica().keyring.keys(tenant)
        for number in range(count):
            self.add(keys, f"app{number % 3}", f"NAME{number}", 1 + number % 2, "x" * size + str(number))
        for number in range(staged):
            self.stage(keys, f"app{number}", f"STAGED{number}", 1 + number, f"staged{number}")

    def add(self, keys: TenantKeys, app_id: str, name: str, version: int, value: str) -> None:
        """Store one."""
        sealed = keys.seal(app_id, name, version, Plaintext(value))
        self._values[keys.tenant, app_id, name, version] = value
        self.look(
            """INSERT INTO sealed (tenant, app_id, name, valid_from, kind, generation, sealed, size, position)
               VALUES (%s, %s, %s, %s, 'secret', %s, %s, %s, 1)""",
            *(keys.tenant, app_id, name, version, sealed.generation, sealed.blob, len(value)),
        )

    def stage(self, keys: TenantKeys, app_id: str, name: str, revision: int, value: str) -> None:
        """Stage one."""
        sealed = keys.seal(app_id, name, -revision, Plaintext(value))
        self._values[keys.tenant, app_id, name, -revision] = value
        self.look(
            """INSERT INTO drafts (tenant, app_id, name, action, revision, generation, sealed, size,
                                   staged_by, staged_at)
               VALUES (%s, %s, %s, 'set', %s, %s, %s, %s, 'me', now())
               ON CONFLICT (tenant, app_id, name) DO UPDATE SET
                   revision = EXCLUDED.revision, generation = EXCLUDED.generation, sealed = EXCLUDED.sealed""",
            *(keys.tenant, app_id, name, revision, sealed.generation, sealed.blob, len(value)),
        )

    def generations(self, tenant: str = "acme") -> dict[int, int]:
        """How many values are sealed with each key."""
        return dict(
            self.look(
                """SELECT generation, count(*) FROM (
                       SELECT tenant, generation FROM sealed UNION ALL SELECT tenant, generation FROM drafts) AS v
                   WHERE tenant = %s GROUP BY generation ORDER BY generation""",
                tenant,
            )
        )

    async def unreadable(self, tenant: str = "acme") -> list[str]:
        """Values that a process which begins now reads otherwise than they were stored."""
        rows = self.look(
            """SELECT app_id, name, valid_from, generation, sealed FROM sealed WHERE tenant = %s
               UNION ALL SELECT app_id, name, -revision, generation, sealed FROM drafts WHERE tenant = %s""",
            *(tenant, tenant),
        )
        keys = await self.replica().keyring.keys_for(tenant, {row[3] for row in rows})
        return [
            f"{app_id} {name} {version}"
            for app_id, name, version, generation, blob in rows
            if keys.unseal(app_id, name, version, Sealed(generation, bytes(blob))).reveal()
            != self._values[tenant, app_id, name, version]
        ]


async def until_done(replica: Replica, tenant: str = "acme") -> Standing:
    """Have a process look after what is due until nothing is on its way; return how keys stand then."""
    async with asyncio.timeout(PATIENCE):
        while (await replica.standing(tenant)).is_sealing_anew:
            await replica.care.look_after_due()
            await asyncio.sleep(0)
    return await replica.standing(tenant)


@asynccontextmanager
async def opened(databases: Databases, channel: grpc.aio.Channel) -> AsyncIterator[Rollouts]:
    """An empty database of secrets and two ways to it."""
    async with databases.open("secrets") as first, databases.open("secrets") as second:
        yield Rollouts(databases, channel, first, second)
