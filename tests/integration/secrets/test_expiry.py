"""Ends of values as they are stored, listed, drafted and restored, and the reminders of them: each is told once.

The rules are in tests/unit/secrets/test_expiry.py; the lists over all apps in test_due.py. That a webhook gets a
reminder is in tests/integration/audit/sinks/test_reminders.py.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2

from paaskit.clock import random_id, utc_now
from paaskit.db import Database
from paaskit.trail import Trail
from paaskit.write_path import WritePath
from services.secrets.store.reminders import ReminderRows
from services.secrets.upkeep.reminders import Reminders
from tests.fixtures.waiting import until
from tests.integration.secrets.conftest import Secrets

DAY = 86_400


def span(days: float) -> secrets_pb2.Expiry:
    """An end so many days from when the value is live."""
    return secrets_pb2.Expiry(span=Duration(seconds=int(days * DAY)))


def at(days: float) -> secrets_pb2.Expiry:
    """An end so many days from now, as a moment."""
    moment = Timestamp()
    moment.FromDatetime(utc_now() + timedelta(days=days))
    return secrets_pb2.Expiry(at=moment)


def days(moment: Timestamp) -> float:
    """How far away a moment is, to a tenth of a day: which tests don't take."""
    return round((moment.ToDatetime(tzinfo=UTC) - utc_now()).total_seconds() / DAY, 1)


async def expire(secrets: Secrets, name: str = "KEY", **fields: Any) -> secrets_pb2.ExpireSecretResponse:
    """Move an end."""
    request = secrets_pb2.ExpireSecretRequest(
        **{"request_id": random_id(), "app": "web", "name": name, **fields},
    )
    answer: secrets_pb2.ExpireSecretResponse = await secrets.users.ExpireSecret(request, metadata=secrets.me)
    return answer


async def listed(secrets: Secrets, name: str = "KEY") -> secrets_pb2.Secret:
    """A secret as the list of its app has it."""
    return next(each for each in (await secrets.listed()).secrets if each.name == name)


async def reminders(secrets: Secrets) -> list[tuple[str, Sequence[str], str]]:
    """What was told since this was last asked for."""
    told = [each for each in await secrets.events() if each.action in {"secrets.expiring", "secrets.expired"}]
    return [(each.action, list(each.targets), each.reason.partition(":")[0].partition(" 2")[0]) for each in told]


async def test_an_end_is_listed_with_its_value_and_goes_with_it(secrets: Secrets) -> None:
    await secrets.set(KEY="1", OTHER="1", expiry=span(90), rotate_every=Duration(seconds=30 * DAY))
    for name in ("KEY", "OTHER"):
        found = await listed(secrets, name)
        assert (days(found.expires_at), found.rotate_every.seconds, days(found.rotate_at)) == (90, 30 * DAY, 30)
    await secrets.set(KEY="2")
    found = await listed(secrets)
    assert not found.HasField("expires_at"), "another value has no end"
    assert days(found.rotate_at) == 30, "the interval is the secret's"
    await secrets.set(KEY="3", expiry=at(10), rotate_every=Duration())
    found = await listed(secrets)
    assert (days(found.expires_at), found.HasField("rotate_every"), found.HasField("rotate_at")) == (10, False, False)
    assert secrets.look("SELECT name FROM reminders ORDER BY name") == [("KEY",), ("OTHER",)]
    await secrets.unset("KEY", "OTHER")
    assert secrets.look("SELECT name FROM reminders") == []


async def test_a_rotation_repeats_a_span_and_says_so(secrets: Secrets) -> None:
    await secrets.set(KEY="1", expiry=span(90))
    request = secrets_pb2.RotateSecretRequest(request_id=random_id(), app="web", name="KEY", value="2")
    answer = await secrets.users.RotateSecret(request, metadata=secrets.me)
    assert (days(answer.expires_at), answer.span.seconds) == (90, 90 * DAY)
    again = await secrets.users.RotateSecret(request, metadata=secrets.me)
    assert (again.expires_at, again.span) == (answer.expires_at, answer.span), "as a repeated request is answered"
    await secrets.rotate(value="3", expiry=secrets_pb2.Expiry(never=True))
    assert not (await listed(secrets)).HasField("expires_at")


