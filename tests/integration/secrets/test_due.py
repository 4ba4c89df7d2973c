"""Lists over all apps of what somebody has to see to: what is in them and whose, in which order, and page by page.

And that it is kept when a value was given out. Leaves out how ends come about (test_expiry.py).
"""

from collections.abc import Sequence
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from paas.secrets.v1 import secrets_pb2

from tests.fakes.neighbours import Metadata
from tests.fixtures.waiting import until
from tests.integration.secrets.conftest import Secrets
from tests.integration.secrets.test_expiry import DAY, at, span

ENDING, ROTATION = secrets_pb2.DUE_KIND_EXPIRY, secrets_pb2.DUE_KIND_ROTATION
UNDELIVERED = secrets_pb2.DUE_KIND_UNDELIVERED
KEPT_FOR = """
    INSERT INTO delivery_records (since) VALUES (now() - %s::interval)
    ON CONFLICT (single) DO UPDATE SET since = EXCLUDED.since"""
OLD = "UPDATE sealed SET created_at = now() - interval '100 days' WHERE name = %s"


async def page(secrets: Secrets, kind: Any, *, me: Metadata | None = None, **fields: Any) -> Any:
    """One page of a list."""
    request = secrets_pb2.ListDueSecretsRequest(kind=kind, **fields)
    return await secrets.users.ListDueSecrets(request, metadata=me or secrets.me)


async def due(secrets: Secrets, kind: Any, **fields: Any) -> Sequence[tuple[str, str]]:
    """Apps and names on a page."""
    return [(each.app, each.secret.name) for each in (await page(secrets, kind, **fields)).secrets]


async def test_what_ends_soon_is_listed_over_all_apps_the_nearest_first(secrets: Secrets) -> None:
    secrets.registry.add_app("shop")
    await secrets.set(LATER="1", expiry=at(29))
    await secrets.set(app="shop", SOON="1", expiry=at(2))
    await secrets.set(FAR="1", expiry=at(31))
    await secrets.set(NEVER="1")
    await secrets.set(STAGED="1", expiry=at(1), stage=True)
    assert await due(secrets, ENDING) == [("shop", "SOON"), ("web", "LATER")]
    assert await due(secrets, ENDING, within=Duration(seconds=40 * DAY)) == [
        ("shop", "SOON"),
        ("web", "LATER"),
        ("web", "FAR"),
    ]
    secrets.look("UPDATE sealed SET expires_at = now() - interval '400 days' WHERE name = 'FAR'")
    assert (await due(secrets, ENDING))[0] == ("web", "FAR"), "what has ended stays, until it is replaced"
    await secrets.set(FAR="2")
    assert await due(secrets, ENDING) == [("shop", "SOON"), ("web", "LATER")]


async def test_a_token_of_some_apps_is_told_of_these_and_another_tenant_of_none(secrets: Secrets) -> None:
    shop = secrets.registry.add_app("shop")
    secrets.look(KEPT_FOR, "1 year")
    await secrets.set(KEY="1", expiry=at(2), rotate_every=Duration(seconds=3600))
    await secrets.set(app="shop", THEIRS="1", expiry=at(1), rotate_every=Duration(seconds=3600))
    secrets.look("UPDATE sealed SET rotate_at = now() - interval '1 day', created_at = now() - interval '99 days'")
    limited = secrets.signer.user(apps=frozenset({("shop", shop)}))
    nobody = secrets.signer.user(apps=frozenset())
    globex = secrets.signer.user(tenant="globex")
    for kind, within in ((ENDING, None), (ROTATION, None), (ROTATION, Duration(seconds=DAY)), (UNDELIVERED, None)):
        assert len(await due(secrets, kind, within=within)) == 2
        assert await due(secrets, kind, within=within, me=limited) == [("shop", "THEIRS")]
        assert await due(secrets, kind, within=within, me=nobody) == []
        assert await due(secrets, kind, within=within, me=globex) == []


async def test_what_is_due_to_be_rotated_goes_by_its_interval_or_by_an_age(secrets: Secrets) -> None:
    await secrets.set(DUE="1", rotate_every=Duration(seconds=30 * DAY))
    await secrets.set(NOT_YET="1", rotate_every=Duration(seconds=30 * DAY))
    await secrets.set(OLD="1")
    secrets.look("UPDATE sealed SET rotate_at = now() - interval '1 day' WHERE name = 'DUE'")
    secrets.look(OLD, "OLD")
    assert await due(secrets, ROTATION) == [("web", "DUE")]
    assert await due(secrets, ROTATION, within=Duration(seconds=90 * DAY)) == [("web", "OLD")]
    await secrets.rotate("DUE")
    assert await due(secrets, ROTATION) == []


