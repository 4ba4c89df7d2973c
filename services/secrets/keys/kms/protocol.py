"""What is used of a KMS, whoever provides it: keys by their names, wrapping, unwrapping, and how either fails."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

import structlog

from paaskit.errors import Unavailable
from paaskit.metrics.measured import KEY_SERVICE_WRONG_ANSWERS

log = structlog.get_logger()

SERVICE: Final = "kms"
"""What the KMS is called in errors and logs."""


@dataclass(frozen=True)
class KeyName:
    """Which key of the KMS is meant. No two kinds share a key, whatever tenants are called."""

    kind: Literal["tenant", "database-check"]
    tenant: str = ""


DATABASE_CHECK: Final = KeyName("database-check")
"""The key that says whether this KMS is the one a database was begun with."""


def tenant_key(tenant: str) -> KeyName:
    """Return the name of the key that wraps a tenant's keys."""
    return KeyName("tenant", tenant)


class UnwrapError(Exception):
    """A wrapped key is not one that this KMS wrapped with this key for this context. Its text is constant."""

    def __init__(self) -> None:
        super().__init__("the wrapped key was not made with this key for this context")


@dataclass(frozen=True)
class KmsKey:
    """What a key of the KMS is called there, and the version of it that wraps now; empty where there is none."""

    resource: str
    primary_version: str


Others = Callable[[], Awaitable[Sequence[KeyName]]]
"""Gives the names of all keys in use but the one that is to be destroyed."""


class KeyManagement(Protocol):
    """What is used of a KMS, and nothing more.

    Each call raises Unavailable where the KMS can't be reached, refuses, or answers with what can't be right, and
    Internal where a transaction is open. Each is safe to repeat.
    """

    async def wrap(self, name: KeyName, key: bytes, *, context: bytes) -> bytes:
        """Encrypt `key` with the key `name`, which is made at need, bound to `context`."""

    async def unwrap(self, name: KeyName, wrapped: bytes, *, context: bytes) -> bytes:
        """Decrypt what `wrap` returned. Raises UnwrapError unless name and context are the same."""

    async def is_current(self, name: KeyName, wrapped: bytes, *, context: bytes) -> bool:
        """Whether the version of the key that wraps now has wrapped this. Raises UnwrapError as `unwrap` does."""

    async def describe(self, name: KeyName) -> KmsKey:
        """Say what the key is called and which version of it wraps now."""

    async def destroy(self, name: KeyName, *, others: Others) -> datetime | None:
        """Destroy every version of a key; return until when that can be undone in the KMS, None where it can't be.

        Nothing that it wrapped unwraps afterwards, and it wraps nothing more. A key that never was is none to destroy.
        `others` are for a provider whose keys come of one root, and is asked while no key is made anywhere.
        """

    async def close(self) -> None:
        """Give back what is held of the network."""


def unavailable(reason: str, kind: type[Unavailable] = Unavailable) -> Unavailable:
    """Return the error for a KMS that can't be used now; `reason` is a word for machines."""
    sentence = "The key service cannot be used now, so nothing was sealed or opened. Try again in a moment."
    return kind(sentence, reason=reason, metadata={"service": SERVICE})


class KeyRingMissingError(Unavailable):
    """There is nowhere to make a key. Waiting does not help, and whoever starts the service can be told."""


def wrong_answer(what: str) -> Unavailable:
    """Return the error for an answer that can't be right, and note it: it was changed on its way, or is another's.

    `what` is the part that gives it away, one of a few words of ours.
    """
    KEY_SERVICE_WRONG_ANSWERS.labels(reason=what).inc()
    log.error("kms_answer_wrong", what=what)
    return unavailable("KMS_ANSWER_WRONG")
