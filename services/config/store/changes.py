"""The one way in which an app that exists changes: `Store.change` locks it, has the change decided, and writes it."""

from typing import Final

from paaskit import write_path
from paaskit.access import AppRef, carried_user
from paaskit.changes import Answer
from paaskit.db import Connection, Database
from paaskit.requests import RequestKey
from paaskit.write_path import Further, Read, WritePath
from services.config.domain import Decide, Needs, Rows, Sight, Snapshot, Where
from services.config.store.look import begin_look
from services.config.store.look_together import begin_look_together
from services.config.store.shared import concerns_groups, with_groups
from services.config.store.write import write

_TOGETHER: Final = write_path.Together[Snapshot, Rows](look=begin_look_together, write=write)


class Store:
    """The registry's tables."""

    def __init__(self, database: Database, path: WritePath) -> None:
        self._database = database
        self._path = path

    async def change(
        self, where: Where, *, needs: Needs, decide: Decide, request: RequestKey | None = None
    ) -> tuple[Snapshot, Answer]:
        """Lock a living app and write what `decide` says of it, or give the answer an equal request got before.

        Returns what the app was before, and the answer; committed when it returns. Raises NotFound, PermissionDenied
        for a namesake of the app that the caller is limited to, what `decide` raises, InvalidInput and Unavailable.
        """
        sight = sight_of_caller()

        async def look(connection: Connection) -> Read[Snapshot]:
            return await begin_look(connection, where, needs, lock=True)

        async def look_further(connection: Connection, snapshot: Snapshot) -> Snapshot:
            return await with_groups(connection, where.tenant, snapshot, needs, sight=sight, lock=True)

        async def write_rows(connection: Connection, snapshot: Snapshot, rows: Rows) -> None:
            await write(connection, where.tenant, [(snapshot, rows)])

        change: write_path.Change[Snapshot, Rows] = write_path.Change(
            tenant=where.tenant,
            look=look,
            decide=decide,
            write=write_rows,
            request=request,
            about=lambda snapshot: snapshot.app.app_id,
            # Those by id have a transaction of their own: one with the same app by name could not be told apart.
            locks=f"{where.tenant} {where.name}" if isinstance(where, AppRef) else "",
            together=_TOGETHER if isinstance(where, AppRef) and needs.is_names_alone else None,
            wanted=(where, needs.names),
            further=Further(needed=lambda snapshot: concerns_groups(snapshot, needs), look=look_further),
        )
        return await self._path.make(change)

    async def look(self, where: Where, needs: Needs) -> Snapshot:
        """Return an app and what is needed of it, without a lock. Raises NotFound or PermissionDenied."""
        async with self._database.reading(where.tenant) as connection:
            snapshot = await (await begin_look(connection, where, needs, lock=False))()
            if not concerns_groups(snapshot, needs):
                return snapshot
            sight = sight_of_caller()
            return await with_groups(connection, where.tenant, snapshot, needs, sight=sight, lock=False)


def sight_of_caller() -> Sight:
    """Return what the caller of the current request may be told of other apps. A job, and a service, may be told all.

    A service that acts for somebody carries that one's identity along, which counts then.
    """
    identity = carried_user()
    if identity is None:
        return Sight()
    return Sight(app_ids=identity.app_ids, secrets="secrets.list" in identity.permissions)
