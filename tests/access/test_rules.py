"""A server does not start with a method whose access is not said exactly once.

Covers: every way a rule can be wrong, by protos made here, that `build_server` refuses as `rules_of` does, and that
the roles are those of the reviewed table. Leaves out what the rules then do (test_matrix).
"""

from collections.abc import Callable
from itertools import count
from typing import Any, Final

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import ServiceDescriptor
from paas.access.v1 import access_pb2

from paaskit import access
from paaskit.access import Rule, RuleError, rules_of
from paaskit.gate import ANY_SERVICE, THE_GATEWAY
from paaskit.listeners import Exposed
from paaskit.server import Assembly, build_server
from paaskit.settings import ServiceSettings
from tests.access import table
from tests.fixtures.serving import free_address
from tests.fixtures.tls import Certificates

_NUMBERS = count()
_GOOD = {
    "a permission": ("OddService", access_pb2.Rule(permission="apps.read", audit="apps.get")),
    "signed in": ("OddService", access_pb2.Rule(authenticated=True, no_event="it tells nothing")),
    "signed in with an action": ("OddService", access_pb2.Rule(authenticated=True, audit="tokens.leaked")),
    "callers": ("OddInternalService", access_pb2.Rule(callers=["config"], no_event="it tells nothing")),
    "callers with an action": ("OddInternalService", access_pb2.Rule(callers=["config"], audit="config.revert")),
    "a text as targets": ("OddService", access_pb2.Rule(permission="apps.read", audit="apps.get", targets="name")),
    "texts as targets": ("OddService", access_pb2.Rule(permission="apps.read", audit="apps.get", targets="names")),
    "texts in a repeated field as targets": (
        "OddService",
        access_pb2.Rule(permission="apps.read", audit="apps.get", targets="items.name"),
    ),
}
_BAD = {
    "no rule": ("OddService", None),
    "an empty rule": ("OddService", access_pb2.Rule()),
    "an action alone": ("OddService", access_pb2.Rule(audit="apps.get")),
    "an unknown permission": ("OddService", access_pb2.Rule(permission="apps.destroy", audit="apps.destroy")),
    "a permission in capitals": ("OddService", access_pb2.Rule(permission="APPS.READ", audit="apps.get")),
    "a permission without its action": ("OddService", access_pb2.Rule(permission="apps.read")),
    "permission and signed in": (
        "OddService",
        access_pb2.Rule(permission="apps.read", audit="apps.get", authenticated=True),
    ),
    "permission and callers": (
        "OddInternalService",
        access_pb2.Rule(permission="apps.read", audit="apps.get", callers=["config"]),
    ),
    "signed in and callers": (
        "OddInternalService",
        access_pb2.Rule(authenticated=True, callers=["config"], no_event="it tells nothing"),
    ),
    "callers at a public service": ("OddService", access_pb2.Rule(callers=["config"], no_event="it tells nothing")),
    "a permission at an internal service": (
        "OddInternalService",
        access_pb2.Rule(permission="apps.read", audit="apps.get"),
    ),
    "signed in at an internal service": (
        "OddInternalService",
        access_pb2.Rule(authenticated=True, no_event="it tells nothing"),
    ),
    "callers without an action, unexplained": ("OddInternalService", access_pb2.Rule(callers=["config"])),
    "signed in without an action, unexplained": ("OddService", access_pb2.Rule(authenticated=True)),
    "anyone without an action, unexplained": ("OddService", access_pb2.Rule(anyone=True)),
    "a permission that explains why there is no action": (
        "OddService",
        access_pb2.Rule(permission="apps.read", no_event="it tells nothing"),
    ),
    "an action, and why there is none": (
        "OddInternalService",
        access_pb2.Rule(callers=["config"], audit="config.revert", no_event="it tells nothing"),
    ),
} | {
    f"targets {path}": ("OddService", access_pb2.Rule(permission="apps.read", audit="apps.get", targets=path))
    for path in (
        "nothing",
        "items",
        "items.nothing",
        "items.name.more",
        "items.number",
        "item.name",
        "name.name",
        "number",
        "raw",
        ".name",
        "name.",
        "items..name",
    )
}

_FIELDS: Final = {
    # Of the request and of the items in it.
    "name": (descriptor_pb2.FieldDescriptorProto.TYPE_STRING, False),
    "names": (descriptor_pb2.FieldDescriptorProto.TYPE_STRING, True),
    "number": (descriptor_pb2.FieldDescriptorProto.TYPE_INT64, False),
    "raw": (descriptor_pb2.FieldDescriptorProto.TYPE_BYTES, False),
    "item": (descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE, False),
    "items": (descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE, True),
}


