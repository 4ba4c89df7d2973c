"""A batch of events as one signed message (Standard Webhooks) to an address of the operator's."""

import json
from collections.abc import Mapping
from datetime import UTC
from typing import Final

from paaskit.clock import Clock
from services.audit.sinks.kinds.http import Receiver
from services.audit.sinks.kinds.signatures import Secrets
from services.audit.sinks.sink import Batch

TYPE: Final = "paas.audit.events"
_AT_ONCE: Final = 4


class WebhookSink:
    """A receiver of webhooks. A batch that is sent again has the same id, and a signature of its own."""

    at_once = _AT_ONCE

    def __init__(self, receiver: Receiver, secrets: Secrets, *, clock: Clock) -> None:
        self._receiver = receiver
        self._secrets = secrets
        self._clock = clock

    async def deliver(self, batch: Batch) -> None:
        """Return once it was taken: any answer of 200 to 299. Raises Undelivered."""
        body = body_of(batch)
        first, last = batch.events[0].sequence, batch.events[-1].sequence
        signed = self._secrets.headers(
            f"msg_{batch.log_id}_{first}_{last}", timestamp=int(self._clock().timestamp()), body=body
        )
        await self._receiver.post(body, {"content-type": "application/json", **signed})

    async def close(self) -> None:
        """Close its connections."""
        await self._receiver.close()


def body_of(batch: Batch) -> bytes:
    """Return the message of a batch: the same bytes for the same events. It is of when the last was recorded."""
    recorded_at = batch.events[-1].recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
    head = _opened({"type": TYPE, "timestamp": recorded_at.replace("+00:00", "Z")})
    data = _opened({"log": batch.origin, "tenant": batch.tenant})
    return b"".join([head, b',"data":', data, b',"events":[', b",".join(batch.lines), b"]}}"])


def _opened(content: Mapping[str, str]) -> bytes:
    """Return a JSON object that is not closed yet."""
    return json.dumps(content, separators=(",", ":")).encode()[:-1]
