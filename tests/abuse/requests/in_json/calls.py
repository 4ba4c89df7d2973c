"""Calls in JSON as they should be: the verb, the path and the body or query of a message, from the contracts alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from google.protobuf import json_format  # noqa: TID251  # an independent writer; nothing is printed
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from gateway.methods import HttpCall, public_methods
from local.ports import GATEWAY
from tests.abuse.requests.envelopes import Target
from tests.abuse.requests.http2 import Field, Request, header_block

_JSON: Final = b"application/json"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call, with the `fields` that are in its body or query. Not `path`: whose it is, too."""

    verb: str
    template: str
    path: str
    request: Descriptor
    fields: dict[str, Any]
    has_body: bool
    caller: Sequence[Field]

    def __repr__(self) -> str:
        return f"Call({self.verb} {self.template})"

    @property
    def target(self) -> Target:
        """What it is called when outcomes are counted, and where it goes."""
        return Target(place=GATEWAY, path=f"{self.verb} {self.template}")

    @property
    def query(self) -> str:
        """Its fields as a query, with its question mark; empty for a call with a body, or without fields."""
        fields = {} if self.has_body else self.fields
        written = urlencode({name: _in_query(value) for name, value in fields.items()}, doseq=True)
        return f"?{written}" if written else ""

    def sent(
        self,
        body: bytes,
        *,
        verb: bytes | None = None,
        path: str | bytes | None = None,
        content_type: bytes | None = _JSON,
    ) -> Request:
        """A request with this body, and with another verb, path and content type where these are given.

        `path` is with its query. Where there is neither a body nor to be one there is no content type.
        """
        says = content_type is not None and (body != b"" or self.has_body)
        to = self.path + self.query if path is None else path
        headers: list[Field] = [
            (b":method", self.verb.encode() if verb is None else verb),
            (b":scheme", b"https"),
            (b":path", to.encode() if isinstance(to, str) else to),
            (b":authority", GATEWAY.encode()),
            *([(b"content-type", content_type)] if says and content_type is not None else []),
            *self.caller,
        ]
        return Request(headers=header_block(headers), body=body)


def http_calls() -> Iterator[tuple[str, HttpCall]]:
    """Every method that is called in JSON: the name of its method, and how it is called."""
    for method in public_methods():
        if method.http is not None:
            yield method.method, method.http


def call_of(http: HttpCall, good: Message, *, token: str) -> Call:
    """How a message is sent in JSON."""
    fields: dict[str, Any] = json_format.MessageToDict(good, preserving_proto_field_name=True)
    path = http.template
    for name in http.bound:
        path = path.replace(f"{{{name}}}", quote(str(fields.pop(name, "1")), safe=""))
    if not http.has_body:
        fields = {name: value for name, value in fields.items() if not _is_object(http.request, name)}
    return Call(
        verb=http.verb,
        template=http.template,
        path=path,
        request=http.request,
        fields=fields,
        has_body=http.has_body,
        caller=[(b"authorization", f"Bearer {token}".encode())],
    )


def _is_object(request: Descriptor, name: str) -> bool:
    kind = request.fields_by_name[name].message_type
    return kind is not None and kind.file.package != "google.protobuf"


def _in_query(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_query(each) for each in value]
    return str(value).lower() if isinstance(value, bool) else value
