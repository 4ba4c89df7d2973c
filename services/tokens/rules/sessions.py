"""Whose sessions somebody may end, and what of them ends here: sign-ins that are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from paaskit.access import permission_missing
from paaskit.audit import Actor
from paaskit.errors import FieldViolation, InvalidInput, PermissionDenied
from paaskit.identity import Identity
from paaskit.write_path import Decision
from services.tokens.rules.asked import is_user
from services.tokens.rules.revocation import refuse_what_may_do_more
from services.tokens.token import Kind, Token, TokenRows

# Who manages tokens is no administrator yet; who reads all that people do, is.
_NEEDED: Final = ("tokens.manage", "audit.read")


@dataclass(frozen=True, kw_only=True)
class EndOfSessions:
    """The sessions of `user` that are to end, and who ends them. An empty `user` is the caller itself."""

    user: str
    identity: Identity
    actor: Actor
    now: datetime

    def __post_init__(self) -> None:
        """Raise InvalidInput for what is nobody's name, and PermissionDenied for who may not end somebody else's."""
        if self.user and not is_user(self.user):
            raise InvalidInput(
                "Nobody can be called that: give the name that somebody signs in with.",
                fields=[FieldViolation("user", "name")],
            )
        if self.is_own:
            return
        if self.identity.kind != Kind.USER:
            raise PermissionDenied("People end the sessions of others, tokens do not. Sign in with `paas login`.")
        for permission in _NEEDED:
            if permission not in self.identity.permissions:
                raise permission_missing(self.identity.subject, permission)

    @property
    def is_own(self) -> bool:
        """Whether it is who asks."""
        return not self.user or f"{Kind.USER}:{self.user}" == self.identity.subject

    @property
    def name(self) -> str:
        """Whose they are, as events say it."""
        return self.user or self.identity.subject.removeprefix(f"{Kind.USER}:")

    def decide(self, found: Sequence[Token]) -> Decision[TokenRows]:
        """Say what is written, given the person's living sign-ins: one's own terminals stay signed in.

        Raises PermissionDenied for one that may do more than who ends it.
        """
        ended = self.ended(found)
        for each in ended:
            refuse_what_may_do_more(each, self.identity, to="end")
        return Decision(
            answer={},
            rows=TokenRows(at=self.now, ended=[each.token_id for each in ended]),
            events=[
                self.actor.event(
                    "sessions.end",
                    targets=[self.name] * max(1, len(ended)),
                    target_tokens=[each.target for each in ended],
                )
            ],
        )

    def ended(self, found: Sequence[Token]) -> Sequence[Token]:
        """Which of the person's living sign-ins end."""
        return () if self.is_own else found
