"""The gateway as it runs elsewhere than on one machine: settings from the environment, its pages, its gentle end."""

import asyncio
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from local.ports import port_of
from tests.architecture.sources import ROOT, SERVICES
from tests.fixtures.serving import free_address
from tests.fixtures.waiting import until
from tests.integration.gateway.conftest import Gateway

_PROGRAM = (sys.executable, "-m", "gateway.process")
_LIST_APPS = "/paas.config.v1.ConfigService/ListApps"


@dataclass(frozen=True)
class Running:
    """A gateway that was started as a program, and what it was told."""

    process: asyncio.subprocess.Process
    environment: Mapping[str, str]

    def page(self, path: str) -> int:
        """The HTTP status of a page for probes."""
        try:
            with urllib.request.urlopen(f"http://{self.environment['PAAS_HEALTH_LISTEN']}{path}") as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0


@pytest.fixture
def environment(gateway: Gateway, tmp_path: Path) -> dict[str, str]:
    """What a gateway before the services of `gateway` is told."""
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    return {
        "PATH": os.defpath,
        "PAAS_LISTEN": free_address(),
        "PAAS_HEALTH_LISTEN": free_address(),
        **{
            f"PAAS_{name.upper()}_ADDRESS": f"127.0.0.1:{port_of(name, base_port=gateway.base_port)}"
            for name in SERVICES
        },
        "PAAS_SIGN_IN_CHECK_ADDRESS": f"127.0.0.1:{port_of('tokens', base_port=gateway.base_port)}",
        "PAAS_TLS_CERT_FILE": str(gateway.tls / "gateway.pem"),
        "PAAS_TLS_KEY_FILE": str(gateway.tls / "gateway.key"),
        "PAAS_TLS_CA_FILE": str(gateway.tls / "ca.pem"),
        "PAAS_RUN_DIR": str(run_dir),
        "PAAS_THREADS": "1",
        "PAAS_DRAIN_SECONDS": "2",
    }


@asynccontextmanager
async def _started(environment: Mapping[str, str], log: Path) -> AsyncIterator[Running]:
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *_PROGRAM, cwd=ROOT, env=dict(environment), stdout=output, stderr=output
        )
    running = Running(process, environment)

    async def is_ready() -> bool:
        assert process.returncode is None, f"it ended: see {log}"
        return await asyncio.to_thread(running.page, "/ready") == 200

    try:
        await until(is_ready)
        yield running
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def test_it_is_ready_until_it_is_told_to_drain_and_answers_until_it_has(
    gateway: Gateway, environment: dict[str, str], tmp_path: Path
) -> None:
    # Longer than all that is asked of it meanwhile takes on a busy machine.
    environment["PAAS_DRAIN_SECONDS"] = "10"
    async with _started(environment, tmp_path / "log") as running:
        assert (running.page("/alive"), running.page("/else")) == (200, 404)
        port = int(environment["PAAS_LISTEN"].rpartition(":")[2])
        through = replace(gateway, base_port=port)
        draining = await asyncio.create_subprocess_exec(*_PROGRAM, "--drain", cwd=ROOT, env=environment)

        async def is_unready() -> bool:
            await through.call(_LIST_APPS, ("authorization", "Bearer good"))
            return await asyncio.to_thread(running.page, "/ready") == 503

        await until(is_unready)
        assert running.page("/alive") == 200
        # It asks to be left and still takes who comes: what sends work here may not know yet.
        for _ in range(20):
            await through.call(_LIST_APPS, ("authorization", "Bearer good"))
        assert await draining.wait() == 0
        running.process.terminate()
        assert await running.process.wait() == 0


async def test_its_socket_is_its_own(environment: dict[str, str], tmp_path: Path) -> None:
    async with _started(environment, tmp_path / "log"):
        assert _modes(Path(environment["PAAS_RUN_DIR"])) == {"admin.sock": 0o600, "envoy.json": 0o600}


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"PAAS_LISTEN": ""}, "gateway: PAAS_LISTEN is not set."),
        ({"PAAS_AUDIT_ADDRESS": "audit"}, "gateway: PAAS_AUDIT_ADDRESS is unusable: audit is not host:port."),
        ({"PAAS_TLS_KEY_FILE": "/nowhere"}, "gateway: PAAS_TLS_KEY_FILE is unusable: "),
        ({"PAAS_RUN_DIR": "/nowhere"}, "gateway: [Errno 2] No such file or directory"),
    ],
)
def test_a_setting_that_is_wrong_is_told(changed: dict[str, str], said: str, environment: dict[str, str]) -> None:
    ended = subprocess.run(_PROGRAM, cwd=ROOT, env=environment | changed, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith(said)


def test_one_that_does_not_run_can_t_be_drained(environment: dict[str, str]) -> None:
    command = [*_PROGRAM, "--drain"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("gateway: ")
