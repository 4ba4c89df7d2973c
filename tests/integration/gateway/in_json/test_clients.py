"""What stock clients send, sent as they build it: External Secrets Operator's webhook store, and Terraform's `http`.

The store's templates are those of docs/json.md, filled in by the operator's rules: in the URL what the secret is called
is escaped as in a query, in headers and body as it is. Leaves out the clients themselves (tests/foreign_clients).
"""

import json
import re
from urllib.parse import quote_plus

import grpc
import yaml
from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2

from tests.architecture.sources import ROOT
from tests.integration.gateway.conftest import Gateway

REVEAL = "/paas.secrets.v1.SecretsService/RevealSecret"
LIST = "/paas.config.v1.ConfigService/ListVars"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs" / "json.md").read_text(encoding="utf-8"), re.DOTALL)


def _webhook() -> dict[str, object]:
    """The provider of the documented SecretStore."""
    (store,) = [
        document
        for block in _blocks("yaml")
        for document in yaml.safe_load_all(block)
        if document["kind"] == "SecretStore"
    ]
    webhook: dict[str, object] = store["spec"]["provider"]["webhook"]
    return webhook


def _filled(template: str, key: str, *, escaped: bool) -> str:
    """As text/template would, with the two expressions that are documented."""
    known = {"remoteRef.key": quote_plus(key) if escaped else key, "paas.token": "good"}
    return re.sub(r"\{\{ *\.([\w.]+) *\}\}", lambda found: known[found[1]], template)


async def _fetch(gateway: Gateway, key: str) -> tuple[int, bytes]:
    webhook = _webhook()
    url = _filled(str(webhook["url"]), key, escaped=True)
    assert url.startswith("https://paas.example.com/")
    headers = webhook["headers"]
    assert isinstance(headers, dict)
    sent = {name.lower(): _filled(value, key, escaped=False) for name, value in headers.items()}
    content_type = sent.pop("content-type")
    more = (("user-agent", "Go-http-client/1.1"), ("accept-encoding", "gzip"))
    status, _, body = await gateway.raw(
        url.removeprefix("https://paas.example.com"),
        *sent.items(),
        *more,
        method=str(webhook["method"]),
        content_type=content_type,
        body=_filled(str(webhook["body"]), key, escaped=False).encode(),
    )
    return status, body


async def test_the_operator_gets_a_secret(gateway: Gateway) -> None:
    secrets = gateway.services["secrets"]
    for value in ('s3cret "é"\n', ""):
        gateway.forget()
        secrets.answers[REVEAL] = secrets_pb2.RevealSecretResponse(value=value).SerializeToString()
        status, body = await _fetch(gateway, "STRIPE_API_KEY")
        assert status == 200
        # `$.value`, which has to be there also where it is empty.
        assert _webhook()["result"] == {"jsonPath": "$.value"}
        assert json.loads(body)["value"] == value
        (arrival,) = secrets.arrivals
        request = secrets_pb2.RevealSecretRequest.FromString(arrival.message)
        assert (request.app, request.name) == ("web", "STRIPE_API_KEY")
        assert request.reason


async def test_what_is_absent_is_404_to_the_operator_and_what_is_odd_is_not(gateway: Gateway) -> None:
    """404 has the operator believe that the secret was deleted, so nothing else may be told with it."""
    gateway.services["secrets"].abort_with = grpc.StatusCode.NOT_FOUND
    assert (await _fetch(gateway, "GONE"))[0] == 404
    gateway.forget()
    assert (await _fetch(gateway, "a/b"))[0] == 400
    gateway.services["secrets"].abort_with = grpc.StatusCode.INVALID_ARGUMENT
    assert (await _fetch(gateway, "a b?c"))[0] == 400
    (arrival,) = gateway.services["secrets"].arrivals
    # Go escapes a space in a query as `+`, which in a path is one.
    assert secrets_pb2.RevealSecretRequest.FromString(arrival.message).name == "a+b?c"


async def test_terraform_reads_config_vars(gateway: Gateway) -> None:
    """The data source `http`: GET without a body or a content type, with the headers of Go and those it is given."""
    (source,) = [block for block in _blocks("terraform") if 'data "http"' in block]
    found = re.search(r'url\s*=\s*"https://paas\.example\.com(?P<path>[^"]+)"', source)
    assert found is not None
    variables = [config_pb2.Var(name="LOG_LEVEL", value="debug")]
    gateway.services["config"].answers[LIST] = config_pb2.ListVarsResponse(vars=variables).SerializeToString()
    status, headers, body = await gateway.raw(
        found["path"],
        ("authorization", "Bearer good"),
        ("user-agent", "Go-http-client/1.1"),
        ("accept-encoding", "gzip"),
        method="GET",
        content_type=None,
        body=b"",
    )
    assert (status, headers["content-type"]) == (200, "application/json")
    assert {each["name"]: each["value"] for each in json.loads(body)["vars"]} == {"LOG_LEVEL": "debug"}
    (arrival,) = gateway.services["config"].arrivals
    assert config_pb2.ListVarsRequest.FromString(arrival.message) == config_pb2.ListVarsRequest(app="web")
