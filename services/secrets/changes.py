"""The one way in which an app's secrets change.

What has to be asked, of the KMS and of config, is asked first; then everything is decided and written in one
transaction; then config is told of the names that are given up. Where what was prepared doesn't fit what is stored any
more, it is done over.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from paaskit.access import AppRef
from paaskit.changes import Answer
from paaskit.clock import Clock, IdSource
from paaskit.errors import NotFound, PaasError, Unavailable, app_not_found
from paaskit.outbox import Message
from paaskit.requests import RequestKey
from paaskit.write_path import Decision, NoEvent
from services.secrets.keys.keyring import Keyring
from services.secrets.keys.tenant_keys import GenerationMissingError, TenantKeys
from services.secrets.registry import Registry, message_of
from services.secrets.rules.claims import (
    NO_CLAIM_ID,
    Claimed,
    GivenUp,
    Need,
    StaleError,
    claims_seen,
    names_needed,
    settle_left,
    settle_names,
)
from services.secrets.rules.outcome import Means
from services.secrets.rules.plan import Plan
from services.secrets.rules.sealing import refuse_stale_keys
from services.secrets.rules.stored import App, Snapshot
from services.secrets.store import Store
from services.secrets.store.snapshots import still_cleaned_up

_TRIES: Final = 3

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class SecretsChange:
    """One change of one app's secrets.

    `names` limits what is looked at (None: everything), and `versions` are earlier ones to look at as well. `needs`
    says which names config has to know of, `checks` which sizes it has to have room for, `leaves` which live names go,
    and `decide` what is to be written; all are pure. `leaving` is set for a change of the draft: a name may be a config
    var that goes with it. `key` is what a message to config about names is kept under, where somebody wants to be sure
    that config has it.
    """

    tenant: str
    app: App
    decide: Callable[[Snapshot, Means], Decision[Plan]]
    needs: Callable[[Snapshot, Means], Sequence[Need]] = lambda _seen, _means: ()
    checks: Callable[[Snapshot], Sequence[Need]] = lambda _seen: ()
    leaves: Callable[[Snapshot], Sequence[str]] = lambda _seen: ()
    names: Sequence[str] | None = None
    versions: Sequence[int] = ()
    request: RequestKey | None = None
    sealing: bool = True
    skip_taken: bool = False
    leaving: bool = False
    key: str = ""


class Changes:
    """Makes changes."""

    def __init__(self, store: Store, registry: Registry, keyring: Keyring, *, new_id: IdSource, clock: Clock) -> None:
        self._store = store
        self._registry = registry
        self._keyring = keyring
        self._new_id = new_id
        self._clock = clock

    async def find(self, ref: AppRef) -> App:
        """Return the app that a caller names. Raises NotFound, PermissionDenied or Unavailable."""
        app_id = await self._store.app_id(ref.tenant, ref.name)
        if app_id is None:
            app_id = await self._registry.resolve(ref)
        ref.accept(app_id)
        return App(app_id=app_id, name=ref.name)

    async def look(
        self, tenant: str, app: App, *, names: Sequence[str] | None, versions: Sequence[int] = ()
    ) -> Snapshot:
        """Return what is stored now under names (None: all). Raises NotFound for an app that was destroyed."""
        snapshot, _ = await self._store.look(tenant, app, names=names, versions=versions)
        return snapshot

    async def make(self, change: SecretsChange) -> Answer:
        """Make a change; return its answer, or the one an equal request got before.

        Raises what the decision raises, what config refuses names with, and Unavailable.
        """
        for _ in range(_TRIES):
            seen, earlier = await self._store.look(
                change.tenant, change.app, names=change.names, versions=change.versions, request=change.request
            )
            if earlier is not None:
                return earlier
            means = await self.means(change, seen)
            await self._registry.check(change.tenant, change.app.app_id, change.checks(seen), leaving=change.leaving)
            await self._registry.check_unused(change.tenant, change.app.app_id, change.leaves(seen))
            means = replace(means, claimed=await self._claim(change, seen, change.needs(seen, means)))
            try:
                return await self._write(change, means)
            except StaleError:
                await self._abandon(change, means.claimed)
            except GenerationMissingError:
                self._keyring.forget(change.tenant)
                await self._abandon(change, means.claimed)
            except Exception:
                await self._abandon(change, means.claimed)
                raise
        raise Unavailable(
            "Others are changing the same secrets at this moment. Try again.",
            reason="BUSY",
            metadata={"service": "secrets"},
        )

    async def means(self, change: SecretsChange, seen: Snapshot) -> Means:
        """Return the time, and the keys to open what is stored and to seal with, as far as a change needs any."""
        keys = TenantKeys(change.tenant, {})
        if change.sealing:
            keys = await self._keyring.keys_for(change.tenant, seen.generations())
        return Means(keys=keys, claimed=Claimed(), now=self._clock())

    async def settle(self, tenant: str, app: App, claim_id: str, *, names: Sequence[str] | None = None) -> None:
        """Settle a claim whose change did not come to pass; `names` are what it is of. Raises Unavailable."""
        given_up: list[Message] = []

        def decide(snapshot: Snapshot) -> Decision[Plan]:
            plan, free = settle_left(snapshot, claim_id)
            given_up[:] = [message_of(tenant, app.app_id, free, key=self._new_id())] if free else []
            return Decision(answer={}, rows=plan, messages=given_up, no_event=NoEvent.REFUSED)

        await self._store.change(tenant, app, names=names, decide=decide)
        for message in given_up:
            await self._registry.give_up(message)

    async def confirm_given_up(self, key: str) -> None:
        """Return once config has what was kept for it under `key`. Raises Unavailable while it can't be reached."""
        message = await self._store.message(key)
        if message is not None and not await self._registry.give_up(message):
            raise Unavailable(
                "The config service cannot be reached now, so that names are not free yet. Try again in a moment.",
                metadata={"service": "config"},
            )

    async def free_lost(self, tenant: str, app: App, names: Sequence[str]) -> None:
        """Free those of `names` that were claimed for nothing before claims were kept on record, if config has any."""
        seen = await self.look(tenant, app, names=names)
        lost = [GivenUp(name, NO_CLAIM_ID) for name in names if name not in names_needed(seen) | seen.current.keys()]
        if lost:
            await self._registry.free(message_of(tenant, app.app_id, lost, key=""))

    async def _write(self, change: SecretsChange, means: Means) -> Answer:
        given_up: list[Message] = []
        decided = False

        def decide(snapshot: Snapshot) -> Decision[Plan]:
            nonlocal decided
            if change.sealing:
                refuse_stale_keys(snapshot, means.keys)
            decision = change.decide(snapshot, means)
            plan, names = settle_names(snapshot, decision.rows or Plan(), means.claimed)
            if names:
                key = change.key or self._new_id()
                given_up[:] = [message_of(change.tenant, change.app.app_id, names, key=key)]
            decided = True
            # Of what comes to nothing there are claims to settle all the same.
            no_event = decision.no_event if decision.rows is not None else NoEvent.ALREADY_SO
            return replace(decision, rows=plan, messages=[*decision.messages, *given_up], no_event=no_event)

        answer = await self._store.change(
            change.tenant,
            change.app,
            names=change.names,
            versions=change.versions,
            request=change.request,
            decide=decide,
        )
        if not decided:  # an equal request was first, and what this one claimed is not needed for it
            await self._abandon(change, means.claimed)
        for message in given_up:
            await self._registry.give_up(message)
        return answer

    async def _claim(self, change: SecretsChange, seen: Snapshot, needs: Sequence[Need]) -> Claimed:
        """Claim what the change needs. The claim is on record before config is asked for it, so that none is lost."""
        if not needs:
            return Claimed()
        claim_id, names = self._new_id(), {need.name for need in needs}
        await self._store.open_claim(change.tenant, change.app, claim_id, sorted(names))
        try:
            claimed = await self._registry.claim(
                change.tenant,
                change.app.app_id,
                needs,
                claim_id=claim_id,
                skip_taken=change.skip_taken,
                leaving=change.leaving,
            )
        except Unavailable:
            raise  # it may be granted all the same: the claim stays on record until that can't happen any more
        except PaasError as refused:
            await self._store.drop_claim(change.tenant, change.app.app_id, claim_id)
            if isinstance(refused, NotFound):
                await self._explain_absence(change)
            raise
        return replace(claimed, seen=claims_seen(seen, names))

    async def _explain_absence(self, change: SecretsChange) -> None:
        """Raise what is to be said where config does not know the app that secrets does."""
        try:
            now = await self._registry.resolve(AppRef(tenant=change.tenant, name=change.app.name))
        except NotFound:
            raise app_not_found(change.app.name) from None
        if now != change.app.app_id:
            raise still_cleaned_up(change.app.name)

    async def _abandon(self, change: SecretsChange, claimed: Claimed) -> None:
        """Give up what was claimed for nothing, now if possible; what is left is settled later."""
        if claimed.claim_id is None:
            return
        try:
            names = [*claimed.names, *claimed.taken]
            await self.settle(change.tenant, change.app, claimed.claim_id, names=names)
        except PaasError as error:
            log.warning("claim_settled_later", reason=error.reason)
