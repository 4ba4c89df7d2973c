"""What is measured, and the page it is read on."""

from paaskit.metrics.calls import Calls
from paaskit.metrics.measured import (
    BATCH_SIZE,
    DATABASE_CONNECTIONS_IN_USE,
    DATABASE_CONNECTIONS_MOST,
    DATABASE_WAIT_SECONDS,
    DENIALS,
    OUTBOX_DELIVERED,
    OUTBOX_FAILED,
    OUTBOX_OLDEST_SECONDS,
    OUTBOX_PARKED,
    OUTBOX_ROWS,
    READY,
    REGISTRY,
    RELEASE_QUEUE_APPS,
    SESSIONS_NOT_LOOKED_AT,
    SHARE_REFUSALS,
    SIGN_IN_LEASES,
    STREAMS_ENDED,
    WRONG_TOKENS,
)
from paaskit.metrics.page import served

__all__ = [
    "BATCH_SIZE",
    "DATABASE_CONNECTIONS_IN_USE",
    "DATABASE_CONNECTIONS_MOST",
    "DATABASE_WAIT_SECONDS",
    "DENIALS",
    "OUTBOX_DELIVERED",
    "OUTBOX_FAILED",
    "OUTBOX_OLDEST_SECONDS",
    "OUTBOX_PARKED",
    "OUTBOX_ROWS",
    "READY",
    "REGISTRY",
    "RELEASE_QUEUE_APPS",
    "SESSIONS_NOT_LOOKED_AT",
    "SHARE_REFUSALS",
    "SIGN_IN_LEASES",
    "STREAMS_ENDED",
    "WRONG_TOKENS",
    "Calls",
    "served",
]
