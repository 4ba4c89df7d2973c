"""Request ids: the same id has the same effect and the same answer for 24 hours.

The answer is stored in the transaction of the effect. It holds no value: what is stored is what a repeated request
needs to answer again. Must not decide what that is.
"""

import asyncio
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from paaskit.db import Connection, Database
from paaskit.errors import FieldViolation, InvalidInput, Unavailable

Answer = Mapping[str, Any]
"""A change as it is remembered under its request id: plain JSON, names and no values."""

KEPT_HOURS: Final = 24
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")

_SELECT: Final = """
    SELECT request_id, subject, method, fingerprint, answer FROM requests
    WHERE tenant = %s AND request_id = ANY(%s::text[])"""
_EXPIRE: Final = "SELECT expire_requests(%s) AS rows"
_AT_ONCE: Final = 500
_PAUSE_SECONDS: Final = 0.05
_LOOK_EVERY_SECONDS: Final = 60.0


def check_request_id(request_id: str) -> FieldViolation | None:
    """Return what is wrong with a request id, or None."""
    if _REQUEST_ID.match(request_id):
        return None
    return FieldViolation("request_id", "must be 8 to 64 letters, digits, dashes or underscores, such as a UUID")


def fingerprint(*parts: object) -> str:
    """Return a digest of what a request asks for: everything that changes its effect.

    Parts are texts, numbers, booleans, None and sequences of these. A value of a secret must come as a MAC under a key
    of its tenant, since a plain digest could be guessed at.
    """
    return hashlib.sha256(json.dumps(parts, default=list).encode()).hexdigest()[:32]


@dataclass(frozen=True, kw_only=True)
class RequestKey:
    """What makes a request the same one again: its id, whose credential sent it, and what it asks for.

    `subject` is the id of a token and not its name, which another token may get. `also` are further fingerprints that
    mean the same request, where a key it was made with has a successor meanwhile.
    """

    request_id: str
    subject: str
    method: str
    fingerprint: str
    also: tuple[str, ...] = ()


class Recalled:
    """What was answered before to requests of the same ids, once the results are there."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._rows: dict[tuple[str, str], Any] | None = None

    async def answer(self, key: RequestKey, *, about: str | None) -> Answer | None:
        """Return the answer given before, or None. Raises InvalidInput where the id was used for something else.

        `about` is the id of what the request is about now, so that an answer about an app that was destroyed is not
        given for its namesake; None where that is gone, which is no contradiction to having been the one that ended it.
        """
        if self._rows is None:
            self._rows = {(row.request_id, row.subject): row for row in await self._cursor.fetchall()}
        row = self._rows.get((key.request_id, key.subject))
        if row is None:
            return None
        then, _, digest = row.fingerprint.rpartition(":")
        if row.method != key.method or digest not in (key.fingerprint, *key.also) or about not in (None, then):
            raise request_id_reused()
        earlier: Answer = json.loads(row.answer)
        return earlier


async def recall(connection: Connection, tenant: str, keys: Sequence[RequestKey]) -> Recalled:
    """Queue the look-up of earlier answers.

    Queue it behind the locks of what the requests change: equal requests at once must find the first one's answer.
    """
    return Recalled(await connection.execute(_SELECT, (tenant, [key.request_id for key in keys])))


def request_id_reused() -> InvalidInput:
    """Return the error for a request id that meant something else before."""
    return InvalidInput(
        "This request id was already used for a different request. Use a new one.", reason="REQUEST_ID_REUSED"
    )


@dataclass(frozen=True)
class Remembered:
    """An answer under the id of the request it was given to, and the id of what that was about."""

    request: RequestKey
    answer: Answer
    about: str | None


def columns(remembered: Sequence[Remembered]) -> dict[str, list[str]]:
    """Return the arrays that the write path stores answers with."""
    return {
        "request_ids": [each.request.request_id for each in remembered],
        "subjects": [each.request.subject for each in remembered],
        "methods": [each.request.method for each in remembered],
        "fingerprints": [f"{each.about or ''}:{each.request.fingerprint}" for each in remembered],
        "answers": [json.dumps(each.answer) for each in remembered],
    }


class Expiry:
    """Drops answers whose hours are over, of every tenant, also of one that changes nothing any more.

    Or what else of a service expires: `statement` drops as many rows as it is told and says how many that were, and
    `turn` is whose turn it is among replicas.

    In small batches, one replica at a time: no change waits for more than one batch, and none does it itself. The
    hours are those of the function in the database, which is all that sees the rows. See docs/decisions/0023.
    """

    def __init__(self, database: Database, *, statement: str = _EXPIRE, turn: str = "requests") -> None:
        self._database = database
        self._statement = statement
        self._turn = turn

    async def run(self) -> None:
        """Drop what has expired, for ever."""
        while True:
            dropped = 0
            with suppress(Unavailable):  # the database is away: requests say so, and this can wait
                dropped = await self.drop_some()
            await asyncio.sleep(_PAUSE_SECONDS if dropped == _AT_ONCE else _LOOK_EVERY_SECONDS)

    async def drop_some(self) -> int:
        """Drop one batch, the oldest first; return how many that were. Raises Unavailable."""
        async with self._database.turn(self._turn) as turn:
            if turn is None:
                return 0
            (row,) = await turn.run(self._statement, (_AT_ONCE,))
        return int(row.rows)
