"""A token never grants more than its maker has now, as the identity provider tells.

On a directory that is reached over https, and tokens in memory. The SQL of it is tests/integration/tokens'.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

import httpx
import pytest

from paaskit import metrics
from paaskit.access import DEVELOPER, VIEWER
from paaskit.clock import utc_now
from paaskit.errors import PermissionDenied, Unavailable
from paaskit.identity import Identity, ProviderSession
from services.tokens.sso.directory import KeycloakDirectory
from services.tokens.sso.makers import Makers
from services.tokens.sso.provider import Provider
from services.tokens.token import KnownMaker
from tests.fakes.oidc_issuer import Fault, OidcIssuer, User
from tests.fakes.tokens_store import FakeTokenStore
from tests.unit.tokens.workbench import Workbench


class House:
    """A workbench whose person is ann of the issuer, and what looks after makers."""

    def __init__(self, issuer: OidcIssuer, ann: User, provider: Provider, client: httpx.AsyncClient) -> None:
        self.bench = Workbench()
        self.ann = ann
        self.directory = KeycloakDirectory(client, provider.directory, tenant_attribute="tenant", clock=utc_now)
        self.makers = Makers(self.bench.store, self.directory, clock=self.bench.clock)
        person = self.bench.signed_in_elsewhere("ann", role="developer")
        self.person = replace(person, origin=ProviderSession(session_id="s1", person_id=ann.subject))

    def may(self, text: str) -> frozenset[str]:
        return self.bench.identity(text).permissions

    def limits(self) -> list[tuple[str, ...]]:
        return [tuple(event.targets) for event in self.bench.store.events if event.action == "tokens.limit"]


@pytest.fixture
def house(issuer: OidcIssuer, ann: User, provider: Provider, client: httpx.AsyncClient) -> House:
    return House(issuer, ann, provider, client)


def _disabled(ann: User, issuer: OidcIssuer) -> None:
    ann.is_enabled = False


def _deleted(ann: User, issuer: OidcIssuer) -> None:
    del issuer.people[ann.subject]


def _of_another_tenant(ann: User, issuer: OidcIssuer) -> None:
    ann.tenant = "rival"


def _of_none(ann: User, issuer: OidcIssuer) -> None:
    ann.tenant = None


def _without_a_role(ann: User, issuer: OidcIssuer) -> None:
    ann.roles = ("offline_access",)


@pytest.mark.parametrize("what", [_disabled, _deleted, _of_another_tenant, _of_none, _without_a_role])
async def test_who_may_do_nothing_any_more_takes_all_their_tokens_along(
    house: House, issuer: OidcIssuer, what: Callable[[User, OidcIssuer], None]
) -> None:
    _, text = await house.bench.create(house.person, "ci", permissions=DEVELOPER)
    _, below = await house.bench.create(house.bench.identity(text), "below", permissions=DEVELOPER)
    await house.makers.look()
    assert house.may(text) == house.may(below) == DEVELOPER
    what(house.ann, issuer)
    await house.makers.look()
    assert house.may(text) == house.may(below) == frozenset()
    assert house.limits() == [("below", "ci")]


async def test_a_lost_role_is_lost_and_one_that_comes_back_comes_back(house: House) -> None:
    _, text = await house.bench.create(house.person, "ci", permissions=["config.read", "config.write"])
    house.ann.roles = ("viewer",)
    await house.makers.look()
    assert house.may(text) == {"config.read"}
    _, child = await house.bench.create(house.bench.identity(text), "child")
    house.ann.roles = ("admin",)
    await house.makers.look()
    assert house.may(text) == {"config.read", "config.write"}, "what it was granted, and no more"
    assert house.may(child) == {"config.read"}
    await house.makers.look()
    assert house.limits() == [("ci",), ("ci",)], "what changes nothing is no event"


async def test_what_is_made_meanwhile_is_limited_like_the_rest(house: House) -> None:
    """A token made with one that was limited carries the limit of its maker, not of the token alone."""
    _, text = await house.bench.create(house.person, "ci")
    house.ann.roles = ("viewer",)
    await house.makers.look()
    limited = house.bench.identity(text)
    with pytest.raises(PermissionDenied):
        await house.bench.create(limited, "child", permissions=["config.write"])
    token, _ = await house.bench.create(limited, "child")
    assert (token.maker_id, token.maker_permissions) == (house.ann.subject, VIEWER)


async def test_nobody_else_is_limited(house: House) -> None:
    others = [
        await house.bench.create(house.bench.identity(await house.bench.sign_in(user="ann")), "by-the-operator"),
        await house.bench.create(_another(house.person), "of-somebody-else"),
    ]
    house.ann.is_enabled = False
    await house.makers.look()
    texts = [text for _, text in others]
    assert all(house.may(text) for text in texts[:1])
    assert house.may(texts[1]) == frozenset(), "the directory does not know them"


def _another(person: Identity) -> Identity:
    return replace(person, origin=ProviderSession(session_id="s2", person_id="unknown"))


@pytest.mark.parametrize(
    "fault",
    [
        Fault("directory", "is away", status=503),
        Fault("directory", "is behind a proxy that finds nothing", status=404),
        Fault("directory", "leads elsewhere", location="https://evil.example/"),
        Fault("directory", "says nothing of use", changed=lambda _: []),  # type: ignore[arg-type,return-value]
        Fault("token", "is away", status=500),
        Fault("token", "refuses us", error="invalid_client"),
    ],
    ids=str,
)
async def test_nothing_changes_while_nobody_can_tell(house: House, issuer: OidcIssuer, fault: Fault) -> None:
    _, text = await house.bench.create(house.person, "ci", permissions=DEVELOPER)
    house.ann.is_enabled = False
    before = metrics.MAKERS_NOT_LOOKED_AT._value.get()
    with issuer.wrong(fault):
        await house.makers.look()
    assert (house.may(text), metrics.MAKERS_NOT_LOOKED_AT._value.get()) == (DEVELOPER, before + 1)
    await house.makers.look()
    assert house.may(text) == frozenset()


async def test_one_who_can_not_be_asked_about_keeps_nobody_else_from_being_looked_at() -> None:
    """They come first, and the others partly in the next portion."""

    class Directory:
        async def permissions(self, person_id: str, *, tenant: str) -> frozenset[str]:
            if person_id == "a":
                raise Unavailable("Away.")
            return frozenset()

    class Store(FakeTokenStore):
        async def makers(self) -> AsyncIterator[Sequence[KnownMaker]]:
            async for everybody in super().makers():
                yield everybody[:2]
                yield everybody[2:]

    bench = Workbench(store=Store())
    texts = {}
    for person_id in ("a", "b", "c"):
        person = replace(
            bench.signed_in_elsewhere(person_id), origin=ProviderSession(session_id="s", person_id=person_id)
        )
        _, texts[person_id] = await bench.create(person, person_id)
    before = metrics.MAKERS_NOT_LOOKED_AT._value.get()
    await Makers(bench.store, Directory(), clock=bench.clock).look()
    assert [person_id for person_id, text in texts.items() if bench.identity(text).permissions] == ["a"]
    assert metrics.MAKERS_NOT_LOOKED_AT._value.get() == before + 1


async def test_our_clients_own_token_is_made_once_and_again_when_it_is_refused(
    house: House, issuer: OidcIssuer
) -> None:
    for _ in range(3):
        assert await house.directory.permissions(house.ann.subject, tenant="acme") == DEVELOPER
    assert issuer.requests["token"] == 1
    issuer.keys.rotate(keep_old=False)
    with pytest.raises(Unavailable):
        await house.directory.permissions(house.ann.subject, tenant="acme")
    assert await house.directory.permissions(house.ann.subject, tenant="acme") == DEVELOPER
    assert issuer.requests["token"] == 2


async def test_an_id_is_one_step_of_a_path_whatever_it_is(house: House) -> None:
    for person_id in ("../clients", "a/b", "%2e%2e", "?briefRepresentation=false"):
        assert await house.directory.permissions(person_id, tenant="acme") == frozenset()


async def test_what_an_operator_signs_in_as_less_limits_what_was_made_before() -> None:
    bench = Workbench()
    _, text = await bench.create(bench.identity(await bench.sign_in(role="developer")), "ci", permissions=DEVELOPER)
    _, below = await bench.create(bench.identity(text), "below", permissions=DEVELOPER)
    grace = bench.identity(await bench.sign_in(user="grace", role="developer"))
    _, other = await bench.create(grace, "other", permissions=DEVELOPER)
    await bench.sign_in(role="viewer")
    permissions = [bench.identity(each).permissions for each in (text, below, other)]
    assert permissions == [VIEWER & DEVELOPER, VIEWER & DEVELOPER, DEVELOPER]
    await bench.sign_in(role="admin")
    assert bench.identity(text).permissions == DEVELOPER
