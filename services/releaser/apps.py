"""Which app a name is."""

from typing import Final

from paaskit.access import AppRef
from paaskit.errors import Refused, Unavailable, app_not_found
from paaskit.variables import check_app_name, shown
from services.releaser.contracts import Config
from services.releaser.domain import AppKey
from services.releaser.store.apps import AppStore

_FIRST_VERSION: Final = 1


class Apps:
    """Turns names into apps: from what releaser knows, or from config."""

    def __init__(self, store: AppStore, config: Config) -> None:
        self._store = store
        self._config = config

    async def find(self, app: AppRef) -> AppKey:
        """Return the app of this name.

        Raises NotFound in the same words for an absent and a foreign one, and PermissionDenied for one that only has
        the name of the app that the caller's token is limited to.
        """
        if check_app_name(app.name) is not None:
            raise app_not_found(shown(app.name))
        key = await self._store.find(app.tenant, app.name)
        known = key is not None
        if key is None:
            key = AppKey(tenant=app.tenant, app_id=await self._config.resolve_app(app))
        app.accept(key.app_id)
        if not known:
            await self._store.register(key, app.name)
        return key

    async def find_app(self, app: AppRef) -> AppKey:
        """Return the app of this name, which is no shared group. Raises as `find` does, and Refused for a group."""
        key = await self.find(app)
        if await self._is_group(key):
            raise Refused(
                f"{app.name} is a group, which runs nothing. `paas groups:info {app.name}` shows which apps have it.",
                reason="NOT_AN_APP",
            )
        return key

    async def _is_group(self, key: AppKey) -> bool:
        """Whether it is a group, which config is asked once in its life. What runs is shown where config is away."""
        known = await self._store.is_group(key)
        if known is not None:
            return known
        try:
            is_group = (await self._config.desired_state(key, _FIRST_VERSION)).is_group
        except Unavailable:
            return False
        await self._store.note_group(key, is_group=is_group)
        return is_group
