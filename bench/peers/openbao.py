"""An OpenBao of its own, with a file audit device and KV version 2, as its development mode sets it up.

It keeps everything in memory and writes its audit log without waiting for the disk, where we commit to a database: the
comparison gives it that.
"""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.peers.wrk import Read, once

_AUDIT = """
audit "file" "file" {
  options { file_path = "audit.log" }
}
"""
# Seconds; it takes half of one.
_PATIENCE = 30.0


@dataclass(frozen=True)
class OpenBao:
    """A running one."""

    port: int
    pid: int
    token: str = field(repr=False)

    def put(self, name: str, values: Mapping[str, str]) -> None:
        """Store a secret of several keys."""
        body = json.dumps({"data": values}).encode()
        once(self._request("PUT", f"secret/data/{name}", body=body))

    def read(self, name: str) -> Read:
        """Return what reads a secret, all of its keys."""
        return self._request("GET", f"secret/data/{name}")

    def _request(self, method: str, path: str, *, body: bytes = b"") -> Read:
        headers = {"X-Vault-Token": self.token}
        return Read(port=self.port, method=method, path=f"/v1/{path}", headers=headers, body=body, expect='"data":{')


@contextmanager
def running_openbao(folder: Path, *, port: int) -> Iterator[OpenBao]:
    """An OpenBao for the length of the block, its audit log in `folder`."""
    folder.mkdir()
    (folder / "audit.hcl").write_text(_AUDIT)
    token = secrets.token_urlsafe()
    command = [str(Path(sys.executable).parent / "bao"), "server", "-dev", "-dev-no-store-token", "-config=audit.hcl"]
    command += [f"-dev-root-token-id={token}", f"-dev-listen-address=127.0.0.1:{port}", "-log-level=error"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env={"HOME": str(folder)}, stdout=log, stderr=log)
    try:
        openbao = OpenBao(port, process.pid, token)
        _wait(openbao, process)
        yield openbao
    finally:
        process.terminate()
        process.wait()


def is_installed() -> bool:
    """Whether the environment has it."""
    return (Path(sys.executable).parent / "bao").exists()


def _wait(openbao: OpenBao, process: "subprocess.Popen[bytes]") -> None:
    """Return once values can be stored. Raises RuntimeError where it ends, or takes too long."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            openbao.put("ready", {"KEY": "value"})
        except (OSError, RuntimeError):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("OpenBao does not start") from None
            time.sleep(0.05)
        else:
            return
