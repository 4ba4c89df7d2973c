"""Who may make a trust, and who may end one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from paaskit.audit import Actor
from paaskit.errors import AlreadyExists, LimitExceeded, PermissionDenied
from paaskit.identity import AppScope, Identity
from paaskit.requests import RequestKey, fingerprint
from paaskit.write_path import Decision
from services.tokens.rules.creation import permissions_of
from services.tokens.rules.descent import made_with
from services.tokens.token import Kind, Token
from services.tokens.trusts.rules.asked import AUDIENCE, LONGEST_TTL, NewTrust, trust_not_found
from services.tokens.trusts.trust import Trust, TrustRows

MOST_TRUSTS: Final = 100
"""How many trusts a tenant may have."""


@dataclass(frozen=True, kw_only=True)
class NewTrustOnItsWay:
    """One trust on its way: what was asked for, by whom, and what was prepared for it outside of the transaction."""

    wanted: NewTrust
    identity: Identity
    actor: Actor
    apps: AppScope | None
    trust_id: str
    now: datetime

    @property
    def request(self) -> RequestKey:
        """What makes it the same request again: whose sign-in sent it, and all that is asked for, apps by their ids."""
        wanted = self.wanted
        return RequestKey(
            request_id=wanted.request_id,
            subject=self.actor.credential,
            method="CreateTrust",
            fingerprint=fingerprint(
                wanted.name,
                wanted.issuer,
                wanted.provider,
                wanted.audience,
                wanted.subject,
                sorted(wanted.conditions),
                wanted.allow_pull_requests,
                sorted(set(wanted.permissions)),
                sorted(self.apps or ()) if wanted.apps else None,
                None if wanted.ttl is None else str(wanted.ttl),
            ),
        )

    def decide(self, found: Sequence[Token], trusts: Sequence[Trust]) -> Decision[TrustRows]:
        """Say what is written, given the sign-in it is made with, where that is kept, and the trusts there are.

        Raises Unauthenticated, AlreadyExists and LimitExceeded.
        """
        trust = self.trust(found)
        if any(each.name == trust.name for each in trusts):
            raise AlreadyExists(
                f"There is a trust named {trust.name} already, yours or somebody else's. Choose another name, or "
                "remove that one first (`paas tokens:trust remove`).",
                reason="TRUST_EXISTS",
            )
        if len(trusts) >= MOST_TRUSTS:
            raise LimitExceeded(f"There are {MOST_TRUSTS} trusts already, which is the most a tenant may have.")
        return Decision(
            answer={"trust_id": trust.trust_id},
            rows=TrustRows(added=trust),
            events=[self.actor.event("trusts.create", targets=[trust.name], request_id=self.wanted.request_id)],
        )

    def trust(self, found: Sequence[Token]) -> Trust:
        """Return the trust, given what it is made with. Raises Unauthenticated where that has ended."""
        source = made_with(self.identity, found, now=self.now)
        wanted = self.wanted
        return Trust(
            tenant=self.identity.tenant,
            trust_id=self.trust_id,
            name=wanted.name,
            issuer=wanted.issuer,
            provider=wanted.known_provider,
            audience=wanted.audience or f"{AUDIENCE}{self.trust_id}",
            subject=wanted.subject,
            conditions=sorted(wanted.all_conditions.items()),
            allow_pull_requests=wanted.allow_pull_requests,
            granted=permissions_of(wanted.permissions, self.identity),
            apps=self.apps,
            ttl=wanted.ttl or LONGEST_TTL,
            maker=source.person,
            maker_id=source.person_id,
            maker_permissions=source.permissions if source.permissions is not None else self.identity.permissions,
            parent_id=source.token_id,
            created_at=self.now,
        )


def refuse_tokens(identity: Identity) -> None:
    """Raise PermissionDenied unless a person asks: a trust that a token made would be a way on after its end."""
    if identity.kind != Kind.USER:
        raise PermissionDenied(
            f"{identity.subject} is a token, and a trust is made by a person who is signed in: it would outlive the "
            "token. Sign in with `paas login`.",
            metadata={"permission": "tokens.manage"},
        )


def decide_end(found: Sequence[Trust], given: Sequence[Token], *, actor: Actor, now: datetime) -> Decision[TrustRows]:
    """Say what is written where trusts end: with them the living tokens they gave. Raises NotFound where none does."""
    if not found:
        raise trust_not_found()
    events = [actor.event("trusts.delete", targets=[trust.name for trust in found])]
    if given:
        names, tokens = [token.name for token in given], [token.target for token in given]
        events.append(actor.event("tokens.revoke", targets=names, target_tokens=tokens))
    rows = TrustRows(
        ended=[trust.trust_id for trust in found], ended_tokens=[token.token_id for token in given], at=now
    )
    return Decision(answer={}, rows=rows, events=events)
