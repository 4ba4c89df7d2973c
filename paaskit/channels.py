"""Calling another service: an mTLS channel, and one way to call that turns its status into our errors.

Must not retry: what may be repeated is known where it is called, and the outbox repeats by itself.
"""

from collections.abc import Awaitable
from typing import Any, Final, Protocol, TypeVar

import grpc
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from paaskit.access import carried_identity
from paaskit.db import refuse_in_transaction
from paaskit.errors import Code, FieldViolation, Internal, MessageTooLarge, PaasError, Unavailable, error_for_code
from paaskit.settings import TlsSettings
from paaskit.traces import carried

DEFAULT_TIMEOUT_SECONDS: Final = 5.0
MAX_INTERNAL_MESSAGE_BYTES: Final = 4 * 1024 * 1024

_EACH_IN_TURN: Final = '{"loadBalancingConfig": [{"round_robin": {}}]}'
# What tells a message that is too large from too many requests at once, which have the same code: gRPC's own words.
_TOO_LARGE: Final = "message larger than max"
# CANCELLED is how a server that stops ends what is under way.
_UNAVAILABLE: Final = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)

RequestT_contra = TypeVar("RequestT_contra", contravariant=True)
ResponseT_co = TypeVar("ResponseT_co", covariant=True)
RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")


class Method(Protocol[RequestT_contra, ResponseT_co]):
    """A unary method of a generated stub."""

    def __call__(
        self, request: RequestT_contra, /, *, timeout: float | None = None, metadata: Any = None
    ) -> Awaitable[ResponseT_co]:
        """Send `request`."""


def open_channel(address: str, *, service: str, tls: TlsSettings) -> grpc.aio.Channel:
    """Return a channel to `service` at `address`, which must hold the certificate of that name from our CA.

    Several addresses of its processes are separated by commas: calls go to each in turn, of those that can be reached.
    A name that stands for several addresses is used in the same way, if it is written `dns:///name:port`.
    """
    credentials = grpc.ssl_channel_credentials(
        root_certificates=tls.tls_ca_file.read_bytes(),
        private_key=tls.tls_key_file.read_bytes(),
        certificate_chain=tls.tls_cert_file.read_bytes(),
    )
    options: list[tuple[str, Any]] = [
        # The name in the certificate, not the address, says who answers.
        ("grpc.ssl_target_name_override", f"{service}.paas.internal"),
        ("grpc.default_authority", f"{service}.paas.internal"),
        ("grpc.enable_retries", 0),
        ("grpc.service_config", _EACH_IN_TURN),
        ("grpc.max_receive_message_length", MAX_INTERNAL_MESSAGE_BYTES),
        # A service that comes back is found again within a second.
        ("grpc.initial_reconnect_backoff_ms", 100),
        # Not a pause, whatever its name says, but how long connecting may take, both handshakes included.
        ("grpc.min_reconnect_backoff_ms", 5000),
        ("grpc.max_reconnect_backoff_ms", 1000),
    ]
    if "," in address:
        address = f"ipv4:{address}"
    return grpc.aio.secure_channel(address, credentials, options=options)


async def call(
    method: Method[RequestT, ResponseT],
    request: RequestT,
    *,
    service: str,
    timeout: float = DEFAULT_TIMEOUT_SECONDS,  # noqa: ASYNC109  # becomes the deadline that travels with the call
) -> ResponseT:
    """Call `method` of `service`, for the user of the current request if there is one.

    Raises Unavailable, MessageTooLarge, or the error the service answered with; Internal for what is no answer of ours.
    """
    refuse_in_transaction(service)
    try:
        return await method(request, timeout=timeout, metadata=(*carried_identity(), *carried()))
    except grpc.aio.AioRpcError as error:
        raise _translated(error, service) from None


def _translated(error: grpc.aio.AioRpcError, service: str) -> PaasError:
    """Return what a status means to whoever called. `reason` is the machine's word for it, or the name of the code."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]  # an AioRpcError has what it reads of a call
    if status is not None and (ours := _ours(status, service)) is not None:
        return ours
    code = error.code()
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        if _TOO_LARGE in (error.details() or ""):
            return MessageTooLarge(f"This is more than the {service} service takes at once. Send it in smaller parts.")
        return _unavailable(f"The {service} service is busy", service, reason="BUSY")
    if code in _UNAVAILABLE:
        return _unavailable(f"The {service} service cannot be reached now", service, reason=code.name)
    return Internal(f"The {service} service answered with {code.name}.", reason=code.name)


def _ours(status: status_pb2.Status, service: str) -> PaasError | None:
    """Return the error that one of our services answered with, or None where it is not to be passed on.

    Our own services write constant sentences without values, so they may reach the user as they are.
    """
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    if status.code == Code.UNAVAILABLE:
        return Unavailable(status.message, reason=info.reason or None, metadata={"service": service})
    if status.code == Code.PERMISSION_DENIED and "permission" not in info.metadata:
        # Not the user lacks something, but this service: its certificate, or the identity it carries, was refused.
        return Internal(f"The {service} service refuses this one.", reason=Code.PERMISSION_DENIED.name)
    kind = error_for_code(status.code)
    if kind is None:
        return None
    fields = [FieldViolation(each.field, each.description) for each in bad.field_violations]
    return kind(status.message, reason=info.reason or None, metadata=dict(info.metadata), fields=fields)


def _unavailable(what: str, service: str, *, reason: str) -> Unavailable:
    return Unavailable(f"{what}. Try again in a moment.", reason=reason, metadata={"service": service})
