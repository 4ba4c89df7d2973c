"""kubectl, with one cluster: what it prints, what it was refused, and the API itself for what is asked often."""

import http.client
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deploy.rendered import KUBECTL


@dataclass(frozen=True)
class Answer:
    """How a command ended: its exit code, what it printed, and its warnings and errors."""

    code: int
    out: str
    err: str

    @property
    def warnings(self) -> list[str]:
        """What the API server warned of."""
        return [line for line in self.err.splitlines() if line.startswith("Warning:")]


@dataclass(frozen=True)
class Kubectl:
    """A cluster, reached with a kubeconfig of an administrator's."""

    kubeconfig: Path

    def ask(self, *arguments: str, text: str = "", account: str = "") -> Answer:
        """Run a command, as the ServiceAccount `account` of the control plane where one is named."""
        who = [f"--as=system:serviceaccount:paas:{account}"] if account else []
        done = subprocess.run(
            [KUBECTL, *who, *arguments], env=self._environment, input=text, capture_output=True, text=True, check=False
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def do(self, *arguments: str, text: str = "", account: str = "") -> str:
        """The same for what has to succeed; what it printed."""
        answer = self.ask(*arguments, text=text, account=account)
        assert answer.code == 0, answer.err
        return answer.out

    @contextmanager
    def api(self) -> Iterator["Api"]:
        """The API itself, as the administrator, for as long as the block."""
        process = subprocess.Popen(
            [KUBECTL, "proxy", "--port=0"], env=self._environment, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            host, _, port = process.stdout.readline().rpartition(" ")[2].strip().rpartition(":")
            yield Api(host, int(port))
        finally:
            process.terminate()
            process.wait()

    @property
    def _environment(self) -> dict[str, str]:
        # It takes a home that is a folder or not there at all; what it discovers is kept for no other cluster.
        home = {"HOME": "/nonexistent", "KUBECACHEDIR": os.devnull}
        return {"PATH": os.defpath, "KUBECONFIG": str(self.kubeconfig), **home}


class Api:
    """One connection to an API server."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port)

    def get(self, path: str) -> Any:
        """A JSON answer."""
        return self._call("GET", path, None)

    def create(self, path: str, thing: Any) -> Any:
        """The object as it was made."""
        return self._call("POST", path, json.dumps(thing))

    def _call(self, method: str, path: str, body: str | None) -> Any:
        self._connection.request(method, path, body, {"content-type": "application/json"})
        answer = self._connection.getresponse()
        found = json.loads(answer.read())
        assert answer.status < 300, found
        return found
