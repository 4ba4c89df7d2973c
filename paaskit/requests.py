"""Request ids: the same id has the same effect and the same answer for 24 hours.

The answer is stored in the transaction of the effect. It holds no value: what is stored is what a repeated request
needs to answer again. Must not decide what that is.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from paaskit.db import Connection
from paaskit.errors import FieldViolation, InvalidInput

KEPT_HOURS: Final = 24
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")

_SELECT: Final = "SELECT method, fingerprint, answer FROM requests WHERE request_id = %s AND subject = %s"
_INSERT: Final = """
    INSERT INTO requests (tenant, request_id, subject, method, fingerprint, answer) VALUES (%s, %s, %s, %s, %s, %s)"""
_EXPIRE: Final = "DELETE FROM requests WHERE created_at < now() - make_interval(hours => %s)"
_EXPIRE_ONE_IN: Final = 64


def check_request_id(request_id: str) -> FieldViolation | None:
    """Return what is wrong with a request id, or None."""
    if _REQUEST_ID.match(request_id):
        return None
    return FieldViolation("request_id", "must be 8 to 64 letters, digits, dashes or underscores, such as a UUID")


def fingerprint(*parts: str | Sequence[str]) -> str:
    """Return a digest of what a request asks for. Never give it a value: names only."""
    return hashlib.sha256(json.dumps(parts, default=list).encode()).hexdigest()[:32]


@dataclass(frozen=True, kw_only=True)
class RequestKey:
    """What makes a request the same one again: its id, who sent it, and what it asks for."""

    request_id: str
    subject: str
    method: str
    fingerprint: str


async def begin_recall(connection: Connection, key: RequestKey) -> Any:
    """Queue the look-up of an earlier answer; give what this returns to `finish_recall`."""
    return await connection.execute(_SELECT, (key.request_id, key.subject))


async def finish_recall(cursor: Any, key: RequestKey) -> Mapping[str, Any] | None:
    """Return the answer given before, or None. Raises InvalidInput where the id was used for something else."""
    row = await cursor.fetchone()
    if row is None:
        return None
    if (row[0], row[1]) != (key.method, key.fingerprint):
        raise InvalidInput(
            "This request id was already used for a different request. Use a new one.", reason="REQUEST_ID_REUSED"
        )
    answer: Mapping[str, Any] = json.loads(row[2])
    return answer


async def remember(connection: Connection, key: RequestKey, *, tenant: str, answer: Mapping[str, Any]) -> None:
    """Store the answer in the caller's transaction, and now and then drop the tenant's expired ones."""
    if secrets.randbelow(_EXPIRE_ONE_IN) == 0:
        await connection.execute(_EXPIRE, (KEPT_HOURS,))
    await connection.execute(
        _INSERT, (tenant, key.request_id, key.subject, key.method, key.fingerprint, json.dumps(answer))
    )
