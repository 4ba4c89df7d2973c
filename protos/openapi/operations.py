"""Methods as OpenAPI's operations: where they are called, what they take, and what they answer."""

import re
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from paas.access.v1 import access_pb2

from gateway.methods import PublicMethod
from protos.comments import comments
from protos.openapi.schemas import body, is_required, value

_CALLERS: Final = re.compile(r"\s*Callers: .*$")
_SENTENCE: Final = re.compile(r"^.*?[.;:](?= |$)")
_JSON: Final = "application/json"
# What a call may be refused with, and the name of the answer that says so.
_ANYBODY: Final = {"400": "InvalidRequest", "404": "NotFound", "429": "TooMany", "503": "Unavailable"}
_SIGNED_IN: Final = {"401": "NotSignedIn", "403": "NotAllowed"}
_CHANGES: Final = {"409": "Conflict"}
_WITH_BODY: Final = {"413": "TooLarge", "415": "NoJson"}


def operation(method: PublicMethod) -> dict[str, Any]:
    """Return the operation of a method that is called in JSON."""
    call = method.http
    assert call is not None
    service = method.service.rsplit(".", 1)[1]
    text = _CALLERS.sub("", comments()[f"{method.service}.{method.method}"])
    refused = {
        **_ANYBODY,
        **({} if method.anyone else _SIGNED_IN),
        **({} if call.verb == "GET" else _CHANGES),
        **(_WITH_BODY if call.has_body else {}),
    }
    described: dict[str, Any] = {
        "operationId": f"{service}_{method.method}",
        "tags": [service],
        "summary": (_SENTENCE.match(text) or [text])[0].rstrip(".;:"),
        "description": text,
        "responses": {
            "200": {
                "description": "It was done.",
                "content": {_JSON: {"schema": {"$ref": f"#/components/schemas/{call.response.full_name}"}}},
            },
            **{code: {"$ref": f"#/components/responses/{name}"} for code, name in sorted(refused.items())},
            "default": {"$ref": "#/components/responses/Failed"},
        },
        "x-grpc-method": method.path.removeprefix("/"),
    }
    if method.anyone:
        described["security"] = []
    elif permission := _permission(method):
        described["x-permission"] = permission
    if parameters := _parameters(method):
        described["parameters"] = parameters
    if call.has_body:
        schema = body(call.request, without=call.bound)
        described["requestBody"] = {"required": True, "content": {_JSON: {"schema": schema}}}
    return described


def _permission(method: PublicMethod) -> str:
    assert method.http is not None
    service = method.http.request.file.services_by_name[method.service.rsplit(".", 1)[1]]
    rule = service.methods_by_name[method.method].GetOptions().Extensions[access_pb2.rule]
    return str(rule.permission)


def _parameters(method: PublicMethod) -> list[dict[str, Any]]:
    call = method.http
    assert call is not None
    fields = call.request.fields_by_name
    in_path = [_parameter(fields[name], "path") for name in call.bound]
    if call.has_body:
        return in_path
    return in_path + [_parameter(field, "query") for field in call.request.fields if field.name not in call.bound]


def _parameter(field: FieldDescriptor, where: str) -> dict[str, Any]:
    schema = value(field, is_sent=True)
    if field.type == FieldDescriptor.TYPE_INT64:
        schema = {"type": "integer", "format": "int64", "description": schema.get("description", "")}
    description = schema.pop("description", "")
    required = where == "path" or is_required(field)
    described = {"name": field.name, "in": where, "required": required, "description": description, "schema": schema}
    return {key: each for key, each in described.items() if each != ""}
