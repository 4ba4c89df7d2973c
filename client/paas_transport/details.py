"""What a refusal adds to its code and its sentence (google.rpc.Status). Loaded only once something has failed."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Details:
    """What google.rpc.Status adds to code and message."""

    reason: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    violations: tuple[tuple[str, str], ...] = ()


def decode(status: bytes) -> Details:
    """Read ErrorInfo and BadRequest out of a serialized google.rpc.Status; empty where it can't be read."""
    if not status:
        return Details()
    from google.protobuf.message import DecodeError
    from google.rpc import error_details_pb2, status_pb2

    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    try:
        for detail in status_pb2.Status.FromString(status).details:
            detail.Unpack(info)
            detail.Unpack(bad)
    except DecodeError:
        return Details()
    violations = tuple((item.field, item.description) for item in bad.field_violations)
    return Details(reason=info.reason, metadata=dict(info.metadata), violations=violations)
