"""config and secrets as releaser sees them: versions of apps in memory.

They restore once per change id and refuse an unexpected version, as the real ones do. `away` names the services that
can't be reached; `hold` maps a method to an event it waits for before it does anything, and `hold_answer` to one it
waits for before it answers, to stop a release right there.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from paaskit.errors import Conflict, Unavailable, app_not_found
from paaskit.redact import Plaintext
from services.releaser.domain import (
    AppKey,
    DesiredState,
    NameChange,
    Restore,
    Restored,
    RestoreScope,
    SealedValues,
    Spec,
)


@dataclass(frozen=True)
class ConfigVersion:
    """One version of an app in config."""

    spec: Spec
    variables: dict[str, str]
    sealed: tuple[str, ...] = ()


@dataclass
class FakeApp:
    """An app's versions; version N is at index N - 1 of `config` and N of `secrets`."""

    key: AppKey
    name: str
    config: list[ConfigVersion]
    secrets: list[dict[str, str]] = field(default_factory=lambda: [{}])
    restored: dict[str, Restored] = field(default_factory=dict)

    def change(self, *, spec: Spec | None = None, **variables: str) -> int:
        """Set config vars or the spec; return the version."""
        newest = self.config[-1]
        self.config.append(ConfigVersion(spec or newest.spec, newest.variables | variables, newest.sealed))
        return len(self.config)

    def seal(self, **values: str) -> int:
        """Set secrets; return secrets' version."""
        newest = self.config[-1]
        names = tuple(dict.fromkeys([*newest.sealed, *values]))
        if names != newest.sealed:
            self.config.append(ConfigVersion(newest.spec, newest.variables, names))
        self.secrets.append(self.secrets[-1] | values)
        return len(self.secrets) - 1

    def keep_restored(
        self, once: str, restore: Restore, keep: Callable[[], int], changes: tuple[NameChange, ...]
    ) -> Restored:
        """Make the version by `keep`, unless only asked what it would be."""
        if restore.validate_only:
            return Restored(version=0, changes=changes)
        self.restored[once] = Restored(version=keep(), changes=changes)
        return self.restored[once]


class FakeVariables:
    """Both services' state."""

    def __init__(self) -> None:
        self.apps: dict[AppKey, FakeApp] = {}
        self.away: set[str] = set()
        self.hold: dict[str, asyncio.Event] = {}
        self.hold_answer: dict[str, asyncio.Event] = {}
        self.calls: list[str] = []

    def app(
        self, spec: Spec, /, *, tenant: str = "acme", name: str = "web", app_id: str = "a1", **variables: str
    ) -> FakeApp:
        """Register an app at version 1."""
        key = AppKey(tenant=tenant, app_id=app_id)
        self.apps[key] = FakeApp(key, name, [ConfigVersion(spec, variables)])
        return self.apps[key]

    async def resolve_app(self, tenant: str, app: str) -> str:
        await self._enter("config", "resolve_app")
        for known in self.apps.values():
            if (known.key.tenant, known.name) == (tenant, app):
                return known.key.app_id
        raise app_not_found(app)

    async def desired_state(self, key: AppKey, version: int) -> DesiredState:
        await self._enter("config", "desired_state")
        app = self._get(key)
        number = version or len(app.config)
        found = app.config[number - 1]
        return DesiredState(
            app=app.name, spec=found.spec, version=number, variables=found.variables, sealed_names=found.sealed
        )

    async def resolve(self, key: AppKey, *, version: int, names: Sequence[str], release: int) -> SealedValues:
        await self._enter("secrets", "resolve")
        app = self._get(key)
        number = version or len(app.secrets) - 1
        stored = app.secrets[number]
        wanted = {name: stored[name] for name in names if name in stored}
        wanted |= {f"{name}_PREVIOUS": stored[f"{name}_PREVIOUS"] for name in names if f"{name}_PREVIOUS" in stored}
        return SealedValues(version=number, values={name: Plaintext(value) for name, value in wanted.items()})

    async def restore_config(self, restore: Restore, scope: RestoreScope) -> Restored:
        await self._enter("config", "restore_config")
        app = self._get(restore.key)
        target, newest = app.config[restore.version - 1], app.config[-1]
        sealed = target.sealed if scope is RestoreScope.EVERYTHING else newest.sealed
        made = ConfigVersion(target.spec, target.variables, sealed)

        def keep() -> int:
            if made != newest:
                app.config.append(made)
            return len(app.config)

        if (once := f"config {restore.change_id}") in app.restored:
            return app.restored[once]
        _check(restore, newest=len(app.config))
        changes = _changes(newest.variables, made.variables)
        return await self._leave(app.keep_restored(once, restore, keep, changes), "restore_config")

    async def restore_secrets(self, restore: Restore) -> Restored:
        await self._enter("secrets", "restore_secrets")
        app = self._get(restore.key)
        target, newest = app.secrets[restore.version], app.secrets[-1]

        def keep() -> int:
            if target != newest:
                app.secrets.append(target)
            return len(app.secrets) - 1

        if (once := f"secrets {restore.change_id}") in app.restored:
            return app.restored[once]
        _check(restore, newest=len(app.secrets) - 1)
        return await self._leave(app.keep_restored(once, restore, keep, _changes(newest, target)), "restore_secrets")

    async def _leave(self, restored: Restored, method: str) -> Restored:
        if method in self.hold_answer:
            await self.hold_answer[method].wait()
        return restored

    def _get(self, key: AppKey) -> FakeApp:
        if key not in self.apps:
            raise app_not_found(key.app_id)
        return self.apps[key]

    async def _enter(self, service: str, method: str) -> None:
        self.calls.append(method)
        if service in self.away:
            raise Unavailable(f"The {service} service is away.", metadata={"service": service})
        if method in self.hold:
            await self.hold[method].wait()


class FakeConfig:
    """config, without a channel."""

    def __init__(self, variables: FakeVariables) -> None:
        self.resolve_app = variables.resolve_app
        self.desired_state = variables.desired_state
        self.restore = variables.restore_config


class FakeSecrets:
    """secrets, without a channel."""

    def __init__(self, variables: FakeVariables) -> None:
        self.resolve = variables.resolve
        self.restore = variables.restore_secrets


def _changes(old: dict[str, str], new: dict[str, str]) -> tuple[NameChange, ...]:
    found = [NameChange(name=name, action="added") for name in new if name not in old]
    found += [NameChange(name=name, action="changed") for name in new if name in old and new[name] != old[name]]
    return (*found, *(NameChange(name=name, action="removed") for name in old if name not in new))


def _check(restore: Restore, *, newest: int) -> None:
    if restore.expected_version not in (0, newest):
        raise Conflict("It was changed in between.")
