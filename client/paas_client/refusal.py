"""What the transport says of a call that failed, as the error that its caller gets."""

from typing import Final

from paas_client import errors
from paas_client.errors import PaasError, Violation
from paas_transport import rpc_error
from paas_transport.address import Address
from paas_transport.details import decode
from paas_transport.rpc_error import Delivery, Misconfigured, NotGateway, RpcError, Unanswered

_KINDS: Final[dict[str, type[PaasError]]] = {
    "INVALID_ARGUMENT": errors.InvalidArgument,
    "OUT_OF_RANGE": errors.InvalidArgument,
    "FAILED_PRECONDITION": errors.FailedPrecondition,
    "UNAUTHENTICATED": errors.Unauthenticated,
    "PERMISSION_DENIED": errors.PermissionDenied,
    "NOT_FOUND": errors.NotFound,
    "ALREADY_EXISTS": errors.Conflict,
    "ABORTED": errors.Conflict,
    "RESOURCE_EXHAUSTED": errors.TooMany,
    "UNAVAILABLE": errors.Unavailable,
    "DEADLINE_EXCEEDED": errors.DeadlineExceeded,
}
# After these nobody knows whether the request was carried out.
_OPEN: Final = (rpc_error.DEADLINE_EXCEEDED, rpc_error.CANCELLED, rpc_error.INTERNAL)


def error_of(error: RpcError, *, gateway: Address, request_id: str = "") -> PaasError:
    """The error of a call to `gateway` that was made with `request_id`, where it has one."""
    details = decode(error.status)
    if isinstance(error, Unanswered):
        from paas_transport import second_look

        error = second_look.at(error, gateway)
    return _KINDS.get(error.code_name, PaasError)(
        _sentence(error, gateway),
        code=error.code_name,
        reason=details.reason,
        fields=tuple(Violation(*each) for each in details.violations),
        error_id=details.metadata.get("error_id", ""),
        method=error.path.lstrip("/"),
        request_id=request_id,
        may_have_happened=_is_open(error),
    )


def _is_open(error: RpcError) -> bool:
    """Whether the request may have been carried out: also by a service that went away before it could say so.

    `unavailable` is what the gateway could not ask before it let the request in.
    """
    went_away = error.code == rpc_error.UNAVAILABLE and error.delivery is Delivery.ANSWERED and not error.unavailable
    return went_away or error.delivery is Delivery.UNKNOWN or error.code in _OPEN


def _sentence(error: RpcError, gateway: Address) -> str:
    """The service's own words where there are any, and what is known of the connection where it had no say."""
    message = error.message.strip()
    if isinstance(error, Misconfigured):
        return message
    if isinstance(error, NotGateway):
        # Where plain http is refused, there is nothing to name.
        named = error.scheme if error.scheme == "https" or gateway.is_loopback else None
        address = f"{named}://{gateway.authority}" if named else "the gateway's address"
        return f"What answers at {gateway} {message}; give the client {address}."
    if error.delivery is not Delivery.ANSWERED:
        return _unanswered(error, message, gateway)
    if error.code == rpc_error.UNAVAILABLE and error.unavailable:
        return f"The {error.unavailable} service is unavailable; try again in a moment."
    if error.code == rpc_error.UNAUTHENTICATED and not message:
        return f"The token was not accepted by {gateway}: it is mistyped, expired, revoked or another gateway's."
    return message or f"The {error.service} service refused the request ({error.code_name})."


def _unanswered(error: RpcError, message: str, gateway: Address) -> str:
    if error.delivery is Delivery.UNKNOWN:
        return f"No answer of the {error.service} service came from {gateway} ({message})."
    if error.code == rpc_error.UNAVAILABLE:
        return f"The gateway at {gateway} can't be reached ({message}); nothing was sent."
    return f"The gateway at {gateway} is not who it should be ({message}); nothing was sent. Trust more with `ca_file`."
