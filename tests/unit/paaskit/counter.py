"""Things with a number that counts their changes: what the tests of the write path change.

They are rows of config's `apps`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paaskit.changes import Answer
from paaskit.db import Connection, Database
from paaskit.errors import NotFound
from paaskit.requests import RequestKey
from paaskit.write_path import Change, Decision, Further, NoEvent, Read, WritePath
from tests.fixtures.postgres import Databases


@dataclass
class Counter:
    """Counts changes of things, which have to exist. `decided` has what each decision was made on."""

    database: Database
    databases: Databases
    path: WritePath
    decided: list[int] = field(default_factory=list)

    def thing(self, name: str, *, tenant: str = "acme") -> None:
        """Make a thing whose number is 0."""
        self.databases.look(
            "config",
            """INSERT INTO apps (tenant, app_id, name, version, next_position, names, bytes)
               VALUES (%s, %s, %s, 0, 0, 0, 0)""",
            (tenant, f"id-{name}", name),
        )

    def change(
        self,
        name: str = "one",
        *,
        tenant: str = "acme",
        request: RequestKey | None = None,
        decide: Callable[[int, Decision[int]], Decision[int]] = lambda _, decision: decision,
        apart: bool = False,
        about: str | None = None,
        patience: str = "",
        writes: Callable[[], None] = lambda: None,
        sums: bool = False,
    ) -> Change[int, int]:
        """A change that adds one. `decide` may make another decision of it; `patience` is for its lock.

        One that `sums` looks further: it is decided on what all things come to, behind a lock for all that do so.
        """

        async def look(connection: Connection) -> Read[int]:
            if patience:
                await connection.execute("SELECT set_config('lock_timeout', %s, true)", (patience,))
            cursor = await connection.execute(
                "SELECT version FROM apps WHERE tenant = %s AND name = %s FOR UPDATE", (tenant, name)
            )

            async def read() -> int:
                row = await cursor.fetchone()
                if row is None:
                    raise NotFound(f"There is no {name}.")
                number: int = row.version
                return number

            return read

        async def look_further(connection: Connection, _: int) -> int:
            await connection.execute("SELECT pg_advisory_xact_lock(1)")
            cursor = await connection.execute(
                "SELECT sum(version)::bigint AS all FROM apps WHERE tenant = %s", (tenant,)
            )
            (row,) = await cursor.fetchall()
            total: int = row.all
            return total

        def decision(number: int) -> Decision[int]:
            self.decided.append(number)
            return decide(number, Decision(answer={"number": number + 1}, rows=number + 1, no_event=NoEvent.PART))

        async def write(connection: Connection, _: int, number: int) -> None:
            writes()
            await connection.execute(
                "UPDATE apps SET version = %s WHERE tenant = %s AND name = %s", (number, tenant, name)
            )

        return Change(
            tenant=tenant,
            look=look,
            decide=decision,
            write=write,
            request=request,
            about=lambda _: about if about is not None else f"id-{name}",
            locks=f"{tenant} {name}" if apart else "",
            further=Further(needed=lambda _: sums, look=look_further),
        )

    async def make(self, name: str = "one", **how: Any) -> Answer:
        """Make a change; its answer."""
        return (await self.path.make(self.change(name, **how)))[1]

    def numbers(self) -> dict[str, int]:
        """The number of each thing."""
        return dict(self.databases.look("config", "SELECT name, version FROM apps"))

    def kept(self) -> list[tuple[Any, ...]]:
        """The messages that are kept."""
        return self.databases.look("config", "SELECT destination, key FROM outbox ORDER BY id")

    def remembered(self) -> list[tuple[Any, ...]]:
        """The requests whose answers are remembered."""
        return self.databases.look("config", "SELECT tenant, request_id, subject FROM requests ORDER BY 1, 2, 3")
