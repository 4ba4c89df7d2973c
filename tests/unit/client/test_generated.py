"""What is made of the contracts: a method for each public call and none for others, with types, defaults and comments.

Covers the generator's rules on contracts of ours where they differ: lists, streams, changes, reads, choices, answers
that hide something. Leaves out what calls do (test_calls.py) and that the files are current (tests/architecture).
"""

import ast
import dataclasses
import importlib
import inspect
import re
from typing import Any, get_type_hints

import pytest
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from gateway.methods import INTERNAL_SUFFIX, contracts
from paas_client import Client
from protos.client import hidden
from protos.client.annotations import given, is_assigned
from protos.client.calls import Call, Service, services, snake
from protos.client.docstrings import meaning, need
from protos.client.methods import result
from protos.client.modules import files, files_of
from protos.comments import comments

CANARY = "c4n4ry-77ab"
CLIENT = Client("https://gateway.example.com", "paas_pat_x")
CALLS = {(service.name, call.name): call for service in services() for call in service.calls}
EVERY = [pytest.param(*key, id=".".join(key)) for key in CALLS]


def _call(name: str) -> Call:
    service, _, method = name.partition(".")
    return CALLS[service, method]


def test_each_public_call_has_a_method_and_nothing_else_does() -> None:
    public = {
        (service.full_name, method.name)
        for file in contracts()
        for service in file.services_by_name.values()
        if not service.name.endswith(INTERNAL_SUFFIX)
        for method in service.methods
    }
    assert {(call.descriptor.containing_service.full_name, call.descriptor.name) for call in CALLS.values()} == public
    there = {
        (name, method)
        for name, service in vars(CLIENT).items()
        if not name.startswith("_")
        for method, _ in inspect.getmembers(service, inspect.ismethod)
        if not method.startswith("_")
    }
    assert there == set(CALLS)
    written = "".join(files().values())
    assert "Internal" not in written


@pytest.mark.parametrize(("service", "name"), EVERY)
def test_a_method_has_the_fields_of_its_request_by_name_and_says_what_the_contract_says(
    service: str, name: str
) -> None:
    call, method = CALLS[service, name], getattr(getattr(CLIENT, service), name)
    parameters = inspect.signature(method).parameters
    assert all(each.kind is inspect.Parameter.KEYWORD_ONLY for each in parameters.values())
    extra = {"idle"} if call.is_stream else {"timeout"}
    left_out = {"page_token"} if call.items is not None else set()
    assert set(parameters) == {field.name for field in call.request.fields} - left_out | extra
    said = " ".join((method.__doc__ or "").split())
    comment = comments()[f"{call.descriptor.containing_service.full_name}.{call.descriptor.name}"]
    assert said.startswith(re.sub(r"\s*Callers: .*$", "", comment))
    assert need(call) in said
    for field in call.parameters:
        required = parameters[field.name].default is inspect.Parameter.empty
        wanted = comments().get(field.full_name, "").startswith("Required") and field.containing_oneof is None
        assert required == (wanted and field.name != "request_id"), field.full_name
        if field.name != "request_id":
            assert f"- `{field.name}`: {meaning(field)}" in said


@pytest.mark.parametrize(
    ("name", "expected"),
    [("WhoAmI", "who_am_i"), ("SetVars", "set_vars"), ("GetTLSKey", "get_tls_key"), ("Rollback", "rollback")],
)
def test_names_are_python_s(name: str, expected: str) -> None:
    assert snake(name) == expected


@pytest.mark.parametrize(
    ("call", "field", "expected"),
    [
        ("config.set_vars", "app", "app: str"),
        ("config.set_vars", "vars", "vars: Mapping[str, str] | Iterable[config_pb2.Assignment]"),
        ("config.set_vars", "request_id", "request_id: str | None = None"),
        ("config.list_vars", "version", "version: int | None = None"),
        ("config.create_app", "spec", "spec: config_pb2.AppSpec"),
        ("secrets.rotate_secret", "value", "value: str | None = None"),
        ("secrets.rotate_secret", "overlap", "overlap: timedelta | None = None"),
        ("audit.list_events", "since", "since: datetime | None = None"),
        ("audit.list_events", "outcome", "outcome: audit_pb2.Outcome.ValueType = audit_pb2.OUTCOME_UNSPECIFIED"),
        ("tokens.create_token", "permissions", "permissions: Iterable[str] = ()"),
    ],
)
def test_parameters_are_typed(call: str, field: str, expected: str) -> None:
    assert given(_call(call).request.fields_by_name[field]) == expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("config.list_apps", "Listing[config_pb2.App, config_pb2.ListAppsResponse]"),
        ("audit.summarize_events", "Listing[audit_pb2.EventSum, audit_pb2.SummarizeEventsResponse]"),
        ("tokens.find_tokens", "tokens_pb2.FindTokensResponse"),
        ("releaser.watch_release", "Generator[releaser_pb2.WatchReleaseResponse, None, None]"),
        ("secrets.reveal_secret", "RevealSecretResponse"),
        ("secrets.set_secrets", "secrets_pb2.SetSecretsResponse"),
    ],
)
def test_lists_streams_and_what_hides_something_are_told_apart(call: str, expected: str) -> None:
    assert result(_call(call)) == expected


