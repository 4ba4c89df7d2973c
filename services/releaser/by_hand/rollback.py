"""Going back: a new release with the app spec and config of an old one, with its secrets where that is asked for."""

from dataclasses import dataclass

from paaskit.access import require
from paaskit.changes import Action
from paaskit.errors import Refused
from paaskit.release_order import ReleasedChange
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import refuse
from services.releaser.apps import Apps
from services.releaser.by_hand.answers import changes_in, gone_groups_in, release_in
from services.releaser.by_hand.execution import Execution, released_by
from services.releaser.by_hand.intents import Intent, RollbackPlan, Wish, change_id_of
from services.releaser.contracts import Config, Restore, Secrets
from services.releaser.domain import AppKey, Kind, Release, State, release_not_found
from services.releaser.store.by_hand import ByHandStore
from services.releaser.store.releases import ReleaseStore


@dataclass(frozen=True, kw_only=True)
class RollbackWish(Wish):
    """A wish to go back to release `number`."""

    number: int
    with_secrets: bool = False
    validate_only: bool = False


@dataclass(frozen=True, kw_only=True)
class WentBack:
    """What going back does: the release, None where it was only asked what it would do, the changes of names, and the
    shared groups that the app had then and that are passed over, since they were destroyed.
    """

    release: Release | None = None
    changes: tuple[ReleasedChange, ...] = ()
    gone_groups: tuple[str, ...] = ()


class Rollbacks:
    """Goes back."""

    def __init__(
        self,
        apps: Apps,
        releases: ReleaseStore,
        store: ByHandStore,
        *,
        execution: Execution,
        config: Config,
        secrets: Secrets,
    ) -> None:
        self._apps = apps
        self._releases = releases
        self._store = store
        self._execution = execution
        self._config = config
        self._secrets = secrets

    async def go_back(self, wish: RollbackWish) -> WentBack:
        """Go back to an old release; return the new one and what it does.

        Once per request id, whatever happened in between. Asks for the permissions of what it does before anything is
        done. Raises InvalidInput, NotFound, PermissionDenied, Refused, and Unavailable.
        """
        key = await self._apps.find(wish.app)
        plan = await self._plan(key, wish)
        if wish.validate_only:
            return await self._preview(key, plan, actor=wish.asker.actor.name)
        refuse([check_request_id(wish.request_id)])
        request = RequestKey(
            request_id=wish.request_id,
            subject=wish.asker.actor.credential,
            method="Rollback",
            fingerprint=fingerprint(wish.number, wish.with_secrets),
        )
        answer = await self._store.recall(key, request)
        if answer is None:
            await self._preview(key, plan, actor=wish.asker.actor.name)
            begun = await self._store.begin(_intent(key, wish, request, plan=plan))
            if isinstance(begun, Intent):
                answer = await self._execution.run(begun, may_list_secrets=wish.asker.may_list_secrets)
            else:
                answer = begun
        return WentBack(release=release_in(answer), changes=changes_in(answer), gone_groups=gone_groups_in(answer))

    async def _plan(self, key: AppKey, wish: RollbackWish) -> RollbackPlan:
        target = await self._releases.get(key, wish.number)
        if target is None:
            raise release_not_found(wish.app.name, wish.number)
        if target.state is not State.SUCCEEDED or target.versions.config is None:
            raise Refused(
                f"v{target.number} of {wish.app.name} did not succeed, so there is nothing to go back to. "
                f"`paas releases -a {wish.app.name}` shows the ones that did."
            )
        return RollbackPlan(
            config_version=target.versions.config,
            secrets_version=(target.versions.secrets or 0) if wish.with_secrets else None,
        )

    async def _preview(self, key: AppKey, plan: RollbackPlan, *, actor: str) -> WentBack:
        """Return what going back would do. Raises PermissionDenied where the caller may not do that."""
        if plan.with_secrets:
            require("secrets.write")
        of_config = await self._config.restore(
            Restore(key=key, version=plan.config_version, skip_taken=plan.with_secrets, validate_only=True)
        )
        if of_config.changes or of_config.taken:
            require("config.write")
        if of_config.spec_changed:
            require("apps.write")
        changes = released_by(actor, of_config, secret=False)
        if plan.secrets_version is None:
            return WentBack(changes=changes, gone_groups=of_config.gone_groups)
        of_secrets = await self._secrets.restore(Restore(key=key, version=plan.secrets_version, validate_only=True))
        # What secrets would give up is what config could then have again.
        freed = {change.name for change in of_secrets.changes if change.action is Action.REMOVED}
        back = [
            ReleasedChange(name=name, action=Action.ADDED, secret=False, actor=actor)
            for name in of_config.taken
            if name in freed
        ]
        changes = (*changes, *back, *released_by(actor, of_secrets, secret=True))
        return WentBack(changes=changes, gone_groups=of_config.gone_groups)


def _intent(key: AppKey, wish: RollbackWish, request: RequestKey, *, plan: RollbackPlan) -> Intent:
    return Intent(
        key=key,
        app=wish.app.name,
        change_id=change_id_of("rollback", key, request),
        kind=Kind.ROLLBACK,
        description=f"Rollback to v{wish.number}" + (" with its secrets" if wish.with_secrets else ""),
        actor=wish.asker.actor,
        request=request,
        plan=plan,
        source_release=wish.number,
    )