async def test_pages_have_each_secret_once_and_a_token_is_for_its_own_list(secrets: Secrets) -> None:
    await secrets.set(**{f"KEY{number}": "1" for number in range(7)}, expiry=at(3))
    found: list[str] = []
    token = ""
    while True:
        answer = await page(secrets, ENDING, page_size=3, page_token=token)
        found += [each.secret.name for each in answer.secrets]
        token = answer.next_page_token
        if not token:
            break
        for other in ({"kind": ROTATION}, {"kind": ENDING, "within": Duration(seconds=DAY)}):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await page(secrets, other.pop("kind"), page_token=token, **other)
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert found == sorted(f"KEY{number}" for number in range(7))


async def test_a_list_of_nothing_in_particular_is_refused(secrets: Secrets) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await page(secrets, secrets_pb2.DUE_KIND_UNSPECIFIED)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def given(secrets: Secrets) -> list[str]:
    """Whose values are on record as given out."""
    return [name for (name,) in secrets.look("SELECT name FROM sealed WHERE delivered_at IS NOT NULL ORDER BY name")]


async def test_what_a_release_a_program_or_a_reveal_is_given_is_kept(secrets: Secrets) -> None:
    await secrets.set(A="1", B="1", C="1", D="1", E="1")
    await secrets.attach("postgres://x")
    version = (await secrets.listed()).version
    await secrets.resolve(version, "A", "DATABASE_URL")
    await secrets.users.RevealEnvironment(
        secrets_pb2.RevealEnvironmentRequest(app="web", names=["B"]), metadata=secrets.me
    )
    await secrets.reveal("C")
    await secrets.reveal("D", reason="a look")
    with pytest.raises(grpc.aio.AioRpcError):
        await secrets.reveal_all("E", "GONE")

    async def kept() -> bool:
        return len(await given(secrets)) >= 4

    await until(kept)
    assert await given(secrets) == ["A", "B", "C", "D"], "not what was refused, nor what an add-on manages"


async def test_what_nobody_was_given_for_long_is_listed_once_it_was_kept_so_long(secrets: Secrets) -> None:
    await secrets.set(USED="1", UNUSED="1", NEW="1", ONCE="1")
    for name in ("USED", "UNUSED", "ONCE"):
        secrets.look(OLD, name)
    secrets.look("UPDATE sealed SET delivered_at = now() - interval '95 days' WHERE name IN ('USED', 'ONCE')")
    secrets.look(KEPT_FOR, "89 days")
    answer = await page(secrets, UNDELIVERED)
    assert (list(answer.secrets), answer.HasField("delivered_since")) == ([], True), "it could have been before"
    secrets.look(KEPT_FOR, "1 year")
    assert await due(secrets, UNDELIVERED) == [("web", "UNUSED"), ("web", "ONCE"), ("web", "USED")]
    await secrets.reveal("USED")

    async def gone() -> bool:
        return ("web", "USED") not in await due(secrets, UNDELIVERED)

    await until(gone)
    found = (await page(secrets, UNDELIVERED)).secrets
    assert [(each.secret.name, each.HasField("delivered_at")) for each in found] == [("UNUSED", False), ("ONCE", True)]
    assert await due(secrets, UNDELIVERED, within=Duration(seconds=97 * DAY)) == [("web", "UNUSED")]


async def test_it_is_kept_once_a_day_and_of_the_value_that_stands(secrets: Secrets) -> None:
    await secrets.set(KEY="1", expiry=span(90))
    moment = "2026-01-01T00:00:00+00:00"
    secrets.look("UPDATE sealed SET delivered_at = now() - interval '23 hours'")
    (before,) = secrets.look("SELECT delivered_at FROM sealed")
    await secrets.reveal()
    await secrets.set(OTHER="1")
    await secrets.reveal("OTHER")

    async def kept() -> bool:
        return "OTHER" in await given(secrets)

    await until(kept)
    assert secrets.look("SELECT delivered_at FROM sealed WHERE name = 'KEY'") == [before]
    secrets.look("UPDATE sealed SET delivered_at = %s WHERE name = 'KEY'", moment)
    await secrets.set(KEY="2")
    await secrets.resolve(1, "KEY")
    await secrets.reveal("KEY")

    async def new_one_kept() -> bool:
        return secrets.look(
            "SELECT count(*) FROM sealed WHERE name = 'KEY' AND delivered_at > now() - interval '1 h'"
        ) == [(1,)]

    await until(new_one_kept)
    assert secrets.look("SELECT delivered_at = %s FROM sealed WHERE name = 'KEY' AND valid_to IS NOT NULL", moment) == [
        (True,)
    ], "a former value is nobody's to see to"