def _service(name: str, rule: access_pb2.Rule | None, *, app: bool = False) -> ServiceDescriptor:
    """A proto service of one method with this rule, whose request has a field `app` or not."""
    number = next(_NUMBERS)
    file = descriptor_pb2.FileDescriptorProto(
        name=f"odd/v{number}/odd.proto",
        package=f"odd.v{number}",
        syntax="proto3",
        dependency=["paas/access/v1/access.proto"],
        message_type=[_message("Nothing", number), _message("Item", number)],
    )
    if app:
        named = file.message_type[0].field.add(name="app", number=99, label=1)
        named.type = named.TYPE_STRING
    method = file.service.add(name=name).method.add(
        name="Do", input_type=f".odd.v{number}.Nothing", output_type=f".odd.v{number}.Nothing"
    )
    if rule is not None:
        method.options.Extensions[access_pb2.rule].CopyFrom(rule)
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return pool.FindServiceByName(f"odd.v{number}.{name}")


def _message(name: str, number: int) -> descriptor_pb2.DescriptorProto:
    message = descriptor_pb2.DescriptorProto(name=name)
    for place, (field, (kind, repeated)) in enumerate(_FIELDS.items(), start=1):
        added = message.field.add(name=field, number=place, type=kind)
        added.label = added.LABEL_REPEATED if repeated else added.LABEL_OPTIONAL
        if kind == added.TYPE_MESSAGE:
            added.type_name = f".odd.v{number}.Item"
    return message


def test_a_role_has_the_permissions_that_were_reviewed() -> None:
    assert access.ROLES == table.ROLES


@pytest.mark.parametrize("case", _GOOD)
def test_one_kind_of_rule_is_right(case: str) -> None:
    service = _service(*_GOOD[case])
    (rule,) = rules_of([service], foreign={}).values()
    assert rule.public == (service.name == "OddService")


@pytest.mark.parametrize("case", _BAD)
def test_anything_else_is_refused(case: str) -> None:
    with pytest.raises(RuleError, match=r"odd\.v\d+\.Odd"):
        rules_of([_service(*_BAD[case])], foreign={})


@pytest.mark.parametrize(
    ("app_field", "app", "right"),
    [
        ("app", True, True),
        ("name", False, True),
        ("", False, True),
        ("", True, False),
        ("app", False, False),
        ("names", False, False),
        ("number", False, False),
    ],
)
def test_a_method_says_which_field_names_its_app(app_field: str, *, app: bool, right: bool) -> None:
    rule = access_pb2.Rule(permission="config.read", audit="config.list", app_field=app_field)
    service = _service("OddService", rule, app=app)
    if right:
        (made,) = rules_of([service], foreign={}).values()
        assert made.app_field == app_field
    else:
        with pytest.raises(RuleError, match="names the app"):
            rules_of([service], foreign={})


def test_a_second_rule_from_elsewhere_is_refused() -> None:
    service = _service(*_GOOD["signed in"])
    with pytest.raises(RuleError, match="two access rules"):
        rules_of([service], foreign={f"/{service.full_name}/Do": Rule(any_service=True, no_event="it tells nothing")})


def test_a_rule_from_elsewhere_says_its_action_or_why_there_is_none() -> None:
    service = _service("OddService", None)
    path = f"/{service.full_name}/Do"
    for rule in (ANY_SERVICE, THE_GATEWAY):
        assert rules_of([service], foreign={path: rule}) == {path: rule}
    with pytest.raises(RuleError, match="audit action"):
        rules_of([service], foreign={path: Rule(any_service=True)})


def test_one_bad_method_among_good_ones_is_refused() -> None:
    with pytest.raises(RuleError):
        rules_of([_service(*_GOOD["callers"]), _service(*_BAD["no rule"])], foreign={})


@pytest.mark.parametrize("case", _BAD)
async def test_the_server_does_not_start(case: str, tls: Certificates) -> None:
    with pytest.raises(RuleError):
        build_server(_settings(tls), _assembly(_service(*_BAD[case])))


async def test_the_same_server_with_a_rule_does(tls: Certificates) -> None:
    listeners = build_server(_settings(tls), _assembly(_service(*_GOOD["callers"])))
    await listeners.start()
    await listeners.stop(0)


def _settings(tls: Certificates) -> ServiceSettings:
    files = tls.settings("config")
    return ServiceSettings(
        listen=free_address(),
        database_url="",
        database_password_file=files.tls_key_file,
        tls_cert_file=files.tls_cert_file,
        tls_key_file=files.tls_key_file,
        tls_ca_file=files.tls_ca_file,
        page_key_file=tls.page_key_file,
    )


def _assembly(service: ServiceDescriptor) -> Assembly:
    async def close() -> None:
        pass

    async def ready() -> bool:
        return True

    register: Callable[[Any, Any], None] = lambda _servicer, _server: None  # noqa: E731  # nothing is called
    return Assembly(
        exposed=[Exposed(service, register, None)],
        verifier=None,
        record=None,
        background={},
        ready=ready,
        close=close,
        foreign_rules={},
    )
