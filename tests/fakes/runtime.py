"""A runtime that runs nothing: it keeps what it was told, and can be made to wait."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from services.releaser.domain import AppKey
from services.releaser.runtime import ApplyFailed, Deployment, Instance, Report


class FakeRuntime:
    """Implements `services.releaser.runtime.Runtime`. `seconds` is how long applying takes; `gate` is waited for.

    Programs whose variables `fail` do not become ready; without another word, those with a variable FAIL.
    """

    def __init__(self, *, seconds: float = 0.0, gate: asyncio.Event | None = None) -> None:
        self.applied: list[Deployment] = []
        self.failed: list[Deployment] = []
        self.removed: list[AppKey] = []
        self.applying: list[AppKey] = []
        self.cancelled = 0
        self.gate = gate
        self.fail: Callable[[Mapping[str, str]], bool] = lambda variables: "FAIL" in variables
        self._seconds = seconds

    def runs(self, key: AppKey) -> dict[str, str]:
        """The variables an app's instances have now: of what was applied last and became ready."""
        applied = [deployment for deployment in self.applied if deployment.key == key]
        return variables_of(applied[-1]) if applied else {}

    def take_over(self, holder: str) -> str:
        return ""

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def apply(self, deployment: Deployment, report: Report) -> None:
        self.applying.append(deployment.key)
        try:
            await asyncio.sleep(self._seconds)
            if self.gate is not None:
                await self.gate.wait()
            if self.fail(variables_of(deployment)):
                self.failed.append(deployment)
                raise ApplyFailed("Instance 1 exited with code 1 before it was ready.")
            await report(deployment.spec.instances)
            self.applied.append(deployment)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            with suppress(ValueError):
                self.applying.remove(deployment.key)

    async def remove(self, key: AppKey) -> None:
        self.removed.append(key)

    async def instances(self, key: AppKey) -> Sequence[Instance]:
        return []

    async def close(self) -> None:
        return


def variables_of(deployment: Deployment) -> dict[str, str]:
    """What a deployment injects."""
    return {name: value.reveal() for name, value in deployment.variables.items()}
