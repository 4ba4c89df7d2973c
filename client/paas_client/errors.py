"""What a call may end with instead of its answer. Nothing in here holds a value that was sent or answered."""

from typing import NamedTuple


class Violation(NamedTuple):
    """What is wrong with one field of a request."""

    field: str
    description: str


class PaasError(Exception):
    """A call that failed.

    `str()` of it is the sentence: what is wrong and what to do. `code` is gRPC's (`NOT_FOUND`), `reason` is for
    programs (`APP_NOT_FOUND`, empty where there is none), `fields` says what is wrong with which field, and `error_id`
    is what the operator finds the log by. `method` is what was called.

    `may_have_happened` says whether the request may have had its effect all the same. Sent again with `request_id`, it
    has it once.
    """

    def __init__(
        self,
        sentence: str,
        *,
        code: str = "UNKNOWN",
        reason: str = "",
        fields: tuple[Violation, ...] = (),
        error_id: str = "",
        method: str = "",
        request_id: str = "",
        may_have_happened: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.reason = reason
        self.fields = fields
        self.error_id = error_id
        self.method = method
        self.request_id = request_id
        self.may_have_happened = may_have_happened


class InvalidArgument(PaasError):
    """The request holds what it may not; `fields` says where."""


class FailedPrecondition(PaasError):
    """The request does not fit how things stand; `reason` says why."""


class Unauthenticated(PaasError):
    """There is no token, or it is not accepted."""


class PermissionDenied(PaasError):
    """The token may not do this."""


class NotFound(PaasError):
    """What was named is absent, or somebody else's: the two are told in the same words."""


class Conflict(PaasError):
    """The name is taken, or something else was changed meanwhile: an etag that is no longer current."""


class TooMany(PaasError):
    """More than is allowed, at once or in all."""


class Unavailable(PaasError):
    """A service, or the gateway, can't be reached. What may be sent again was sent three times."""


class DeadlineExceeded(PaasError):
    """No answer in time."""


class ReleaseFailed(PaasError):
    """A release that was waited for has failed; `reason` is empty, and the sentence says what became of it."""
