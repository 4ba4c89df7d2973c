"""Listing, revoking and signing in, and the events each leaves.

Making tokens is in test_create.py, rotating them in test_rotate.py.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from paaskit.access import ROLES
from paaskit.errors import AlreadyExists, InvalidInput, NotFound, PermissionDenied
from paaskit.gate import encode_error
from paaskit.identity import ProviderSession
from services.tokens import pat
from services.tokens.domain import Place
from services.tokens.rules.asked import SignIn
from tests.unit.tokens.workbench import OPERATOR, Workbench, actor_of


async def test_pages_are_oldest_first_and_hold_living_tokens_only(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    for number in range(7):
        await bench.create(person, f"token-{number}", ttl=timedelta(minutes=1 if number == 3 else 60))
        bench.clock.advance(microseconds=number % 2)
    await bench.tokens.revoke("token-5", person, actor=actor_of(person))
    bench.clock.advance(minutes=2)
    names: list[str] = []
    after: Place | None = None
    while True:
        found, after = await bench.tokens.page(person, limit=2, after=after)
        assert len(found) <= 2
        names += [token.name for token in found]
        if after is None:
            break
    assert names == ["token-0", "token-1", "token-2", "token-4", "token-6"]


async def test_limited_token_sees_and_revokes_only_what_is_limited_alike(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    _, text = await bench.create(person, "web-only", apps=["web"])
    await bench.create(person, "api-only", apps=["api"])
    await bench.create(person, "both", apps=["api", "web"])
    await bench.create(person, "everything")
    limited = bench.identity(text)
    found, _ = await bench.tokens.page(limited, limit=100, after=None)
    assert [token.name for token in found] == ["web-only"]
    for name in ("api-only", "both", "everything", limited.origin.credential[:-1]):
        with pytest.raises(NotFound):
            await bench.tokens.revoke(name, limited, actor=actor_of(limited))
    revoked, _ = await bench.tokens.revoke("web-only", limited, actor=actor_of(limited))
    assert revoked.token_id == limited.origin.credential


async def test_revoking_ends_everything_made_with_it(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    _, text = await bench.create(person, "parent")
    _, child_text = await bench.create(bench.identity(text), "child")
    await bench.create(bench.identity(child_text), "grandchild")
    sibling, _ = await bench.create(person, "sibling")
    revoked, others = await bench.tokens.revoke("parent", person, actor=actor_of(person))
    assert (revoked.name, [each.name for each in others]) == ("parent", ["child", "grandchild"])
    assert bench.actions()[-1] == ("tokens.revoke", "user:ada@example.com", ("parent", "child", "grandchild"))
    living = [token.name for token in bench.store.tokens.values() if token.is_living(bench.clock())]
    assert living == ["ada@example.com", sibling.name]


async def test_a_revocation_is_answered_when_nobody_knows_the_token_any_more(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    await bench.create(person, "ci")
    assert bench.outlasted == 0, "nobody has to wait for what is new"
    await bench.tokens.revoke("ci", person, actor=actor_of(person))
    assert bench.outlasted == 1
    with pytest.raises(NotFound):
        await bench.tokens.revoke("ci", person, actor=actor_of(person))
    assert bench.outlasted == 2, "the first answer may have got lost"
    await bench.sign_in()
    assert bench.outlasted == 3, "signing in ended the sign-in before"


async def test_a_token_that_may_do_more_is_not_revoked_but_by_its_maker(bench: Workbench) -> None:
    """A machine that reads the audit log must not lock an admin's machines out."""
    admin = bench.identity(await bench.sign_in())
    await bench.create(admin, "auditor", permissions=["audit.read", "tokens.manage", "keys.manage"])
    await bench.create(admin, "deployer", permissions=["tokens.manage"])
    _, text = await bench.create(admin, "watcher", permissions=["audit.read", "tokens.manage"])
    watcher = bench.identity(text)
    with pytest.raises(PermissionDenied, match=r"does not have keys\.manage\. Ask user:ada@example\.com") as refused:
        await bench.tokens.revoke("auditor", watcher, actor=actor_of(watcher))
    assert refused.value.metadata == {"permission": "keys.manage"}
    await bench.tokens.revoke("deployer", watcher, actor=actor_of(watcher))
    demoted = replace(admin, permissions=frozenset({"tokens.manage"}))
    await bench.tokens.revoke("auditor", demoted, actor=actor_of(demoted))


