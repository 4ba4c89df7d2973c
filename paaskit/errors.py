"""The one vocabulary of errors. Domain code raises these; `paaskit.gate` alone turns them into a status.

A message is one sentence a person can act on. It never holds a value, and never the text of another exception.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Final

_COULD_BE_AN_APP: Final = re.compile(r"[A-Za-z0-9-]{1,64}\Z")


class Code(IntEnum):
    """Canonical codes (google.rpc.Code) that services answer with."""

    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


@dataclass(frozen=True)
class FieldViolation:
    """One wrong field: its path in the request and what is wrong with it, without its value."""

    field: str
    description: str


class PaasError(Exception):
    """What a caller is told: a code, a sentence, a reason for machines, and the fields that are wrong."""

    code: ClassVar[Code]
    default_reason: ClassVar[str]

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        metadata: Mapping[str, str] | None = None,
        fields: Sequence[FieldViolation] = (),
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or self.default_reason
        self.metadata = dict(metadata or {})
        self.fields = tuple(fields)
        self.retry_after_seconds = retry_after_seconds


class InvalidInput(PaasError):
    """The request is wrong in itself; sending it again as it is will never work."""

    code = Code.INVALID_ARGUMENT
    default_reason = "INVALID_INPUT"


class NotFound(PaasError):
    """What was named is absent, or belongs to someone else: the two are told in the same words."""

    code = Code.NOT_FOUND
    default_reason = "NOT_FOUND"


class AlreadyExists(PaasError):
    """The name is taken."""

    code = Code.ALREADY_EXISTS
    default_reason = "ALREADY_EXISTS"


class PermissionDenied(PaasError):
    """The caller is known and may not do this."""

    code = Code.PERMISSION_DENIED
    default_reason = "PERMISSION_DENIED"


class Unauthenticated(PaasError):
    """The caller is not known."""

    code = Code.UNAUTHENTICATED
    default_reason = "UNAUTHENTICATED"


class LimitExceeded(PaasError):
    """More than the product allows; the sentence says how much that is."""

    code = Code.RESOURCE_EXHAUSTED
    default_reason = "LIMIT_EXCEEDED"


class SlowDown(LimitExceeded):
    """The caller asks too often; the same may be asked again after a while."""

    default_reason = "SLOW_DOWN"

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)


class MessageTooLarge(LimitExceeded):
    """What was sent to another service is larger than it takes. Smaller parts of it may be sent."""

    default_reason = "MESSAGE_TOO_LARGE"


class TooManyRequests(PaasError):
    """The caller has too much under way; nothing was done, and the same request may be sent again a little later."""

    code = Code.RESOURCE_EXHAUSTED
    default_reason = "TOO_MANY_REQUESTS"


class RequestIncomplete(PaasError):
    """The call began and its message did not come in time, so nothing was done."""

    code = Code.DEADLINE_EXCEEDED
    default_reason = "REQUEST_INCOMPLETE"


class Refused(PaasError):
    """The request is right in itself and does not fit the state of things; the sentence says what would."""

    code = Code.FAILED_PRECONDITION
    default_reason = "REFUSED"


class Conflict(PaasError):
    """Somebody else changed it in between; reading again and repeating may work."""

    code = Code.ABORTED
    default_reason = "ETAG_MISMATCH"


class Unavailable(PaasError):
    """A part that is needed cannot be reached now; the same request with the same id may be sent again."""

    code = Code.UNAVAILABLE
    default_reason = "UNAVAILABLE"


class Internal(PaasError):
    """Something that should not happen. Callers get a fixed sentence and an id to find the log line by."""

    code = Code.INTERNAL
    default_reason = "INTERNAL"


_BY_CODE: dict[int, type[PaasError]] = {
    kind.code: kind
    for kind in (
        InvalidInput,
        NotFound,
        AlreadyExists,
        PermissionDenied,
        LimitExceeded,
        Refused,
        Conflict,
        Unauthenticated,
    )
}


def error_for_code(code: int) -> type[PaasError] | None:
    """Return the class for a canonical code another service answered with, or None where it is not passed on."""
    return _BY_CODE.get(code)


def app_not_found(app: str) -> NotFound:
    """Return the error for an app that is absent or foreign. One place, so that the two can't differ.

    What no app could be called is not repeated: services may be sent anything where a name or an id belongs.
    """
    shown = app if _COULD_BE_AN_APP.match(app) else "“…”"
    return NotFound(f"There is no app named {shown}. `paas apps:list` shows the apps you have.", reason="APP_NOT_FOUND")


def group_not_found(group: str) -> NotFound:
    """Return the error for a shared group that is absent or foreign, likewise."""
    shown = group if _COULD_BE_AN_APP.match(group) else "“…”"
    return NotFound(
        f"There is no group named {shown}. `paas groups` shows the groups you have.", reason="GROUP_NOT_FOUND"
    )


def app_destroyed() -> NotFound:
    """Return the error for an app that was looked for by its id, which says nothing to people and is not repeated."""
    return NotFound("This app was destroyed.", reason="APP_NOT_FOUND")
