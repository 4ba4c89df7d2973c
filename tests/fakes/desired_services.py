"""config and secrets as releaser calls them, without a channel, over the state of `desired_state`.

Like the real ones they do what a request id asks for once, take back name by name, and pass over or refuse names that
are something else.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from paaskit.access import AppRef
from paaskit.errors import Refused, Unavailable, app_not_found
from paaskit.redact import Plaintext
from services.releaser.contracts import Draft, DraftOrder, DraftReleased, GroupUse, Outcome, Restore, Revert
from services.releaser.domain import AppKey, DesiredState, GroupRef, SealedValues, Spec, Versions
from tests.fakes.desired_state import GROUP, SEALED, SPEC, FakeApp, FakeVariables, Kept, Ledger, groups_in

AnswerT = TypeVar("AnswerT")
_OF_ONE = frozenset({"resolve_app", "desired_state", "group_uses", "resolve"})
"""Methods that only one of the two services has."""


class _Service:
    """What both have: absence, holding, and answers that are remembered."""

    service = ""

    def __init__(self, variables: FakeVariables) -> None:
        self._variables = variables

    async def _answer(self, method: str, work: Callable[[], AnswerT]) -> AnswerT:
        named = (
            method
            if method in {"resolve_app", "desired_state", "group_uses", "resolve"}
            else f"{method}_{self.service}"
        )
        self._variables.calls.append(named)
        if self.service in self._variables.away:
            raise Unavailable(
                f"The {self.service} service cannot be reached now. Try again in a moment.",
                metadata={"service": self.service},
            )
        if named in self._variables.hold:
            await self._variables.hold[named].wait()
        if named in self._variables.refusals:
            raise self._variables.refusals[named]
        answer = work()
        if named in self._variables.hold_answer:
            await self._variables.hold_answer[named].wait()
        return answer

    def _get(self, key: AppKey) -> FakeApp:
        if key not in self._variables.apps:
            raise app_not_found(key.app_id)
        return self._variables.apps[key]


class FakeConfig(_Service):
    """config."""

    service = "config"

    async def resolve_app(self, app: AppRef) -> str:
        def find() -> str:
            for known in self._variables.apps.values():
                if (known.key.tenant, known.name) == (app.tenant, app.name):
                    return known.key.app_id
            raise app_not_found(app.name)

        return await self._answer("resolve_app", find)

    async def desired_state(self, key: AppKey, version: int) -> DesiredState:
        def state() -> DesiredState:
            app = self._get(key)
            entries = app.config.at(version)
            return DesiredState(
                app=app.name,
                spec=Spec() if entries[SPEC] is GROUP else entries[SPEC],
                variables=_vars(entries, spec=False),
                sealed_names=[name for name, entry in entries.items() if entry is SEALED],
                groups=groups_in(entries),
                is_group=entries[SPEC] is GROUP,
            )

        return await self._answer("desired_state", state)

    async def group_uses(self, key: AppKey) -> Sequence[GroupUse]:
        def uses() -> Sequence[GroupUse]:
            names = {name for name in self._get(key).config.live if name}
            using = [
                app
                for app in self._variables.apps.values()
                if app.key.tenant == key.tenant and any(group.group_id == key.app_id for group in app.groups)
            ]
            return [
                GroupUse(key=app.key, app=app.name, own_names=frozenset(names & set(app.config.live)))
                for app in sorted(using, key=lambda app: app.name)
            ]

        return await self._answer("group_uses", uses)

    async def restore(self, restore: Restore) -> Outcome:
        def restored() -> Outcome:
            ledger = self._get(restore.key).config
            target = _vars(ledger.at(restore.version))
            wanted = {**dict.fromkeys(_vars(ledger.live)), **target}
            taken = tuple(name for name in wanted if ledger.live.get(name) is SEALED)
            if taken and not restore.skip_taken:
                raise Refused("A name is a secret now.", reason="NAME_IS_SECRET")
            entries = {name: entry for name, entry in wanted.items() if name not in taken}
            spec = entries[SPEC]
            gone = [group for group in groups_in(entries) if not self._has(restore.key.tenant, group)]
            if gone:
                entries[SPEC] = replace(spec, groups=tuple(group for group in spec.groups if group not in gone))
            outcome = _outcome(ledger, entries, taken, validate_only=restore.validate_only)
            return replace(outcome, gone_groups=tuple(group.name for group in gone))

        return await self._answer(
            "restore", lambda: _once(self._get(restore.key).config, restore, restored, self._keep)
        )

    async def revert(self, revert: Revert) -> Outcome:
        def reverted() -> Outcome:
            ledger = self._get(revert.key).config
            before, after = _vars(ledger.at(revert.before)), _vars(ledger.at(revert.after))
            live = _vars(ledger.live)
            entries: dict[str, Any] = {}
            taken = []
            for name in {**before, **after}:
                if before.get(name) == after.get(name):
                    continue
                if ledger.live.get(name) is SEALED:
                    taken += [name] if name in before else []
                elif live.get(name) == after.get(name):
                    entries[name] = before.get(name)
            return _outcome(ledger, entries, tuple(taken))

        return await self._answer("revert", lambda: _once(self._get(revert.key).config, revert, reverted))

    async def draft(self, key: AppKey) -> Draft:
        return await self._answer("draft", lambda: _draft(self._get(key).config, secret=False))

    async def release_draft(self, order: DraftOrder) -> DraftReleased:
        def released() -> DraftReleased:
            return _release_draft(self._get(order.key).config, order, secret=False)

        ledger = self._get(order.key).config
        return await self._answer("release_draft", lambda: _once(ledger, order, released, self._keep))

    def _has(self, tenant: str, group: GroupRef) -> bool:
        return AppKey(tenant=tenant, app_id=group.group_id) in self._variables.apps

    def _keep(self, key: AppKey, change_id: str, description: str) -> None:
        app = self._get(key)
        app.kept.append(Kept(change_id, Versions(config=app.config.newest), description))


class FakeSecrets(_Service):
    """secrets. It claims names in config and gives them up, as the real one does."""

    service = "secrets"

    async def resolve(
        self, key: AppKey, *, version: int, names: Sequence[str], release: int, with_ended: bool = False
    ) -> SealedValues:
        def values() -> SealedValues:
            app = self._get(key)
            stored = {name: secret for name, secret in app.secrets.at(version).items() if name in names}
            found = {name: secret.value for name, secret in stored.items()}
            found |= {
                f"{name}_PREVIOUS": secret.previous
                for name, secret in stored.items()
                if secret.previous is not None and name not in app.over
            }
            return {name: Plaintext(value) for name, value in found.items()}

        return await self._answer("resolve", values)

    async def restore(self, restore: Restore) -> Outcome:
        def restored() -> Outcome:
            app = self._get(restore.key)
            target = app.secrets.at(restore.version)
            wanted = {**dict.fromkeys(app.secrets.live), **target}
            return self._put(app, wanted, validate_only=restore.validate_only)

        ledger = self._get(restore.key).secrets
        return await self._answer("restore", lambda: _once(ledger, restore, restored, self._keep))

    async def revert(self, revert: Revert) -> Outcome:
        def reverted() -> Outcome:
            app = self._get(revert.key)
            before, after = app.secrets.at(revert.before), app.secrets.at(revert.after)
            live = app.secrets.live
            entries = {
                name: before.get(name)
                for name in {**before, **after}
                if _value(before, name) != _value(after, name) and _value(live, name) == _value(after, name)
            }
            return self._put(app, entries)

        return await self._answer("revert", lambda: _once(self._get(revert.key).secrets, revert, reverted))

    async def draft(self, key: AppKey) -> Draft:
        return await self._answer("draft", lambda: _draft(self._get(key).secrets, secret=True))

    async def release_draft(self, order: DraftOrder) -> DraftReleased:
        def released() -> DraftReleased:
            app = self._get(order.key)
            answer = _release_draft(app.secrets, order, secret=True)
            gone = [change.name for change in answer.changes if change.name not in app.secrets.live]
            app.free(*gone)
            claimed = [app.config.since(change.name) or 0 for change in answer.changes if change.name not in gone]
            return replace(answer, config_version=max(claimed, default=0) or None)

        ledger = self._get(order.key).secrets
        return await self._answer("release_draft", lambda: _once(ledger, order, released, self._keep))

    def _put(self, app: FakeApp, entries: dict[str, Any], *, validate_only: bool = False) -> Outcome:
        """Store entries, with the claims of names that come and go; names that are config vars are passed over."""
        taken = tuple(
            name
            for name, entry in entries.items()
            if entry is not None and app.config.live.get(name, SEALED) is not SEALED
        )
        entries = {name: entry for name, entry in entries.items() if name not in taken}
        if not validate_only:
            app.config.put({name: SEALED for name, entry in entries.items() if entry is not None})
            app.free(*(name for name, entry in entries.items() if entry is None))
        return _outcome(app.secrets, entries, taken, validate_only=validate_only)

    def _keep(self, key: AppKey, change_id: str, description: str) -> None:
        app = self._get(key)
        app.kept.append(Kept(change_id, app.versions, description))


def _vars(entries: dict[str, Any], *, spec: bool = True) -> dict[str, Any]:
    return {name: entry for name, entry in entries.items() if entry is not SEALED and (name or spec)}


def _value(entries: dict[str, Any], name: str) -> str | None:
    return entries[name].value if name in entries else None


def _once(
    ledger: Ledger,
    asked: Restore | Revert | DraftOrder,
    work: Callable[[], AnswerT],
    keep: Callable[[AppKey, str, str], None] | None = None,
) -> AnswerT:
    """Do what a request id asks for, or answer as before; keep the order of a change that has one."""
    if isinstance(asked, Restore) and asked.validate_only:
        return work()
    request = (asked.request_id, repr(asked))
    for earlier, answer in ledger.answers.values():
        if earlier[0] == asked.request_id:
            assert earlier == request, "a request id that was used for something else"
            found: AnswerT = answer
            return found
    before = ledger.newest
    answer = work()
    ledger.answers[asked.request_id] = (request, answer)
    if keep is not None and ledger.newest != before and not isinstance(asked, Revert):
        keep(asked.key, asked.change_id if isinstance(asked, Restore) else asked.request_id, asked.description)
    return answer


def _outcome(
    ledger: Ledger, entries: dict[str, Any], taken: tuple[str, ...], *, validate_only: bool = False
) -> Outcome:
    dry = Ledger(ledger.first, [*ledger.versions]) if validate_only else ledger
    changes = dry.put(entries)
    return Outcome(
        version=ledger.newest,
        changes=tuple(change for change in changes if change.name != SPEC),
        taken=taken,
        spec_changed=any(change.name == SPEC for change in changes),
    )


def _draft(ledger: Ledger, *, secret: bool) -> Draft:
    return Draft(revision=ledger.revision if ledger.draft else None, changes=ledger.staged(secret=secret))


def _release_draft(ledger: Ledger, order: DraftOrder, *, secret: bool) -> DraftReleased:
    changes = ledger.staged(secret=secret, upto=order.revision)
    if not order.replace_newer and any(change.replaces_newer for change in changes):
        raise Refused("Something was changed since it was staged.", reason="DRAFT_REPLACES_NEWER")
    if not changes:
        return DraftReleased(version=None, used_up=0)
    ledger.take_draft(order.revision)
    return DraftReleased(version=ledger.newest, used_up=len(changes), changes=changes)
