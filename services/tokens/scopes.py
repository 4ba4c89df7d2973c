"""Which apps a new token is limited to: by their ids, so that a later app of the same name is a stranger to it.

The ids are asked for before anything is written: nothing waits for config while a transaction is open.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from paaskit.access import AppRef, limited_to_other_apps
from paaskit.errors import FieldViolation, NotFound, app_not_found
from paaskit.identity import AppScope, Identity

ResolveApp = Callable[[str, str], Awaitable[str]]
"""Returns the id of a tenant's app, given its name. Raises NotFound, PermissionDenied and Unavailable."""

_AT_ONCE: Final = 16


async def scope_of(names: Sequence[str], identity: Identity, *, resolve: ResolveApp) -> AppScope | None:
    """Return the scope of a token that `identity` makes for the apps of these names; its own where there are none.

    Raises PermissionDenied where that is more than its own, NotFound naming every app that is not there, Unavailable.
    """
    if not names:
        if identity.apps is not None and not identity.apps:
            raise limited_to_other_apps(identity.subject)
        return identity.apps
    if not all(identity.may_touch(name) for name in names):
        raise limited_to_other_apps(identity.subject)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def find(name: str) -> tuple[str, str] | None:
        async with gate:
            try:
                app_id = await resolve(identity.tenant, name)
            except NotFound:
                return None
        bound_id = identity.bound_id(name)
        AppRef(tenant=identity.tenant, name=name, bound_id=bound_id, subject=identity.subject).accept(app_id)
        return name, app_id

    wanted = sorted(set(names))
    found = await asyncio.gather(*(find(name) for name in wanted))
    missing = [name for name, pair in zip(wanted, found, strict=True) if pair is None]
    if missing:
        raise _apps_not_found(missing, names)
    return frozenset(pair for pair in found if pair is not None)


def _apps_not_found(missing: Sequence[str], names: Sequence[str]) -> NotFound:
    fields = [FieldViolation(f"apps[{names.index(name)}]", "there is no such app") for name in missing]
    if len(missing) == 1:
        one = app_not_found(missing[0])
        return NotFound(one.message, reason=one.reason, fields=fields)
    return NotFound(
        f"There are no apps named {', '.join(missing)}. `paas apps:list` shows the apps you have.",
        reason="APP_NOT_FOUND",
        fields=fields,
    )
