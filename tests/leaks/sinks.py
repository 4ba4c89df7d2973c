"""The places that are searched, each with a word that is there if the place is what it is taken for."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from local.ports import PROCESSES, SERVICES
from local.postgres import binaries
from machine.trees import descendants
from tests.e2e.installation import Installation, as_superuser, metrics_page, pid_of
from tests.leaks.collector import Collector

CORE: Final = "Max core file size"


def dump(installation: Installation, database: str) -> bytes:
    """What pg_dump writes of a database."""
    stack = installation.stack
    (socket_folder,) = as_superuser(stack, "postgres", "SHOW unix_socket_directories")[0]
    password = (stack.layout.passwords / "postgres").read_text().strip()
    command = [
        str(binaries() / "pg_dump"),
        "-h",
        str(socket_folder).strip('"'),
        "-U",
        "postgres",
        "--inserts",
        database,
    ]
    return subprocess.run(command, env={"PGPASSWORD": password}, capture_output=True, check=True).stdout


def dumps(installation: Installation) -> dict[str, bytes]:
    """What pg_dump writes of every service's database."""
    return {service: dump(installation, service) for service in SERVICES}


def metrics(installation: Installation) -> dict[str, bytes]:
    """What Prometheus reads of every process."""
    return {process: metrics_page(installation.stack, process) for process in PROCESSES}


def traces(collector: Collector) -> dict[str, bytes]:
    """What the collector was sent."""
    return {str(number): export for number, export in enumerate(collector.received)}


def processes(installation: Installation) -> list[int]:
    """Every process of the stack: the supervisor, and all below it."""
    stat = Path(f"/proc/{pid_of(installation.stack, 'config')}/stat").read_text()
    supervisor = int(stat.rpartition(")")[2].split()[1])
    everything = [supervisor, *(process.pid for process in descendants(supervisor))]
    assert {pid_of(installation.stack, part) for part in ("postgres", "gateway", *PROCESSES)} <= set(everything)
    return everything


def told_by_proc(pid: int) -> dict[str, bytes]:
    """A process's arguments, its environment, its limits, and every regular file it has open, deleted ones too."""
    found = {}
    for name in ("cmdline", "environ", "limits", "comm"):
        with suppress(OSError):
            found[name] = Path(f"/proc/{pid}/{name}").read_bytes()
    with suppress(OSError):
        for descriptor in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208 - names, of what may be gone
            path = Path(f"/proc/{pid}/fd/{descriptor}")
            with suppress(OSError):
                target = os.readlink(path)  # noqa: PTH115 - what it says, be it there or not
                if target.startswith("/tmp") and path.is_file():
                    found[f"fd of {target}"] = path.read_bytes()
    return found


def bystander(value: str) -> "subprocess.Popen[bytes]":
    """A process with a value among its arguments and in its environment: the control of the search in /proc."""
    code = "import time; print(flush=True); time.sleep(600)"
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", code, value], env={"CONTROL": value}, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process
