"""External Secrets Operator's webhook store, run once for an ExternalSecret."""

import base64
import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.fixtures.waiting import PATIENCE
from tests.foreign_clients.documented import blocks
from tests.foreign_clients.front import trusting


@dataclass(frozen=True)
class Fetched:
    """What the operator has then: values, or an error. `deleted` says that it takes the secret for deleted."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    error: str = ""
    deleted: bool = False


@dataclass(frozen=True)
class Store:
    """The operator's program, and the CA that its image trusts."""

    program: Path
    trusted: Path

    def fetch(self, manifests: str, *, token: str, labelled: bool = True) -> Fetched:
        """What comes of the manifests in a cluster that has the token in the documented Secret."""
        given = f"{manifests}\n---\n{yaml.safe_dump(secret(token, labelled=labelled))}"
        done = subprocess.run(
            [str(self.program)],
            input=given.encode(),
            stdout=subprocess.PIPE,
            env=trusting(self.trusted),
            timeout=PATIENCE,
            check=True,
        )
        return Fetched(**json.loads(done.stdout))


def secret(token: str, *, labelled: bool) -> dict[str, Any]:
    """The Secret that the documented commands make."""
    (commands,) = [block for block in blocks("sh") if "kubectl" in block]
    create, label = (line.split() for line in commands.strip().splitlines())
    assert create[:4] == ["kubectl", "create", "secret", "generic"]
    assert label[:3] == ["kubectl", "label", "secret"]
    assert label[3] == create[4]
    (literal,) = [word.removeprefix("--from-literal=") for word in create if word.startswith("--from-literal=")]
    labels = dict([label[4].split("=")]) if labelled else {}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": create[4], "labels": labels},
        "data": {literal.partition("=")[0]: base64.b64encode(token.encode()).decode()},
    }
