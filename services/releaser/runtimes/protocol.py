"""The protocol between releases and whatever runs programs: this machine now, Kubernetes elsewhere.

Must not know how either does it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from paaskit.redact import Plaintext
from services.releaser.domain import AppKey, Spec


@dataclass(frozen=True, kw_only=True)
class DesiredRelease:
    """What a release brings about: the spec and every variable of one app, at the release's pinned versions.

    `sealed` are the names of those variables that are secrets. With `take_back`, what somebody else changed of the
    app's environment past us is ours again; without, that makes the release fail.
    """

    key: AppKey
    app: str
    release: int
    spec: Spec
    variables: Mapping[str, Plaintext] = field(repr=False)
    sealed: Collection[str] = ()
    take_back: bool = False


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One running copy of an app. `index` counts from 1; `state` is `ready`, `starting` or `stopped`."""

    index: int
    release: int
    state: str
    port: int = 0
    started_at: datetime | None = None
    log: str = ""


@dataclass(frozen=True, kw_only=True)
class Written:
    """Lines that one instance wrote, the oldest first, values and all.

    `releases` are those whose values may be in them, the newest last. Nobody is shown them before these are masked.
    """

    index: int
    releases: tuple[int, ...]
    lines: tuple[str, ...] = field(repr=False)


class ApplyFailed(Exception):
    """The instances can't run or did not become ready. The message is one sentence, without a value or any output.

    `output` is the end of what a failing instance wrote, with the app's values masked; empty where that is not known.
    """

    def __init__(self, message: str, *, output: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.output = output


class RuntimeAway(Exception):
    """What runs the apps can't be reached, or what became of a call to it is not known. The same is to be asked again,
    `retry_after` seconds later at the earliest.
    """

    def __init__(self, name: str, *, retry_after: float = 0.0) -> None:
        super().__init__(name)
        self.name = name
        self.retry_after = retry_after


def platform_variables(desired: DesiredRelease, *, port: int | None = None, index: int | None = None) -> dict[str, str]:
    """Return what the platform tells an instance of itself, whatever runs it; no app may set these names.

    `port` is where it is to listen, None where it is not ours to say; `index` which instance it is, None where all have
    one environment. Values are of one release and one instance, so they are nobody's secrets.
    """
    told = {"PAAS_APP": desired.app, "PAAS_RELEASE": f"v{desired.release}"}
    if port is not None:
        told["PORT"] = str(port)
    if index is not None:
        told["PAAS_INSTANCE"] = str(index)
    return told


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a rollout is: how many instances run the new release, how many of these are ready, how many are older.

    `total` is how many are to be, where the runtime alone knows that: of an app that adopts a Deployment.
    """

    updated: int
    ready: int
    old: int
    total: int | None = None


Report = Callable[[Progress], Awaitable[None]]
"""Is told how far the rollout is, each time it is further."""

Hold = Callable[[], Awaitable[None]]
"""Makes sure that whoever applies still may: called after what is there was read, and before it is changed. Raises what
stops the rollout where somebody else works on the app by now.
"""

ReleaseSource = Callable[[AppKey, int], Awaitable[DesiredRelease]]
"""Returns a release at its pinned versions; values are fetched, never kept."""


class Runtime(Protocol):
    """Runs apps. Every method may be repeated after a crash, with the same outcome.

    `tests/integration/releaser/runtimes` says the same in tests, which every runtime passes.
    """

    async def run(self) -> None:
        """Keep what was applied running, for ever."""

    async def apply(self, desired: DesiredRelease, report: Report, hold: Hold) -> None:
        """Replace the app's instances, until as many as the spec says run with this release.

        First one, and the others once that is ready; all at once where the spec says so. What comes on top of those
        there were, as in an app's first release, may come at once. One is ready that becomes so
        within the spec's `ready_timeout`, or the runtime's own.

        Applying the same release again replaces nothing. Cancelling stops following the rollout, which may stop too
        or go on by itself; applying the same release again goes on from where it is then.

        Raises ApplyFailed. Then nothing goes on trying: the runtime has stopped bringing up the instance that failed
        and those behind it. What ran before and was not replaced yet goes on. Instances of this release that were
        ready go on too, or are of the last good release again, as the runtime can have it; applying another release
        puts things right. Raises RuntimeAway where it is not known whether it came about.
        """

    async def remove(self, key: AppKey) -> None:
        """Stop every instance of the app and forget it; returns when all have ended. Without effect where none is."""

    async def instances(self, key: AppKey) -> Sequence[Instance]:
        """Return the app's instances by index; of one that is being replaced both may be there."""

    def written(self, key: AppKey, *, lines: int, follow: bool) -> AsyncIterator[Written]:
        """Yield the last `lines` of what each instance wrote and, with `follow`, what they write from then on.

        Whole lines alone. What instances of later releases write comes too. Where a lot is written, some of it may be
        left out; where the way to the instances breaks, some of it may come twice. Raises RuntimeAway.
        """

    async def close(self) -> None:
        """Let go of everything without stopping an instance."""
