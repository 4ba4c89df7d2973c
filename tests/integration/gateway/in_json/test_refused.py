"""What no call takes is refused with one clear error, and nothing of it gets to a service.

Covers bodies, queries and paths that are wrong, and that no error, and neither of Envoy's logs, has a word of what was
sent. Leaves out what a field may hold, which services check of all calls alike.
"""

import json
import random

import pytest
from google.protobuf import json_format  # noqa: TID251  # an independent reader; nothing is printed
from paas.config.v1 import config_pb2

from gateway.limits.bounds import MAX_BODY_BYTES, MAX_BYTES_OF_ANYONE
from tests.fixtures.waiting import until
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.in_json.asking import Answer, ask

SET = "POST /v1/apps/web/configVars:set"
ROTATE = "POST /v1/apps/web/secrets/A:rotate"
CANARY = "canary-7f3a"
INVALID = (400, 3, "INVALID_INPUT")
_FIELDS = "etag, request_id, stage, validate_only, vars"

# What is sent, and what is said of it after "The request holds what it may not: " or "The request ".
_WRONG_FIELDS: list[tuple[str, object, str, str]] = [
    (SET, {"vars": [{"name": "A", "value": 5}]}, "vars[0].value", "has to be a text"),
    (SET, {"vars": [{"name": "A", "value": None}]}, "vars[0].value", "has to be a text"),
    (SET, {"vars": [{"name": "A", "value": [CANARY]}]}, "vars[0].value", "has to be a text"),
    (SET, {"vars": {"A": CANARY}}, "vars", "has to be a JSON array"),
    (SET, {"vars": [[CANARY]]}, "vars[0]", "has to be a JSON object"),
    (SET, {"vars": [{}, {"name": "A", CANARY: 1}]}, "vars[1]", "has a field that it can't have; there are name, value"),
    (SET, {"stage": CANARY}, "stage", "has to be true or false"),
    (SET, {"stage": "true"}, "stage", "has to be true or false"),
    (SET, {"stage": 1}, "stage", "has to be true or false"),
    (SET, {"app": CANARY}, "app", "stands in the path and can't be in the body as well"),
    (SET, b'{"stage": true, "stage": true}', "stage", "is there twice"),
    (SET, {"vars": [{}] * 1001}, "vars", "has more than 1000 items"),
    (ROTATE, {"value": CANARY, "random": {}}, "random", "can't be there together with value"),
    (ROTATE, {"random": {"length": 2**31}}, "random.length", "has to be a whole number of 32 bits"),
    (ROTATE, {"random": {"length": 1.5}}, "random.length", "has to be a whole number of 32 bits"),
    (ROTATE, b'{"random": {"length": 1e3}}', "random.length", "has to be a whole number of 32 bits"),
    (ROTATE, b'{"random": {"length": 007}}', "random.length", "has to be a whole number of 32 bits"),
    (ROTATE, {"random": {"format": CANARY}}, "random.format", "has to be one of: RANDOM_FORMAT_UNSPECIFIED, "),
    (ROTATE, {"overlap": "1h"}, "overlap", 'has to be a text of seconds, such as "90s"'),
    (ROTATE, {"overlap": 60}, "overlap", 'has to be a text of seconds, such as "90s"'),
    ("GET /v1/apps?page_size=many", None, "page_size", "has to be a whole number of 32 bits"),
    ("GET /v1/apps?page_size=1&page_size=2", None, "page_size", "is there twice"),
    ("GET /v1/apps?page_token=%FF", None, "page_token", "has to be a text"),
    ("GET /v1/apps?page_token=%4", None, "page_token", "has to be a text"),
    ("GET /v1/auditEvents?since=yesterday", None, "since", "has to be a text of a time"),
    ("GET /v1/auditEvents?outcome=1", None, "outcome", "has to be one of: OUTCOME_UNSPECIFIED, "),
    ("GET /v1/auditEvents?people_only=yes", None, "people_only", "has to be true or false"),
    ("GET /v1/auditEvents?after_sequence=9223372036854775808", None, "after_sequence", "has to be a whole number"),
]
_WRONG_REQUESTS: list[tuple[str, object, str]] = [
    (SET, b"", "has to be a JSON object"),
    (SET, [], "has to be a JSON object"),
    (SET, CANARY, "has to be a JSON object"),
    (SET, b"\xef\xbb\xbf{}", "has to be a JSON object"),
    (SET, {CANARY: 1}, f"has a field that it can't have; there are {_FIELDS}"),
    (SET, {"requestId": CANARY}, f"has a field that it can't have; there are {_FIELDS}"),
    (SET, b'{"request\\u005fid": "1"}', f"has a field that it can't have; there are {_FIELDS}"),
    (SET, b"{", "is no JSON (RFC 8259), at byte 2"),
    (SET, b"{'a': 1}", "is no JSON (RFC 8259), at byte 2"),
    (SET, b'{"etag": "a",}', "is no JSON (RFC 8259), at byte 14"),
    (SET, b'{"etag": "a"} {}', "is no JSON (RFC 8259), at byte 15"),
    (SET, b'{"etag": "a\n"}', "is no JSON (RFC 8259), at byte 12"),
    (SET, b'{"etag": "\\x41"}', "is no JSON (RFC 8259), at byte 11"),
    (SET, b'{"etag": "\\ud800"}', "is no JSON (RFC 8259), at byte 11"),
    (SET, b'{"etag": "\\udc00\\ud800"}', "is no JSON (RFC 8259), at byte 11"),
    (SET, b'{"etag": "' + CANARY.encode(), "is no JSON (RFC 8259), at byte 22"),
    (SET, b'{"etag": "\xff"}', "is no UTF-8"),
    (SET, b'{"etag": "\xed\xa0\x80"}', "is no UTF-8"),
    (SET, b'{"etag": "\xc0\x80"}', "is no UTF-8"),
    (SET, b'{"vars":' + b"[" * 200_000, "holds what it may not: vars[0] has to be a JSON object"),
    (SET, b'{"vars":[' + b'{"a":' * 100_000, "holds what it may not: vars[0] has a field that it can't have"),
    (f"{SET}?stage=true", {}, "has a query parameter that it can't have; there are none"),
    (f"GET /v1/apps?{CANARY}=1", None, "has a query parameter that it can't have; there are page_size, page_token"),
    ("GET /v1/apps?page%5Fsize=1", None, "has a query parameter that it can't have; there are page_size, page_token"),
    ("GET /v1/apps/web/configVars?app=web", None, "has a query parameter that it can't have; there are page_size, pag"),
    ("GET /v1/apps/web", b"{}", "takes no body"),
    ("DELETE /v1/tokens/ci", b"{}", "takes no body"),
    ("GET /v1/apps/we%FFb", None, "has a path that is no UTF-8"),
    ("GET /v1/apps/we%2", None, "has a path that is no UTF-8"),
]


