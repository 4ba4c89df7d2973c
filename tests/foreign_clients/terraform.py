"""Terraform's `http` provider, run once for a configuration."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.fixtures.waiting import PATIENCE
from tests.foreign_clients.front import trusting


@dataclass(frozen=True)
class Read:
    """The local value `config`, or an error; with `own`, what the provider itself said of the answer."""

    config: dict[str, str] = field(default_factory=dict, repr=False)
    error: str = ""
    own: str = ""


@dataclass(frozen=True)
class Terraform:
    """The program, and the CA that its machine trusts."""

    program: Path
    trusted: Path

    def read(self, configuration: str, *, token: str) -> Read:
        """What comes of the configuration with this value for its variable."""
        done = subprocess.run(
            [str(self.program)],
            input=configuration.encode(),
            stdout=subprocess.PIPE,
            env={**trusting(self.trusted), "TF_VAR_paas_token": token},
            timeout=PATIENCE,
            check=True,
        )
        return Read(**json.loads(done.stdout))
