"""What is wrong around a body in JSON: the path, the query, the verb, the content type. One function a kind."""

import json
import random
from collections.abc import Callable
from typing import Final

from tests.abuse.requests.http2 import Request
from tests.abuse.requests.in_json.calls import Call

_VERBS: Final = (
    b"GET", b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"HEAD", b"TRACE", b"CONNECT", b"get", b"PoST", b"POSTS",
    b"",
)  # fmt: skip
_TYPES: Final = (
    None, b"", b"text/plain", b"application/x-www-form-urlencoded", b"application/jsonx", b"application/json+x",
    b"application/json, text/html", b"application/json;charset=\xff", b"application/json; charset=utf-16",
    b"multipart/form-data; boundary=x", b"application/grpc", b"application/grpc+json", b"application/grpc-web",
    b"application/grpc-web-text", b"application/x-protobuf", b"*/*", b"APPLICATION/JSON", b"x" * 2_000,
)  # fmt: skip
# In the place of one segment of the path.
_SEGMENTS: Final = (
    "", ".", "..", "%2e%2e", "%2F", "a%2Fb", "%5C", "%00", "%FF", "%ED%A0%80", "%", "%4", "%zz", "a b", "a%20b", "é",
    "%C3%A9", "{app}", "*", "**", ":", "a:b", ";a=b", "a" * 3_000, "-1", "0", "1.5", "9" * 30, "%31", "~", "'", '"',
    "<x>", "\\", "@", "NAME:reveal", "web%3Areveal",
)  # fmt: skip
_ENDS: Final = (
    "/", "//", ":", ":unheard", ":reveal", "/..", "/.", "%2F", "%00", "#a", ";a", ".json", "/%2e%2e/%2e%2e", " ", "%",
)  # fmt: skip
_ROOTS: Final = (
    "",
    "/v1/..",
    "/V1",
    "/v2",
    "/v1//",
    "//v1",
    "/v1/v1",
    "/%76%31",
    "/./v1",
    "https://elsewhere/v1",
    "/v1\\",
)
_PARAMETERS: Final = (
    "unheard=1", "page_size=many", "page_size=99999999999", "page_size=-1", "page_size=1&page_size=2", "page_size",
    "page_token=%FF", "page_token=%4", "page_token=" + "a" * 5_000, "page%5Fsize=1", "pageSize=1", "page_size=%31",
    "page_size=1.0", "app=web", "a=b=c", "&&", "=", "%00=1", "$callback=x", "alt=proto", "vars.name=A", "spec={}",
    "é=1", "since=yesterday", "since=2030-13-31T12:00:00Z", "since=0000-00-00T00:00:00Z", "outcome=1", "request_id=1",
    "[]",
)  # fmt: skip

_OF_APP: Final = "/v1/apps/{app}"

Kind = Callable[[Call, random.Random], Request]


def _body(call: Call) -> bytes:
    return json.dumps(call.fields).encode() if call.has_body else b""


def json_paths(call: Call, choice: random.Random) -> Request:
    """Another path: segments that are no names, escapes, dots, too many and too few, verbs that there are not."""
    segments = call.path.split("/")
    kind = choice.randrange(4)
    if kind == 0:
        at = choice.randrange(2, len(segments))
        segments[at] = choice.choice(_SEGMENTS)
        path = "/".join(segments)
    elif kind == 1:
        path = call.path + choice.choice(_ENDS)
    elif kind == 2:
        path = choice.choice(_ROOTS) + call.path.removeprefix("/v1")
    else:
        at = choice.randrange(2, len(segments) + 1)
        path = "/".join([*segments[:at], choice.choice(_SEGMENTS), *segments[at:]])
    return call.sent(_body(call), path=path + call.query)


def json_queries(call: Call, choice: random.Random) -> Request:
    """Parameters that a call does not have, twice, or with what they do not take; a body where there is none."""
    if not call.has_body and choice.random() < 0.2:
        return call.sent(choice.choice((b"{}", b"null", b"\0", json.dumps(call.fields).encode())))
    more = "&".join(choice.sample(_PARAMETERS, choice.randint(1, 3)))
    query = f"{call.query}&{more}" if call.query and choice.random() < 0.5 else f"?{more}"
    return call.sent(_body(call), path=(call.path + query).encode())


def json_verbs(call: Call, choice: random.Random) -> Request:
    """Another verb than the path is called with. None that would destroy the app that others need."""
    good = {call.verb.encode(), *([b"DELETE"] if call.template == _OF_APP else [])}
    return call.sent(_body(call), verb=choice.choice([each for each in _VERBS if each not in good]))


def json_types(call: Call, choice: random.Random) -> Request:
    """Another content type, or none, over the same body."""
    return call.sent(_body(call) or b"{}", content_type=choice.choice(_TYPES))


KINDS: Final[tuple[Kind, ...]] = (json_paths, json_queries, json_verbs, json_types)
