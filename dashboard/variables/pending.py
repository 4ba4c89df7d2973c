"""The SQL of what is pending: a row for a browser's session and an app, sealed with what that browser has."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, LiteralString

from google.rpc import code_pb2

from dashboard.calls.refusals import Refusal
from dashboard.variables.changes import Wanted, add, fault_of, opened, written
from dashboard.web.visit import Visit

_FIND: Final[LiteralString] = "SELECT sealed FROM pending WHERE session = %s AND app = %s"
_KEEP: Final[LiteralString] = """
    INSERT INTO pending (session, app, sealed) VALUES (%s, %s, %s)
    ON CONFLICT (session, app) DO UPDATE SET sealed = excluded.sealed"""
_PLACE: Final = "pending "
_DROP: Final[LiteralString] = "DELETE FROM pending WHERE session = %s AND app = %s"


@dataclass(frozen=True, kw_only=True)
class Pending:
    """What is pending for an app in this browser."""

    rows: Sequence[Wanted] = field(default=())


async def pending_of(visit: Visit, app: str) -> Pending | None:
    """Return it, or None where nothing is."""
    found = await visit.site.database.fetch_unscoped(_FIND, (visit.secret.row(), app))
    content = visit.secret.open(bytes(found[0].sealed), place=_PLACE + app) if found else None
    return Pending(rows=opened(content)) if content else None


async def keep(visit: Visit, app: str, rows: Sequence[Wanted]) -> None:
    """Keep it, in place of what was."""
    if not rows:
        await drop(visit, app)
        return
    sealed = visit.secret.seal(written(rows), place=_PLACE + app)
    await visit.site.database.execute(_KEEP, (visit.secret.row(), app, sealed))


async def keep_more(visit: Visit, app: str, more: Sequence[Wanted]) -> None:
    """Keep what is pending and more. Raises Refusal where that is too much to look at."""
    before = await pending_of(visit, app)
    rows = add(before.rows if before else (), more)
    if sentence := fault_of(rows):
        raise Refusal(code=code_pb2.RESOURCE_EXHAUSTED, sentence=sentence)
    await keep(visit, app, rows)


async def drop(visit: Visit, app: str) -> None:
    """Keep nothing for this app."""
    await visit.site.database.execute(_DROP, (visit.secret.row(), app))
