"""Load from wrk, a generator in C: one in Python would be the slowest part of what it measures."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

_SCRIPT = Path(__file__).parent / "load.lua"


@dataclass(frozen=True, kw_only=True)
class Read:
    """One request that is sent again and again, and the text that only a right answer's body has."""

    port: int
    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = b""
    expect: str


@dataclass(frozen=True, kw_only=True)
class Load:
    """What came of it."""

    requests: int
    seconds: float
    p50_ms: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def is_there() -> bool:
    """Whether this machine has wrk."""
    return shutil.which("wrk") is not None


def once(read: Read) -> bytes:
    """Send it once and return the answer's body. Raises RuntimeError where that is not a right one."""
    connection = HTTPConnection("127.0.0.1", read.port, timeout=10)
    try:
        connection.request(read.method, read.path, body=read.body or None, headers=dict(read.headers))
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if read.expect.encode() not in body:
        raise RuntimeError(f"{read.method} {read.path} is answered with status {answer.status}, and not as expected")
    return body


def load(read: Read, *, connections: int, seconds: int) -> Load:
    """Send it over so many connections at once. Raises RuntimeError where any answer was not a right one."""
    environment = {
        "PATH": os.defpath,
        "LOAD_METHOD": read.method,
        "LOAD_HEADERS": "\n".join(f"{name}: {value}" for name, value in read.headers.items()),
        "LOAD_BODY_HEX": read.body.hex(),
        "LOAD_EXPECT": read.expect,
    }
    address = f"http://127.0.0.1:{read.port}{read.path}"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(_SCRIPT), address]
    printed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    told = json.loads(printed.rstrip().rpartition("\n")[2])
    if told.pop("failed") or not told["requests"]:
        raise RuntimeError(f"{read.path}: some of {told['requests']} requests failed")
    return Load(**told)
