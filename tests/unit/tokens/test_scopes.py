"""Which apps a token is limited to: their ids, never more than its maker has, and what a later namesake is to it.

Leaves out how config resolves a name (tests/integration) and what the gate does with a scope (test_gate.py).
"""

from dataclasses import replace

import pytest

from paaskit.errors import NotFound, PermissionDenied, Unavailable
from services.tokens.check.authentication import PatAuthenticator
from services.tokens.check.wrong_tokens import WrongTokens
from services.tokens.scopes import scope_of
from tests.fakes.app_registry import FakeApps
from tests.fakes.identities import identity_of
from tests.unit.tokens.workbench import Workbench, actor_of


@pytest.fixture
def apps() -> FakeApps:
    return FakeApps("web", "api", "billing")


async def test_names_become_ids(apps: FakeApps) -> None:
    assert await scope_of(["web", "api", "web"], identity_of(), resolve=apps.resolve) == apps.scope("web", "api")
    assert sorted(apps.asked) == ["api", "web"]


async def test_no_names_are_the_makers_own_scope(apps: FakeApps) -> None:
    assert await scope_of([], identity_of(), resolve=apps.resolve) is None
    limited = identity_of(apps=apps.scope("web"))
    assert await scope_of([], limited, resolve=apps.resolve) == apps.scope("web")
    assert apps.asked == []


async def test_limited_maker_only_narrows(apps: FakeApps) -> None:
    limited = identity_of(apps=apps.scope("web", "api"))
    assert await scope_of(["api"], limited, resolve=apps.resolve) == apps.scope("api")
    apps.asked.clear()
    for names in (["billing"], ["api", "billing"], ["absent"]):
        with pytest.raises(PermissionDenied) as denied:
            await scope_of(names, limited, resolve=apps.resolve)
        assert denied.value.metadata == {"permission": "app"}
    assert apps.asked == [], "what is beyond its scope is not even looked for"


async def test_limited_maker_gets_no_namesake_of_its_app(apps: FakeApps) -> None:
    limited = identity_of(apps=apps.scope("web"))
    apps.make("web")
    with pytest.raises(PermissionDenied):
        await scope_of(["web"], limited, resolve=apps.resolve)


async def test_maker_that_reaches_no_app_makes_nothing(apps: FakeApps) -> None:
    """Else its token's empty scope would read like no limit at all."""
    for names in ([], ["web"]):
        with pytest.raises(PermissionDenied):
            await scope_of(names, identity_of(apps=frozenset()), resolve=apps.resolve)


async def test_every_app_that_is_not_there_is_named(apps: FakeApps) -> None:
    with pytest.raises(NotFound, match="no app named shop") as one:
        await scope_of(["web", "shop"], identity_of(), resolve=apps.resolve)
    assert (one.value.reason, [each.field for each in one.value.fields]) == ("APP_NOT_FOUND", ["apps[1]"])
    with pytest.raises(NotFound, match="no apps named desk, shop") as two:
        await scope_of(["shop", "web", "desk"], identity_of(), resolve=apps.resolve)
    assert two.value.reason == "APP_NOT_FOUND"
    assert [each.field for each in two.value.fields] == ["apps[2]", "apps[0]"]


async def test_apps_of_another_tenant_are_not_there(apps: FakeApps) -> None:
    apps.make("theirs", tenant="rival")
    with pytest.raises(NotFound):
        await scope_of(["theirs"], identity_of(), resolve=apps.resolve)


async def test_config_away_is_unavailable(apps: FakeApps) -> None:
    apps.away = True
    with pytest.raises(Unavailable):
        await scope_of(["web"], identity_of(), resolve=apps.resolve)


async def test_nothing_is_written_before_every_app_is_found(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    with pytest.raises(NotFound):
        await bench.create(person, apps=["web", "absent"])
    assert len(bench.store.tokens) == 1
    token, _ = await bench.create(person, apps=["web"])
    assert (token.apps, token.app_names) == (bench.apps.scope("web"), ["web"])


async def test_limited_token_makes_tokens_limited_alike(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    _, text = await bench.create(person, "two-apps", apps=["web", "api"])
    same, _ = await bench.create(bench.identity(text), "same")
    assert same.apps == bench.apps.scope("web", "api")
    fewer, _ = await bench.create(bench.identity(text), "fewer", apps=["api"])
    assert fewer.apps == bench.apps.scope("api")


async def test_namesake_of_a_destroyed_app_is_a_stranger(bench: Workbench) -> None:
    """To the old token the new app is another; the lists of the two tokens are apart as well."""
    person = bench.identity(await bench.sign_in())
    _, old_text = await bench.create(person, "old", apps=["web"])
    bench.apps.destroy("web")
    bench.apps.make("web")
    _, new_text = await bench.create(person, "new", apps=["web"])
    old, new = bench.identity(old_text), bench.identity(new_text)
    assert old.bound_id("web") != new.bound_id("web")
    for identity, names in ((old, ["old"]), (new, ["new"])):
        found, _ = await bench.tokens.page(identity, limit=10, after=None)
        assert [token.name for token in found] == names
    with pytest.raises(NotFound):
        await bench.tokens.revoke("new", old, actor=actor_of(old))


async def test_token_kept_by_names_alone_reaches_no_app_and_shows_them(bench: Workbench) -> None:
    person = bench.identity(await bench.sign_in())
    token, text = await bench.create(person, apps=["web", "api"])
    before = replace(token, apps=frozenset({("web", ""), ("api", "")}))
    bench.store.tokens["acme", token.token_id] = before
    assert before.app_names == ["api", "web"]
    authenticator = PatAuthenticator(bench.held, usage=_Nobody(), wrong_tokens=WrongTokens(has_seen=lambda _: False))
    accepted = await authenticator.authenticate(text, now=bench.clock(), client_address="")
    assert accepted is not None
    assert accepted.principal.apps == frozenset()
    assert not bench.identity(text).may_touch("web")
    found, _ = await bench.tokens.page(bench.identity(text), limit=10, after=None)
    assert found == []


class _Nobody:
    """Who is told that tokens are used, and does nothing about it."""

    def used(self, token: object, **_: object) -> None:
        pass

    refused = used
