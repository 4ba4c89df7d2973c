"""How an error reaches the caller: as a google.rpc.Status with constant text, whatever it was."""

from typing import Any

import structlog
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from paaskit.clock import random_id
from paaskit.errors import Internal, PaasError
from paaskit.logs import describe_exception

log = structlog.get_logger()


def status_of(method: str, error: Exception) -> Any:
    """Return the status to end a call with. What is no error of ours is logged and told as nothing but its id."""
    if not isinstance(error, PaasError) or isinstance(error, Internal):
        error_id = random_id()[:12]
        log.error("request_failed", method=method, error_id=error_id, **describe_exception(error))
        error = Internal(
            f"Something went wrong on our side. Nothing you sent is at fault; quote error {error_id} to support.",
            metadata={"error_id": error_id},
        )
    elif error.code.name == "UNAVAILABLE":
        needs = error.metadata.get("service", "")
        log.warning("request_unavailable", method=method, reason=error.reason, needs=needs)
    return rpc_status.to_status(encode_error(error))


def encode_error(error: PaasError) -> status_pb2.Status:
    """Return the google.rpc.Status that stands for `error`: ErrorInfo always, BadRequest where fields are wrong,
    RetryInfo where it says when to try again.
    """
    status = status_pb2.Status(code=int(error.code), message=error.message)
    details: list[Any] = [
        error_details_pb2.ErrorInfo(reason=error.reason, domain="paas", metadata=error.metadata),
    ]
    if error.fields:
        details.append(
            error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(field=each.field, description=each.description)
                    for each in error.fields
                ]
            )
        )
    if error.retry_after_seconds is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(int(error.retry_after_seconds * 1000))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status
