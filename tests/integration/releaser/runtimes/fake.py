"""The fake runtime, which releases are tested with, as the contract sees it."""

from collections.abc import Mapping, Sequence

from paaskit.redact import Plaintext
from services.releaser.domain import Spec
from services.releaser.runtimes.protocol import DesiredRelease
from tests.fakes.runtime import FakeRuntime
from tests.integration.releaser.runtimes.fates import Fate, Fates
from tests.integration.releaser.runtimes.ground import ALL_READY, APP, KEY


class FakeGround:
    """A fake with nothing running. Implements `ground.Ground`."""

    def __init__(self) -> None:
        self.fates = Fates()
        self.runtime = FakeRuntime()
        self.runtime.becomes_ready = self._becomes_ready

    def desired(
        self, release: int, *, instances: int, fates: Sequence[Fate] = ALL_READY, **variables: str
    ) -> DesiredRelease:
        self.fates.plan(release, fates)
        return DesiredRelease(
            key=KEY,
            app=APP,
            release=release,
            spec=Spec(command=("nothing",), instances=instances, health_path="/"),
            variables={name: Plaintext(value) for name, value in variables.items()},
        )

    def environments(self) -> Sequence[Mapping[str, str]]:
        return [copy.environment for copy in self.runtime.copies(KEY).values()]

    def identities(self) -> Mapping[object, int]:
        return {copy.number: copy.release for copy in self.runtime.copies(KEY).values()}

    async def _becomes_ready(self, environment: Mapping[str, str]) -> bool:
        return await self.fates.ask(int(environment["PAAS_RELEASE"].removeprefix("v")), environment["PAAS_INSTANCE"])
