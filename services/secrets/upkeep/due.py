"""Lists of what somebody has to see to, over all apps that the caller may see. Never a value."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from paaskit.clock import Clock
from services.secrets.rules.stored import Entry

SOON: Final = timedelta(days=30)
LONG: Final = timedelta(days=90)


class DueKind(StrEnum):
    """Why a secret is to be seen to. `AGE` is of any value that is older than somebody asks."""

    EXPIRY = "expiry"
    ROTATION = "rotation"
    AGE = "age"
    UNDELIVERED = "undelivered"


Place = tuple[datetime, str, str]
"""Where a secret stands in a list: its moment, its app's id and its name."""


@dataclass(frozen=True)
class DueSecret:
    """A secret with its app's name, and its place in the list."""

    app: str
    entry: Entry
    place: Place


@dataclass(frozen=True, kw_only=True)
class DuePage:
    """A page of such secrets. `delivered_since` is since when it is kept when values are given out."""

    secrets: Sequence[DueSecret] = ()
    more: bool = False
    delivered_since: datetime | None = None


class DueStore(Protocol):
    """What this needs of the database."""

    async def delivered_since(self) -> datetime | None:
        """Return since when it is kept when values are given out; None before any process did."""

    async def page(
        self,
        tenant: str,
        kind: DueKind,
        *,
        until: datetime,
        after: Place | None,
        limit: int,
        app_ids: Collection[str] | None,
    ) -> list[DueSecret]:
        """Return secrets whose moment is `until` at the latest, in its order; of these apps alone unless None."""


class DueLists:
    """Lists what is due."""

    def __init__(self, store: DueStore, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def page(
        self,
        tenant: str,
        kind: DueKind,
        *,
        within: timedelta,
        after: Place | None,
        limit: int,
        app_ids: Collection[str] | None,
    ) -> DuePage:
        """Return the page after a place. `within` of zero is what is usual for the kind.

        Of what nobody was given, nothing is said before it was kept for as long. Raises Unavailable.
        """
        now = self._clock()
        since = None
        match kind:
            case DueKind.EXPIRY:
                until = now + (within or SOON)
            case DueKind.ROTATION:
                until = now
            case DueKind.AGE:
                until = now - within
            case DueKind.UNDELIVERED:
                until = now - (within or LONG)
                since = await self._store.delivered_since()
                if since is None or since > until:
                    return DuePage(delivered_since=since)
        found = await self._store.page(tenant, kind, until=until, after=after, limit=limit + 1, app_ids=app_ids)
        return DuePage(secrets=found[:limit], more=len(found) > limit, delivered_since=since)
