"""Everything sealed of an app, in one call that the audit log has as one event.

The messages are those of paas.secrets.v1, read by hand for speed (see `wire`): people start programs all day.
"""

from typing import NamedTuple

from paas_cli.transport import wire

PATH = "/paas.secrets.v1.SecretsService/RevealEnvironment"


class Request(NamedTuple):
    """paas.secrets.v1.RevealEnvironmentRequest."""

    app: str
    names: tuple[str, ...] = ()

    def SerializeToString(self) -> bytes:  # noqa: N802 - what generated messages call it
        """The message's bytes."""
        return wire.text(1, self.app) + b"".join(wire.text(2, name) for name in self.names)


class Value(NamedTuple):
    """paas.secrets.v1.EnvironmentValue."""

    name: str = ""
    value: str = ""
    managed: bool = False

    def __repr__(self) -> str:
        """The name alone."""
        return f"Value({self.name!r})"


class Answer(NamedTuple):
    """paas.secrets.v1.RevealEnvironmentResponse."""

    values: tuple[Value, ...] = ()
    version: int = 0

    @classmethod
    def FromString(cls, payload: bytes, /) -> "Answer":  # noqa: N802 - what generated messages call it
        """Read the message. Raises ValueError where it is none."""
        found: list[Value] = []
        version = 0
        for number, content in wire.fields(payload):
            match number, content:
                case 1, bytes():
                    found.append(_value(content))
                case 2, int():
                    version = content
        return cls(tuple(found), version)


def _value(payload: bytes) -> Value:
    name = value = ""
    managed = False
    for number, content in wire.fields(payload):
        match number, content:
            case 1, bytes():
                name = content.decode("utf-8")
            case 2, bytes():
                value = content.decode("utf-8")
            case 3, int():
                managed = bool(content)
    return Value(name, value, managed)
