"""Saying until when a secret's value is to be replaced, or how often, without another value and without a release."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from paaskit.audit import Actor
from paaskit.changes import Answer, Mutation
from paaskit.clock import Clock
from paaskit.errors import FieldViolation
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import refuse, violations_of
from services.secrets.changes import Changes, SecretsChange
from services.secrets.rules import live
from services.secrets.rules.expiry import Asked, violations
from services.secrets.rules.outcome import EXPIRE, Cause


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """The terms that a value has now, and whether they are others than before."""

    changed: bool
    expires_at: datetime | None
    rotate_every: timedelta | None


class TermsOfSecrets:
    """Changes the terms of values that stand."""

    def __init__(self, changes: Changes, *, clock: Clock) -> None:
        self._changes = changes
        self._clock = clock

    async def expire(self, actor: Actor, order: Mutation, *, name: str, asked: Asked) -> Agreed:
        """Give a value another end, or the secret another interval.

        A span counts from now, and an interval from when the value was stored. Raises InvalidInput, NotFound, Refused
        or Unavailable.
        """
        nothing = None if asked.says_anything else FieldViolation("expiry", "say an end, or an interval of rotations")
        refuse(
            [
                check_request_id(order.request_id),
                *violations_of([name], field="name"),
                nothing,
                *violations(asked, self._clock()),
            ]
        )
        app = await self._changes.find(order.app)
        cause = Cause(actor=actor, action=EXPIRE, request_id=order.request_id, change_id="")
        change = SecretsChange(
            tenant=actor.tenant,
            app=app,
            names=[name],
            sealing=False,
            request=RequestKey(
                request_id=order.request_id,
                subject=actor.credential,
                method=EXPIRE,
                fingerprint=fingerprint([name], *asked.parts()),
            ),
            decide=lambda snapshot, means: live.expire(snapshot, means, cause, name=name, asked=asked),
        )
        return _agreed(await self._changes.make(change))


def _agreed(answer: Answer) -> Agreed:
    expires_at, seconds = answer["expires_at"], answer["rotate_seconds"]
    return Agreed(
        changed=answer["changed"],
        expires_at=None if expires_at is None else datetime.fromisoformat(expires_at),
        rotate_every=None if seconds is None else timedelta(seconds=seconds),
    )
