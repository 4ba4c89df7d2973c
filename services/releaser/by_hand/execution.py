"""Doing what an intent says: its part in config, its part in secrets, and then one release of both.

A part whose outcome is unknown leaves the intent for a repeat, or for `left_over`. A part that is refused when nothing
was done yet ends it. One that is refused when the other was done leaves that done and released, and says so.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from paaskit.changes import Action
from paaskit.errors import Internal, PaasError, Refused, Unavailable
from paaskit.release_order import ReleasedChange, changes_by
from paaskit.requests import Answer
from services.releaser.by_hand.intents import DraftPlan, Intent, RollbackPlan
from services.releaser.contracts import Config, DraftOrder, Outcome, Restore, Secrets
from services.releaser.domain import Versions
from services.releaser.store.by_hand import ByHandStore

_UNKNOWN: Final = (Unavailable, Internal)
"""What may have had its effect, or will have it when it is tried again."""

PartT = TypeVar("PartT")


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became live in config and secrets, and why not all of it, where a part was refused.

    `gone_groups` were passed over, since they are destroyed.
    """

    versions: Versions = field(default_factory=Versions)
    changes: tuple[ReleasedChange, ...] = ()
    refused: PaasError | None = None
    by_secrets: bool = False
    gone_groups: tuple[str, ...] = ()


class Execution:
    """Carries intents out. `wake` has the runner look for work at once."""

    def __init__(self, store: ByHandStore, *, config: Config, secrets: Secrets, wake: Callable[[], None]) -> None:
        self._store = store
        self._config = config
        self._secrets = secrets
        self._wake = wake

    async def run(self, intent: Intent, *, may_list_secrets: bool) -> Answer:
        """Do what an intent says; return the answer to its request.

        Raises Unavailable where config or secrets can't be reached, and whatever they refuse it with.
        """
        done = await self._do(intent)
        refused = done.refused
        if refused is not None and not done.changes:
            await self._store.drop(intent)
            raise refused if may_list_secrets or not done.by_secrets else _without_names(intent, refused)
        order = intent.order(done.versions, done.changes)
        try:
            if refused is None:
                return await self._store.finish(intent, order, gone_groups=done.gone_groups)
            reason = refused.reason
            return await self._store.finish(intent, order, refusal=lambda number: _half_done(intent, number, reason))
        finally:
            self._wake()

    async def _do(self, intent: Intent) -> Done:
        if isinstance(intent.plan, RollbackPlan):
            return await self._restore(intent, intent.plan)
        if intent.plan.is_restart:
            return Done()
        return await self._release_draft(intent, intent.plan)

    async def _release_draft(self, intent: Intent, plan: DraftPlan) -> Done:
        """Make both drafts live.

        Where nothing is left of the first, somebody else released or dropped the draft, and goes on to the second.
        """
        versions = Versions()
        changes: tuple[ReleasedChange, ...] = ()
        used_up = 0
        if plan.config_revision is not None:
            of_config, refused = await _tried(
                self._config.release_draft(_draft_order(intent, plan, revision=plan.config_revision))
            )
            if of_config is None:
                return Done(refused=refused)
            if not of_config.used_up:
                return Done(refused=_draft_gone(intent))
            versions, changes, used_up = Versions(config=of_config.version), of_config.changes, of_config.used_up
        if plan.secrets_revision is not None:
            of_secrets, refused = await _tried(
                self._secrets.release_draft(_draft_order(intent, plan, revision=plan.secrets_revision))
            )
            if of_secrets is None:
                return Done(versions=versions, changes=changes, refused=refused, by_secrets=True)
            versions = versions.raised_to(Versions(config=of_secrets.config_version, secrets=of_secrets.version))
            changes, used_up = (*changes, *of_secrets.changes), used_up + of_secrets.used_up
        return Done(versions=versions, changes=changes, refused=None if used_up else _draft_gone(intent))

    async def _restore(self, intent: Intent, plan: RollbackPlan) -> Done:
        """Restore config, then secrets, then once more the config vars whose names were secrets' until then."""
        first, refused = await _tried(self._config.restore(_restore(intent, plan.config_version, plan=plan)))
        if first is None:
            return Done(refused=refused)
        versions, changes = Versions(config=first.version), _restored(intent, first, secret=False)
        if plan.secrets_version is None:
            return Done(versions=versions, changes=changes, gone_groups=first.gone_groups)
        of_secrets, refused = await _tried(self._secrets.restore(_restore(intent, plan.secrets_version, plan=plan)))
        if of_secrets is None:
            return Done(versions=versions, changes=changes, refused=refused, by_secrets=True)
        secret_changes = _restored(intent, of_secrets, secret=True)
        versions = versions.raised_to(Versions(secrets=of_secrets.version or None))
        if needs_config_again(first, of_secrets):
            again = _restore(intent, plan.config_version, plan=plan, part="-2")
            second, refused = await _tried(self._config.restore(again))
            if second is None:
                return Done(versions=versions, changes=(*changes, *secret_changes), refused=refused)
            versions = versions.raised_to(Versions(config=second.version))
            changes = (*changes, *_restored(intent, second, secret=False))
        return Done(versions=versions, changes=(*changes, *secret_changes), gone_groups=first.gone_groups)


