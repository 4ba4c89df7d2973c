"""The routes of calls in JSON: one for each public method that says how it is called over HTTP, and what is said else.

Each is the method's route of gRPC, with the same sign-in check, limits and time, found by another path. Below
`/v1/` whatever is no such call is refused in JSON, with what would be right.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from gateway.methods import JSON_PREFIX, HttpCall, PublicMethod
from gateway.transcoding.filter import enabled
from gateway.transcoding.replies import ROUTES, status
from gateway.transcoding.requests import read, told_of

_JSON: Final = "application/json"
# Looked at before anything else, so that what is no call in JSON is passed over without a regular expression.
_BELOW: Final = {"name": ":path", "string_match": {"prefix": JSON_PREFIX}}
_NO_CALL: Final = "There is no such call. Calls are listed in /v1/openapi.json."
# What the transcoder tells a service of the request as it came, and no service asks for.
_UNREAD: Final = ("x-envoy-original-path", "x-envoy-original-method")


def routes(
    methods: Iterable[PublicMethod],
    *,
    route: Callable[[PublicMethod], dict[str, Any]],
    answered_at_once: dict[str, Any],
    tells_browsers: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """The routes, in order. `route` makes a method's route of gRPC; `answered_at_once` is what goes to no service.

    `tells_browsers` sets what browsers are told with each answer, which they can show, and that no cache keeps it.
    """
    calls = [(method, method.http) for method in methods if method.http]
    paths: dict[str, list[HttpCall]] = {}
    for _, call in calls:
        paths.setdefault(call.template, []).append(call)
    said = [
        *(_other_verb(same) for same in paths.values()),
        _said("none", {"prefix": JSON_PREFIX}, http=404, code=5, message=_NO_CALL),
    ]
    no_json = [_other_type(call) for _, call in calls if call.has_body]
    found = [_call(route(method), method, call) for method, call in calls]
    found += [{**each, **answered_at_once} for each in (*no_json, *said)]
    return [
        {**each, "response_headers_to_add": [*each.get("response_headers_to_add", ()), *tells_browsers]}
        for each in found
    ]


def _call(grpc: dict[str, Any], method: PublicMethod, call: HttpCall) -> dict[str, Any]:
    per_filter = {**grpc.get("typed_per_filter_config", {}), **enabled(), **read(anyone=method.anyone)}
    return {
        **grpc,
        "name": f"{ROUTES}{grpc['name']}",
        "match": _match(call, [_verb(call.verb), *([_content_type()] if call.has_body else [])]),
        "metadata": told_of(call),
        "typed_per_filter_config": per_filter,
        "request_headers_to_remove": [*grpc.get("request_headers_to_remove", ()), *_UNREAD],
    }


def _other_type(call: HttpCall) -> dict[str, Any]:
    message = "The content type has to be application/json."
    return _said("type", _match(call, [_verb(call.verb)]), http=415, code=3, message=message, reason="INVALID_INPUT")


def _other_verb(same_path: list[HttpCall]) -> dict[str, Any]:
    verbs = ", ".join(call.verb for call in same_path)
    said = _said("verb", _match(same_path[0], []), http=405, code=12, message=f"This path is called with {verbs}.")
    said["response_headers_to_add"] += _told({"allow": verbs})
    return said


def _said(
    name: str, match: dict[str, Any], *, http: int, code: int, message: str, reason: str = "NO_SUCH_CALL"
) -> dict[str, Any]:
    return {
        "name": f"{ROUTES}{name}",
        "match": match,
        "direct_response": {
            "status": http,
            "body": {"inline_string": status(code, reason, message)},
        },
        "response_headers_to_add": _told({"content-type": _JSON}),
    }


def _match(call: HttpCall, headers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"safe_regex": {"regex": call.path_regex()}, "headers": [_BELOW, *headers]}


def _verb(verb: str) -> dict[str, Any]:
    return {"name": ":method", "string_match": {"exact": verb}}


def _content_type() -> dict[str, Any]:
    return {"name": "content-type", "string_match": {"safe_regex": {"regex": "(?i)application/json *(;.*)?"}}}


def _told(headers: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        for key, value in headers.items()
    ]
