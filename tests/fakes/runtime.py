"""A runtime that runs nothing: it keeps what it was told, and can be made to wait."""

import asyncio
from collections.abc import Sequence

from services.releaser.domain import AppKey
from services.releaser.runtime import Deployment, Instance, Report


class FakeRuntime:
    """Implements `services.releaser.runtime.Runtime`. `seconds` is how long applying takes; `gate` is waited for."""

    def __init__(self, *, seconds: float = 0.0, gate: asyncio.Event | None = None) -> None:
        self.applied: list[Deployment] = []
        self.removed: list[AppKey] = []
        self.applying: list[AppKey] = []
        self.cancelled = 0
        self._seconds = seconds
        self._gate = gate

    def take_over(self, holder: str) -> str:
        return ""

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def apply(self, deployment: Deployment, report: Report) -> None:
        self.applying.append(deployment.key)
        try:
            await asyncio.sleep(self._seconds)
            if self._gate is not None:
                await self._gate.wait()
            await report(deployment.spec.instances)
            self.applied.append(deployment)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.applying.remove(deployment.key)

    async def remove(self, key: AppKey) -> None:
        self.removed.append(key)

    async def instances(self, key: AppKey) -> Sequence[Instance]:
        return []

    async def close(self) -> None:
        return
