"""Requests from what callers give as Python has it: times, mappings of names to values, anything to iterate over.

An argument of a wrong type is refused here by its name: what Python and protobuf say of one quotes it, and it may be
a secret.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

from google.protobuf.message import Message

Request = TypeVar("Request", bound=Message)


def built(kind: type[Request], /, **given: object) -> Request:
    """The request with these fields; those that are None are left out. Raises TypeError, which quotes nothing."""
    request = kind()
    for name, value in given.items():
        if value is not None and not _is_put(request, name, value):
            # Outside of any handler, so that the error has no other behind it, with what it quotes.
            raise TypeError(f"`{name}` is not what it has to be; the documentation of the method says what that is.")
    return request


def _is_put(request: Message, name: str, value: object) -> bool:
    """Put a value into its field; whether it fits there."""
    field = request.DESCRIPTOR.fields_by_name[name]
    if isinstance(value, datetime) and value.tzinfo is None:
        return False  # it is another moment in every place
    try:
        if field.is_repeated:
            value = list(_items(value, of_messages=field.message_type is not None))
        request.MergeFrom(type(request)(**{name: value}))
    except (TypeError, ValueError, AttributeError):
        return False
    return True


def _items(value: object, *, of_messages: bool) -> Iterator[object]:
    """What a field with several items is to have. Raises TypeError."""
    if (
        isinstance(value, str | bytes)
        or not isinstance(value, Iterable)
        or (isinstance(value, Mapping) and not of_messages)
    ):
        raise TypeError  # the letters of a text are not what is meant
    if not isinstance(value, Mapping):
        for each in value:
            if of_messages and not isinstance(each, Message):
                raise TypeError
            yield each
        return
    for name, assigned in value.items():
        if not isinstance(assigned, str):
            raise TypeError  # protobuf takes None for the empty text, and a secret would be one
        yield {"name": name, "value": assigned}
