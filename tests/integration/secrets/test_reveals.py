"""Reading values: every attempt is on record before it is answered, and a namesake of a former app is a stranger.

Leaves out how reads share a transaction (tests/unit/secrets/test_reveal.py).
"""

import asyncio

import grpc
import pytest
from paas.audit.v1 import audit_pb2
from paas.secrets.v1 import secrets_pb2

from tests.integration.secrets.conftest import Secrets

CANARY = "canary-7f3a9b-plaintext"
OK, FAILED, DENIED = audit_pb2.OUTCOME_OK, audit_pb2.OUTCOME_FAILED, audit_pb2.OUTCOME_DENIED


async def _refusal(secrets: Secrets, name: str = "KEY", **more: object) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.reveal(name, **more)  # type: ignore[arg-type]  # passed on
    assert CANARY not in str(refused.value)
    return refused.value.code()


async def test_forty_at_once_are_forty_events(secrets: Secrets) -> None:
    await secrets.set(KEY=CANARY)
    await secrets.events()
    assert set(await asyncio.gather(*(secrets.reveal() for _ in range(40)))) == {CANARY}
    events = await secrets.events()
    assert [(event.action, event.outcome, list(event.targets), event.app_id) for event in events] == [
        ("secrets.get", OK, ["KEY"], secrets.app_id)
    ] * 40


async def test_the_answer_names_its_event(secrets: Secrets) -> None:
    """With it a receipt is asked for. The second time the event is foreseen, and kept by the statement that reads."""
    await secrets.set(KEY=CANARY, OTHER=CANARY)
    await secrets.events()
    one, two = secrets_pb2.RevealSecretRequest(app="web", name="KEY"), secrets_pb2.RevealSecretsRequest(app="web")
    two.names.extend(["KEY", "OTHER"])
    for request, ask in (
        (one, secrets.users.RevealSecret),
        (one, secrets.users.RevealSecret),
        (two, secrets.users.RevealSecrets),
    ):
        answer = await ask(request, metadata=secrets.me)
        (event,) = await secrets.events()
        assert answer.audit_event_id == event.event_id


async def test_no_audit_row_no_plaintext(secrets: Secrets) -> None:
    await secrets.set(KEY=CANARY)
    secrets.look("REVOKE INSERT ON outbox FROM secrets")
    try:
        assert await _refusal(secrets) is grpc.StatusCode.UNAVAILABLE
    finally:
        secrets.look("GRANT INSERT ON outbox TO secrets")
    assert await secrets.reveal() == CANARY


# What the database does just before it commits an event, once it has sent everything that was read.
_AT_COMMIT = {
    "refused": "RAISE EXCEPTION 'not now'",
    "gone": "PERFORM pg_terminate_backend(pg_backend_pid())",
}


@pytest.mark.parametrize("known", [True, False], ids=["app known", "app new"])
@pytest.mark.parametrize("fault", _AT_COMMIT)
async def test_a_commit_that_fails_gives_no_value(secrets: Secrets, fault: str, *, known: bool) -> None:
    await secrets.set(KEY=CANARY, OTHER=CANARY)
    if known:
        assert await secrets.reveal() == CANARY, "one statement does it all from now on"
    await secrets.events()
    secrets.look(
        f"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {_AT_COMMIT[fault]}; RETURN NULL; END$$"
    )
    secrets.look(
        "CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON outbox DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION fail()"
    )
    try:
        for name in ("KEY", "NONE"):
            code = await _refusal(secrets, name)
            assert code in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE), name
        with pytest.raises(grpc.aio.AioRpcError):
            await secrets.reveal_all("KEY", "OTHER")
    finally:
        secrets.look("DROP FUNCTION fail CASCADE")
    assert await secrets.events() == []
    assert await secrets.reveal() == CANARY


