"""Making tokens: limits, permissions, lifetime, names, repeated and equal requests, and the events each leaves.

Which apps a token is limited to is in test_scopes.py; revoking, listing and signing in in test_tokens.py. That a denial
is recorded is the gate's (tests/unit/paaskit/test_gate.py).
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from paaskit.access import PERMISSIONS
from paaskit.errors import AlreadyExists, InvalidInput, PermissionDenied, Unauthenticated, Unavailable
from services.tokens import pat
from services.tokens.rules.creation import CI_PERMISSIONS
from tests.fixtures.waiting import until
from tests.unit.tokens.workbench import Workbench, actor_of

DAY = timedelta(days=1)


async def test_token_of_a_person_has_what_ci_needs_for_30_days(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in(role="developer"))
    token, text = await bench.create(person)
    assert (token.permissions, token.apps, token.subject) == (CI_PERMISSIONS, None, "pat:ci")
    assert token.expires_at - token.created_at == 30 * DAY
    assert (token.creator, token.parent_id) == ("user:ada@example.com", person.origin.credential)
    assert await bench.store.find_by_digest(pat.digest(text)) == token
    assert bench.actions()[-1] == ("tokens.create", "user:ada@example.com", ("ci",))
    event = bench.store.events[-1]
    assert (event.request_id, event.client_address) == ("request-ci", "203.0.113.9")


async def test_nothing_kept_or_told_holds_the_text(bench: Workbench) -> None:
    _, text = await bench.create(bench.identity(await bench.sign_in()))
    kept = repr((bench.store.tokens, bench.store.ids_by_digest, bench.store.events, bench.store.requests))
    assert text not in kept
    assert text[9:-6] not in kept


@pytest.mark.parametrize("ttl", [timedelta(minutes=1), 90 * DAY, 366 * DAY])
async def test_ttl_within_limits(bench: Workbench, ttl: timedelta) -> None:
    token, _ = await bench.create(bench.identity(await bench.sign_in()), ttl=ttl)
    assert token.expires_at == bench.clock() + ttl


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({"ttl": timedelta(seconds=59)}, ["ttl"]),
        ({"ttl": timedelta(0)}, ["ttl"]),
        ({"ttl": 366 * DAY + timedelta(seconds=1)}, ["ttl"]),
        ({"name": ""}, ["name"]),
        ({"name": "x" * 65}, ["name"]),
        ({"name": " ci"}, ["name"]),
        ({"name": "ci "}, ["name"]),
        ({"name": "a\nb"}, ["name"]),
        ({"name": "ci\n"}, ["name"]),
        ({"name": "naïve"}, ["name"]),
        ({"name": "a\0b"}, ["name"]),
        ({"name": "0123456789abcdef" * 2}, ["name"]),
        ({"name": "paas_pat_x"}, ["name"]),
        ({"request_id": ""}, ["request_id"]),
        ({"permissions": ["config.read", "config.reed"]}, ["permissions[1]"]),
        ({"permissions": ["config.read"] * 101}, ["permissions"]),
        ({"apps": ["web", "Web"]}, ["apps[1]"]),
        ({"apps": ["web"] * 101}, ["apps"]),
        ({"name": "", "ttl": timedelta(0), "apps": [""]}, ["name", "ttl", "apps[0]"]),
    ],
)
async def test_wrong_input_is_refused_naming_each_field(
    bench: Workbench, asked: dict[str, Any], fields: list[str]
) -> None:
    person = bench.identity(await bench.sign_in())
    with pytest.raises(InvalidInput) as refused:
        await bench.create(person, **({"request_id": "request-1"} | asked))
    assert [violation.field for violation in refused.value.fields] == fields
    assert len(bench.store.tokens) == 1
    assert bench.actions()[1:] == []


@pytest.mark.parametrize("name", ["x", "x" * 64, "github-ci", "My laptop", "ci@build:7/a+b.c_d"])
async def test_sane_names_are_taken(bench: Workbench, name: str) -> None:
    token, _ = await bench.create(bench.identity(await bench.sign_in()), name, request_id="request-1")
    assert token.name == name


async def test_unknown_permission_is_named_with_those_there_are(bench: Workbench) -> None:
    with pytest.raises(InvalidInput, match=r"config\.reed is no permission") as refused:
        await bench.create(bench.identity(await bench.sign_in()), permissions=["config.reed"])
    assert all(permission in refused.value.message for permission in PERMISSIONS)


async def test_no_token_without_a_scope_reads_secrets_or_makes_tokens(bench: Workbench) -> None:
    """Whoever the creator is: what is dangerous has to be named."""
    for role in ("viewer", "developer", "admin"):
        person = bench.identity(await bench.sign_in(user=f"{role}@example.com", role=role))
        token, _ = await bench.create(person, f"of-{role}")
        assert token.granted == CI_PERMISSIONS & person.permissions
        assert not token.granted & {"tokens.manage", "keys.manage", "audit.read", "secrets.reveal", "apps.write"}


async def test_who_has_nothing_of_what_ci_needs_has_to_name_a_scope(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    _, text = await bench.create(person, "auditor", permissions=["audit.read", "tokens.manage"])
    auditor = bench.identity(text)
    with pytest.raises(PermissionDenied, match=r"has nothing of that.* you may give it audit\.read, tokens\.manage\."):
        await bench.create(auditor, "below", apps=["web"])
    assert bench.apps.asked == []
    below, _ = await bench.create(auditor, "below", permissions=["audit.read"])
    assert below.granted == {"audit.read"}


async def test_more_than_the_creator_has_is_denied_before_anything_is_asked(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in(role="developer"))
    with pytest.raises(PermissionDenied, match=r"does not have audit\.read, keys\.manage") as denied:
        await bench.create(person, permissions=["keys.manage", "config.read", "audit.read"], apps=["web"])
    assert denied.value.metadata == {"permission": "audit.read"}
    assert len(bench.store.tokens) == 1
    assert bench.apps.asked == []


async def test_token_of_a_token_never_outlives_it(bench: Workbench) -> None:
    """CVE-2021-32923: renewed just before its end, a token must still end."""
    person = bench.identity(await bench.sign_in())
    parent, text = await bench.create(person, "parent", ttl=10 * DAY)
    machine = bench.identity(text)
    default, default_text = await bench.create(machine, "default")
    assert default.expires_at == parent.expires_at
    shorter, _ = await bench.create(machine, "shorter", ttl=DAY)
    assert shorter.expires_at == bench.clock() + DAY
    with pytest.raises(InvalidInput, match="can't outlive"):
        await bench.create(machine, "longer", ttl=10 * DAY + timedelta(seconds=1))
    bench.clock.advance(days=10, seconds=-1)
    grandchild, _ = await bench.create(bench.identity(default_text), "grandchild")
    assert grandchild.expires_at == parent.expires_at
    bench.clock.advance(seconds=1)
    with pytest.raises(Unauthenticated):
        await bench.create(machine, "too-late")


async def test_sign_in_is_no_limit_to_what_a_person_makes(bench: Workbench) -> None:
    token, _ = await bench.create(bench.identity(await bench.sign_in()), ttl=90 * DAY)
    assert token.expires_at == bench.clock() + 90 * DAY


async def test_name_is_taken_while_its_token_lives(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    await bench.create(person, ttl=DAY)
    with pytest.raises(AlreadyExists) as refused:
        await bench.create(person, request_id="request-2")
    assert refused.value.reason == "TOKEN_EXISTS"
    bench.clock.advance(days=1)
    again, _ = await bench.create(person, request_id="request-3")
    assert again.name == "ci"


async def test_another_tenant_may_use_the_same_name(bench: Workbench) -> None:
    await bench.create(bench.identity(await bench.sign_in()))
    theirs, _ = await bench.create(bench.identity(await bench.sign_in(tenant="rival")))
    assert theirs.tenant == "rival"


async def test_repeated_request_makes_no_second_token_and_says_so(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    await bench.create(person)
    with pytest.raises(AlreadyExists, match="shown only once") as refused:
        await bench.create(person)
    assert refused.value.reason == "TOKEN_EXISTS"
    with pytest.raises(InvalidInput) as reused:
        await bench.create(person, ttl=DAY)
    assert reused.value.reason == "REQUEST_ID_REUSED"
    assert len(bench.store.tokens) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"name": "another"},
        {"permissions": ["config.read"]},
        {"permissions": ["config.read", "apps.read", "releases.read"]},
        {"apps": ["web"]},
        {"apps": ["web", "api", "billing"]},
        {"ttl": DAY},
        {"ttl": None},
    ],
    ids=str,
)
async def test_request_id_is_for_one_request(bench: Workbench, change: dict[str, Any]) -> None:
    person = bench.identity(await bench.sign_in())
    asked: dict[str, Any] = {"permissions": ["config.read", "apps.read"], "apps": ["web", "api"], "ttl": 2 * DAY}
    await bench.create(person, **asked)
    with pytest.raises(InvalidInput) as reused:
        await bench.create(person, **({"name": "ci", "request_id": "request-ci"} | asked | change))
    assert reused.value.reason == "REQUEST_ID_REUSED"
    assert len(bench.store.tokens) == 2


async def test_same_request_id_of_another_credential_is_another_request(bench: Workbench) -> None:
    """A token that was revoked and made again has the same name, and is somebody else."""
    person = bench.identity(await bench.sign_in())
    _, first = await bench.create(person, "machine")
    await bench.create(bench.identity(first), "child", request_id="request-1")
    await bench.tokens.revoke("machine", person, actor=actor_of(person))
    _, second = await bench.create(person, "machine", request_id="request-2")
    assert bench.identity(first).subject == bench.identity(second).subject
    child, _ = await bench.create(bench.identity(second), "child", request_id="request-1")
    assert child.parent_id == bench.identity(second).origin.credential


async def test_request_about_an_app_that_was_made_again_is_another_request(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    await bench.create(person, apps=["web"])
    bench.apps.make("web")
    with pytest.raises(InvalidInput) as reused:
        await bench.create(person, apps=["web"])
    assert reused.value.reason == "REQUEST_ID_REUSED"


async def test_a_person_signed_in_elsewhere_makes_tokens_without_a_row_of_their_own(bench: Workbench) -> None:
    person = bench.signed_in_elsewhere("ada@example.com")
    token, text = await bench.create(person, ttl=90 * DAY)
    assert (token.creator, token.maker, token.parent_id) == (person.subject, person.subject, None)
    assert token.expires_at == bench.clock() + 90 * DAY, "a sign-in is renewed by signing in, so it is no limit"
    child, _ = await bench.create(bench.identity(text), "child", ttl=DAY)
    assert (child.maker, child.parent_id) == (person.subject, token.token_id)


async def test_nothing_is_made_once_the_sign_in_is_over(bench: Workbench) -> None:
    person = bench.signed_in_elsewhere("ada@example.com")
    bench.clock.advance(minutes=5)
    with pytest.raises(Unauthenticated):
        await bench.create(person)
    assert not bench.store.tokens


async def test_twenty_equal_requests_at_once_get_the_one_text(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    made = await asyncio.gather(*(bench.create(person, apps=["web"]) for _ in range(20)))
    assert len({(token.token_id, text) for token, text in made}) == 1
    assert [action for action, *_ in bench.actions()] == ["tokens.sign_in", "tokens.create"]
    with pytest.raises(AlreadyExists, match="shown only once"):
        await bench.create(person, apps=["web"])


async def test_equal_request_that_arrives_a_moment_later_gets_the_text_too() -> None:
    bench = Workbench(linger_seconds=0.05)
    person = bench.identity(await bench.sign_in())
    first = await bench.create(person)
    assert await bench.create(person) == first
    await until(lambda: not bench.tokens._flights._known)
    with pytest.raises(AlreadyExists, match="shown only once"):
        await bench.create(person)


async def test_requests_at_once_that_differ_share_nothing(bench: Workbench) -> None:
    person, other = [bench.identity(await bench.sign_in(user=user)) for user in ("ada", "grace")]
    theirs = bench.identity(await bench.sign_in(tenant="rival"))
    made = await asyncio.gather(
        bench.create(person, "one", request_id="request-1"),
        bench.create(other, "two", request_id="request-1"),
        bench.create(theirs, "one", request_id="request-1"),
        bench.create(person, "three", request_id="request-2"),
    )
    assert len({text for _, text in made}) == 4
    both = await asyncio.gather(
        bench.create(person, "four", request_id="request-3", ttl=DAY),
        bench.create(person, "four", request_id="request-3", ttl=2 * DAY),
        return_exceptions=True,
    )
    assert [type(each) for each in both] == [tuple, InvalidInput]


async def test_who_goes_away_leaves_the_others_their_text(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    first = asyncio.create_task(bench.create(person))
    second = asyncio.create_task(bench.create(person))
    await asyncio.sleep(0)
    first.cancel()
    token, text = await second
    assert await bench.store.find_by_digest(pat.digest(text)) == token


async def test_failure_is_shared_by_those_who_wait_and_then_forgotten(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    bench.apps.away = True
    failed = await asyncio.gather(*(bench.create(person, apps=["web"]) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in failed] == [Unavailable] * 3
    assert bench.apps.asked == ["web"]
    bench.apps.away = False
    token, _ = await bench.create(person, apps=["web"])
    assert token.apps == bench.apps.scope("web")


async def test_revoked_creator_makes_nothing_with_an_identity_it_still_has(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    token, text = await bench.create(person)
    machine = bench.identity(text)
    bench.store.tokens["acme", token.token_id] = replace(token, revoked_at=bench.clock())
    with pytest.raises(Unauthenticated):
        await bench.create(machine, "successor")
    assert len(bench.store.tokens) == 2