async def test_a_developer_sees_and_ends_their_own_tokens_alone(bench: Workbench) -> None:
    """What is somebody else's is told as what is not there, by its name and by its id."""
    admin = bench.identity(await bench.sign_in())
    auditor, text = await bench.create(admin, "auditor", permissions=["config.read", "tokens.manage"])
    below, _ = await bench.create(bench.identity(text), "below")
    developer = bench.identity(await bench.sign_in(user="bob@example.com", role="developer"))
    own, own_text = await bench.create(developer, "own", permissions=["config.read", "tokens.manage"])
    child, _ = await bench.create(bench.identity(own_text), "child")
    before = list(bench.store.events)
    told = set()
    references = ("auditor", auditor.token_id, "below", below.token_id, admin.origin.credential, "absent", "f" * 32)
    for caller in (developer, bench.identity(own_text)):
        found, _ = await bench.tokens.page(caller, limit=100, after=None)
        assert [token.name for token in found] == ["own", "child"]
        for reference in references:
            with pytest.raises(NotFound) as refused:
                await bench.tokens.revoke(reference, caller, actor=actor_of(caller))
            told.add(encode_error(refused.value).SerializeToString())
    assert len(told) == 1
    assert bench.store.events == before
    everything, _ = await bench.tokens.page(admin, limit=100, after=None)
    assert [token.name for token in everything] == ["auditor", "below", "own", "child"]
    with pytest.raises(AlreadyExists, match="yours or somebody else's"):
        await bench.create(developer, "auditor", request_id="request-2")
    for reference in (child.token_id, "own"):
        await bench.tokens.revoke(reference, developer, actor=actor_of(developer))
    assert bench.lives(developer)
    assert not bench.lives(bench.identity(own_text))
    assert not bench.store.tokens["acme", own.token_id].is_living(bench.clock())
    assert bench.store.tokens["acme", auditor.token_id].is_living(bench.clock())


async def test_events_about_tokens_say_which_and_whose(bench: Workbench) -> None:
    """A name is given again: what was done with and to the two of that name is told apart."""
    ada = bench.identity(await bench.sign_in())
    first, text = await bench.create(ada, "ci")
    below, _ = await bench.create(bench.identity(text), "below")
    await bench.tokens.revoke("ci", ada, actor=actor_of(ada))
    bob = bench.identity(await bench.sign_in(user="bob@example.com"))
    second, again = await bench.create(bob, "ci", request_id="request-2")
    machine = bench.identity(again)
    await bench.create(machine, "other")
    told = [
        (event.action, event.token_id, event.maker, [(each.token_id, each.maker) for each in event.target_tokens])
        for event in bench.store.events
    ]
    assert told == [
        ("tokens.sign_in", "", "", [(ada.origin.credential, "")]),
        ("tokens.create", ada.origin.credential, "", [(first.token_id, "user:ada@example.com")]),
        ("tokens.create", first.token_id, "user:ada@example.com", [(below.token_id, "user:ada@example.com")]),
        (
            "tokens.revoke",
            ada.origin.credential,
            "",
            [(first.token_id, "user:ada@example.com"), (below.token_id, "user:ada@example.com")],
        ),
        ("tokens.sign_in", "", "", [(bob.origin.credential, "")]),
        ("tokens.create", bob.origin.credential, "", [(second.token_id, "user:bob@example.com")]),
        (
            "tokens.create",
            second.token_id,
            "user:bob@example.com",
            [(bench.store.tokens["acme", f"{6:032x}"].token_id, "user:bob@example.com")],
        ),
    ]
    assert (below.creator, below.maker) == ("pat:ci", "user:ada@example.com")


