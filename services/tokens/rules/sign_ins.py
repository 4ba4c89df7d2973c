"""Signing a person in without an identity provider: the sign-in that begins, and the one that it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from paaskit.access import ROLES
from paaskit.audit import Actor
from paaskit.write_path import Decision
from services.tokens.rules.asked import SignIn
from services.tokens.token import Kind, MakerLimit, Token, TokenRows


@dataclass(frozen=True, kw_only=True)
class NewSignIn:
    """One sign-in on its way, and who issues it."""

    asked: SignIn
    actor: Actor
    token_id: str
    digest: bytes
    now: datetime

    def decide(self, found: Sequence[Token]) -> Decision[TokenRows]:
        """Say what is written, given the person's living sign-ins.

        The one that the same issuer issued before ends. What another issuer issued does not, nor what was made with it.
        """
        ended = [each.token_id for each in found if each.creator == self.actor.name]
        return Decision(
            answer={},
            rows=TokenRows(at=self.now, ended=ended, added=self.token, digest=self.digest, limits=[self.limit]),
            events=[
                self.actor.event("tokens.sign_in", targets=[self.asked.user], target_tokens=[self.token.target]),
            ],
        )

    @property
    def limit(self) -> MakerLimit:
        """What the person's tokens may do from now on: what this sign-in may, which may be less than before."""
        return MakerLimit(maker=self.token.subject, maker_id=None, permissions=self.token.granted)

    @property
    def token(self) -> Token:
        """The sign-in."""
        return Token(
            tenant=self.asked.tenant,
            token_id=self.token_id,
            kind=Kind.USER,
            name=self.asked.user,
            granted=ROLES[self.asked.role],
            apps=None,
            creator=self.actor.name,
            parent_id=None,
            created_at=self.now,
            expires_at=self.now + self.asked.ttl,
        )