async def test_several_are_one_event_and_all_or_none(secrets: Secrets) -> None:
    await secrets.set(A=CANARY, B="b", C="c")
    await secrets.attach(CANARY)
    await secrets.events()
    for _ in range(2):  # the app is not known at first
        assert await secrets.reveal_all("B", "A") == {"A": CANARY, "B": "b"}
    for names, code in (
        (["A", "NONE", "NOR_THIS"], grpc.StatusCode.NOT_FOUND),
        (["DATABASE_URL", "A"], grpc.StatusCode.FAILED_PRECONDITION),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await secrets.reveal_all(*names)
        assert refused.value.code() is code
        assert all(name in str(refused.value.details()) for name in names if name != "A")
        assert CANARY not in str(refused.value)
    viewer = secrets.signer.user(permissions=frozenset({"secrets.list"}))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.reveal_all("A", "B", me=viewer)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert [(event.action, event.outcome, list(event.targets)) for event in await secrets.events()] == [
        ("secrets.get", OK, ["B", "A"]),
        ("secrets.get", OK, ["B", "A"]),
        ("secrets.get", FAILED, ["A", "NONE", "NOR_THIS"]),
        ("secrets.get", FAILED, ["DATABASE_URL", "A"]),
        ("secrets.get", DENIED, ["A", "B"]),
    ]


async def test_as_many_as_an_app_has_are_all_named(secrets: Secrets) -> None:
    names = [f"N{number:_<100}" for number in range(500)]
    await secrets.set(**dict.fromkeys(names, "x"))
    await secrets.events()
    for _ in range(2):
        assert list(await secrets.reveal_all(*names)) == names
        events = await secrets.events()
        assert len(events) > 1, "they are more than an event holds"
        assert [name for event in events for name in event.targets] == names
        assert {(event.outcome, event.app_id) for event in events} == {(OK, secrets.app_id)}
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.reveal_all(*names, "ONE_MORE")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_event_is_about_the_app_that_has_the_name_now(secrets: Secrets) -> None:
    """What a name meant last is remembered, and is not taken for what it means."""
    await secrets.set(KEY="of the former")
    await secrets.reveal()
    secrets.registry.remove_app()
    await secrets.purge()
    former, secrets.app_id = secrets.app_id, secrets.registry.add_app()
    await secrets.events()
    assert await _refusal(secrets) is grpc.StatusCode.NOT_FOUND
    await secrets.set(KEY=CANARY)
    assert [await secrets.reveal(), await secrets.reveal()] == [CANARY] * 2
    events = [event for event in await secrets.events() if event.action == "secrets.get"]
    assert [(event.outcome, event.app_id) for event in events] == [
        (FAILED, ""),
        (OK, secrets.app_id),
        (OK, secrets.app_id),
    ]
    assert former != secrets.app_id


async def test_refused_reveals_are_events_with_their_target(secrets: Secrets) -> None:
    other = secrets.registry.add_app("other")
    await secrets.set(KEY=CANARY)
    await secrets.attach(CANARY)
    await secrets.events()
    assert await _refusal(secrets, "NONE") is grpc.StatusCode.NOT_FOUND
    assert await _refusal(secrets, "DATABASE_URL") is grpc.StatusCode.FAILED_PRECONDITION
    assert await _refusal(secrets, "KEY", app="absent") is grpc.StatusCode.NOT_FOUND
    assert await _refusal(secrets, "KEY", app="other") is grpc.StatusCode.NOT_FOUND
    assert [(event.action, event.outcome, event.app, list(event.targets)) for event in await secrets.events()] == [
        ("secrets.get", FAILED, "web", ["NONE"]),
        ("secrets.get", FAILED, "web", ["DATABASE_URL"]),
        ("secrets.get", FAILED, "absent", ["KEY"]),
        ("secrets.get", FAILED, "other", ["KEY"]),
    ]
    assert other


async def test_token_of_a_former_app_is_a_stranger_to_its_namesake(secrets: Secrets) -> None:
    await secrets.set(KEY="of the former")
    former = secrets.app_id
    limited = secrets.signer.user(apps=frozenset({("web", former)}))
    assert await secrets.reveal(me=limited) == "of the former"
    secrets.registry.remove_app()
    await secrets.purge()
    secrets.registry.add_app()
    await secrets.events()
    for call in (secrets.reveal(me=limited), secrets.listed(me=limited), secrets.set(KEY="x", me=limited)):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    await secrets.set(KEY=CANARY)
    # With another token that is limited alike: what repeats is counted.
    limited = secrets.signer.user(apps=frozenset({("web", former)}), token_id="t2")
    for call in (secrets.reveal(me=limited), secrets.listed(me=limited), secrets.set(KEY="x", me=limited)):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    denied = [event for event in await secrets.events() if event.outcome == DENIED]
    assert [event.action for event in denied if event.targets] == ["secrets.get", "secrets.set"] * 2
    assert await secrets.reveal() == CANARY


async def test_destroyed_app_is_unreadable_and_stays_so(secrets: Secrets) -> None:
    await secrets.set(KEY=CANARY, B="b")
    await secrets.set(C="staged", stage=True)
    await secrets.rotate("B", hours=1)
    secrets.registry.remove_app()
    await secrets.purge()
    await secrets.purge()
    assert await _refusal(secrets) is grpc.StatusCode.NOT_FOUND
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.resolve(1, "KEY")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    for table in ("sealed", "drafts", "overlap_ends", "reminders", "held_names", "claims"):
        assert secrets.look(f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608  # our tables
    # A change that was on its way when the app was destroyed comes too late, and so does a managed value.
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.attach(CANARY)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    former, secrets.app_id = secrets.app_id, secrets.registry.add_app()
    await secrets.set(KEY="of the new one")
    assert await secrets.values() == {"KEY": "of the new one"}
    assert secrets.look("SELECT count(*) FROM sealed WHERE app_id = %s", former) == [(0,)]


async def test_set_that_waits_for_config_while_the_app_is_destroyed_stores_nothing(secrets: Secrets) -> None:
    await secrets.set(KEY=CANARY)
    secrets.registry.open.clear()
    late = asyncio.ensure_future(secrets.set(NEW="x"))
    while not secrets.registry.waiting:
        await asyncio.sleep(0.01)
    await secrets.purge()
    secrets.registry.open.set()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await late
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert secrets.look("SELECT count(*) FROM sealed") == [(0,)]


async def test_writers_that_wait_for_config_fail_nobody_else(secrets: Secrets) -> None:
    """A connection is held for as long as the database needs it, and not for as long as config does."""
    other = secrets.registry.add_app("other")
    await secrets.set(KEY=CANARY, app="other")
    secrets.registry.open.clear()
    writers = [asyncio.ensure_future(secrets.set(**{f"NEW{number}": "x"})) for number in range(16)]
    while secrets.registry.waiting < 16:
        await asyncio.sleep(0.01)
    assert await asyncio.gather(*(secrets.reveal(app="other") for _ in range(40))) == [CANARY] * 40
    secrets.registry.open.set()
    assert sorted(change.version for change in await asyncio.gather(*writers)) == list(range(1, 17))
    assert other


async def test_the_reason_is_in_the_event_of_what_was_given(secrets: Secrets) -> None:
    await secrets.set(KEY=CANARY, OTHER="another-value")
    await secrets.events()
    assert await secrets.reveal(reason="Ticket 4711") == CANARY
    assert await secrets.reveal_all("KEY", "OTHER", reason="é" * 200) == {"KEY": CANARY, "OTHER": "another-value"}
    assert await secrets.reveal() == CANARY
    assert [(event.outcome, list(event.targets), event.reason) for event in await secrets.events()] == [
        (OK, ["KEY"], "Ticket 4711"),
        (OK, ["KEY", "OTHER"], "é" * 200),
        (OK, ["KEY"], ""),
    ]


async def test_a_reason_with_the_value_in_it_is_refused_and_kept_nowhere(secrets: Secrets) -> None:
    await secrets.set(KEY=CANARY)
    await secrets.events()
    secrets.look("CREATE TABLE ever_kept (payload bytea)")
    secrets.look("GRANT INSERT ON ever_kept TO PUBLIC")
    secrets.look(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
        " INSERT INTO ever_kept VALUES (NEW.payload); RETURN NULL; END$$"
    )
    secrets.look("CREATE TRIGGER keep AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION keep()")
    try:
        for reason in (CANARY, f"it is {CANARY}!", CANARY[2:-1]):
            assert await _refusal(secrets, reason=reason) is grpc.StatusCode.INVALID_ARGUMENT
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await secrets.reveal_all("KEY", reason=CANARY)
        assert CANARY not in str(refused.value)
        kept = [bytes(payload) for (payload,) in secrets.look("SELECT payload FROM ever_kept")]
    finally:
        secrets.look("DROP FUNCTION keep CASCADE")
        secrets.look("DROP TABLE ever_kept")
    assert len(kept) == 4, "each attempt is on record"
    assert not any(CANARY[2:-1].encode() in payload for payload in kept)
    assert [(event.outcome, event.reason) for event in await secrets.events()] == [(FAILED, "")] * 4


@pytest.mark.parametrize("character", ["\n", "\r", "\t", "\0", "\x1b", "\x7f", "\x9b", "\u202e", "\u2066", "\u200b"])
async def test_a_reason_is_one_line_of_what_is_shown(secrets: Secrets, character: str) -> None:
    await secrets.set(KEY=CANARY)
    await secrets.events()
    for reason in (f"Ticket{character}4711", "x" * 201, " "):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await secrets.reveal(reason=reason)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "reason" in str(refused.value.details())
        assert "4711" not in str(refused.value)
    assert await secrets.events() == []
