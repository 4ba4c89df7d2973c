"""What a runtime is tested on: a place of its own, and what the contract has to see and steer there."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from services.releaser.domain import AppKey
from services.releaser.runtimes.protocol import DesiredRelease, Runtime
from tests.integration.releaser.runtimes.fates import Fate, Fates

APP: Final = "web"
KEY: Final = AppKey(tenant="acme", app_id="a1")
ALL_READY: Final = (Fate.READY,)


class Ground(Protocol):
    """A runtime with nothing running, and its app `APP`."""

    @property
    def runtime(self) -> Runtime:
        """What is tested."""

    @property
    def fates(self) -> Fates:
        """What becomes of the app's programs, and which were started."""

    def desired(
        self, release: int, *, instances: int, fates: Sequence[Fate] = ALL_READY, **variables: str
    ) -> DesiredRelease:
        """A release of a program of which one after the other becomes what `fates` say (`Fates.plan`)."""

    def environments(self) -> Sequence[Mapping[str, str]]:
        """The environment of each instance that is ready. May block."""

    def identities(self) -> Mapping[object, int]:
        """The release of each ready instance, by what tells it from any that takes its place. May block."""
