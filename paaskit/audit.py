"""Audit events as services make them: what was done, to what, by whom, and never a value.

An event is written to the outbox in the transaction of what it records (`paaskit.outbox`) and relayed to audit.
"""

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from paas.audit.v1 import audit_pb2

from paaskit.access import GATEWAY, MAX_TARGETS, Caller
from paaskit.clock import random_id, utc_now

OK = audit_pb2.OUTCOME_OK
DENIED = audit_pb2.OUTCOME_DENIED
FAILED = audit_pb2.OUTCOME_FAILED

# An entry of a log that others can verify has at most 65,535 bytes (c2sp.org/tlog-tiles); half is for the names.
_MAX_BYTES_OF_TARGETS: Final = 32 * 1024


@dataclass(frozen=True)
class TargetToken:
    """A token that something was done to: its id, and the person who made it. Its name is the target."""

    token_id: str
    maker: str


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """One thing that was done or attempted. `targets` are names: of variables, tokens, releases.

    `target_tokens` are empty, or one for each target. `token_id` and `maker` say which token was used, since a name may
    be given again, and which person made it (docs/decisions/0027). `repeats` is how many times more this happened
    within `repeats_seconds`, where it is told of several at once (`paaskit.gate.denials`). `reason` is why, in the
    words of who did it, with no value in it.
    """

    tenant: str
    action: str
    actor: str
    app: str = ""
    app_id: str = ""
    targets: Sequence[str] = ()
    version: int = 0
    outcome: audit_pb2.Outcome.ValueType = OK
    on_behalf_of: str = ""
    request_id: str = ""
    client_address: str = ""
    token_id: str = ""
    maker: str = ""
    target_tokens: Sequence[TargetToken] = ()
    repeats: int = 0
    repeats_seconds: int = 0
    reason: str = ""
    event_id: str = field(default_factory=random_id)
    occurred_at: datetime = field(default_factory=utc_now)

    def parts(self) -> Iterator["AuditEvent"]:
        """Yield the event, as several where it has more targets than one may have, so that none goes unnamed."""
        event, start, size = self, 0, 0
        for index in range(len(self.targets)):
            size += (bytes_of_target := self._bytes_of_target(index))
            if index > start and (index - start == MAX_TARGETS or size > _MAX_BYTES_OF_TARGETS):
                yield _part(event, start, index)
                event, start, size = replace(self, event_id=random_id()), index, bytes_of_target
        yield _part(event, start, len(self.targets))

    def _bytes_of_target(self, index: int) -> int:
        token = self.target_tokens[index] if self.target_tokens else TargetToken("", "")
        # As they stand between the quotes of an entry's JSON, in which a control character is six.
        texts = (self.targets[index], token.token_id, token.maker)
        return sum(len(json.dumps(text, ensure_ascii=False).encode()) - 2 for text in texts)

    def encode(self) -> bytes:
        """Return the event as the bytes of an `audit_pb2.Event`."""
        event = audit_pb2.Event(
            event_id=self.event_id,
            tenant=self.tenant,
            action=self.action,
            actor=self.actor,
            app=self.app,
            app_id=self.app_id,
            targets=self.targets,
            version=self.version,
            outcome=self.outcome,
            on_behalf_of=self.on_behalf_of,
            request_id=self.request_id,
            client_address=self.client_address,
            token_id=self.token_id,
            maker=self.maker,
            target_tokens=[
                audit_pb2.TargetToken(token_id=each.token_id, maker=each.maker) for each in self.target_tokens
            ],
            repeats=self.repeats,
            repeats_seconds=self.repeats_seconds,
            reason=self.reason,
        )
        event.occurred_at.FromDatetime(self.occurred_at)
        return event.SerializeToString()


def _part(event: AuditEvent, start: int, end: int) -> AuditEvent:
    return replace(event, targets=event.targets[start:end], target_tokens=event.target_tokens[start:end])


Record = Callable[[AuditEvent], Awaitable[None]]
"""Keeps an audit event; returns once it is committed. Raises Unavailable."""


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who an event is about, as domain code carries it: a signed-in user or token, or a service.

    `credential` tells apart what `name` may not: a token that was made again under the same name is another one.
    `token_id` and `maker` are of the token that was used, the user's where a service acts for one.
    """

    tenant: str
    name: str
    credential: str = ""
    client_address: str = ""
    on_behalf_of: str = ""
    token_id: str = ""
    maker: str = ""

    @property
    def who(self) -> str:
        """Whose doing it is: that of whom a service acts for, else the actor's own."""
        return self.on_behalf_of or self.name

    def event(
        self,
        action: str,
        *,
        app: str = "",
        app_id: str = "",
        targets: Sequence[str] = (),
        version: int = 0,
        request_id: str = "",
        outcome: audit_pb2.Outcome.ValueType = OK,
        target_tokens: Sequence[TargetToken] = (),
    ) -> AuditEvent:
        """Return the event that this actor did `action`, or tried to."""
        return AuditEvent(
            tenant=self.tenant,
            actor=self.name,
            on_behalf_of=self.on_behalf_of,
            client_address=self.client_address,
            token_id=self.token_id,
            maker=self.maker,
            action=action,
            app=app,
            app_id=app_id,
            outcome=outcome,
            targets=targets,
            target_tokens=target_tokens,
            version=version,
            request_id=request_id,
        )


def actor_of(caller: Caller, *, tenant: str = "", on_behalf_of: str = "") -> Actor:
    """Return the actor a request's events are about: its user, or the service that acts for one or for itself."""
    identity = caller.identity
    if identity is not None and caller.service == GATEWAY:
        return Actor(
            tenant=identity.tenant,
            name=identity.subject,
            credential=identity.origin.credential,
            client_address=identity.client_address,
            token_id=identity.origin.credential,
            maker=identity.maker,
        )
    return Actor(
        tenant=tenant,
        name=f"service:{caller.service}",
        credential=f"service:{caller.service}",
        on_behalf_of=identity.subject if identity is not None else on_behalf_of,
        client_address=identity.client_address if identity is not None else "",
        token_id=identity.origin.credential if identity is not None else "",
        maker=identity.maker if identity is not None else "",
    )
