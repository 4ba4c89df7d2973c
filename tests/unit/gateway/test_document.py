"""The document of OpenAPI: it is one, of all calls, and says which values are secret and what excludes what."""

import itertools
import json
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.methods import PublicMethod, public_methods
from gateway.transcoding.shapes import oneof_of
from protos.openapi.schemas import body
from tests.architecture.sources import ROOT

DOCUMENT: dict[str, Any] = json.loads((ROOT / "gen" / "openapi.json").read_text(encoding="utf-8"))
CALLS = [method for method in public_methods() if method.http]
_TEXT, _ONE = FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.LABEL_OPTIONAL


def _operation(method: PublicMethod) -> dict[str, Any]:
    assert method.http is not None
    operation: dict[str, Any] = DOCUMENT["paths"][method.http.template][method.http.verb.lower()]
    return operation


def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = DOCUMENT["components"]["schemas"][name]
    return schema


def test_it_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_the_validator_notices() -> None:
    broken = {**DOCUMENT, "paths": {**DOCUMENT["paths"], "/v1/x/{y}": {"get": {}}}}
    assert list(OpenAPIV31SpecValidator(broken).iter_errors()) != []


def test_it_has_all_calls_and_no_other() -> None:
    written = [f"/{each['x-grpc-method']}" for path in DOCUMENT["paths"].values() for each in path.values()]
    assert sorted(written) == sorted(method.path for method in CALLS)


@pytest.mark.parametrize("method", CALLS, ids=lambda method: method.path)
def test_a_call_is_described(method: PublicMethod) -> None:
    operation = _operation(method)
    assert method.http is not None
    assert operation["summary"]
    assert "Callers" not in operation["description"]
    assert operation.get("security", DOCUMENT["security"]) == ([] if method.anyone else [{"bearer": []}])
    assert {"400", "404", "429", "503", "default"} <= operation["responses"].keys()
    assert ("401" in operation["responses"]) != method.anyone
    placed = {each["name"] for each in operation.get("parameters", ())}
    if method.http.has_body:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert schema["additionalProperties"] is False
        assert not placed & schema["properties"].keys()
        placed |= schema["properties"].keys()
    assert placed == {field.name for field in method.http.request.fields}


def test_fields_say_what_their_contracts_say() -> None:
    value = _schema("paas.config.v1.Assignment")["properties"]["value"]
    assert value["description"].startswith("Required; may be empty.")
    assert value["maxLength"] == 131072
    assert _schema("paas.config.v1.Assignment")["required"] == ["name", "value"]
    outcome = _schema("paas.releaser.v1.State")
    assert "STATE_SUCCEEDED" in outcome["enum"]
    assert "- `STATE_SUCCEEDED`: Ended: every instance runs with it." in outcome["description"]


def test_what_no_log_may_have_is_a_password() -> None:
    """One that is sent is never answered; one that is answered is not sent."""
    sent = _schema("paas.secrets.v1.SecretAssignment")["properties"]["value"]
    assert (sent["format"], sent["writeOnly"]) == ("password", True)
    answered = _schema("paas.secrets.v1.RevealSecretResponse")["properties"]["value"]
    assert (answered["format"], answered["readOnly"]) == ("password", True)
    plain = _schema("paas.config.v1.Var")["properties"]["value"]
    assert "format" not in plain


def _message(*, choices: int) -> Descriptor:
    """A message with `choices` oneofs of two fields each, and a field that may be left out."""
    file = FileDescriptorProto(name=f"choices{choices}.proto", package="paas.choices", syntax="proto3")
    message = file.message_type.add(name=f"Choices{choices}")
    for index, name in enumerate(["a", "b"][:choices]):
        message.oneof_decl.add(name=f"choice_{name}")
        for number in (1, 2):
            field = message.field.add(name=f"{name}{number}", number=10 * index + number, type=_TEXT, label=_ONE)
            field.oneof_index = index
    message.oneof_decl.add(name="_alone")
    alone = message.field.add(name="alone", number=99, type=_TEXT, label=_ONE, proto3_optional=True)
    alone.oneof_index = choices
    pool = DescriptorPool()
    pool.Add(file)
    return pool.FindMessageTypeByName(f"paas.choices.Choices{choices}")


@pytest.mark.parametrize("choices", [0, 1, 2])
def test_of_a_choice_that_may_be_left_out_one_at_most_is_taken(choices: int) -> None:
    schema = OAS31Validator(body(_message(choices=choices), without=()))
    names = [f"{name}{number}" for name in ["a", "b"][:choices] for number in (1, 2)]
    for size in range(len(names) + 1):
        for chosen in itertools.combinations(names, size):
            taken = all(sum(each.startswith(name) for each in chosen) <= 1 for name in "ab")
            assert schema.is_valid(dict.fromkeys(chosen, "x")) == taken
            assert schema.is_valid({**dict.fromkeys(chosen, "x"), "alone": "x"}) == taken


def test_no_choice_is_in_a_query() -> None:
    """There it could not be said."""
    queries = [method.http for method in CALLS if method.http and not method.http.has_body]
    assert [field.full_name for call in queries for field in call.request.fields if oneof_of(field)] == []