async def test_a_draft_carries_its_end_along_and_a_span_counts_from_its_release(secrets: Secrets) -> None:
    await secrets.set(KEY="1", expiry=span(90))
    await secrets.set(NEW="1", OLD="1", stage=True, expiry=span(20), rotate_every=Duration(seconds=DAY))
    await secrets.rotate(value="2", stage=True)
    assert secrets.look("SELECT name FROM reminders") == [("KEY",)], "what is staged is reminded of by nobody"
    secrets.look("UPDATE drafts SET staged_at = staged_at - interval '5 days'")
    await secrets.release()
    assert [days((await listed(secrets, name)).expires_at) for name in ("KEY", "NEW", "OLD")] == [90, 20, 20]
    assert days((await listed(secrets, "NEW")).rotate_at) == 1


async def test_a_value_that_comes_back_has_the_end_it_had(secrets: Secrets) -> None:
    first = await secrets.set(KEY="1", expiry=span(90), rotate_every=Duration(seconds=DAY))
    secrets.look("UPDATE sealed SET rotate_at = now() - interval '3 days'")
    second = await secrets.set(KEY="2", rotate_every=Duration())
    await secrets.restore(first.version)
    found = await listed(secrets)
    assert (days(found.expires_at), days(found.rotate_at)) == (90, -3), "it is as old as it was"
    await secrets.revert(second.version, second.version + 1)
    assert not (await listed(secrets)).HasField("expires_at")
    assert secrets.look("SELECT count(*) FROM reminders") == [(0,)]


async def test_an_end_is_moved_without_a_release_once_for_each_request(secrets: Secrets) -> None:
    change = await secrets.set(KEY="1", expiry=span(90))
    orders = len(secrets.releaser.orders)
    await secrets.events()
    request = secrets_pb2.ExpireSecretRequest(request_id=random_id(), app="web", name="KEY", expiry=span(10))
    answers = [await secrets.users.ExpireSecret(request, metadata=secrets.me) for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0].changed, days(answers[0].expires_at)) == (True, 10)
    (event,) = [each for each in await secrets.events() if each.action == "secrets.expire"]
    assert (list(event.targets), event.app, event.version) == (["KEY"], "web", change.version)
    assert (len(secrets.releaser.orders), (await secrets.listed()).version) == (orders, change.version)
    same = secrets_pb2.Expiry(at=answers[0].expires_at)
    assert [(await expire(secrets, expiry=same)).changed for _ in range(2)] == [True, False], "it is no span any more"
    gone = await expire(secrets, expiry=secrets_pb2.Expiry(never=True))
    assert (gone.changed, gone.HasField("expires_at")) == (True, False)
    every = await expire(secrets, rotate_every=Duration(seconds=7 * DAY))
    assert (every.rotate_every.seconds, days((await listed(secrets)).rotate_at)) == (7 * DAY, 7)
    assert await secrets.reveal() == "1"


async def test_a_value_set_anew_as_it_is_has_its_end_moved(secrets: Secrets) -> None:
    change = await secrets.set(KEY="same", NEW="1")
    request = secrets_pb2.SetSecretsRequest(
        request_id=random_id(),
        app="web",
        secrets=[secrets_pb2.SecretAssignment(name="KEY", value="same")],
        expiry=span(10),
    )
    answer = await secrets.users.SetSecrets(request, metadata=secrets.me)
    assert (list(answer.kept), answer.change.version, days(answer.expires_at)) == (["KEY"], change.version, 10)
    assert answer.change.release_status == config_pb2.RELEASE_STATUS_NONE
    assert days((await listed(secrets)).expires_at) == 10


