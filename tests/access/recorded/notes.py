"""What the audit log has, in the words of the table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.access.methods import WITH_OUTBOX
from tests.access.recorded.told import Told, Who
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until

_EVENTS: Final = """
    SELECT event_id, tenant, action, actor, token_id, maker, on_behalf_of, app, targets, target_token_ids, outcome
    FROM events WHERE tenant LIKE 'denied-%' OR tenant LIKE 'refused-%' OR tenant = 'hooli' ORDER BY tenant, sequence"""
_WAITING: Final = "SELECT count(*) FROM outbox"
_UNDER_WAY: Final = "SELECT count(*) FROM releases WHERE state IN ('queued', 'running') OR undo_due"
_OUTCOMES: Final = {1: "ok", 2: "denied", 3: "failed"}
_RELEASE: Final = re.compile(r"v\d+")
# What is given to one job is called after its trust and its own id.
_GIVEN: Final = re.compile(r"(ci:jobs):.+")


@dataclass
class Notes:
    """Reads the log, each event once."""

    databases: Databases
    tokens: dict[str, str] = field(default_factory=dict)
    """What the table calls a token, by its id."""
    _seen: set[str] = field(default_factory=set)

    async def settled(self) -> None:
        """Return once whatever was done has come to its end, and to the log."""
        await until(lambda: self._told() and self._ended() and self._told())

    def new(self) -> list[tuple[str, Told]]:
        """The events since the last look, with their tenants, but for those of the tests of access."""
        rows = [row for row in self.databases.look("audit", _EVENTS) if row[0] not in self._seen]
        self._seen |= {row[0] for row in rows}
        return [(row[1], _told(row, self.tokens)) for row in rows]

    def _told(self) -> bool:
        return all(self.databases.look(service, _WAITING) == [(0,)] for service in WITH_OUTBOX)

    def _ended(self) -> bool:
        return self.databases.look("releaser", _UNDER_WAY) == [(0,)]


def _told(row: tuple[Any, ...], tokens: Mapping[str, str]) -> Told:
    _, _, action, actor, token_id, maker, on_behalf_of, app, targets, target_ids, outcome = row
    given = {each: match[1] for each in (*targets, *tokens.values()) if (match := _GIVEN.fullmatch(each))}
    return Told(
        action,
        Who(
            actor=actor,
            token=tokens.get(token_id, token_id),
            maker=maker,
            on_behalf_of="a job" if " repo:" in on_behalf_of else on_behalf_of,
        ),
        tuple("vN" if _RELEASE.fullmatch(each) else given.get(each, each) for each in targets),
        app=app,
        outcome=_OUTCOMES[outcome],
        tokens=tuple(given.get(name, name) for name in (tokens.get(each, each) for each in target_ids)),
    )
