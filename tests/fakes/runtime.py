"""A runtime that runs nothing: it keeps what it was told, and can be made to wait."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from services.releaser.domain import AppKey
from services.releaser.runtimes.choice import ChooseRuntime, Chosen, Given, Turn, at_once
from services.releaser.runtimes.protocol import (
    ApplyFailed,
    DesiredRelease,
    Hold,
    Instance,
    Progress,
    Report,
    Runtime,
    Written,
    platform_variables,
)


@dataclass(frozen=True)
class Copy:
    """One instance, as far as there is one. `number` is of no other."""

    number: int
    release: int
    environment: Mapping[str, str] = field(repr=False)


class FakeRuntime:
    """Implements `services.releaser.runtimes.protocol.Runtime`. `seconds` is how long applying takes.

    `gate` is waited for by every instance. Programs whose environment `fail` do not become ready; without another word,
    those with a variable FAIL. `becomes_ready` is asked the same, and may take its time.
    """

    def __init__(self, *, seconds: float = 0.0, gate: asyncio.Event | None = None) -> None:
        self.applied: list[DesiredRelease] = []
        self.failed: list[DesiredRelease] = []
        self.removed: list[AppKey] = []
        self.applying: list[AppKey] = []
        self.cancelled = 0
        self.gate = gate
        self.fail: Callable[[Mapping[str, str]], bool] = lambda environment: "FAIL" in environment
        self.becomes_ready: Callable[[Mapping[str, str]], Coroutine[None, None, bool]] = self._does_not_fail
        self._seconds = seconds
        self._numbers = itertools.count(1)
        self._coming: dict[tuple[AppKey, int], tuple[int, asyncio.Task[bool]]] = {}
        self._copies: dict[AppKey, dict[int, Copy]] = {}
        self.logs: dict[AppKey, list[Written]] = {}

    def runs(self, key: AppKey) -> dict[str, str]:
        """The variables an app's instances have now: of what was applied last and became ready."""
        applied = [desired for desired in self.applied if desired.key == key]
        return variables_of(applied[-1]) if applied else {}

    def copies(self, key: AppKey) -> dict[int, Copy]:
        """The app's instances by index."""
        return dict(sorted(self._copies.get(key, {}).items()))

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def apply(self, desired: DesiredRelease, report: Report, hold: Hold) -> None:
        self.applying.append(desired.key)
        try:
            await asyncio.sleep(self._seconds)
            await self._replace(desired, report)
            self.applied.append(desired)
        except ApplyFailed:
            self.failed.append(desired)
            raise
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            with suppress(ValueError):
                self.applying.remove(desired.key)

    async def _replace(self, desired: DesiredRelease, report: Report) -> None:
        copies = self._copies.setdefault(desired.key, {})
        for index in range(1, desired.spec.instances + 1):
            environment = variables_of(desired) | platform_variables(desired, index=index, port=8080)
            if self.gate is not None:
                await self.gate.wait()
            if index not in copies or copies[index].release != desired.release:
                if not await self._comes_up(desired, index, environment):
                    raise ApplyFailed(f"Instance {index} exited with code 1 before it was ready.")
                self.write(desired.key, index, f"started v{desired.release}", releases=(desired.release,))
                copies[index] = Copy(next(self._numbers), desired.release, environment)
            await report(_progress(copies, desired.release))
        for index in [index for index in copies if index > desired.spec.instances]:
            del copies[index]
        await report(_progress(copies, desired.release))

    async def _comes_up(self, desired: DesiredRelease, index: int, environment: Mapping[str, str]) -> bool:
        """Start a program, unless one is there of a rollout that was stopped; whether it became ready."""
        place = (desired.key, index)
        release, coming = self._coming.get(place, (0, None))
        if coming is None or release != desired.release:
            if coming is not None:
                coming.cancel()
            coming = asyncio.ensure_future(self.becomes_ready(environment))
            self._coming[place] = desired.release, coming
        ready = await asyncio.shield(coming)
        del self._coming[place]
        return ready

    async def _does_not_fail(self, environment: Mapping[str, str]) -> bool:
        return not self.fail(environment)

    async def remove(self, key: AppKey) -> None:
        self.removed.append(key)
        self._copies.pop(key, None)
        for place in [place for place in self._coming if place[0] == key]:
            self._coming.pop(place)[1].cancel()

    def write(self, key: AppKey, index: int, *lines: str, releases: tuple[int, ...]) -> None:
        """Have an instance write."""
        self.logs.setdefault(key, []).append(Written(index=index, releases=releases, lines=lines))

    async def written(self, key: AppKey, *, lines: int, follow: bool) -> AsyncIterator[Written]:
        logs = self.logs.setdefault(key, [])
        for each in logs if lines else ():
            yield replace(each, lines=each.lines[-lines:])
        seen = len(logs)
        while follow:
            await asyncio.sleep(0.01)
            for each in logs[seen:]:
                yield each
            seen = len(logs)

    async def instances(self, key: AppKey) -> Sequence[Instance]:
        return [Instance(index=index, release=copy.release, state="ready") for index, copy in self.copies(key).items()]

    async def close(self) -> None:
        return


def chosen(runtime: Runtime, turn: Turn = at_once) -> ChooseRuntime:
    """What chooses this runtime, whatever the settings say."""

    async def choose(_: Given) -> Chosen:
        return Chosen(runtime=runtime, turn=turn)

    return choose


def _progress(copies: Mapping[int, Copy], release: int) -> Progress:
    updated = sum(copy.release == release for copy in copies.values())
    return Progress(updated=updated, ready=updated, old=len(copies) - updated)


def variables_of(desired: DesiredRelease) -> dict[str, str]:
    """What a release injects."""
    return {name: value.reveal() for name, value in desired.variables.items()}
