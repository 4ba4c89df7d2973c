"""A plausible message of every kind there is, from its descriptor alone, so that a new method is abused by itself.

Names are of things that are there, so that what is changed in a message gets as far as it can. Nothing here starts a
program or destroys the things that the others need.
"""

import random
import time
import uuid
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from paas.limits.v1 import limits_pb2

_DEEPEST: Final = 6
_INTEGERS: Final = (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64)
_UNSIGNED: Final = (FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_UINT64)


@dataclass(frozen=True, kw_only=True)
class Things:
    """What is there: a tenant with an app. `mark` is in every value that is sent, and is looked for later."""

    tenant: str
    app: str
    app_id: str
    mark: str


class Messages:
    """Makes messages. The same `choice` makes the same ones, but for request ids and times."""

    def __init__(self, things: Things, choice: random.Random) -> None:
        self._things = things
        self._choice = choice

    def of(self, kind: Descriptor, *, destroys: bool = False) -> Message:
        """A message of a kind with all its fields; one that `destroys` names what is not there."""
        message = GetMessageClass(kind)()
        self._fill(message, 0)
        if destroys:
            for name in ("app", "app_id", "token"):
                if name in kind.fields_by_name:
                    setattr(message, name, "not-there")
        return message

    def _fill(self, message: Message, depth: int) -> None:
        for field in message.DESCRIPTOR.fields:
            if field.containing_oneof is not None and self._choice.random() < 0.5:
                continue
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                continue
            if field.name == "adopted" and self._choice.random() < 0.9:  # an app that adopts has little else of its own
                continue
            if not field.is_repeated:
                self._fill_one(message, field, depth)
                continue
            items = getattr(message, field.name)
            for _ in range(self._choice.randint(1, 2)):
                if field.message_type is None:
                    items.append(self._scalar(field))
                elif depth < _DEEPEST:
                    self._fill(items.add(), depth + 1)

    def _fill_one(self, message: Message, field: Any, depth: int) -> None:
        if field.message_type is None:
            setattr(message, field.name, self._scalar(field))
        elif field.message_type.full_name == "google.protobuf.Timestamp":
            getattr(message, field.name).seconds = int(time.time())
        elif field.message_type.full_name == "google.protobuf.Duration":
            getattr(message, field.name).seconds = self._choice.randint(60, 3600)
        elif depth < _DEEPEST:
            self._fill(getattr(message, field.name), depth + 1)

    def _scalar(self, field: Any) -> Any:
        if field.type == FieldDescriptor.TYPE_STRING:
            return self._text(field)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return self._things.mark.encode()
        if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            return self._choice.random() < 0.7
        if field.enum_type is not None:
            return self._choice.choice(field.enum_type.values).number
        if field.cpp_type in _INTEGERS or field.cpp_type in _UNSIGNED:
            return 0 if field.name == "instances" else self._choice.randint(1, 3)
        return 1.0

    def _text(self, field: Any) -> str:
        things = self._things
        known = {
            "app": things.app,
            "app_id": things.app_id,
            "tenant": things.tenant,
            "request_id": str(uuid.UUID(int=self._choice.getrandbits(128))),
            "change_id": str(uuid.UUID(int=self._choice.getrandbits(128))),
            "name": f"NAME_{self._choice.randint(1, 9)}",
            "names": f"NAME_{self._choice.randint(1, 9)}",
            "user": "mallory@example.com",
            "role": "viewer",
            "permissions": "config.read",
            "apps": things.app,
            "token": "not-there",
            "actor": "user:mallory@example.com",
            "page_token": "",
            "etag": "",
            "service": "",
            "health_path": "/health",
            "display": "postgres://...",
            "addon": "postgres",
            "outcome": "ok",
            "event_id": str(uuid.UUID(int=self._choice.getrandbits(128))),
        }
        # What may hold any text is a value, more or less: the mark is in all of these, and in no name.
        free = field.GetOptions().Extensions[limits_pb2.limits].any_text
        return known.get(field.name, things.mark if free else "abuse")
