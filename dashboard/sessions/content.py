"""What of a session is sealed: who, with what, until when. Nothing of it is stored in any other form."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from dashboard.sessions.sealing import Secret
from dashboard.sessions.session import Grant, Person, Session
from dashboard.sessions.store import StoredSession


def written(session: Session) -> dict[str, Any]:
    """Return a session as JSON can hold it."""
    person, grant = session.person, session.grant
    return {
        "tenant": person.tenant,
        "subject": person.subject,
        "maker": person.maker,
        "permissions": sorted(person.permissions),
        "apps": None if person.apps is None else list(person.apps),
        "bearer": grant.bearer,
        "bearer_ends_at": grant.bearer_ends_at and grant.bearer_ends_at.isoformat(),
        "refresh_token": grant.refresh_token,
        "started_at": session.started_at.isoformat(),
        "ends_at": session.ends_at.isoformat(),
        "authenticated_at": session.authenticated_at.isoformat(),
    }


def opened(secret: Secret, stored: StoredSession | None, *, idle: timedelta) -> Session | None:
    """Return the session of a row, or None where there is no row, or it does not open with this.

    It ends when nobody has visited for as long as `idle`.
    """
    content = secret.open(stored.sealed) if stored is not None else None
    if stored is None or content is None:
        return None
    when: Callable[[str], datetime] = datetime.fromisoformat
    return Session(
        person=Person(
            tenant=content["tenant"],
            subject=content["subject"],
            maker=content["maker"],
            permissions=frozenset(content["permissions"]),
            apps=None if content["apps"] is None else tuple(content["apps"]),
        ),
        grant=Grant(
            bearer=content["bearer"],
            bearer_ends_at=when(content["bearer_ends_at"]) if content["bearer_ends_at"] else None,
            refresh_token=content["refresh_token"],
        ),
        started_at=when(content["started_at"]),
        ends_at=when(content["ends_at"]),
        # One from before this was kept began with it.
        authenticated_at=when(content.get("authenticated_at", content["started_at"])),
        idle_at=stored.seen_at + idle,
    )
