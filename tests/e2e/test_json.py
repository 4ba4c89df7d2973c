"""Calls in JSON to the running installation, as a program without gRPC makes them.

Covers a token's day: config vars, secrets and what is on record of it; and that callers are told in JSON what they are
told over gRPC. Leaves out what is refused before it gets to a service (tests/integration/gateway/in_json).
"""

import http.client
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest
from google.protobuf import json_format  # noqa: TID251  # an independent reader; nothing is printed
from google.protobuf.message_factory import GetMessageClass

from gateway.methods import public_methods
from tests.e2e.installation import Installation, Paas, config_of, events, eventually
from tests.fixtures.late import in_time
from tests.fixtures.waiting import PATIENCE

_LATE = 503
_METHODS = {f"{method.service.rsplit('.', 1)[1]}/{method.method}": method for method in public_methods()}


@dataclass(frozen=True)
class Program:
    """Somebody who calls in JSON, with a token or without one."""

    gateway: str
    token: str | None

    def ask(self, target: str, body: object = None) -> tuple[int, Any]:
        """Call `VERB PATH`; the status and the document that is answered.

        Where something was late, as it may once on a machine that has other things to do, it is called again.
        """
        end = time.monotonic() + PATIENCE
        while (answered := self._asked(target, body))[0] == _LATE and time.monotonic() < end:
            time.sleep(0.1)
        return answered

    def _asked(self, target: str, body: object) -> tuple[int, Any]:
        verb, path = target.split(" ")
        connection = http.client.HTTPConnection(urlsplit(self.gateway).netloc, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {"Content-Type": "application/json"} if body is not None else {}
        try:
            connection.request(verb, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            assert response.headers["content-type"] == "application/json"
            assert response.headers["cache-control"] == "no-store"
            return response.status, json.load(response)
        finally:
            connection.close()

    def ok(self, target: str, body: object = None) -> Any:
        """The answer to a call that has to succeed."""
        status, document = self.ask(target, body)
        assert status == 200, document["message"]
        return document


@pytest.fixture
def gateway(installation: Installation) -> str:
    return installation.stack.gateway_url


def _program(paas: Paas, gateway: str, *options: str) -> Program:
    name = f"json-{uuid.uuid4().hex[:8]}"
    created = paas.ok("tokens:create", "--name", name, *options)
    return Program(gateway, created.lines[1].partition("=")[2])


def test_a_tokens_day(idle: Paas, gateway: str, installation: Installation) -> None:
    app = idle.environment["PAAS_APP"]
    may = "config.read,config.write,secrets.list,secrets.write,secrets.reveal,audit.read,tokens.manage"
    program = _program(idle, gateway, "--app", app, "--scope", may)
    who = program.ok("GET /v1/whoami")
    assert (who["kind"], who["apps"]) == ("pat", [app])

    plain, sealed = installation.canaries.config(), installation.canaries.secret()
    assigned = {"request_id": str(uuid.uuid4()), "vars": [{"name": "MOTD", "value": plain}]}
    first = program.ok(f"POST /v1/apps/{app}/configVars:set", assigned)
    assert [change["name"] for change in first["change"]["changes"]] == ["MOTD"]
    assert program.ok(f"POST /v1/apps/{app}/configVars:set", assigned) == first
    assert config_of(idle) == {"MOTD": plain}
    listed = program.ok(f"GET /v1/apps/{app}/configVars")
    assert [(each["name"], each["value"]) for each in listed["vars"]] == [("MOTD", plain)]

    secrets = {"request_id": str(uuid.uuid4()), "secrets": [{"name": "API_KEY", "value": sealed}]}
    program.ok(f"POST /v1/apps/{app}/secrets:set", secrets)
    assert sealed not in json.dumps(program.ok(f"GET /v1/apps/{app}/secrets"))
    revealed = program.ok(f"POST /v1/apps/{app}/secrets/API_KEY:reveal", {"reason": "Trying it in JSON"})
    assert revealed["value"] == sealed

    # Audited before the value left, as the token's, with where it came from and why.
    (event,) = eventually(lambda: events(idle, app=app, action="secrets.get"))
    assert (event["actor"], event["targets"], event["outcome"]) == (who["subject"], ["API_KEY"], "ok")
    assert (event["reason"], event["client_address"]) == ("Trying it in JSON", "127.0.0.1")
    own = program.ok(f"GET /v1/auditEvents?app={app}&action=secrets.get")["events"]
    assert [(each["event_id"], each["outcome"]) for each in own] == [(revealed["audit_event_id"], "OUTCOME_OK")]

    # Nothing of a change of which a part is wrong is kept.
    wrong = {"request_id": str(uuid.uuid4()), "vars": [{"name": "GOOD", "value": "1"}, {"name": "1BAD", "value": "2"}]}
    status, told = program.ask(f"POST /v1/apps/{app}/configVars:set", wrong)
    assert (status, told["code"]) == (400, 3)
    status, _ = program.ask(f"POST /v1/apps/{app}/configVars:set", {**wrong, "vars": [wrong["vars"][0], {"nam": "B"}]})
    assert status == 400
    nul = {"request_id": str(uuid.uuid4()), "vars": [{"name": "NUL", "value": "a\0b"}]}
    status, told = program.ask(f"POST /v1/apps/{app}/configVars:set", nul)
    assert (status, told["code"]) == (400, 3)
    assert config_of(idle) == {"MOTD": plain}


def test_callers_are_told_what_they_are_told_over_grpc(idle: Paas, gateway: str, installation: Installation) -> None:
    app = idle.environment["PAAS_APP"]
    other = installation.new_app(idle, instances=0).environment["PAAS_APP"]
    viewer = installation.person("vera@example.com", role="viewer")
    stranger = installation.person("sam@example.com", tenant="umbrella")
    callers = {
        "admin": Program(gateway, idle.environment["PAAS_TOKEN"]),
        "viewer": Program(gateway, viewer.environment["PAAS_TOKEN"]),
        "of another tenant": Program(gateway, stranger.environment["PAAS_TOKEN"]),
        "of this app": _program(idle, gateway, "--app", app, "--scope", "config.read,secrets.list"),
        "of another app": _program(idle, gateway, "--app", other, "--scope", "config.read,secrets.list,secrets.reveal"),
        "nobody": Program(gateway, None),
    }
    of_app = {"app": app}
    write = {"request_id": str(uuid.uuid4()), "vars": [{"name": "A", "value": "1"}], "validate_only": True}
    calls: list[tuple[str, str, Any, dict[str, Any]]] = [
        ("ConfigService/GetApp", f"GET /v1/apps/{app}", None, of_app),
        ("ConfigService/ListVars", f"GET /v1/apps/{app}/configVars", None, of_app),
        ("ConfigService/SetVars", f"POST /v1/apps/{app}/configVars:set", write, of_app),
        ("SecretsService/ListSecrets", f"GET /v1/apps/{app}/secrets", None, of_app),
        ("SecretsService/RevealSecret", f"POST /v1/apps/{app}/secrets/NONE:reveal", {}, {**of_app, "name": "NONE"}),
        ("KeysService/GetKeys", "GET /v1/keys", None, {}),
        ("TokensService/ListTokens", "GET /v1/tokens", None, {}),
        ("AuditService/ListEvents", f"GET /v1/auditEvents?app={app}", None, of_app),
        ("ReleaserService/ListReleases", f"GET /v1/apps/{app}/releases", None, of_app),
    ]
    seen = set()
    with grpc.insecure_channel(urlsplit(gateway).netloc) as channel:
        for name, caller in callers.items():
            for method, target, body, in_path in calls:
                status, document = caller.ask(target, body)
                in_json = 0 if status == 200 else document["code"]
                assert in_json == _over_grpc(channel, caller, method, {**(body or {}), **in_path}), (name, method)
                seen.add(in_json)
    assert seen == {0, 5, 7, 16}


def _over_grpc(channel: grpc.Channel, caller: Program, name: str, fields: dict[str, Any]) -> int:
    method = _METHODS[name]
    assert method.http is not None
    request = json_format.ParseDict(fields, GetMessageClass(method.http.request)())
    metadata = [("authorization", f"Bearer {caller.token}")] if caller.token else []
    call: Any = channel.unary_unary(method.path)
    try:
        in_time(lambda: call(request.SerializeToString(), metadata=metadata, timeout=PATIENCE))
    except grpc.RpcError as error:
        return int(error.code().value[0])
    return 0