def test_only_reads_and_what_has_a_request_id_may_be_sent_again() -> None:
    once = {".".join(key) for key, call in CALLS.items() if not call.repeatable and not call.is_stream}
    assert once == {
        "tokens.revoke_token",
        "tokens.report_token",
        "tokens.end_sessions",
        "trusts.delete_trust",
        "trusts.exchange_token",
        "trusts.test_trust",
    }


def test_comments_that_send_the_reader_elsewhere_are_followed() -> None:
    follow, listed = _call("audit.follow_events").request, _call("audit.list_events").request
    assert comments()[follow.fields_by_name["actor"].full_name] == "Optional. As in ListEventsRequest."
    assert meaning(follow.fields_by_name["actor"]) == meaning(listed.fields_by_name["actor"])


def _filled(kind: Descriptor) -> Message:
    """A message with the canary in each text that is redacted, and something in each message it holds."""
    made: Any = GetMessageClass(kind)()
    for field in kind.fields:
        if field.message_type is not None and field.message_type.full_name.startswith("paas."):
            inner = _filled(field.message_type)
            getattr(made, field.name).extend([inner]) if field.is_repeated else getattr(made, field.name).CopyFrom(
                inner
            )
        elif field.GetOptions().debug_redact:
            setattr(made, field.name, CANARY)
    assert isinstance(made, Message)
    return made


_HOLDING = [
    pytest.param(*key, id=".".join(key))
    for key, call in CALLS.items()
    if CANARY.encode() in _filled(call.answer).SerializeToString()
]


@pytest.mark.parametrize(("service", "name"), _HOLDING)
def test_no_answer_shows_what_is_redacted(service: str, name: str) -> None:
    answer = CALLS[service, name].answer
    message = _filled(answer)
    kind = getattr(importlib.import_module(f"paas_client.services.{service}"), answer.name)
    given = kind.of(message)
    assert get_type_hints(getattr(type(getattr(CLIENT, service)), name))["return"] is kind
    assert CANARY in str(dataclasses.asdict(given))
    assert CANARY not in repr(given) + str(given)


def test_what_hides_something_is_found_however_deep() -> None:
    values = _call("secrets.reveal_environment").answer
    assert [each.name for each in hidden.within(values)] == ["EnvironmentValue", "RevealEnvironmentResponse"]
    hiding = {key for key, call in CALLS.items() if hidden.hides(call.answer)}
    assert {("secrets", "reveal_secrets"), ("tokens", "create_token"), ("trusts", "exchange_token")} <= hiding


def test_a_mapping_stands_for_messages_with_a_name_and_a_value_alone() -> None:
    assigned = {
        field.message_type.name if field.message_type else ""
        for call in CALLS.values()
        for field in call.request.fields
        if field.is_repeated and is_assigned(field.message_type)
    }
    assert {"Assignment", "SecretAssignment"} <= assigned
    assert "Condition" not in assigned


@pytest.mark.parametrize("service", services(), ids=lambda each: each.name)
def test_a_long_service_is_a_package_with_each_call_in_one_of_its_modules(service: Service) -> None:
    whole = files_of(service, long=10_000)
    assert list(whole) == [f"client/paas_client/services/{service.name}.py"]
    parts = files_of(service, long=1)
    defined = [_defined(text) for text in parts.values()]
    methods = [name for names in defined for names_of in names.values() for name in names_of if name[0] != "_"]
    assert sorted(name for name in methods if name != "of") == sorted(call.name for call in service.calls)
    classes = [name for names in defined for name in names]
    assert len(classes) == len(set(classes))
    assert set(_defined(next(iter(whole.values())))) <= set(classes)
    front = ast.parse(parts[f"client/paas_client/services/{service.name}/__init__.py"])
    bound = {alias.name for node in front.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert bound | {service.descriptor.name} == set(classes)


def test_what_is_imported_of_a_service_is_there_whether_it_is_a_package_or_not() -> None:
    for service in services():
        there = importlib.import_module(f"paas_client.services.{service.name}")
        hiding = {each.name for call in service.calls for each in hidden.within(call.answer)}
        public = {service.descriptor.name, *hiding}
        assert public <= set(vars(there))
        assert set(getattr(there, "__all__", public)) == public


def _defined(text: str) -> dict[str, list[str]]:
    """The classes of a module with the names of their functions."""
    return {
        node.name: [each.name for each in node.body if isinstance(each, ast.FunctionDef)]
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef)
    }
