"""Answers of SecretsService that hide something.

Generated from the contracts by `make gen`; don't edit it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from paas.secrets.v1 import secrets_pb2


@dataclass(frozen=True)
class RevealSecretResponse:
    """The answer with `value`, which its `repr` leaves out."""

    value: str = field(repr=False)
    # The event that this was recorded as; audit has a receipt of it (AuditService.GetReceipt).
    audit_event_id: str

    @classmethod
    def of(cls, message: secrets_pb2.RevealSecretResponse) -> Self:
        """What protobuf has as `paas.secrets.v1.RevealSecretResponse`."""
        return cls(
            value=message.value,
            audit_event_id=message.audit_event_id,
        )


@dataclass(frozen=True)
class RevealedSecret:
    """RevealedSecret is a value in the open, for whom it was revealed to."""

    name: str
    value: str = field(repr=False)

    @classmethod
    def of(cls, message: secrets_pb2.RevealedSecret) -> Self:
        """What protobuf has as `paas.secrets.v1.RevealedSecret`."""
        return cls(
            name=message.name,
            value=message.value,
        )


@dataclass(frozen=True)
class RevealSecretsResponse:
    """The answer with values, which its `repr` leaves out."""

    # In the order of the names asked for.
    secrets: tuple[RevealedSecret, ...]
    # The event that this was recorded as, the first where the names took several.
    audit_event_id: str

    @classmethod
    def of(cls, message: secrets_pb2.RevealSecretsResponse) -> Self:
        """What protobuf has as `paas.secrets.v1.RevealSecretsResponse`."""
        return cls(
            secrets=tuple(RevealedSecret.of(each) for each in message.secrets),
            audit_event_id=message.audit_event_id,
        )


@dataclass(frozen=True)
class EnvironmentValue:
    """EnvironmentValue is a value in the open as a program is given it."""

    name: str
    value: str = field(repr=False)
    # Whether an add-on manages it. Only while config lists the name as managed is it part of the app.
    managed: bool

    @classmethod
    def of(cls, message: secrets_pb2.EnvironmentValue) -> Self:
        """What protobuf has as `paas.secrets.v1.EnvironmentValue`."""
        return cls(
            name=message.name,
            value=message.value,
            managed=message.managed,
        )


@dataclass(frozen=True)
class RevealEnvironmentResponse:
    """The answer with values, which its `repr` leaves out."""

    # By name. All are from one moment.
    values: tuple[EnvironmentValue, ...]
    # The version of the app's secrets that they are of; 0 where none was ever stored.
    version: int
    # The event that this was recorded as, the first where the names took several.
    audit_event_id: str

    @classmethod
    def of(cls, message: secrets_pb2.RevealEnvironmentResponse) -> Self:
        """What protobuf has as `paas.secrets.v1.RevealEnvironmentResponse`."""
        return cls(
            values=tuple(EnvironmentValue.of(each) for each in message.values),
            version=message.version,
            audit_event_id=message.audit_event_id,
        )
