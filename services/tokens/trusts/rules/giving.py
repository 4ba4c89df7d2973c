"""What is given for a token of a CI system: once, for minutes, and no more than the trust's maker may do now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from paaskit.audit import DENIED, AuditEvent
from paaskit.errors import Unauthenticated
from paaskit.write_path import Decision
from services.tokens.token import TRUST, Kind, Token
from services.tokens.trusts.trust import Trust, TrustRows, Used

MOST_GIVEN: Final = 1000
"""How many tokens a trust gives within the time that the longest of them lives."""
ACTION: Final = "tokens.exchange"
_LONGEST_NAME_OF_ID: Final = 12


class NotGiven(Unauthenticated):
    """A token is not exchanged. `refusal` is for the log of the trust's tenant; who asks is told nothing of it."""

    def __init__(self, refusal: str) -> None:
        super().__init__(
            "This token is not accepted here. Who made the trust sees what is wrong in the audit log, and with "
            "`paas tokens:trust test`.",
            reason="NOT_ACCEPTED",
        )
        self.refusal = refusal

    @property
    def kind(self) -> str:
        """The refusal as one of a few words: without the name of a claim, and `trust` where there is no such trust."""
        return "claim" if self.refusal.startswith("claim ") else self.refusal.replace(" ", "_") or "trust"


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One exchange on its way: whose token it is and until when, by what it is known again, and what was prepared."""

    subject: str
    mark: bytes
    ends_at: datetime
    client_address: str
    token_id: str
    digest: bytes
    now: datetime

    def decide(self, trust: Trust | None, *, was_used: bool, given: int) -> Decision[TrustRows]:
        """Say what is written, given the trust as it is now, and how many tokens it gave lately. Raises NotGiven."""
        if was_used:
            raise NotGiven("exchanged before")
        if trust is None or not trust.permissions:
            raise NotGiven("maker")
        if given >= MOST_GIVEN:
            raise NotGiven("too many")
        token = self.token(trust)
        used = Used(
            mark=self.mark,
            trust_id=trust.trust_id,
            token_id=token.token_id,
            at=self.now,
            # A token that was given is found by this row when its trust ends.
            expires_at=max(self.ends_at, token.expires_at),
        )
        return Decision(
            answer={}, rows=TrustRows(given=token, digest=self.digest, used=used), events=[self._event(trust, token)]
        )

    def _event(self, trust: Trust, token: Token) -> AuditEvent:
        return AuditEvent(
            tenant=trust.tenant,
            action=ACTION,
            actor=f"{TRUST}{trust.name}",
            on_behalf_of=job_of(trust, self.subject),
            targets=[token.name],
            target_tokens=[token.target],
            token_id=trust.trust_id,
            maker=trust.maker,
            client_address=self.client_address,
        )

    def token(self, trust: Trust) -> Token:
        """Return the token that is given."""
        return Token(
            tenant=trust.tenant,
            token_id=self.token_id,
            kind=Kind.PAT,
            name=f"ci:{trust.name}:{self.token_id[:_LONGEST_NAME_OF_ID]}",
            granted=trust.granted,
            apps=trust.apps,
            creator=f"{TRUST}{trust.name}",
            maker=trust.maker,
            maker_id=trust.maker_id,
            maker_permissions=trust.maker_permissions,
            parent_id=trust.parent_id,
            created_at=self.now,
            expires_at=self.now + trust.ttl,
        )


def refused_event(trust: Trust, refusal: str, *, subject: str, client_address: str) -> AuditEvent:
    """Return the event of an exchange that was refused, and why. No `subject`: nobody knows whose the token was."""
    return AuditEvent(
        tenant=trust.tenant,
        action=ACTION,
        actor=f"{TRUST}{trust.name}",
        on_behalf_of=job_of(trust, subject) if subject else "",
        targets=[refusal],
        token_id=trust.trust_id,
        maker=trust.maker,
        client_address=client_address,
        outcome=DENIED,
    )


def job_of(trust: Trust, subject: str) -> str:
    """Return whose job it was, as logs have it: who signs for it, and what that calls it."""
    return f"{trust.issuer} {subject}"
