"""The SQL of releases by hand: intents, and the one transaction that queues the release and remembers the answer."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from paaskit import requests
from paaskit.db import Connection, Database
from paaskit.errors import PaasError, app_not_found
from paaskit.requests import Answer, RequestKey
from paaskit.write_path import Change, Decision, Read, WritePath
from services.releaser.by_hand.answers import answer_of
from services.releaser.by_hand.intents import Intent, checked, intent_of, intent_to
from services.releaser.domain import AppKey
from services.releaser.store import queue
from services.releaser.work.orders import GivenNumbers, Line, Order, Placement, place

_LOCK_APP: Final = """
    SELECT removed_at IS NOT NULL AS gone FROM apps WHERE tenant = %(tenant)s AND app_id = %(app_id)s
    FOR NO KEY UPDATE"""
_NOW: Final = "SELECT clock_timestamp() AS now"
_KEEP: Final = """
    WITH kept AS (
        INSERT INTO intents (tenant, app_id, change_id, plan)
        VALUES (%(tenant)s, %(app_id)s, %(change_id)s, %(plan)s::jsonb) ON CONFLICT DO NOTHING RETURNING plan)
    SELECT plan FROM kept
    UNION ALL
    SELECT plan FROM intents WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND change_id = %(change_id)s"""
_IS_BEGUN: Final = """
    SELECT 1 FROM intents WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND change_id = %(change_id)s"""
_DROP: Final = """
    DELETE FROM intents WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND change_id = %(change_id)s"""
_LEFT_OVER: Final = """
    SELECT tenant, app_id, change_id, plan FROM intents
    WHERE created_at < now() - make_interval(secs => %(age)s) AND plan -> 'draft' ->> 2 = 'false'
    ORDER BY created_at LIMIT 20"""
_FORGET: Final = "DELETE FROM intents WHERE created_at < now() - make_interval(hours => %(hours)s)"


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What the lock on an app shows when its release is queued."""

    line: Line
    given: GivenNumbers
    now: datetime


class ByHandStore:
    """Intents and the releases they end in."""

    def __init__(self, database: Database, write_path: WritePath) -> None:
        self._database = database
        self._write_path = write_path

    async def recall(self, key: AppKey, request: RequestKey) -> Answer | None:
        """Return the answer an earlier same request got. Raises InvalidInput where it was another one."""
        async with self._database.transaction(key.tenant) as connection:
            recalled = await requests.recall(connection, key.tenant, [request])
            return await recalled.answer(request, about=key.app_id)

    async def is_begun(self, intent: Intent) -> bool:
        """Whether a same request has written down already what is to be done."""
        return bool(await self._database.fetch(intent.key.tenant, _IS_BEGUN, _named(intent)))

    async def begin(self, asked: Intent) -> Answer | Intent:
        """Write down what is about to be done. Returns what to do, or the answer where it is done.

        What an earlier same request wrote down stands. Raises InvalidInput where that was another one, and NotFound
        where the app is being destroyed.
        """
        named = _named(asked)
        async with self._database.transaction(asked.key.tenant) as connection:
            locked = await connection.execute(_LOCK_APP, named)
            recalled = await requests.recall(connection, asked.key.tenant, [asked.request])
            app = await locked.fetchone()
            if app is None or app.gone:
                raise app_not_found(asked.app)
            answer = await recalled.answer(asked.request, about=asked.key.app_id)
            if answer is not None:
                return answer
            kept = await connection.execute(_KEEP, named | {"plan": json.dumps(intent_to(asked))})
            row = await kept.fetchone()
            assert row is not None
        return checked(intent_of(asked.key, asked.change_id, row.plan), asked)

    async def finish(
        self,
        intent: Intent,
        order: Order,
        *,
        gone_groups: Sequence[str] = (),
        refusal: Callable[[int], PaasError] | None = None,
    ) -> Answer:
        """Queue the release of an intent, with its audit event and the answer to remember; both once.

        With a `refusal`, which is given the release's number, what could be done is queued, and the rest refused.
        """
        key = intent.key

        async def look(connection: Connection) -> Read[Snapshot]:
            looked = await queue.look(connection, key.tenant, [(key, intent.change_id)])
            clock = await connection.execute(_NOW)

            async def read() -> Snapshot:
                lines, given = await looked.results()
                now = await clock.fetchone()
                assert now is not None
                return Snapshot(line=lines[key], given=given, now=now.now)

            return read

        def decide(snapshot: Snapshot) -> Decision[Placement]:
            if snapshot.line.gone:
                raise app_not_found(intent.app)
            placement = place([order], {key: snapshot.line}, snapshot.given)
            number = placement.numbers[0]
            versions = snapshot.line.targets.raised_to(order.versions)
            event = intent.actor.event(
                intent.action,
                app=intent.app,
                app_id=key.app_id,
                targets=[f"v{number}"],
                version=number,
                request_id=intent.request.request_id,
            )
            return Decision(
                answer=answer_of(order, number, versions, at=snapshot.now, gone_groups=gone_groups),
                rows=placement,
                events=[event],
                refusal=refusal(number) if refusal else None,
            )

        async def write(connection: Connection, _: Snapshot, placement: Placement) -> None:
            await queue.write(connection, key.tenant, placement)
            await connection.execute(_DROP, _named(intent))

        change = Change(
            tenant=key.tenant,
            look=look,
            decide=decide,
            write=write,
            request=intent.request,
            about=lambda _: key.app_id,
        )
        _, answer = await self._write_path.make(change)
        return answer

    async def drop(self, intent: Intent) -> None:
        """Forget what was to be done, because none of it was, and none of it will be."""
        async with self._database.transaction(intent.key.tenant) as connection:
            await connection.execute(_DROP, _named(intent))

    async def left_over(self, *, age_seconds: float) -> list[Intent]:
        """Return drafts whose release was begun so long ago, by any tenant, that whoever began it has likely gone.

        Not those that replace something newer: by now that may be newer than what was asked for. Those, and rollbacks,
        wait for a repeat, as long as one would be the same request.
        """
        async with self._database.unscoped() as connection:
            await connection.execute(_FORGET, {"hours": requests.KEPT_HOURS})
            rows = await (await connection.execute(_LEFT_OVER, {"age": age_seconds})).fetchall()
        return [intent_of(AppKey(tenant=row.tenant, app_id=row.app_id), row.change_id, row.plan) for row in rows]


def _named(intent: Intent) -> dict[str, Any]:
    return {"tenant": intent.key.tenant, "app_id": intent.key.app_id, "change_id": intent.change_id}