async def test_revoking_560_tokens_names_560(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    _, text = await bench.create(person, "parent")
    machine = bench.identity(text)
    for number in range(559):
        await bench.create(machine, f"child-{number}")
    _, others = await bench.tokens.revoke("parent", person, actor=actor_of(person))
    assert len(others) == 559
    events = [event for event in bench.store.events if event.action == "tokens.revoke"]
    assert [len(event.targets) for event in events] == [500, 60]
    assert len({event.event_id for event in events}) == 2
    assert [len(event.target_tokens) for event in events] == [500, 60]
    ids = [each.token_id for event in events for each in event.target_tokens]
    names = [name for event in events for name in event.targets]
    assert [bench.store.tokens["acme", token_id].name for token_id in ids] == names
    named = set(names)
    assert named == {"parent", *(f"child-{number}" for number in range(559))}


async def test_token_is_revoked_by_its_id_and_once(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    token, _ = await bench.create(person)
    await bench.tokens.revoke(token.token_id, person, actor=actor_of(person))
    with pytest.raises(NotFound) as refused:
        await bench.tokens.revoke(token.token_id, person, actor=actor_of(person))
    assert refused.value.reason == "TOKEN_NOT_FOUND"
    assert [action for action, *_ in bench.actions()].count("tokens.revoke") == 1


async def test_name_of_an_ended_token_finds_its_successor(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    first, _ = await bench.create(person)
    await bench.tokens.revoke("ci", person, actor=actor_of(person))
    second, _ = await bench.create(person, request_id="request-2")
    revoked, _ = await bench.tokens.revoke("ci", person, actor=actor_of(person))
    assert (revoked.token_id, revoked.token_id != first.token_id) == (second.token_id, True)


async def test_refusal_does_not_repeat_what_was_given(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    leaked = pat.generate()
    messages = set()
    for reference in (leaked, "absent", "", "x" * 65, "ada@example.com"):
        with pytest.raises(NotFound) as refused:
            await bench.tokens.revoke(reference, person, actor=actor_of(person))
        messages.add(refused.value.message)
    assert len(messages) == 1
    assert leaked not in messages.pop()


async def test_sign_in_has_its_role_and_says_for_whom(bench: Workbench) -> None:
    for role, permissions in ROLES.items():
        identity = bench.identity(await bench.sign_in(role=role))
        assert (identity.permissions, identity.apps, identity.subject) == (permissions, None, "user:ada@example.com")
    event = bench.store.events[-1]
    assert (event.action, event.actor, event.on_behalf_of) == (
        "tokens.sign_in",
        "service:operator",
        "user:ada@example.com",
    )


async def test_next_sign_in_ends_the_one_before_and_not_what_it_made(bench: Workbench) -> None:
    first = bench.identity(await bench.sign_in())
    _, text = await bench.create(first)
    other = bench.identity(await bench.sign_in(user="grace"))
    second = bench.identity(await bench.sign_in())
    assert not bench.lives(first)
    for identity in (second, other, bench.identity(text)):
        assert bench.lives(identity)


async def test_sign_in_by_one_issuer_leaves_those_of_another(bench: Workbench) -> None:
    provider = replace(OPERATOR, name="service:identity-provider", credential="service:identity-provider")
    theirs = bench.identity(await bench.sign_in(issuer=provider))
    ours = bench.identity(await bench.sign_in())
    for identity in (theirs, ours):
        assert bench.lives(identity)
    bench.identity(await bench.sign_in(issuer=provider))
    assert not bench.lives(theirs)
    assert bench.lives(ours)


async def test_sign_ins_are_not_listed(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    assert await bench.tokens.page(person, limit=100, after=None) == ([], None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tenant": ""}, "tenant"),
        ({"tenant": "Acme"}, "tenant"),
        ({"tenant": "a" * 64}, "tenant"),
        ({"user": ""}, "user"),
        ({"user": "ada lovelace"}, "user"),
        ({"user": "a" * 129}, "user"),
        ({"user": "paas_pat_x"}, "user"),
        ({"role": "owner"}, "role"),
        ({"role": ""}, "role"),
        ({"ttl": timedelta(seconds=59)}, "ttl"),
        ({"ttl": timedelta(days=367)}, "ttl"),
    ],
)
async def test_wrong_sign_in_is_refused(bench: Workbench, change: dict[str, Any], field: str) -> None:
    asked = SignIn(tenant="acme", user="ada@example.com", role="admin", ttl=timedelta(days=1))
    with pytest.raises(InvalidInput) as refused:
        await bench.tokens.sign_in(replace(asked, **change), actor=OPERATOR)
    assert [violation.field for violation in refused.value.fields] == [field]
    assert not bench.store.tokens
    assert not bench.store.events


async def test_tokens_are_of_the_person_and_not_of_the_name(bench: Workbench) -> None:
    """A provider may give a name to somebody else later, and another one to the same person."""
    ann = bench.signed_in_elsewhere("ann")
    token, text = await bench.create(ann, "hers", permissions=["config.read", "tokens.manage"])
    namesake = replace(ann, origin=ProviderSession(session_id="s2", person_id="somebody else"))
    renamed = replace(ann, subject="user:ann.b")
    operators = bench.identity(await bench.sign_in(user="ann", role="developer"))
    for caller, seen in ((ann, True), (renamed, True), (bench.identity(text), True), (namesake, False)):
        found, _ = await bench.tokens.page(caller, limit=9, after=None)
        assert [each.name for each in found] == (["hers"] if seen else []), caller
    for caller in (namesake, operators):
        for reference in ("hers", token.token_id):
            with pytest.raises(NotFound):
                await bench.tokens.revoke(reference, caller, actor=actor_of(caller))
    await bench.tokens.revoke("hers", renamed, actor=actor_of(renamed))


async def test_who_sees_all_may_not_end_what_a_namesake_made(bench: Workbench) -> None:
    """Where it may do more than they, which only who made it may end besides somebody who may do as much."""
    ann = bench.signed_in_elsewhere("ann")
    await bench.create(ann, "hers", permissions=["secrets.write"])
    few = replace(ann, permissions=frozenset({"tokens.manage", "audit.read"}))
    namesake = replace(few, origin=ProviderSession(session_id="s2", person_id="somebody else"))
    with pytest.raises(PermissionDenied):
        await bench.tokens.revoke("hers", namesake, actor=actor_of(namesake))
    await bench.tokens.revoke("hers", few, actor=actor_of(few))
