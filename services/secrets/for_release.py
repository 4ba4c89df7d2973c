"""Opening the values that a release injects, at the version it was ordered with, and no other."""

from collections.abc import Sequence

from paaskit.audit import Actor
from paaskit.redact import Plaintext
from services.secrets.keys.keyring import Keyring
from services.secrets.reveal import Given
from services.secrets.rules.stored import PREVIOUS_SUFFIX, Entry
from services.secrets.store import Store
from services.secrets.store.readings import Readings

Opened = list[tuple[str, Plaintext]]


class ForRelease:
    """Opens values for releaser."""

    def __init__(self, store: Store, readings: Readings, keyring: Keyring, *, given: Given) -> None:
        self._given = given
        self._store = store
        self._readings = readings
        self._keyring = keyring

    async def resolve(
        self,
        actor: Actor,
        *,
        app_id: str,
        version: int,
        names: Sequence[str],
        release: int,
        with_ended: bool = False,
    ) -> Opened:
        """Return the values that a version has under `names`, and the former ones whose overlap runs.

        With `with_ended` those whose overlap is over too. The audit event is committed before. Version 0 is the one
        before any secret. Raises NotFound for a destroyed app, or Unavailable.
        """
        app = await self._store.known(actor.tenant, app_id)
        if app is None:
            return []
        event = actor.event("secrets.resolve", app=app.name, app_id=app_id, targets=[f"v{release}"], version=version)
        current, former = await self._readings.at_version(
            actor.tenant, app_id, version, names=names, event=event, with_ended=with_ended
        )
        if not current:
            return []
        keys = await self._keyring.keys_for(actor.tenant, {each.sealed.generation for each in (*current, *former)})

        def opened(entry: Entry) -> Plaintext:
            return keys.unseal(app_id, entry.name, entry.version, entry.sealed)

        values = {entry.name: opened(entry) for entry in current}
        previous = {entry.name + PREVIOUS_SUFFIX: opened(entry) for entry in former}
        self._given(actor.tenant, app_id, current)
        return list((previous | values).items())
