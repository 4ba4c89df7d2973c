"""A token's new text: who may give it one, what the new token may do, and when the one before ends."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from paaskit.audit import Actor
from paaskit.errors import AlreadyExists, PermissionDenied
from paaskit.identity import Identity
from paaskit.requests import RequestKey, fingerprint
from paaskit.write_path import Decision
from services.tokens.rules.asked import NewText
from services.tokens.rules.descent import expiry_of, made_with
from services.tokens.rules.revocation import refuse_what_may_do_more, token_not_found
from services.tokens.token import Kind, Rotated, Token, TokenRows

DEFAULT_OVERLAP: Final = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """One rotation on its way: what was asked for, by whom, and what was prepared for it outside of the transaction."""

    wanted: NewText
    identity: Identity
    actor: Actor
    token_id: str
    digest: bytes
    now: datetime

    @property
    def request(self) -> RequestKey:
        """What makes it the same request again: whose token sent it, and all that is asked for."""
        wanted = self.wanted
        lengths = (None if each is None else str(each) for each in (wanted.overlap, wanted.ttl))
        return RequestKey(
            request_id=wanted.request_id,
            subject=self.actor.credential,
            method="RotateToken",
            fingerprint=fingerprint(wanted.reference, *lengths),
        )

    @property
    def ends_at(self) -> datetime:
        """When the token before ends, unless it does so earlier by itself."""
        return self.now + (DEFAULT_OVERLAP if self.wanted.overlap is None else self.wanted.overlap)

    def decide(self, found: Sequence[Token], family: Sequence[Token]) -> Decision[TokenRows]:
        """Say what is written, given the caller's own token, where there is one, and the living token that is meant
        with all living ones that end with it: what was made with it, which must not outlive it, and by its name those
        that it was rotated from. Raises what `rotated` does.
        """
        after = self.rotated(found, family)
        ids = [token.token_id for token in family]
        at_once = self.ends_at <= self.now
        return Decision(
            answer={"token_id": after.token.token_id},
            rows=TokenRows(
                at=self.now,
                ended=ids if at_once else (),
                shortened=() if at_once else ids,
                shortened_to=self.ends_at,
                added=after.token,
                digest=self.digest,
            ),
            events=[
                self.actor.event(
                    "tokens.rotate",
                    targets=[each.name for each in (after.token, *family)],
                    target_tokens=[each.target for each in (after.token, *family)],
                    request_id=self.wanted.request_id,
                )
            ],
        )

    def rotated(self, found: Sequence[Token], family: Sequence[Token]) -> Rotated:
        """Return what comes of it.

        Raises NotFound where no token is meant, PermissionDenied where the caller may not revoke it or has nothing of
        what it may do, Unauthenticated, and InvalidInput where the new one would outlive what it is made with.
        """
        source = made_with(self.identity, found, now=self.now)
        if not family or family[0].kind is not Kind.PAT:
            raise token_not_found()
        before, *others = family
        refuse_what_may_do_more(before, self.identity, to="rotate")
        granted = before.granted & self.identity.permissions
        if not granted:
            raise PermissionDenied(
                f"A token can't do more than its creator: {self.identity.subject} has nothing of what this one may do.",
                metadata={"permission": min(before.granted)},
            )
        token = Token(
            tenant=before.tenant,
            token_id=self.token_id,
            kind=Kind.PAT,
            name=before.name,
            granted=granted,
            apps=before.apps,
            creator=self.identity.subject,
            maker=source.person,
            maker_id=source.person_id,
            maker_permissions=source.permissions,
            parent_id=source.token_id,
            created_at=self.now,
            expires_at=expiry_of(
                self.wanted.ttl, default=before.expires_at - before.created_at, limit=source.limit, now=self.now
            ),
        )
        return Rotated(token=token, previous=self._ending(before), others=[self._ending(each) for each in others])

    def _ending(self, token: Token) -> Token:
        if self.ends_at <= self.now:
            return replace(token, revoked_at=self.now)
        return replace(token, expires_at=min(token.expires_at, self.ends_at))


def shown_before() -> AlreadyExists:
    """Return the error for a request that rotated a token, and whose new text is nowhere any more."""
    return AlreadyExists(
        "This request rotated the token already, and the new text is shown only once. "
        "If you don't have it, rotate the token again.",
        reason="TOKEN_ROTATED",
    )
