"""What the gateway and the services behind it answer instead of doing it, in the words that people are shown."""

from collections.abc import Mapping

import grpc
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

_AWAY = "The platform can't be reached right now. Nothing is known to have changed; try again in a moment."
UNKNOWN = "It took too long, so it is not known whether it was done. Look before you do it again."


class Refusal(Exception):  # an answer, not an accident
    """An answer that is no success. `sentence` is the service's own, which is written for people and has no value.

    `reason` is the machine's word for it, as `NAME_TAKEN`; `fields` says what is wrong with each field that something
    is wrong with, by the field's path.
    """

    def __init__(self, *, code: int, sentence: str, reason: str = "", fields: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.reason = reason
        self.fields = dict(fields or {})

    @property
    def is_signed_out(self) -> bool:
        """Whether what the person signed in with is not good any more."""
        return self.code == code_pb2.UNAUTHENTICATED

    @property
    def is_final(self) -> bool:
        """Whether no other form would do: they have to sign in, may not, or it is not there."""
        return self.code in (code_pb2.UNAUTHENTICATED, code_pb2.PERMISSION_DENIED, code_pb2.NOT_FOUND)

    @property
    def http_status(self) -> int:
        """The HTTP status that says the same."""
        return _HTTP.get(self.code, 502)


_HTTP: Mapping[int, int] = {
    code_pb2.INVALID_ARGUMENT: 422,
    code_pb2.NOT_FOUND: 404,
    code_pb2.ALREADY_EXISTS: 409,
    code_pb2.ABORTED: 409,
    code_pb2.FAILED_PRECONDITION: 409,
    code_pb2.PERMISSION_DENIED: 403,
    code_pb2.UNAUTHENTICATED: 401,
    code_pb2.RESOURCE_EXHAUSTED: 429,
    code_pb2.UNAVAILABLE: 503,
    code_pb2.DEADLINE_EXCEEDED: 504,
}


def refusal_of(error: grpc.aio.AioRpcError) -> Refusal:
    """What a failed call means."""
    status = _status(error)
    if status is None:
        return _of_no_service(error)
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    return Refusal(
        code=status.code,
        sentence=status.message,
        reason=info.reason,
        fields={each.field: each.description for each in bad.field_violations},
    )


def _status(error: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    try:
        status = rpc_status.from_call(error)  # type: ignore[arg-type]  # an AioRpcError has what it reads of a call
    except ValueError:
        return None
    return status if status is not None and status.message else None


def _of_no_service(error: grpc.aio.AioRpcError) -> Refusal:
    code = int(error.code().value[0])
    if code == code_pb2.DEADLINE_EXCEEDED:
        return Refusal(code=code, sentence=UNKNOWN)
    # The gateway's own sentences, as for somebody who is not signed in or asks too much, are for people too.
    ours = code in (code_pb2.UNAUTHENTICATED, code_pb2.RESOURCE_EXHAUSTED, code_pb2.INVALID_ARGUMENT)
    return Refusal(code=code, sentence=(error.details() or _AWAY) if ours else _AWAY)
