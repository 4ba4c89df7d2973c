"""How the queue of releases stands: how many apps wait, and how many are worked on, by whomever."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from paaskit.db import Database

# Of what waits no more is counted than this: whether it is ten thousand apps or a hundred thousand changes nothing for
# whoever looks, and counting should not cost more the more there is to do.
MOST_COUNTED: Final = 10_000
_STANDING: Final = """
    WITH of_tenant AS (
        SELECT tenant, count(*) FILTER (WHERE leased) AS worked_on, count(*) FILTER (WHERE NOT leased) AS waiting
        FROM (
            SELECT tenant, true AS leased FROM work WHERE lease_until >= now()
            UNION ALL
            (SELECT tenant, false FROM work
             WHERE not_before <= now() AND (lease_until IS NULL OR lease_until < now())
             ORDER BY not_before LIMIT %(counted)s)) AS apps
        GROUP BY tenant)
    SELECT worked_on >= %(share)s AS at_share, sum(waiting)::bigint AS waiting, sum(worked_on)::bigint AS worked_on
    FROM of_tenant GROUP BY 1"""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The apps of all tenants of one class: of those that have their share under way (`at_share`), or of the others."""

    at_share: bool
    waiting: int
    worked_on: int


class QueueStanding:
    """Looks at the queue. `share` is how many apps of one tenant are worked on at the same time."""

    def __init__(self, database: Database, *, share: int) -> None:
        self._database = database
        self._share = share

    async def look(self) -> Sequence[Standing]:
        """Return how both classes stand; what waits its time is not counted. Raises Unavailable."""
        rows = await self._database.fetch_unscoped(_STANDING, {"share": self._share, "counted": MOST_COUNTED})
        found = {row.at_share: (row.waiting, row.worked_on) for row in rows}
        return [
            Standing(at_share=at_share, waiting=waiting, worked_on=worked_on)
            for at_share in (False, True)
            for waiting, worked_on in [found.get(at_share, (0, 0))]
        ]
