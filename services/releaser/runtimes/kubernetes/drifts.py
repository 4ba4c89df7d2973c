"""Looks whether what was changed of a Deployment is ours, each time somebody changes one, and has it written down."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from paaskit.logs import describe_exception
from services.releaser.domain import AppKey
from services.releaser.manifests import APP_ID_LABEL, TENANT_LABEL
from services.releaser.runtimes.kubernetes.drift import drift_of
from services.releaser.runtimes.kubernetes.standing import standing_of
from services.releaser.store.drifts import DriftStore
from services.releaser.store.placements import PlacementStore

log = structlog.get_logger()


class DriftWatch:
    """Takes in Deployments as they are changed. Of each the newest state waits to be looked at, and nothing stays."""

    def __init__(self, placements: PlacementStore, drifts: DriftStore) -> None:
        self._placements = placements
        self._drifts = drifts
        self._waiting: dict[AppKey, Mapping[str, Any]] = {}
        self._changed = asyncio.Event()

    def take(self, deployment: Mapping[str, Any]) -> None:
        """Have a Deployment looked at soon."""
        labels = deployment["metadata"].get("labels") or {}
        key = AppKey(tenant=labels.get(TENANT_LABEL, ""), app_id=labels.get(APP_ID_LABEL, ""))
        self._waiting[key] = deployment
        self._changed.set()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            while self._waiting:
                key, deployment = self._waiting.popitem()
                try:
                    await self._look(key, deployment)
                except Exception as error:  # whatever the database did, there is more to look at
                    log.warning("drift_not_looked_at", app_id=key.app_id, **describe_exception(error))

    async def _look(self, key: AppKey, deployment: Mapping[str, Any]) -> None:
        release = standing_of(deployment).release
        placement = await self._placements.find(key)
        if placement is None or placement.good is None or placement.good != release:
            return  # under way; what came up is looked at when that is written down
        names = (*placement.plain, *placement.sealed)
        found = drift_of(deployment, place=placement.place, app=placement.app, release=release, names=names)
        if found is None:
            await self._drifts.mended(key)
        else:
            await self._drifts.drifted(key, release=release, manager=found.manager, names=found.names)
            log.info("drifted", tenant=key.tenant, app_id=key.app_id, manager=found.manager, names=len(found.names))
