"""What requests may hold, from their contracts. Leaves out that the gate checks it (test_gate.py)."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.api import httpbody_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from paas.audit.v1 import audit_pb2
from paas.config.v1 import config_pb2
from paas.leaks.v1 import leaks_pb2
from paas.limits.v1 import limits_pb2
from paas.operations.v1 import operations_pb2
from paas.releaser.v1 import releaser_pb2
from paas.secrets.v1 import secrets_pb2
from paas.tokens.v1 import tokens_pb2

from paaskit.access import RuleError
from paaskit.errors import InvalidInput
from paaskit.limits import Limits, limits_of

REQUESTS = {
    method.input_type.full_name: method.input_type
    for module in (audit_pb2, config_pb2, leaks_pb2, operations_pb2, releaser_pb2, secrets_pb2, tokens_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
MANY = 5000
LONG = "c4n4ry" * 30_000


def refusal(request: Message) -> list[tuple[str, str]]:
    """What is wrong with a request, field by field."""
    try:
        Limits(REQUESTS[request.DESCRIPTOR.full_name]).check(request)
    except InvalidInput as error:
        refused = error
    else:
        return []
    assert "c4n4ry" not in refused.message
    return [(each.field, each.description) for each in refused.fields]


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (config_pb2.ListAppsRequest(page_size=-1), ("page_size", "is less than 0")),
        (
            config_pb2.ListAppsRequest(page_token="c4n4ry\0"),
            ("page_token", "has a control or invisible character, U+0000"),
        ),
        (config_pb2.ListAppsRequest(page_token="c4n4ry" * 200), ("page_token", "has more than 1024 bytes")),
        (config_pb2.GetAppRequest(app="é" * 129), ("app", "has more than 256 bytes")),
        (
            config_pb2.CreateAppRequest(spec=config_pb2.AppSpec(image="\x9b31mc4n4ry")),
            ("spec.image", "has a control or invisible character, U+009B"),
        ),
        (
            config_pb2.CreateAppRequest(spec=config_pb2.AppSpec(image="\u202ec4n4ry")),
            ("spec.image", "has a control or invisible character, U+202E"),
        ),
        (
            config_pb2.CreateAppRequest(spec=config_pb2.AppSpec(command=[""] * 480_000)),
            ("spec.command", "has more than 1000 items"),
        ),
        (config_pb2.SetVarsRequest(vars=[config_pb2.Assignment()] * 250_000), ("vars", "has more than 1000 items")),
        (
            config_pb2.SetVarsRequest(vars=[config_pb2.Assignment(), config_pb2.Assignment(name="A\n")]),
            ("vars[1].name", "has a control or invisible character, U+000A"),
        ),
        (
            secrets_pb2.RotateSecretRequest(overlap=Duration(seconds=-(2**63))),
            ("overlap", "is not from 0 to 31622400 seconds"),
        ),
        (secrets_pb2.RotateSecretRequest(overlap=Duration(nanos=-1)), ("overlap", "is not from 0 to 31622400 seconds")),
        (
            secrets_pb2.RotateSecretRequest(random=secrets_pb2.RandomValue(length=-(2**31))),
            ("random.length", "is less than 0"),
        ),
        (tokens_pb2.CreateTokenRequest(permissions=["a"] * 330_000), ("permissions", "has more than 100 items")),
        (releaser_pb2.GetReleaseRequest(number=-(2**63)), ("number", "is less than 0")),
    ],
)
def test_what_is_too_much_is_named_and_not_repeated(request_: Message, problem: tuple[str, str]) -> None:
    assert refusal(request_) == [problem]


@pytest.mark.parametrize(
    "request_",
    [
        config_pb2.SetVarsRequest(vars=[config_pb2.Assignment(name="A", value="\n\u202e\x1b" + "x" * 65_000)] * 10),
        config_pb2.SetVarsRequest(vars=[config_pb2.Assignment(name="A")] * 501),
        config_pb2.CreateAppRequest(spec=config_pb2.AppSpec(command=["sh", "-c", "if true\n\tthen x\nfi"])),
        config_pb2.CreateAppRequest(spec=config_pb2.AppSpec(image="grüße/日本:é", command=["مرحبا", "🙂"])),
        config_pb2.GetAppRequest(app="é" * 128),
        config_pb2.ListAppsRequest(page_size=2**31 - 1),
        secrets_pb2.RotateSecretRequest(overlap=Duration(seconds=3600, nanos=999_999_999)),
        tokens_pb2.CreateTokenRequest(ttl=Duration(seconds=367 * 86_400)),
    ],
)
def test_what_a_method_has_its_own_rule_for_is_left_to_it(request_: Message) -> None:
    assert refusal(request_) == []


OBEYED = [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xAD, 0x61C, 0xFEFF]
OBEYED += [*range(0x200B, 0x2010), 0x2028, 0x2029, 0x2060, 0xE0041]


def texts(message: Descriptor, obeyed: str) -> Iterator[tuple[str, Message]]:
    """Messages with these characters in one text each, and the path of that; not where the contract takes any text."""
    make = GetMessageClass(message)
    for field in message.fields:
        inner, limits = field.message_type, field.GetOptions().Extensions[limits_pb2.limits]
        if inner is not None and inner.full_name.startswith("paas."):
            for path, each in texts(inner, obeyed):
                yield f"{field.name}.{path}", make(**{field.name: [each] if field.is_repeated else each})
        elif field.type == FieldDescriptor.TYPE_STRING and not limits.any_text:
            text = f"a{obeyed}b"
            if not (limits.many_lines and obeyed in "\t\n"):
                yield field.name, make(**{field.name: [text] if field.is_repeated else text})


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_no_text_has_what_is_obeyed_and_not_shown_unless_its_contract_says_so(request_: Descriptor) -> None:
    for number in OBEYED:
        for path, made in texts(request_, chr(number)):
            ((field, said),) = refusal(made)
            assert field.replace("[0]", "") == path
            assert said == f"has a control or invisible character, U+{number:04X}"


def test_of_what_users_send_only_values_and_what_is_sought_take_any_text() -> None:
    """Elsewhere it is what travels in an outbox, which a limit must not stop."""
    free = {
        field.full_name
        for module in (audit_pb2, config_pb2, operations_pb2, releaser_pb2, secrets_pb2, tokens_pb2)
        for service in module.DESCRIPTOR.services_by_name.values()
        if not service.name.endswith("InternalService")
        for method in service.methods
        for field in every_field(method.input_type, set())
        if field.GetOptions().Extensions[limits_pb2.limits].any_text
    }
    secrets = {"SecretAssignment.value", "RotateSecretRequest.value"}
    # What is sought in events is what they have: names that were refused, whatever these were.
    sought = {f"{method}EventsRequest.{field}" for method in ("List", "Follow") for field in ("actor", "name")}
    sought.add("SummarizeEventsRequest.actor")
    of_services = {*(f"paas.secrets.v1.{name}" for name in secrets), *(f"paas.audit.v1.{name}" for name in sought)}
    # A schema is a file, of several lines; orders of releases name the version that has it.
    assert free == {"paas.config.v1.Assignment.value", "paas.config.v1.AppSpec.schema", *of_services}


def every_field(message: Descriptor, seen: set[str]) -> Iterator[FieldDescriptor]:
    """All fields of a message and of those in it."""
    if message.full_name in seen:
        return
    seen.add(message.full_name)
    for field in message.fields:
        yield field
        if field.message_type is not None and field.message_type.full_name.startswith("paas."):
            yield from every_field(field.message_type, seen)


def too_much(field: FieldDescriptor) -> Any:
    """Far more than one item of a field should have; None where any is fine, as of true and false, or a time."""
    if field.type == FieldDescriptor.TYPE_STRING:
        return LONG
    if field.type in (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64):
        return -(2**31)
    too_much_of = {
        "google.protobuf.Duration": Duration(seconds=2**62),
        "google.api.HttpBody": httpbody_pb2.HttpBody(data=LONG.encode() * 8),
    }
    return too_much_of.get(field.message_type.full_name) if field.message_type is not None else None


def filled(message: Descriptor) -> Iterator[tuple[str, Message]]:
    """Messages with too much in one field each, and the path of that."""
    make = GetMessageClass(message)
    for field in message.fields:
        inner = field.message_type
        kinds = list(filled(inner)) if inner is not None and inner.full_name.startswith("paas.") else []
        for path, each in kinds:
            yield f"{field.name}.{path}", make(**{field.name: [each] if field.is_repeated else each})
        if field.is_repeated:
            yield f"{field.name}[]", make(**{field.name: [{} if kinds else ""] * MANY})
        elif (value := too_much(field)) is not None:
            yield field.name, make(**{field.name: value})


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_no_field_of_any_request_is_without_a_limit(request_: Descriptor) -> None:
    assert [name for name, made in filled(request_) if not refusal(made)] == []


@pytest.mark.parametrize("kind", ["bytes", "double", "float", "map"])
def test_a_field_of_a_kind_that_can_not_be_limited_is_refused(kind: str) -> None:
    with pytest.raises(RuleError, match=f"of_{kind}.V.v is of a kind"):
        Limits(message_with(kind))


def message_with(kind: str) -> Descriptor:
    """A message with one field of this kind."""
    file = descriptor_pb2.FileDescriptorProto(name=f"of_{kind}.proto", package=f"paas.of_{kind}", syntax="proto3")
    message = file.message_type.add(name="V")
    field = message.field.add(name="v", number=1, label=1)
    if kind == "map":
        entry = message.nested_type.add(name="VEntry")
        entry.options.map_entry = True
        for number, name in enumerate(("key", "value"), start=1):
            entry.field.add(name=name, number=number, label=1).type = field.TYPE_STRING
        field.type, field.type_name, field.label = field.TYPE_MESSAGE, f".paas.of_{kind}.V.VEntry", field.LABEL_REPEATED
    else:
        field.type = getattr(field, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return pool.FindMessageTypeByName(f"paas.of_{kind}.V")


def test_only_contracts_of_ours_have_limits() -> None:
    (service,) = [config_pb2.DESCRIPTOR.services_by_name["ConfigService"]]
    assert set(limits_of([service])) == {f"/{service.full_name}/{method.name}" for method in service.methods}


def test_of_many_faults_some_are_named() -> None:
    faults = refusal(config_pb2.UnsetVarsRequest(names=["\n"] * 900))
    assert faults == [(f"names[{index}]", "has a control or invisible character, U+000A") for index in range(20)]


def test_texts_have_so_many_bytes_together() -> None:
    most = ["é" * 4096, "b" * 8192]
    assert refusal(config_pb2.CreateAppRequest(spec=config_pb2.AppSpec(command=most))) == []
    over = config_pb2.CreateAppRequest(spec=config_pb2.AppSpec(command=[*most, "b"]))
    assert refusal(over) == [("spec.command", "has more than 16384 bytes in all")]


def test_the_largest_request_is_what_its_fields_may_hold() -> None:
    limits = limits_of([config_pb2.DESCRIPTOR.services_by_name["ConfigService"]])
    create = limits["/paas.config.v1.ConfigService/CreateApp"]
    spec = config_pb2.AppSpec(command=["c" * 16] * 1000, image="i" * 256, schema="s" * 64 * 1024)
    full = config_pb2.CreateAppRequest(request_id="r" * 256, app="a" * 256, spec=spec)
    create.check(full)
    assert len(full.SerializeToString()) <= create.largest < 128 * 1024
    assert limits["/paas.config.v1.ConfigService/GetApp"].largest < 8 * 1024
    assert limits["/paas.config.v1.ConfigService/SetVars"].largest > 512 * 1024, "as much as an app may have"


def test_a_body_of_http_has_so_many_bytes() -> None:
    limits = limits_of([leaks_pb2.DESCRIPTOR.services_by_name["LeaksInternalService"]])
    (report,) = limits.values()
    most = 768 * 1024
    full = leaks_pb2.ReportLeaksRequest(body=httpbody_pb2.HttpBody(content_type="c" * 256, data=b"x" * most))
    report.check(full)
    assert len(full.SerializeToString()) <= report.largest < 1024 * 1024
    over = leaks_pb2.ReportLeaksRequest(body=httpbody_pb2.HttpBody(data=b"x" * (most + 1)))
    assert refusal(over) == [("body", f"has more than {most} bytes")]
