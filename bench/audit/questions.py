"""The first page of fifty of each kind of question, of a long log and of a short one."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from bench.audit.logs import TENANT
from bench.load import Work
from paaskit.clock import utc_now
from paaskit.db import Database
from paaskit.wakeups import Wakeups
from services.audit.domain import DEFAULT_PAGE_SIZE, AuditLog
from services.audit.event import Outcome
from services.audit.rpc import known_actions
from services.audit.selection import Selection
from services.audit.store import Store

# Of both logs, this has events for more than a page.
_SINCE: Final = datetime(2030, 5, 10, tzinfo=UTC)
_RARE: Final = "user:rare@example.com"

QUESTIONS: Final[Mapping[str, tuple[Selection, bool]]] = {
    "a name": (Selection(name="COMMON"), True),
    "a name, once in the log": (Selection(name="RARE"), True),
    "a name, never": (Selection(name="NONE"), False),
    "a name and an action": (Selection(name="COMMON", action="secrets.get"), True),
    "a name, an action and a time": (
        Selection(name="COMMON", action="secrets.get", since=_SINCE, until=_SINCE + timedelta(days=14)),
        True,
    ),
    "a name of an app": (Selection(app="app-7", name="COMMON"), True),
    "an actor": (Selection(actor="user:p7"), True),
    "a maker": (Selection(actor="user:ada@example.com"), True),
    "an actor, once": (Selection(actor=_RARE), True),
    "an actor, never": (Selection(actor="user:none"), False),
    "denied": (Selection(outcome=Outcome.DENIED), True),
    "failed, once": (Selection(outcome=Outcome.FAILED), True),
    "people": (Selection(people_only=True), True),
    "people, an action never": (Selection(people_only=True, action="tokens.create"), False),
    "an app": (Selection(app="app-7"), True),
    "two weeks": (Selection(since=_SINCE, until=_SINCE + timedelta(days=14)), True),
    "some apps": (Selection(app_ids=frozenset({"id-7", "id-8"})), True),
}
"""Each question, and whether both logs have an answer."""


def asked(database: Database, question: str) -> Work:
    """Return the load that asks a question."""
    log = AuditLog(Store(database), Wakeups[str](), has_grown=lambda _: None, clock=utc_now, actions=known_actions())
    selection, has_answer = QUESTIONS[question]

    async def ask(_: int) -> object:
        found = await log.page(TENANT, selection, limit=DEFAULT_PAGE_SIZE)
        assert bool(found.events) == has_answer, question
        return found

    return ask
