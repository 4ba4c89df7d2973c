"""Delivering what was just committed, and bringing the answer back to whoever waits for it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Final

import structlog

from paaskit import metrics
from paaskit.batching import Batcher
from paaskit.db import Database, refuse_in_transaction
from paaskit.errors import InvalidInput, MessageTooLarge, PaasError
from paaskit.logs import describe_exception
from paaskit.outbox.message import Message, batches
from paaskit.outbox.rows import FORGET

_LARGEST: Final = 128
_FORGET_AFTER_SECONDS: Final = 0.2

log = structlog.get_logger()

Deliver = Callable[[Sequence[bytes]], Awaitable[Sequence[int]]]
"""Returns an answer to each message, in order, once they are safe at the receiver."""


class Courier:
    """Delivers messages just committed, those that arrive meanwhile in one batch, and returns the answers."""

    def __init__(self, database: Database, *, destination: str, deliver: Deliver) -> None:
        self._database = database
        self._destination = destination
        self._deliver = deliver
        self._parcels: Batcher[Message, int | None] = Batcher(
            self._deliver_batch, name="messages", largest=_LARGEST, gather_seconds=0.0
        )  # what one commit made comes at once
        self._delivered: list[str] = []
        self._forgetting: asyncio.Task[None] | None = None

    async def send(self, key: str, payload: bytes) -> int | None:
        """Deliver one committed message; return its answer, or None where it has to be left to the relay."""
        refuse_in_transaction(self._destination)
        return await self._parcels.submit("", Message(self._destination, key, payload))

    async def _deliver_batch(self, _: str, batch: Sequence[Message]) -> Sequence[int | None]:
        answers: list[int] = []
        for part in batches(batch):
            try:
                answered = await self._deliver([message.payload for message in part])
            except (InvalidInput, MessageTooLarge) as error:
                if len(batch) > 1:
                    raise  # each of them is then delivered alone, so that only the one at fault is left
                self._postponed(error.reason)
                break
            except Exception as error:
                # The rows stay, and the relay goes on with them. What fails for one now would fail for the rest.
                self._postponed(error.reason if isinstance(error, PaasError) else type(error).__name__)
                break
            if len(answered) != len(part):
                self._postponed("ANSWERS_MISSING")
                break
            answers.extend(answered)
            self._forget_soon(part)
        return [*answers, *[None] * (len(batch) - len(answers))]

    def _postponed(self, reason: str) -> None:
        metrics.OUTBOX_FAILED.labels(destination=self._destination, reason=reason).inc()
        log.warning("outbox_delivery_postponed", destination=self._destination, reason=reason)

    def _forget_soon(self, delivered: Sequence[Message]) -> None:
        metrics.OUTBOX_DELIVERED.labels(destination=self._destination).inc(len(delivered))
        self._delivered.extend(message.key for message in delivered)
        if self._forgetting is None or self._forgetting.done():
            self._forgetting = asyncio.get_running_loop().create_task(self._forget(), context=Context())

    async def _forget(self) -> None:
        """Delete delivered rows, many at once. Nobody waits for it: delivering one again is without effect."""
        while self._delivered:
            await asyncio.sleep(_FORGET_AFTER_SECONDS)
            keys, self._delivered = self._delivered, []
            try:
                await self._database.execute(FORGET, (self._destination, keys))
            except Exception as error:
                log.warning("outbox_rows_kept", destination=self._destination, **describe_exception(error))
