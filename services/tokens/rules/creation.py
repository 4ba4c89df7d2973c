"""Who may make which token, and how long it lives."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from paaskit.audit import Actor
from paaskit.clock import random_id
from paaskit.errors import AlreadyExists, PermissionDenied
from paaskit.identity import AppScope, Identity
from paaskit.requests import RequestKey, fingerprint
from paaskit.write_path import Decision
from services.tokens.rules.asked import NewToken
from services.tokens.rules.descent import expiry_of, made_with
from services.tokens.token import Kind, Token, TokenRows

DEFAULT_TTL: Final = timedelta(days=30)
CI_PERMISSIONS: Final = frozenset(
    {
        "apps.read",
        "config.read",
        "config.write",
        "secrets.list",
        "secrets.write",
        "releases.read",
        "releases.write",
    }
)
"""What a token gets that is made without a scope: enough to change and release an app, but not to read a secret, the
audit log or a key, to change what an app runs, or to make further tokens. See docs/decisions/0045.
"""


@dataclass(frozen=True, kw_only=True)
class Creation:
    """One token on its way: what was asked for, by whom, and what was prepared for it outside of the transaction."""

    wanted: NewToken
    identity: Identity
    actor: Actor
    apps: AppScope | None
    token_id: str
    digest: bytes
    now: datetime
    event_id: str = field(default_factory=random_id)

    @property
    def request(self) -> RequestKey:
        """What makes it the same request again: whose token sent it, and all that is asked for, apps by their ids."""
        wanted = self.wanted
        apps = sorted(self.apps or ()) if wanted.apps else None
        ttl = None if wanted.ttl is None else str(wanted.ttl)
        return RequestKey(
            request_id=wanted.request_id,
            subject=self.actor.credential,
            method="CreateToken",
            fingerprint=fingerprint(wanted.name, sorted(set(wanted.permissions)), apps, ttl),
        )

    def decide(self, found: Sequence[Token]) -> Decision[TokenRows]:
        """Say what is written, given the token it is made with and the living PAT of its name, where there are any.

        Raises Unauthenticated, AlreadyExists and InvalidInput.
        """
        token = self.token(found)
        if any(each.kind is Kind.PAT and each.name == token.name and each.is_living(self.now) for each in found):
            raise name_taken(token.name)
        event = self.actor.event(
            "tokens.create", targets=[token.name], target_tokens=[token.target], request_id=self.wanted.request_id
        )
        return Decision(
            answer={"token_id": token.token_id},
            rows=TokenRows(at=self.now, added=token, digest=self.digest),
            events=[replace(event, event_id=self.event_id)],
        )

    def token(self, found: Sequence[Token]) -> Token:
        """Return the token, given what it is made with.

        Raises Unauthenticated where that has ended: between the gateway's check and now it may have been revoked, and
        must make nothing any more. Raises InvalidInput where the token would outlive it.
        """
        source = made_with(self.identity, found, now=self.now)
        return Token(
            tenant=self.identity.tenant,
            token_id=self.token_id,
            kind=Kind.PAT,
            name=self.wanted.name,
            granted=permissions_of(self.wanted.permissions, self.identity),
            apps=self.apps,
            creator=self.identity.subject,
            maker=source.person,
            maker_id=source.person_id,
            maker_permissions=source.permissions,
            parent_id=source.token_id,
            created_at=self.now,
            expires_at=expiry_of(self.wanted.ttl, default=DEFAULT_TTL, limit=source.limit, now=self.now),
        )


def permissions_of(named: Sequence[str], identity: Identity) -> frozenset[str]:
    """Return what a token may do that `identity` asks for: what is named, else what CI needs, as far as its maker may.

    Raises PermissionDenied where it names one that its creator lacks, or the creator has none of those for CI.
    """
    beyond = sorted(set(named) - identity.permissions)
    if beyond:
        raise PermissionDenied(
            f"A token can't do more than its creator: {identity.subject} does not have {', '.join(beyond)}.",
            metadata={"permission": beyond[0]},
        )
    granted = frozenset(named) or CI_PERMISSIONS & identity.permissions
    if not granted:
        raise PermissionDenied(
            f"A token without a scope gets what CI needs, and {identity.subject} has nothing of that. Name what it "
            f"may do; you may give it {', '.join(sorted(identity.permissions))}.",
            metadata={"permission": min(CI_PERMISSIONS)},
        )
    return granted


def name_taken(name: str) -> AlreadyExists:
    """Return the error for a name that a living token has."""
    return AlreadyExists(
        f"There is a token named {name} already, yours or somebody else's. Choose another name; one of yours can be "
        "revoked first (`paas tokens:revoke`), or given a new text (`paas tokens:rotate`).",
        reason="TOKEN_EXISTS",
    )


def shown_before(name: str) -> AlreadyExists:
    """Return the error for a request whose token was made, and whose text is nowhere any more."""
    return AlreadyExists(
        f"This request made the token {name} already, and its text is shown only once. "
        f"If you don't have it, revoke the token and create it again.",
        reason="TOKEN_EXISTS",
    )
