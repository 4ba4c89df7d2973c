"""Which app a name is."""

from paaskit.access import AppRef
from paaskit.errors import app_not_found
from paaskit.variables import check_app_name, shown
from services.releaser.contracts import Config
from services.releaser.domain import AppKey
from services.releaser.store.apps import AppStore


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
