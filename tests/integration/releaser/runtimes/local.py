"""The local runtime with real processes, as the contract sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from paaskit.redact import Plaintext
from services.releaser.runtimes.local.record import READY, RecordedProcess, read_records
from services.releaser.runtimes.local.runtime import LocalRuntime
from services.releaser.runtimes.protocol import DesiredRelease
from tests.integration.releaser.conftest import environment_on
from tests.integration.releaser.runtimes.fates import Fate, Fates
from tests.integration.releaser.runtimes.ground import ALL_READY, APP, KEY
from tests.unit.releaser.conftest import Machine, desired_of


class LocalGround:
    """A runtime folder with nothing running; `asked` is where its programs ask for their `fates`.

    Implements `ground.Ground`.
    """

    def __init__(self, root: Path, fates: Fates, *, asked: str) -> None:
        root.parent.chmod(0o711)  # apps of another user pass through it to their homes
        self.fates = fates
        self._machine = Machine(root)
        self._asked = asked

    @property
    def runtime(self) -> LocalRuntime:
        return self._machine.runtime

    def desired(
        self, release: int, *, instances: int, fates: Sequence[Fate] = ALL_READY, **variables: str
    ) -> DesiredRelease:
        self.fates.plan(release, fates)
        values = {name: Plaintext(value) for name, value in {**variables, "FATES": self._asked}.items()}
        desired = replace(desired_of(release, instances=instances, app=APP, key=KEY), variables=values)
        self._machine.releases[release] = desired
        return desired

    def environments(self) -> Sequence[Mapping[str, str]]:
        return [environment_on(each.port) for each in self._ready()]

    def identities(self) -> Mapping[object, int]:
        return {(each.pid, each.started): each.release for each in self._ready()}

    def _ready(self) -> list[RecordedProcess]:
        ((_, record),) = read_records(self._machine.root)
        return [each for each in record.processes if each.state == READY]