@pytest.mark.parametrize(("target", "body", "field", "problem"), _WRONG_FIELDS)
async def test_a_wrong_field_is_named(gateway: Gateway, target: str, body: object, field: str, problem: str) -> None:
    answer = await ask(gateway, target, body)
    assert answer.reason == INVALID
    assert answer.message.startswith(f"The request holds what it may not: {field} {problem}")
    (violations,) = [each["field_violations"] for each in answer.document["details"] if "field_violations" in each]
    assert [each["field"] for each in violations] == [field]
    assert violations[0]["description"].startswith(problem)
    _nothing_came_of(gateway, answer)


@pytest.mark.parametrize(("target", "body", "problem"), _WRONG_REQUESTS)
async def test_a_wrong_request_is_told_what_is_wrong(gateway: Gateway, target: str, body: object, problem: str) -> None:
    answer = await ask(gateway, target, body)
    assert answer.reason == INVALID
    assert answer.message.startswith(f"The request {problem}")
    _nothing_came_of(gateway, answer)


# What Envoy itself finds wrong, in whose words the value would be.
@pytest.mark.parametrize(
    ("target", "body"),
    [
        (f"GET /v1/auditEvents?since=2030-13-31T12:00:00Z&name={CANARY}", None),
        ("POST /v1/tokens", {"name": CANARY, "ttl": "999999999999s"}),
    ],
)
async def test_what_envoy_says_of_a_request_is_not_told(gateway: Gateway, target: str, body: object) -> None:
    answer = await ask(gateway, target, body)
    assert answer.reason == INVALID
    assert answer.message == "The request can't be read as this call. /v1/openapi.json says what the call takes."
    _nothing_came_of(gateway, answer)


@pytest.mark.parametrize(
    "path", ["/v1/apps/a%2Fb", "/v1/apps/a%5Cb", "/v1/apps/a%00b", "/v1/apps/web/secrets/%2e%2e%2f:x"]
)
async def test_a_slash_in_a_name_is_no_name(gateway: Gateway, path: str) -> None:
    answer = await ask(gateway, f"GET {path}")
    assert answer.reason == INVALID
    assert answer.message == "The path has what no path may have, such as an escaped slash."
    _nothing_came_of(gateway, answer)