def needs_config_again(config: Outcome, secrets: Outcome) -> bool:
    """Whether config has to be asked once more, after secrets.

    For names that were secrets and are free now; and for its version in which names that came back are secrets.
    """
    return bool(config.taken) or any(change.action is Action.ADDED for change in secrets.changes)


async def _tried(part: Awaitable[PartT]) -> tuple[PartT | None, PaasError | None]:
    """Return what a part did, or why it was refused. Raises Unavailable or Internal where that is not known."""
    try:
        return await part, None
    except _UNKNOWN:
        raise
    except PaasError as refused:
        return None, refused


def _draft_order(intent: Intent, plan: DraftPlan, *, revision: int) -> DraftOrder:
    return DraftOrder(
        key=intent.key,
        request_id=intent.change_id,
        revision=revision,
        replace_newer=plan.replace_newer,
        actor=intent.actor.name,
        description=intent.description,
    )


def _restore(intent: Intent, version: int, *, plan: RollbackPlan, part: str = "") -> Restore:
    return Restore(
        key=intent.key,
        version=version,
        request_id=intent.change_id + part,
        change_id=intent.change_id,
        actor=intent.actor.name,
        description=intent.description,
        skip_taken=plan.with_secrets,
    )


def _restored(intent: Intent, outcome: Outcome, *, secret: bool) -> tuple[ReleasedChange, ...]:
    return released_by(intent.actor.name, outcome, secret=secret)


def released_by(actor: str, outcome: Outcome, *, secret: bool) -> tuple[ReleasedChange, ...]:
    """Return what a restore does, name by name; the spec under the empty name."""
    changes = changes_by(actor, outcome.changes, secret=secret)
    if not outcome.spec_changed:
        return changes
    return (*changes, ReleasedChange(name="", action=Action.CHANGED, secret=False, actor=actor))


def _draft_gone(intent: Intent) -> Refused:
    return Refused(
        f"What was staged for {intent.app} has been released, dropped or staged anew meanwhile; "
        f"`paas staged -a {intent.app}` shows what is staged now.",
        reason="DRAFT_GONE",
    )


def _half_done(intent: Intent, number: int, reason: str) -> Refused:
    return Refused(
        f"v{number} has the config vars of it; its secrets were refused ({reason}) and stay as they were. "
        f"`paas staged -a {intent.app}` shows what is still staged.",
        reason=reason,
    )


def _without_names(intent: Intent, refused: PaasError) -> PaasError:
    """Return a refusal for who may not know the names of secrets, which its sentence may have."""
    return type(refused)(
        f"The secrets of {intent.app} were refused ({refused.reason}), so nothing was released.", reason=refused.reason
    )
