"""Between protos and dataclasses, for what users call and what other services do."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from paas.secrets.v1 import secrets_pb2

from paaskit.changes import action_to
from paaskit.errors import FieldViolation, InvalidInput
from paaskit.redact import Plaintext
from services.secrets.rules.draft import StagedChange
from services.secrets.rules.expiry import Asked
from services.secrets.rules.random_value import DEFAULT_LENGTH, RandomFormat, RandomValue
from services.secrets.rules.stored import Entry
from services.secrets.upkeep.due import DueKind, DuePage, DueSecret, Place

_FORMATS: Final = {
    secrets_pb2.RANDOM_FORMAT_UNSPECIFIED: RandomFormat.BASE64,
    secrets_pb2.RANDOM_FORMAT_BASE64: RandomFormat.BASE64,
    secrets_pb2.RANDOM_FORMAT_HEX: RandomFormat.HEX,
    secrets_pb2.RANDOM_FORMAT_ALNUM: RandomFormat.ALNUM,
}


def staged_to(change: StagedChange) -> secrets_pb2.StagedSecret:
    """Return the proto of a staged change."""
    message = secrets_pb2.StagedSecret(
        name=change.name,
        action=action_to(change.action),
        staged_by=change.staged_by,
        replaces_newer=change.replaces_newer,
    )
    message.staged_at.FromDatetime(change.staged_at)
    return message


def asked_from(request: Any) -> Asked:
    """Return what a request says of an end and of an interval. Raises InvalidInput."""
    end = request.expiry.WhichOneof("end")
    if request.HasField("expiry") and (end is None or (end == "never" and not request.expiry.never)):
        raise InvalidInput(
            "Say when the value ends: after a span, at a moment, or never.",
            fields=[FieldViolation("expiry", "needs one of span, at and never")],
        )
    return Asked(
        span=timedelta(seconds=request.expiry.span.seconds) if end == "span" else None,
        at=_moment_from(request.expiry.at) if end == "at" else None,
        never=end == "never" and request.expiry.never,
        rotate_every=timedelta(seconds=request.rotate_every.seconds) if request.HasField("rotate_every") else None,
    )


def _moment_from(moment: Timestamp) -> datetime:
    try:
        return moment.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(
            "The end is no moment that there is.", fields=[FieldViolation("expiry.at", "is no moment")]
        ) from None


def due_kind_from(request: secrets_pb2.ListDueSecretsRequest) -> DueKind:
    """Return which list is asked for. Raises InvalidInput."""
    match request.kind:
        case secrets_pb2.DUE_KIND_EXPIRY:
            return DueKind.EXPIRY
        case secrets_pb2.DUE_KIND_ROTATION:
            return DueKind.AGE if request.within.seconds else DueKind.ROTATION
        case secrets_pb2.DUE_KIND_UNDELIVERED:
            return DueKind.UNDELIVERED
        case _:
            raise InvalidInput(
                "Say which secrets: those that expire, are to be rotated, or were not delivered.",
                fields=[FieldViolation("kind", "is required")],
            )


def due_to(due: DueSecret) -> secrets_pb2.DueSecret:
    """Return the proto of a secret that is due."""
    return secrets_pb2.DueSecret(
        app=due.app, secret=secret_to(due.entry), delivered_at=timestamp_to(due.entry.delivered_at)
    )


def place_from(parts: tuple[str, str, str] | None) -> Place | None:
    """Return the place that a page token stands for."""
    return None if parts is None else (datetime.fromisoformat(parts[0]), parts[1], parts[2])


def place_to(page: DuePage) -> tuple[str, str, str]:
    """Return what a token stands for of the page after one."""
    moment, app_id, name = page.secrets[-1].place
    return moment.isoformat(), app_id, name


def source_from(request: secrets_pb2.RotateSecretRequest) -> RandomValue | Plaintext:
    """Return where a new value comes from. Raises InvalidInput."""
    match request.WhichOneof("source"):
        case "value":
            return Plaintext(request.value)
        case "random":
            return RandomValue(
                length=request.random.length or DEFAULT_LENGTH,
                format=_FORMATS.get(request.random.format, RandomFormat.BASE64),
            )
        case _:
            raise InvalidInput(
                "Say where the new value comes from: random or given.", fields=[FieldViolation("source", "is required")]
            )


def secret_to(entry: Entry) -> secrets_pb2.Secret:
    """Return the proto of what may be known of a secret."""
    return secrets_pb2.Secret(
        name=entry.name,
        version=entry.version,
        updated_at=timestamp_to(entry.created_at),
        updated_by=entry.created_by,
        previous_until=timestamp_to(entry.previous_until),
        expires_at=timestamp_to(entry.terms.expires_at),
        rotate_every=duration_to(entry.terms.rotate_every),
        rotate_at=timestamp_to(entry.terms.rotate_at),
    )


def timestamp_to(moment: datetime | None) -> Timestamp | None:
    """Return the proto of a moment."""
    if moment is None:
        return None
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def duration_to(span: timedelta | None) -> Duration | None:
    """Return the proto of a length of time."""
    if span is None:
        return None
    message = Duration()
    message.FromTimedelta(span)
    return message
