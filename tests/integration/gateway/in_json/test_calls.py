"""Each method that is called in JSON reaches its service as the call of gRPC it stands for, and its answer comes back.

What a call stands for is made by protobuf's own reader of JSON, of the body with what the path and the query have.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from google.protobuf import json_format  # noqa: TID251  # an independent reader; nothing is printed
from google.protobuf.message_factory import GetMessageClass
from paas.audit.v1 import audit_pb2
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2

from gateway.methods import PublicMethod, public_methods
from tests.integration.gateway.conftest import SIGNED_IN, Gateway
from tests.integration.gateway.in_json.asking import ask

_SPEC = {"command": ["a", "b\nc"], "instances": 2, "ready_timeout": "90.5s"}
_SINCE = "2030-01-31T12:00:00.5%2B01:00"
_ID = {"request_id": "r-1"}
_TRUST: dict[str, Any] = {
    **_ID,
    "name": "ci",
    "issuer": "https://token.example.com",
    "subject": "repo:a/b:*",
    "conditions": [{"claim": "ref", "value": "refs/heads/main"}],
    "ttl": "600s",
}
# By the method, how it is called, what is in the body, and the fields that its path has.
_CALLS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "ConfigService/CreateApp": ("POST /v1/apps", {**_ID, "app": "web", "spec": _SPEC}, {}),
    "ConfigService/UpdateApp": ("PUT /v1/apps/web", {**_ID, "spec": _SPEC, "etag": "e"}, {"app": "web"}),
    "ConfigService/GetApp": ("GET /v1/apps/web", None, {"app": "web"}),
    "ConfigService/ListApps": ("GET /v1/apps?page_size=3&page_token=a%2Bb+c%26d", None, {}),
    "ConfigService/DestroyApp": ("DELETE /v1/apps/web?request_id=r-1", None, {"app": "web"}),
    "ConfigService/ListVars": ("GET /v1/apps/web/configVars?page_size=3", None, {"app": "web"}),
    "ConfigService/SetVars": (
        "POST /v1/apps/web/configVars:set",
        {**_ID, "vars": [{"name": "A", "value": 'é\n"\\ \U0001f600'}, {"name": "B", "value": ""}], "stage": True},
        {"app": "web"},
    ),
    "ConfigService/UnsetVars": (
        "POST /v1/apps/web/configVars:unset",
        {**_ID, "names": ["A"], "ignore_missing": True},
        {"app": "web"},
    ),
    "ConfigService/DiscardStaged": (
        "POST /v1/apps/web/configVars:discardStaged",
        {**_ID, "names": [], "spec": True},
        {"app": "web"},
    ),
    "GroupsService/CreateGroup": ("POST /v1/groups", {**_ID, "group": "shared"}, {}),
    "GroupsService/GetGroup": ("GET /v1/groups/shared", None, {"group": "shared"}),
    "GroupsService/ListGroups": ("GET /v1/groups?page_size=3", None, {}),
    "GroupsService/DestroyGroup": ("DELETE /v1/groups/shared?request_id=r-1", None, {"group": "shared"}),
    "GroupsService/AttachGroup": (
        "POST /v1/apps/web/groups:attach",
        {**_ID, "group": "shared", "stage": True},
        {"app": "web"},
    ),
    "GroupsService/DetachGroup": (
        "POST /v1/apps/web/groups:detach",
        {**_ID, "group": "shared", "validate_only": True},
        {"app": "web"},
    ),
    "SecretsService/ListSecrets": ("GET /v1/apps/web/secrets", None, {"app": "web"}),
    "SecretsService/SetSecrets": (
        "POST /v1/apps/web/secrets:set",
        {**_ID, "secrets": [{"name": "A", "value": "s3cret"}]},
        {"app": "web"},
    ),
    "SecretsService/RevealSecret": (
        "POST /v1/apps/web/secrets/A:reveal",
        {"reason": "Deploying"},
        {"app": "web", "name": "A"},
    ),
    "SecretsService/RevealSecrets": ("POST /v1/apps/web/secrets:reveal", {"names": ["A", "B"]}, {"app": "web"}),
    "SecretsService/RevealEnvironment": ("POST /v1/apps/web/environment:reveal", {}, {"app": "web"}),
    "SecretsService/RotateSecret": (
        "POST /v1/apps/web/secrets/A:rotate",
        {**_ID, "random": {"length": 64, "format": "RANDOM_FORMAT_HEX"}, "overlap": "3600s"},
        {"app": "web", "name": "A"},
    ),
    "SecretsService/UnsetSecrets": ("POST /v1/apps/web/secrets:unset", {**_ID, "names": ["A"]}, {"app": "web"}),
    "SecretsService/DiscardStaged": ("POST /v1/apps/web/secrets:discardStaged", _ID, {"app": "web"}),
    "SecretsService/ExpireSecret": (
        "POST /v1/apps/web/secrets/A:expire",
        {**_ID, "expiry": {"span": "7776000s"}, "rotate_every": "0s"},
        {"app": "web", "name": "A"},
    ),
    "SecretsService/ListDueSecrets": ("GET /v1/secrets:due?kind=DUE_KIND_ROTATION&within=86400s", None, {}),
    "KeysService/GetKeys": ("GET /v1/keys", None, {}),
    "KeysService/RotateKeys": ("POST /v1/keys:rotate", _ID, {}),
    "KeysService/ShredKeys": ("POST /v1/keys:shred", {**_ID, "confirm": "acme"}, {}),
    "ReleaserService/ListReleases": ("GET /v1/apps/web/releases?page_size=1", None, {"app": "web"}),
    "ReleaserService/GetRelease": ("GET /v1/apps/web/releases/7", None, {"app": "web", "number": "7"}),
    "ReleaserService/CreateRelease": ("POST /v1/apps/web/releases", {**_ID, "leave_draft": True}, {"app": "web"}),
    "ReleaserService/Rollback": (
        "POST /v1/apps/web/releases/7:rollback",
        {**_ID, "with_secrets": False},
        {"app": "web", "number": "7"},
    ),
    "ReleaserService/ListInstances": ("GET /v1/apps/web/instances", None, {"app": "web"}),
    "TokensService/WhoAmI": ("GET /v1/whoami", None, {}),
    "TokensService/CreateToken": (
        "POST /v1/tokens",
        {**_ID, "name": "ci", "ttl": "86400s", "permissions": ["config.read"], "apps": ["web"]},
        {},
    ),
    "TokensService/ListTokens": ("GET /v1/tokens", None, {}),
    "TokensService/FindTokens": ("GET /v1/tokens:find?tokens=a&tokens=b", None, {}),
    "TokensService/RotateToken": ("POST /v1/tokens/a%20b%3Ac:rotate", {**_ID, "overlap": "0s"}, {"token": "a b:c"}),
    "TokensService/RevokeToken": ("DELETE /v1/tokens/ci", None, {"token": "ci"}),
    "TokensService/ReportToken": ("POST /v1/tokens:report", {"secret": "paas_pat_x"}, {}),
    "TokensService/EndSessions": ("POST /v1/sessions:end", {"user": "ada@example.com"}, {}),
    "TrustsService/CreateTrust": ("POST /v1/trusts", _TRUST, {}),
    "TrustsService/ListTrusts": ("GET /v1/trusts", None, {}),
    "TrustsService/DeleteTrust": ("DELETE /v1/trusts/ci", None, {"trust": "ci"}),
    "TrustsService/TestTrust": ("POST /v1/trusts/ci:test", {"subject_token": "a.b.c"}, {"trust": "ci"}),
    "TrustsService/ExchangeToken": ("POST /v1/tokens:exchange", {"trust": "t", "subject_token": "a.b.c"}, {}),
    "AuditService/ListEvents": (
        f"GET /v1/auditEvents?outcome=OUTCOME_DENIED&people_only=true&after_sequence={2**53 + 1}&since={_SINCE}",
        None,
        {},
    ),
    "AuditService/SummarizeEvents": ("GET /v1/auditEvents:summarize?actions=secrets.get&actions=secrets.run", None, {}),
    "AuditService/GetLog": ("GET /v1/auditLog", None, {}),
    "AuditService/GetReceipt": ("GET /v1/auditEvents/e-1/receipt", None, {"event_id": "e-1"}),
}
_METHODS = {method.path.rsplit(".", 1)[1]: method for method in public_methods() if method.http}


def test_every_method_is_called_here() -> None:
    assert _CALLS.keys() == _METHODS.keys()


@pytest.mark.parametrize("name", _CALLS)
async def test_it_is_the_call_of_grpc(gateway: Gateway, name: str) -> None:
    target, body, in_path = _CALLS[name]
    method = _METHODS[name]
    assert method.http is not None
    service = gateway.services[method.upstream]
    service.answers[method.path] = b""
    answer = await ask(gateway, target, body, ("x-paas-identity", "forged"), source="127.0.0.71")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.document is not None
    (arrival,) = service.arrivals
    assert gateway.arrivals() == [method.path]
    request = GetMessageClass(method.http.request)
    assert request.FromString(arrival.message) == json_format.ParseDict(
        {**_query(target, method), **(body or {}), **in_path}, request()
    )
    # Nothing of the request but who calls, as of any other call; and an anonymous one with where it comes from.
    who = {"x-paas-client-address": "127.0.0.71"} if method.anyone else {"x-paas-identity": "signed-by-tokens"}
    assert {key: value for key, value in arrival.metadata.items() if key != "content-length"} == who
    assert arrival.time_left is None


def _query(target: str, method: PublicMethod) -> dict[str, Any]:
    assert method.http is not None
    fields = method.http.request.fields_by_name
    asked = parse_qs(urlsplit(target).query, strict_parsing=True) if "?" in target else {}
    values: dict[str, Any] = {name: each if fields[name].is_repeated else each[0] for name, each in asked.items()}
    return {name: each == "true" if each in ("true", "false") else each for name, each in values.items()}


async def test_an_answer_has_all_its_fields_by_the_names_of_the_contract(gateway: Gateway) -> None:
    config = gateway.services["config"]
    config.answers["/paas.config.v1.ConfigService/ListVars"] = config_pb2.ListVarsResponse(
        vars=[config_pb2.Var(name="A", value='é"\n', kind=config_pb2.VAR_KIND_CONFIG, version=2**53 + 1)], etag="e"
    ).SerializeToString()
    answer = await ask(gateway, "GET /v1/apps/web/configVars")
    variable = {"name": "A", "value": 'é"\n', "kind": "VAR_KIND_CONFIG", "addon": "", "version": str(2**53 + 1)}
    assert answer.document == {
        "vars": [{**variable, "updated_by": ""}],
        "next_page_token": "",
        "version": "0",
        "etag": "e",
        "staged": [],
        "groups": [],
    }


async def test_what_is_optional_and_not_there_is_left_out(gateway: Gateway) -> None:
    releaser = gateway.services["releaser"]
    releaser.answers["/paas.releaser.v1.ReleaserService/GetRelease"] = releaser_pb2.GetReleaseResponse(
        release=releaser_pb2.Release(number=7)
    ).SerializeToString()
    release = (await ask(gateway, "GET /v1/apps/web/releases/7")).document["release"]
    assert release["number"] == "7"
    assert release.keys().isdisjoint({"reverted_to", "config_version", "started_at"})


async def test_a_large_answer_comes_whole(gateway: Gateway) -> None:
    audit = gateway.services["audit"]
    events = [audit_pb2.Event(event_id=str(number), actor="x" * 2000) for number in range(500)]
    audit.answers["/paas.audit.v1.AuditService/ListEvents"] = audit_pb2.ListEventsResponse(
        events=events
    ).SerializeToString()
    answer = await ask(gateway, "GET /v1/auditEvents?page_size=500")
    assert [event["event_id"] for event in answer.document["events"]] == [event.event_id for event in events]


async def test_grpc_and_grpc_web_go_where_they_went(gateway: Gateway) -> None:
    path = "/paas.config.v1.ConfigService/ListVars"
    await gateway.call(path, SIGNED_IN)
    status, headers, _ = await gateway.raw(path, SIGNED_IN)
    assert (status, headers["content-type"]) == (200, "application/grpc-web+proto")
    assert gateway.arrivals() == [path, path]