@pytest.mark.parametrize(
    "fields",
    [
        {"expiry": secrets_pb2.Expiry(span=Duration(seconds=0))},
        {"expiry": secrets_pb2.Expiry(span=Duration(seconds=-1))},
        {"expiry": span(3661)},
        {"expiry": at(-1)},
        {"expiry": at(3662)},
        {"expiry": secrets_pb2.Expiry(at=Timestamp(seconds=2**60))},
        {"expiry": secrets_pb2.Expiry()},
        {"expiry": secrets_pb2.Expiry(never=False)},
        {"rotate_every": Duration(seconds=59)},
        {"rotate_every": Duration(seconds=3661 * DAY)},
    ],
    ids=[
        "zero",
        "negative",
        "too far",
        "past",
        "too far a moment",
        "no moment",
        "nothing",
        "not never",
        "too often",
        "too seldom",
    ],
)
async def test_what_is_no_end_is_refused_and_nothing_is_stored(secrets: Secrets, fields: dict[str, Any]) -> None:
    await secrets.set(KEY="1")
    for call in (
        secrets.set(KEY="2", **fields),
        secrets.set(KEY="2", stage=True, **fields),
        secrets.set(KEY="2", validate_only=True, **fields),
        secrets.rotate(value="2", **fields),
        expire(secrets, **fields),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert await secrets.values() == {"KEY": "1"}
    assert not (await listed(secrets)).HasField("expires_at")


async def test_a_change_of_nothing_or_of_nobodys_is_refused(secrets: Secrets) -> None:
    await secrets.set(KEY="1")
    await secrets.attach("postgres://x")
    for call, code in (
        (expire(secrets), grpc.StatusCode.INVALID_ARGUMENT),
        (expire(secrets, "GONE", expiry=span(1)), grpc.StatusCode.NOT_FOUND),
        (expire(secrets, "DATABASE_URL", expiry=span(1)), grpc.StatusCode.FAILED_PRECONDITION),
        (expire(secrets, app="absent", expiry=span(1)), grpc.StatusCode.NOT_FOUND),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert refused.value.code() is code


async def test_each_reminder_is_told_once_and_those_passed_over_are_not_made_up_for(secrets: Secrets) -> None:
    await secrets.set(KEY="1", FAR="1", expiry=span(5))
    await expire(secrets, "FAR", expiry=span(31))
    await until(lambda: secrets.look("SELECT count(*) FROM reminders WHERE due <= now()") == [(0,)])
    assert [each for each in await reminders(secrets) if each[1] == ["KEY"]] == [
        ("secrets.expiring", ["KEY"], "within 7 days")
    ]
    for left, told in (("23 hours", ("secrets.expiring", "within 1 day")), ("-1 second", ("secrets.expired", "ended"))):
        secrets.look("UPDATE sealed SET expires_at = now() + %s::interval WHERE name = 'KEY'", left)
        secrets.look("UPDATE reminders SET due = now() - interval '1 second' WHERE name = 'KEY'")
        await until(lambda: secrets.look("SELECT count(*) FROM reminders WHERE due <= now()") == [(0,)])
        assert await reminders(secrets) == [(told[0], ["KEY"], told[1])]
    assert secrets.look("SELECT name FROM reminders") == [("FAR",)]
    assert await secrets.reveal() == "1", "it is delivered all the same"
    assert await secrets.resolve(1, "KEY") == {"KEY": "1"}


async def test_a_destroyed_app_is_reminded_of_no_more(secrets: Secrets) -> None:
    await secrets.set(KEY="1", expiry=span(40))
    await secrets.purge()
    assert secrets.look("SELECT count(*) FROM reminders") == [(0,)]


@asynccontextmanager
async def replica(secrets: Secrets) -> AsyncIterator[Reminders]:
    """The job as another process runs it, half a year later."""
    databases = secrets.databases
    database = Database(
        databases.service_url("secrets"), password_file=databases.password_file("secrets"), service="secrets"
    )
    await database.open()
    try:
        trail = Trail(database, secrets.channels["gateway"])  # it tells nobody: the server's own relay does
        rows = ReminderRows(database, WritePath(database, trail=trail))
        yield Reminders(rows, clock=lambda: datetime.now(UTC) + timedelta(days=180))
    finally:
        await database.close()


async def test_replicas_at_once_tell_each_reminder_once(secrets: Secrets) -> None:
    many = {f"KEY{number}": "1" for number in range(250)}
    await secrets.set(**many, expiry=span(200))
    async with replica(secrets) as one, replica(secrets) as other:
        told = 0
        while told < len(many):
            told += sum(await asyncio.gather(*(each.remind_due() for each in (one, other, one, other))))
        assert await one.remind_due() == 0
    found = await reminders(secrets)
    assert sorted(name for _, (name,), _ in found) == sorted(many)
    assert {(action, when) for action, _, when in found} == {("secrets.expiring", "within 30 days")}
