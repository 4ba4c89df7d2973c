"""Giving tokens a new text: what stays, what the one before and those made with it come to, and who may.

How it is kept is in tests/integration/tokens/test_store_contract.py. Making tokens is in test_create.py.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from paaskit.errors import AlreadyExists, InvalidInput, NotFound, PermissionDenied, Unauthenticated
from services.tokens import pat
from tests.unit.tokens.workbench import Workbench, actor_of

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


async def test_name_scope_apps_and_lifetime_stay_and_the_text_is_new(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    before, text = await bench.create(person, ttl=90 * DAY, permissions=["config.read", "audit.read"], apps=["web"])
    bench.clock.advance(days=80)
    rotated, new_text = await bench.rotate(bench.identity(await bench.sign_in()))
    token = rotated.token
    assert (token.name, token.granted, token.apps) == (before.name, before.granted, before.apps)
    assert token.expires_at == bench.clock() + 90 * DAY
    assert (token.token_id != before.token_id, new_text != text) == (True, True)
    assert await bench.store.find_by_digest(pat.digest(new_text)) == token
    assert (token.creator, token.maker) == ("user:ada@example.com", "user:ada@example.com")


@pytest.mark.parametrize(
    ("overlap", "lives"), [(None, DAY), (HOUR, HOUR), (timedelta(minutes=1), timedelta(minutes=1))]
)
async def test_the_one_before_lives_on_for_the_overlap(
    bench: Workbench, overlap: timedelta | None, lives: timedelta
) -> None:
    person = bench.identity(await bench.sign_in())
    before, text = await bench.create(person)
    rotated, _ = await bench.rotate(person, overlap=overlap)
    assert bench.token(before) == rotated.previous
    assert rotated.previous.expires_at == bench.clock() + lives
    assert bench.outlasted == 0, "nobody has to wait for what goes on"
    bench.clock.advance(seconds=lives.total_seconds() - 1)
    assert bench.lives(bench.identity(text))
    bench.clock.advance(seconds=1)
    assert not bench.lives(bench.identity(text))
    assert bench.token(rotated.token).is_living(bench.clock())


async def test_without_an_overlap_it_ends_before_the_answer(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    before, text = await bench.create(person)
    rotated, _ = await bench.rotate(person, overlap=timedelta(0))
    assert not bench.lives(bench.identity(text))
    assert rotated.previous.revoked_at == bench.token(before).revoked_at == bench.clock()
    assert bench.outlasted == 1


async def test_the_one_before_never_lives_longer_than_it_would_have(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    before, _ = await bench.create(person, ttl=DAY)
    bench.clock.advance(hours=23)
    await bench.rotate(person, overlap=7 * DAY)
    assert bench.token(before).expires_at == before.expires_at


async def test_what_was_made_with_the_one_before_ends_with_it(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    _, text = await bench.create(person)
    child, child_text = await bench.create(bench.identity(text), "child")
    short, _ = await bench.create(bench.identity(child_text), "short", ttl=timedelta(minutes=5))
    rotated, _ = await bench.rotate(person, overlap=HOUR)
    assert [token.name for token in rotated.others] == ["child", "short"]
    assert bench.token(child).expires_at == bench.clock() + HOUR
    assert bench.token(short).expires_at == short.expires_at
    await bench.rotate(person, overlap=timedelta(0))
    assert not bench.token(child).is_living(bench.clock()), "by its name, all before end with it"


async def test_event_names_both_tokens(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    before, text = await bench.create(person)
    child, _ = await bench.create(bench.identity(text), "child")
    rotated, _ = await bench.rotate(person, request_id="rotation-x")
    event = bench.store.events[-1]
    assert (event.action, event.actor, event.request_id) == ("tokens.rotate", "user:ada@example.com", "rotation-x")
    assert list(event.targets) == ["ci", "ci", "child"]
    ids = [rotated.token.token_id, before.token_id, child.token_id]
    assert [each.token_id for each in event.target_tokens] == ids
    assert {each.maker for each in event.target_tokens} == {"user:ada@example.com"}


async def test_nothing_kept_or_told_holds_the_new_text(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    await bench.create(person)
    _, text = await bench.rotate(person)
    kept = repr((bench.store.tokens, bench.store.ids_by_digest, bench.store.events, bench.store.requests))
    assert text not in kept
    assert text[9:-6] not in kept


async def test_a_token_that_rotates_itself_never_outlives_its_end(bench: Workbench) -> None:
    """CVE-2021-32923: renewed just before its end, a token must still end."""
    person = bench.identity(await bench.sign_in())
    before, text = await bench.create(person, ttl=10 * DAY, permissions=["config.read", "tokens.manage"])
    bench.clock.advance(days=10, seconds=-1)
    for reference in ("ci", before.token_id):
        rotated, _ = await bench.rotate(bench.identity(text), reference)
        assert rotated.token.expires_at == before.expires_at
        assert rotated.token.parent_id == before.token_id, "whoever ends the one ends the other"
    with pytest.raises(InvalidInput, match="can't outlive"):
        await bench.rotate(bench.identity(text), ttl=timedelta(minutes=1))
    bench.clock.advance(seconds=1)
    with pytest.raises(Unauthenticated):
        await bench.rotate(replace(person, origin=bench.identity(text).origin))


async def test_nor_does_one_outlive_the_token_it_is_rotated_with(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    _, text = await bench.create(person, "rotator", ttl=DAY, permissions=["config.read", "tokens.manage"])
    await bench.create(person, ttl=90 * DAY, permissions=["config.read"])
    rotated, _ = await bench.rotate(bench.identity(text))
    assert rotated.token.expires_at == bench.clock() + DAY


async def test_one_grants_no_more_than_its_maker_has_now(bench: Workbench) -> None:
    admin = bench.identity(await bench.sign_in())
    await bench.create(admin, permissions=["config.read", "audit.read"])
    demoted = bench.identity(await bench.sign_in(role="developer"))
    rotated, _ = await bench.rotate(demoted)
    assert rotated.token.granted == rotated.token.permissions == {"config.read"}
    await bench.create(bench.identity(await bench.sign_in()), "auditor", permissions=["audit.read"])
    with pytest.raises(PermissionDenied, match="has nothing of what this one may do"):
        await bench.rotate(bench.identity(await bench.sign_in(role="developer")), "auditor")


async def test_a_maker_that_is_limited_later_limits_the_new_one_too(bench: Workbench) -> None:
    person = bench.signed_in_elsewhere("ada@example.com")
    await bench.create(person)
    rotated, _ = await bench.rotate(person)
    assert (rotated.token.maker_id, rotated.token.maker_permissions) == ("id-of-ada@example.com", person.permissions)
    assert rotated.token.parent_id is None


async def test_who_may_not_revoke_it_may_not_rotate_it(bench: Workbench) -> None:
    admin = bench.identity(await bench.sign_in())
    _, text = await bench.create(admin, "watcher", permissions=["audit.read", "tokens.manage"])
    token, _ = await bench.create(admin, permissions=["keys.manage", "audit.read"])
    web, _ = await bench.create(admin, "web-only", permissions=["tokens.manage"], apps=["web"])
    watcher = bench.identity(text)
    with pytest.raises(PermissionDenied, match=r"not yours to rotate.*keys\.manage"):
        await bench.rotate(watcher)
    stranger = bench.identity(await bench.sign_in(user="bob@example.com", role="developer"))
    foreign = bench.identity(await bench.sign_in(tenant="rival"))
    elsewhere = replace(admin, apps=bench.apps.scope("api"))
    for caller, reference in ((stranger, "ci"), (foreign, "ci"), (elsewhere, "web-only")):
        by_id = token.token_id if reference == "ci" else web.token_id
        for each in (reference, by_id, admin.origin.credential):
            with pytest.raises(NotFound):
                await bench.rotate(caller, each)
    with pytest.raises(NotFound):
        await bench.rotate(admin, admin.origin.credential)
    assert "tokens.rotate" not in [action for action, *_ in bench.actions()]


async def test_repeated_request_rotates_once_and_says_so(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    await bench.create(person)
    await bench.rotate(person, request_id="rotation-x")
    with pytest.raises(AlreadyExists, match="shown only once"):
        await bench.rotate(person, request_id="rotation-x")
    changes: list[dict[str, Any]] = [{"overlap": HOUR}, {"ttl": DAY}, {"overlap": timedelta(0)}, {"reference": "other"}]
    for change in changes:
        with pytest.raises(InvalidInput) as reused:
            await bench.rotate(person, **{"request_id": "rotation-x", **change})
        assert reused.value.reason == "REQUEST_ID_REUSED"
    assert [action for action, *_ in bench.actions()].count("tokens.rotate") == 1


async def test_by_its_name_the_newest_is_meant_and_all_are_revoked(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    first, _ = await bench.create(person)
    bench.clock.advance(seconds=1)
    second, _ = await bench.rotate(person, overlap=DAY)
    bench.clock.advance(seconds=1)
    third, _ = await bench.rotate(person, overlap=2 * DAY)
    assert third.previous.token_id == second.token.token_id
    assert bench.token(first).expires_at == first.created_at + timedelta(days=1, seconds=1)
    with pytest.raises(AlreadyExists):
        await bench.create(person, request_id="request-2")
    revoked, others = await bench.tokens.revoke("ci", person, actor=actor_of(person))
    assert revoked.token_id == third.token.token_id
    assert [each.token_id for each in others] == [second.token.token_id, first.token_id]
    assert not any(bench.token(each).is_living(bench.clock()) for each in (first, second.token, third.token))


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({"request_id": ""}, ["request_id"]),
        ({"overlap": timedelta(seconds=59)}, ["overlap"]),
        ({"overlap": timedelta(days=30, seconds=1)}, ["overlap"]),
        ({"ttl": timedelta(0)}, ["ttl"]),
        ({"ttl": 367 * DAY, "overlap": 31 * DAY}, ["overlap", "ttl"]),
    ],
)
async def test_wrong_input_is_refused(bench: Workbench, asked: dict[str, Any], fields: list[str]) -> None:
    person = bench.identity(await bench.sign_in())
    await bench.create(person)
    with pytest.raises(InvalidInput) as refused:
        await bench.rotate(person, **asked)
    assert [violation.field for violation in refused.value.fields] == fields


@pytest.mark.parametrize("reference", ["", "x" * 65, "a\0b", "absent"])
async def test_what_is_no_token_is_not_found(bench: Workbench, reference: str) -> None:
    with pytest.raises(NotFound):
        await bench.rotate(bench.identity(await bench.sign_in()), reference)
