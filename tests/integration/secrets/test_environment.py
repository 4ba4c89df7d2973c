"""Opening everything sealed of an app at once: what is in it, that it is one event, and what gives no value.

Leaves out how values are opened (test_reveals.py) and what a program makes of them (tests/unit/cli/running).
"""

from collections.abc import Sequence

import grpc
import pytest
from paas.audit.v1 import audit_pb2
from paas.secrets.v1 import secrets_pb2

from tests.fakes.neighbours import Metadata
from tests.integration.secrets.conftest import Secrets

CANARY = "canary-7f3a9b-plaintext"
OK, FAILED, DENIED = audit_pb2.OUTCOME_OK, audit_pb2.OUTCOME_FAILED, audit_pb2.OUTCOME_DENIED


async def opened(
    secrets: Secrets, *names: str, app: str = "web", me: Metadata | None = None
) -> secrets_pb2.RevealEnvironmentResponse:
    request = secrets_pb2.RevealEnvironmentRequest(app=app, names=names)
    answer: secrets_pb2.RevealEnvironmentResponse = await secrets.users.RevealEnvironment(
        request, metadata=me or secrets.me
    )
    return answer


async def refusal(
    secrets: Secrets, *names: str, app: str = "web", me: Metadata | None = None
) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await opened(secrets, *names, app=app, me=me)
    assert CANARY not in str(refused.value)
    return refused.value.code(), refused.value.details() or ""


async def recorded(secrets: Secrets) -> list[tuple[str, int, str, Sequence[str]]]:
    return [(each.action, each.outcome, each.app, list(each.targets)) for each in await secrets.events()]


async def test_secrets_managed_and_former_values_are_one_event(secrets: Secrets) -> None:
    await secrets.set(B="b", A=CANARY, OLD="1")
    await secrets.attach("postgres://canary")
    await secrets.rotate("OLD", value="2", hours=1)
    await secrets.set(STAGED="no", stage=True)
    version = (await secrets.listed()).version
    await secrets.events()
    answer = await opened(secrets)
    assert [(each.name, each.value, each.managed) for each in answer.values] == [
        ("A", CANARY, False),
        ("B", "b", False),
        ("DATABASE_URL", "postgres://canary", True),
        ("OLD", "2", False),
        ("OLD_PREVIOUS", "1", False),
    ]
    assert answer.version == version
    (event,) = await secrets.events()
    assert (event.action, event.outcome, event.app_id, event.version) == ("secrets.run", OK, secrets.app_id, version)
    assert list(event.targets) == ["A", "B", "DATABASE_URL", "OLD", "OLD_PREVIOUS"]
    assert answer.audit_event_id == event.event_id


async def test_some_names_are_opened_and_recorded_alone(secrets: Secrets) -> None:
    await secrets.set(A=CANARY, B="b")
    await secrets.events()
    assert [each.name for each in (await opened(secrets, "B")).values] == ["B"]
    code, sentence = await refusal(secrets, "A", "NONE")
    assert (code, "NONE" in sentence) == (grpc.StatusCode.NOT_FOUND, True)
    assert (await refusal(secrets, "not a name"))[0] is grpc.StatusCode.INVALID_ARGUMENT
    assert await recorded(secrets) == [("secrets.run", OK, "web", ["B"]), ("secrets.run", FAILED, "web", ["A", "NONE"])]


async def test_an_app_without_secrets_gives_none(secrets: Secrets) -> None:
    answer = await opened(secrets)
    assert (list(answer.values), answer.version) == ([], 0)
    (event,) = await secrets.events()
    assert (event.event_id, event.app_id, event.outcome) == (answer.audit_event_id, secrets.app_id, OK)
    assert (await refusal(secrets, "A"))[0] is grpc.StatusCode.NOT_FOUND
    assert (await refusal(secrets, app="absent"))[0] is grpc.StatusCode.NOT_FOUND
    assert await recorded(secrets) == [
        ("secrets.run", FAILED, "web", ["A"]),
        ("secrets.run", FAILED, "absent", []),
    ]


async def test_who_may_list_alone_is_denied(secrets: Secrets) -> None:
    await secrets.set(A=CANARY)
    await secrets.events()
    viewer = secrets.signer.user(permissions=frozenset({"secrets.list", "config.read", "secrets.write"}))
    assert (await refusal(secrets, me=viewer))[0] is grpc.StatusCode.PERMISSION_DENIED
    assert await recorded(secrets) == [("secrets.run", DENIED, "web", [])]


async def test_token_of_a_former_app_is_a_stranger_to_its_namesake(secrets: Secrets) -> None:
    await secrets.set(A="of the former")
    limited = secrets.signer.user(apps=frozenset({("web", secrets.app_id)}))
    assert [each.value for each in (await opened(secrets, me=limited)).values] == ["of the former"]
    secrets.registry.remove_app()
    await secrets.purge()
    secrets.registry.add_app()
    assert (await refusal(secrets, me=limited))[0] is grpc.StatusCode.PERMISSION_DENIED
    await secrets.set(A=CANARY)
    assert (await refusal(secrets, me=limited))[0] is grpc.StatusCode.PERMISSION_DENIED


async def test_no_audit_row_no_plaintext(secrets: Secrets) -> None:
    await secrets.set(A=CANARY)
    await secrets.events()
    secrets.look("REVOKE INSERT ON outbox FROM secrets")
    try:
        assert (await refusal(secrets))[0] is grpc.StatusCode.UNAVAILABLE
    finally:
        secrets.look("GRANT INSERT ON outbox TO secrets")
    secrets.look("CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not now'; END$$")
    secrets.look(
        "CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON outbox DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION fail()"
    )
    try:
        code, _ = await refusal(secrets)
        assert code in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE)
    finally:
        secrets.look("DROP FUNCTION fail CASCADE")
    assert await secrets.events() == []
    assert [each.value for each in (await opened(secrets)).values] == [CANARY]


async def test_as_many_as_an_app_has_are_all_named(secrets: Secrets) -> None:
    names = [f"N{number:_<100}" for number in range(500)]
    await secrets.set(**dict.fromkeys(names, "x"))
    await secrets.events()
    assert [each.name for each in (await opened(secrets)).values] == sorted(names)
    events = await secrets.events()
    assert len(events) > 1, "they are more than an event holds"
    assert [name for event in events for name in event.targets] == sorted(names)
