"""Messages, how they are kept in the transaction of a change, and how many make a batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from google.protobuf.message import DecodeError
from google.protobuf.message import Message as Proto

from paaskit.db import Connection
from paaskit.errors import InvalidInput

AUDIT: Final = "audit"
RELEASER: Final = "releaser"

MAX_ROWS: Final = 200
MAX_BYTES: Final = 256 * 1024
"""The most that one batch has, of rows and of payload; a single message is a batch whatever its size.

Receivers take 1 MiB. A quarter of that leaves room for what wraps the payloads and keeps a batch short for others.
"""

PUT_ALL: Final = """
    INSERT INTO outbox (destination, key, payload) SELECT * FROM unnest(%s::text[], %s::text[], %s::bytea[])
    ON CONFLICT DO NOTHING"""

ProtoT = TypeVar("ProtoT", bound=Proto)


@dataclass(frozen=True)
class Message:
    """What a destination is to be told. The same destination and key are kept once."""

    destination: str
    key: str
    payload: bytes


def columns(messages: Sequence[Message]) -> tuple[list[str], list[str], list[bytes]]:
    """Return the messages as the three arrays that `PUT_ALL` takes."""
    return (
        [message.destination for message in messages],
        [message.key for message in messages],
        [message.payload for message in messages],
    )


async def put(connection: Connection, *messages: Message) -> None:
    """Write messages in the caller's transaction."""
    await connection.execute(PUT_ALL, columns(messages))


def parsed(kind: type[ProtoT], payloads: Sequence[bytes]) -> list[ProtoT]:
    """Return the protos that were kept. Raises InvalidInput where one is none: it is parked, and holds up no other."""
    try:
        return [kind.FromString(payload) for payload in payloads]
    except DecodeError:
        raise InvalidInput("A message in the outbox is not one of its kind.", reason="UNREADABLE") from None


def batches(messages: Sequence[Message], *, most_bytes: int = MAX_BYTES) -> Iterator[Sequence[Message]]:
    """Yield the messages in order, in batches of at most so many bytes of payload, each of at least one message."""
    start = size = 0
    for index, message in enumerate(messages):
        if index > start and size + len(message.payload) > most_bytes:
            yield messages[start:index]
            start, size = index, 0
        size += len(message.payload)
    if messages:
        yield messages[start:]
