"""Releasing the draft: what is staged in config and in secrets becomes live together, as one release."""

from dataclasses import dataclass
from typing import Final

from paaskit.errors import Refused
from paaskit.release_order import ReleasedChange
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import listing, refuse
from services.releaser.apps import Apps
from services.releaser.by_hand.answers import changes_in, release_in
from services.releaser.by_hand.execution import Execution
from services.releaser.by_hand.intents import Asker, DraftPlan, Intent, Wish, change_id_of
from services.releaser.contracts import Config, Secrets
from services.releaser.domain import AppKey, Kind, Release
from services.releaser.store.by_hand import ByHandStore

_SHOWN: Final = 8


@dataclass(frozen=True, kw_only=True)
class DraftWish(Wish):
    """A wish to release the draft, or to restart where nothing is staged. With `leave_draft`, to restart anyhow."""

    replace_newer: bool = False
    leave_draft: bool = False
    validate_only: bool = False


class Drafts:
    """Releases drafts."""

    def __init__(
        self, apps: Apps, store: ByHandStore, execution: Execution, *, config: Config, secrets: Secrets
    ) -> None:
        self._apps = apps
        self._store = store
        self._execution = execution
        self._config = config
        self._secrets = secrets

    async def release(self, wish: DraftWish) -> tuple[Release | None, tuple[ReleasedChange, ...]]:
        """Release the draft; return the release (none with `validate_only`) and what it makes live.

        Once per request id, whatever happened in between. Raises InvalidInput, NotFound, Refused where that would
        replace something newer, and Unavailable, naming config or secrets, before anything is done.
        """
        key = await self._apps.find(wish.app)
        if wish.validate_only:
            return None, (await self._look(key, wish))[1]
        refuse([check_request_id(wish.request_id)])
        request = RequestKey(
            request_id=wish.request_id,
            subject=wish.asker.actor.credential,
            method="CreateRelease",
            fingerprint=_fingerprint(wish),
        )
        answer = await self._store.recall(key, request)
        if answer is None:
            begun = await self._store.begin(await self._intent(key, wish, request))
            if isinstance(begun, Intent):
                answer = await self._execution.run(begun, may_list_secrets=wish.asker.may_list_secrets)
            else:
                answer = begun
        return release_in(answer), changes_in(answer)

    async def _intent(self, key: AppKey, wish: DraftWish, request: RequestKey) -> Intent:
        plan, changes = await self._look(key, wish)
        change_id = change_id_of("draft", key, request)
        intent = Intent(
            key=key,
            app=wish.app.name,
            change_id=change_id,
            kind=Kind.MANUAL,
            description=_description(changes),
            actor=wish.asker.actor,
            request=request,
            plan=plan,
        )
        # What was begun already has been looked at, and of what it makes live nothing is staged any more.
        if not plan.replace_newer and not await self._store.is_begun(intent):
            _refuse_newer(changes, wish.asker, wish.app.name)
        return intent

    async def _look(self, key: AppKey, wish: DraftWish) -> tuple[DraftPlan, tuple[ReleasedChange, ...]]:
        """Return what is to be released of what is staged. Raises Unavailable before anything is done: where config or
        secrets is away, nothing happens.
        """
        if wish.leave_draft:
            return DraftPlan(), ()
        of_config = await self._config.draft(key)
        of_secrets = await self._secrets.draft(key)
        plan = DraftPlan(
            config_revision=of_config.revision,
            secrets_revision=of_secrets.revision,
            replace_newer=wish.replace_newer,
        )
        return plan, (*of_config.changes, *of_secrets.changes)


def _fingerprint(wish: DraftWish) -> str:
    # What was remembered of a request without it is found under what it was remembered as.
    return fingerprint(wish.replace_newer, *([wish.leave_draft] if wish.leave_draft else []))


def _refuse_newer(changes: tuple[ReleasedChange, ...], asker: Asker, app: str) -> None:
    """Raise Refused where something was changed since it was staged. Names secrets only to who may list them."""
    newer = [change for change in changes if change.replaces_newer]
    if not newer:
        return
    names = [shown_name(change) for change in newer if not change.secret or asker.may_list_secrets]
    hidden = len(newer) - len(names)
    if hidden:
        names.append("a secret" if hidden == 1 else f"{hidden} secrets")
    raise Refused(
        f"{', '.join(names[:_SHOWN])}{' and more' if len(names) > _SHOWN else ''} changed since it was staged; "
        f"`paas releases:create --dry-run -a {app}` shows what would be replaced.",
        reason="DRAFT_REPLACES_NEWER",
    )


def _description(changes: tuple[ReleasedChange, ...]) -> str:
    return listing("Release the draft:", [shown_name(change) for change in changes]) if changes else "Restart"


def shown_name(change: ReleasedChange) -> str:
    """Return what a change is of, in words."""
    return change.name or "what the app runs"