@pytest.mark.parametrize(
    ("target", "http"),
    [
        ("GET /v1/", 404),
        ("GET /v1/nowhere", 404),
        ("GET /v1/apps/", 404),
        ("GET /v1/apps/web/secrets/A:unheard", 404),
        ("GET /v1/apps/web/secrets/A", 404),
        ("GET /v1/apps/web/releases/v7", 404),
        ("GET /v1/apps/web/releases/7:watch", 404),
        ("GET /v1/apps/../../paas.config.v1.ConfigInternalService/ResolveApp", 404),
        ("GET /v1/keys/../apps/web/x/y", 404),
        ("POST /v1/keys", 405),
        ("GET /v1/keys:shred", 405),
        ("PATCH /v1/apps/web", 405),
        ("DELETE /v1/apps/web/configVars", 405),
        ("OPTIONS /v1/apps", 405),
    ],
)
async def test_no_such_call(gateway: Gateway, target: str, http: int) -> None:
    answer = await ask(gateway, target, {} if target.startswith(("POST", "PATCH")) else None)
    assert answer.status == http
    if http == 405:
        assert answer.headers["allow"].upper() in {"GET", "POST", "GET, POST", "PUT, GET, DELETE", "POST, GET"}
    assert gateway.arrivals() == []
    assert gateway.check.requests == []


@pytest.mark.parametrize("content_type", [None, "application/x-www-form-urlencoded", "text/plain", "application/jsonx"])
async def test_a_body_of_another_type(gateway: Gateway, content_type: str | None) -> None:
    for target in (SET, "POST /v1/apps/web/releases", "PUT /v1/apps/web"):
        answer = await ask(gateway, target, b'{"etag":"a"}', content_type=content_type)
        assert answer.reason == (415, 3, "INVALID_INPUT")
        assert answer.message == "The content type has to be application/json."
    assert gateway.check.requests == []


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
async def test_json_by_its_names(gateway: Gateway, content_type: str) -> None:
    gateway.services["config"].answers["/paas.config.v1.ConfigService/SetVars"] = b""
    assert (await ask(gateway, SET, {"etag": "a"}, content_type=content_type)).status == 200


async def test_a_body_over_the_limit(gateway: Gateway) -> None:
    gateway.services["config"].answers["/paas.config.v1.ConfigService/SetVars"] = b""
    most = b'{"etag":"' + b"a" * (MAX_BODY_BYTES - 11) + b'"}'
    assert (await ask(gateway, SET, most)).status == 200
    gateway.forget()
    answer = await ask(gateway, SET, most + b" ")
    assert answer.reason == (413, 8, "MESSAGE_TOO_LARGE")
    assert gateway.arrivals() == []
    of_anyone = b'{"trust":"' + b"a" * MAX_BYTES_OF_ANYONE + b'"}'
    assert (await ask(gateway, "POST /v1/tokens:exchange", of_anyone)).status == 413
    assert gateway.arrivals() == []


async def test_what_was_sent_is_in_no_log(gateway: Gateway) -> None:
    before = len(gateway.access_log.read_text().splitlines())
    bodies: list[object] = [
        {"etag": 5, CANARY: CANARY},
        {"vars": [{"value": CANARY}, 5]},
        f'{{"etag":"{CANARY}'.encode(),
    ]
    for body in bodies:
        await ask(gateway, SET, body)
    await ask(gateway, f"GET /v1/apps/{CANARY}/configVars?page_token={CANARY}&page_size={CANARY}")
    await ask(gateway, "POST /v1/tokens", {"name": CANARY, "ttl": "999999999999s"})
    await until(lambda: len(gateway.access_log.read_text().splitlines()) >= before + 5)
    for log in (gateway.access_log, gateway.access_log.parent / "envoy.log"):
        assert CANARY not in log.read_text()


async def test_what_is_taken_protobuf_takes_and_reads_alike(gateway: Gateway) -> None:
    """Bodies that are changed at random: none is taken that protobuf's own reader refuses, or reads otherwise."""
    chance, config = random.Random(71), gateway.services["config"]
    config.answers["/paas.config.v1.ConfigService/SetVars"] = b""
    whole = json.dumps(
        {"request_id": "r", "vars": [{"name": "A", "value": 'é"\\\u2028'}, {"name": "B", "value": ""}], "stage": False}
    )
    taken = 0
    for _ in range(150):
        gateway.forget()
        config.answers["/paas.config.v1.ConfigService/SetVars"] = b""
        body = _changed(whole, chance)
        answer = await ask(gateway, SET, body.encode())
        if answer.status != 200:
            assert answer.reason == INVALID
            assert config.arrivals == []
            continue
        taken += 1
        read = json_format.Parse(body, config_pb2.SetVarsRequest(app="web"))
        assert config_pb2.SetVarsRequest.FromString(config.arrivals[0].message) == read
    assert 10 < taken < 140


def _changed(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    piece = chance.choice(
        ['"', "\\", ",", "{", "}", "[", "]", ":", "0", "a", "é", " ", "\\u00e9", "\\ud83d", "true", "null"]
    )
    return text[:at] + piece + text[at + chance.randrange(3) :]


def _nothing_came_of(gateway: Gateway, answer: Answer) -> None:
    assert gateway.arrivals() == []
    assert answer.headers["cache-control"] == "no-store"
    assert CANARY not in repr(answer)
