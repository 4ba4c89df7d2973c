"""Fields of which one may be there, or has to be: the document says so, as the gateway and the service have it.

Every choice of `RotateSecret` is asked: where its value comes from, and when that ends. The gateway refuses two of them
together, the service none where one is needed.
"""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf import json_format  # noqa: TID251  # an independent reader; nothing is printed
from openapi_schema_validator import OAS31Validator
from paas.secrets.v1 import secrets_pb2

from paaskit.errors import InvalidInput
from services.secrets.messages import asked_from, source_from
from tests.architecture.sources import ROOT
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.in_json.asking import ask

_PATH = "/v1/apps/{app}/secrets/{name}:rotate"
_SOURCES: dict[str, Any] = {"random": {}, "value": "v"}
_ENDS: dict[str, Any] = {"span": "86400s", "at": "2030-01-31T12:00:00Z", "never": True}
_DOCUMENT: dict[str, Any] = json.loads((ROOT / "gen" / "openapi.json").read_text(encoding="utf-8"))
_BODY: dict[str, Any] = _DOCUMENT["paths"][_PATH]["post"]["requestBody"]["content"]["application/json"]["schema"]
# References lead from the document, so the schema is asked with it.
DESCRIBED = OAS31Validator({**_BODY, "components": _DOCUMENT["components"]})


def _subsets(fields: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for size in range(len(fields) + 1):
        for names in itertools.combinations(fields, size):
            yield {name: fields[name] for name in names}


BODIES = [
    {"request_id": "r", **source, **({} if end is None else {"expiry": end})}
    for source in _subsets(_SOURCES)
    for end in (None, *_subsets(_ENDS))
]


def _service_takes(body: dict[str, Any]) -> bool:
    request = json_format.ParseDict(body, secrets_pb2.RotateSecretRequest())
    try:
        source_from(request)
        asked_from(request)
    except InvalidInput:
        return False
    return True


@pytest.mark.parametrize("body", BODIES, ids=lambda body: " ".join((*body, *body.get("expiry", ["no end"]))))
async def test_the_document_takes_what_is_taken(gateway: Gateway, body: dict[str, Any]) -> None:
    gateway.services["secrets"].answers["/paas.secrets.v1.SecretsService/RotateSecret"] = b""
    answer = await ask(gateway, f"POST {_PATH.format(app='web', name='A')}", body)
    together = len(body.keys() & _SOURCES.keys()) > 1 or len(body.get("expiry", ())) > 1
    assert answer.status == (400 if together else 200)
    assert ("can't be there together with" in answer.message) if together else gateway.arrivals()
    assert DESCRIBED.is_valid(body) == (answer.status == 200 and _service_takes(body))


def test_some_of_them_are_taken_and_some_are_not() -> None:
    assert len(BODIES) == 36
    assert sum(map(DESCRIBED.is_valid, BODIES)) == 2 * 4
