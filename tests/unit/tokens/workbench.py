"""The rules of tokens on a store in memory, with a clock and ids that the test chooses."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

from paaskit.access import ROLES
from paaskit.audit import Actor
from paaskit.identity import Identity, ProviderSession, StoredToken
from services.tokens import pat
from services.tokens.check.leases import LEASE_SECONDS, Held
from services.tokens.domain import TextSource, Tokens
from services.tokens.rules.asked import NewText, NewToken, SignIn
from services.tokens.token import Rotated, Token
from tests.fakes.app_registry import FakeApps
from tests.fakes.clock import FakeClock
from tests.fakes.tokens_store import FakeTokenStore
from tests.fakes.trusts import FakeTrusts

OPERATOR = Actor(
    tenant="acme", name="service:operator", credential="service:operator", on_behalf_of="user:ada@example.com"
)


@dataclass
class Workbench:
    """`tokens` is what is tested; `apps` are acme's. A text does not linger unless a test says so."""

    store: FakeTokenStore = field(default_factory=FakeTokenStore)
    clock: FakeClock = field(default_factory=FakeClock)
    apps: FakeApps = field(default_factory=lambda: FakeApps("web", "api", "billing"))
    linger_seconds: float = 0.0
    trusts: FakeTrusts = field(default_factory=FakeTrusts)

    outlasted: int = 0
    """How often it was waited until nobody takes a token for what it was before."""

    def __post_init__(self) -> None:
        ids = count(1)
        self._rotations = count(1)
        self.store.clock = self.clock

        async def outlast() -> None:
            self.outlasted += 1

        self.tokens = Tokens(
            self.store,
            texts=TextSource(generate=pat.generate, digest=pat.digest),
            resolve=self.apps.resolve,
            clock=self.clock,
            new_id=lambda: f"{next(ids):032x}",
            outlast=outlast,
            trusts=self.trusts,
            linger_seconds=self.linger_seconds,
        )

    async def held(self, digest: bytes) -> Held | None:
        """What the sign-in check finds, as if it were looked up each time."""
        token = await self.store.find_by_digest(digest)
        return None if token is None else Held(token, LEASE_SECONDS)

    async def sign_in(
        self, *, tenant: str = "acme", user: str = "ada@example.com", role: str = "admin", issuer: Actor = OPERATOR
    ) -> str:
        """Sign a person in for 30 days; gives the text."""
        asked = SignIn(tenant=tenant, user=user, role=role, ttl=timedelta(days=30))
        text, _ = await self.tokens.sign_in(asked, actor=replace(issuer, tenant=tenant))
        return text.reveal()

    def identity(self, text: str) -> Identity:
        """Who the text of a token stands for."""
        token = self.store.tokens[self.store.ids_by_digest[pat.digest(text)]]
        return Identity(
            tenant=token.tenant,
            subject=token.subject,
            kind=token.kind.value,
            permissions=token.permissions,
            apps=token.reach,
            origin=StoredToken(token_id=token.token_id, person_id=token.maker_id),
            client_address="203.0.113.9",
            ends_at=token.expires_at,
            expires_at=token.expires_at,
            maker=token.maker,
        )

    def signed_in_elsewhere(self, user: str, *, role: str = "developer") -> Identity:
        """Who comes with a sign-in of an identity provider."""
        ends_at = self.clock() + timedelta(minutes=5)
        return Identity(
            tenant="acme",
            subject=f"user:{user}",
            kind="user",
            permissions=ROLES[role],
            apps=None,
            origin=ProviderSession(session_id="s1", person_id=f"id-of-{user}"),
            ends_at=ends_at,
            client_address="203.0.113.9",
            expires_at=ends_at,
        )

    def lives(self, identity: Identity) -> bool:
        """Whether what the identity was made from has not ended."""
        return self.store.tokens[identity.tenant, identity.origin.credential].is_living(self.clock())

    async def create(self, creator: Identity, name: str = "ci", **asked: object) -> tuple[Token, str]:
        """Make a token as `creator`; gives it and its text."""
        wanted = NewToken(**({"request_id": f"request-{name.replace(' ', '-')}", "name": name} | asked))  # type: ignore[arg-type]  # a builder's defaults
        created, text = await self.tokens.create(wanted, creator, actor=actor_of(creator))
        return created.token, text.reveal()

    async def rotate(self, caller: Identity, reference: str = "ci", **asked: object) -> tuple[Rotated, str]:
        """Give a token a new text as `caller`; gives what comes of it and the text."""
        wanted = NewText(**({"request_id": f"rotation-{next(self._rotations)}", "reference": reference} | asked))  # type: ignore[arg-type]  # a builder's defaults
        rotated, text = await self.tokens.rotate(wanted, caller, actor=actor_of(caller))
        return rotated, text.reveal()

    def token(self, token: Token) -> Token:
        """A token as it is kept now."""
        return self.store.tokens[token.tenant, token.token_id]

    def actions(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """The audit events of changes: action, actor, targets."""
        return [(event.action, event.actor, tuple(event.targets)) for event in self.store.events]


def actor_of(identity: Identity) -> Actor:
    """Who the events of a call are about."""
    return Actor(
        tenant=identity.tenant,
        name=identity.subject,
        credential=identity.origin.credential,
        client_address=identity.client_address,
        token_id=identity.origin.credential,
        maker=identity.maker,
    )
