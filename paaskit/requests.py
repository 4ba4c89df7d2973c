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

_SELECT: Final = """
    SELECT request_id, subject, method, fingerprint, answer FROM requests WHERE request_id = ANY(%s)"""
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


async def begin_recall(connection: Connection, keys: Sequence[RequestKey]) -> Any:
    """Queue the look-up of earlier answers; give what this returns to `finish_recall`."""
    return await connection.execute(_SELECT, ([key.request_id for key in keys],))


async def finish_recall(cursor: Any) -> "Recalled":
    """Return the earlier answers that were looked up."""
    return Recalled({(row[0], row[1]): (row[2], row[3], row[4]) for row in await cursor.fetchall()})


class Recalled:
    """Answers given before, by request id and subject."""

    def __init__(self, answers: Mapping[tuple[str, str], tuple[str, str, str]]) -> None:
        self._answers = answers

    def answer(self, key: RequestKey) -> Mapping[str, Any] | None:
        """Return the answer given before, or None. Raises InvalidInput where the id was used for something else."""
        found = self._answers.get((key.request_id, key.subject))
        if found is None:
            return None
        method, fingerprint, answer = found
        if (method, fingerprint) != (key.method, key.fingerprint):
            raise InvalidInput(
                "This request id was already used for a different request. Use a new one.", reason="REQUEST_ID_REUSED"
            )
        earlier: Mapping[str, Any] = json.loads(answer)
        return earlier


async def remember(connection: Connection, key: RequestKey, *, tenant: str, answer: Mapping[str, Any]) -> None:
    """Store the answer in the caller's transaction."""
    await connection.execute(
        _INSERT, (tenant, key.request_id, key.subject, key.method, key.fingerprint, encode_answer(answer))
    )
    await expire_sometimes(connection)


async def expire_sometimes(connection: Connection) -> None:
    """Drop the tenant's expired answers now and then, so that nobody has to do it on a schedule."""
    if secrets.randbelow(_EXPIRE_ONE_IN) == 0:
        await connection.execute(_EXPIRE, (KEPT_HOURS,))


def encode_answer(answer: Mapping[str, Any]) -> str:
    """Return an answer as it is stored."""
    return json.dumps(answer)
