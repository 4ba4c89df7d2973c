"""The protocol between releases and whatever runs programs: this machine now, Kubernetes elsewhere.

Must not know how either does it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from paaskit.redact import Plaintext
from services.releaser.domain import AppKey, Spec


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What a release brings about: the spec and every variable of one app, at the release's pinned versions."""

    key: AppKey
    app: str
    release: int
    spec: Spec
    variables: Mapping[str, Plaintext] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One running copy of an app. `index` counts from 1; `state` is `ready`, `starting` or `stopped`."""

    index: int
    release: int
    state: str
    port: int = 0
    started_at: datetime | None = None
    log: str = ""


class ApplyFailed(Exception):
    """The instances can't run or did not become ready. The message is one sentence, without a value or any output."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


Report = Callable[[int], Awaitable[None]]
"""Is told how many instances run with the release, each time there is one more."""

DeploymentSource = Callable[[AppKey, int], Awaitable[Deployment]]
"""Returns the deployment of a release at its pinned versions; values are fetched, never kept."""


class Runtime(Protocol):
    """Runs apps. Every method may be repeated after a crash, with the same outcome."""

    def take_over(self, holder: str) -> str:
        """Begin under the lease holder's name `holder`; return the name of a predecessor known to be gone, or ''."""

    async def run(self) -> None:
        """Keep what was applied running, for ever."""

    async def apply(self, deployment: Deployment, report: Report) -> None:
        """Replace the app's instances one at a time. Raises ApplyFailed; what ran before and is not replaced goes on.

        Cancelling stops the rollout where it is; applying the same deployment again goes on from there.
        """

    async def remove(self, key: AppKey) -> None:
        """Stop every instance of the app and forget it. Without effect where there is none."""

    async def instances(self, key: AppKey) -> Sequence[Instance]:
        """Return the app's instances by index."""

    async def close(self) -> None:
        """Let go of everything without stopping an instance."""
