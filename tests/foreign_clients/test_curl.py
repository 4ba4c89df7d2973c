"""curl, run by a shell with the lines of docs/json.md."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.e2e.installation import Installation, Paas
from tests.fixtures.waiting import PATIENCE
from tests.foreign_clients.conftest import token
from tests.foreign_clients.documented import GATEWAY, blocks

_KEY = "STRIPE_API_KEY"


def _lines(gateway: str, *, app: str) -> str:
    (block,) = [block for block in blocks("sh") if "curl" in block]
    assert block.count(GATEWAY) == 1
    return "set -eu\n" + block.replace(GATEWAY, gateway).replace("/apps/web/", f"/apps/{app}/").replace(
        "app=web&", f"app={app}&"
    )


def _documents(text: str) -> list[Any]:
    """JSON after JSON."""
    found, at = [], 0
    while at < len(text):
        document, at = json.JSONDecoder().raw_decode(text, at)
        found.append(document)
    return found


def _run(lines: str, *, trusted: Path, text: str) -> "subprocess.CompletedProcess[str]":
    environ = {"PATH": "/usr/local/bin:/usr/bin:/bin", "CURL_CA_BUNDLE": str(trusted), "PAAS_TOKEN": text}
    return subprocess.run(
        ["sh", "-c", lines], env=environ, stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=False
    )


def test_each_documented_line_works(idle: Paas, installation: Installation, gateway: str, tls: Path) -> None:
    app, plain, sealed = idle.environment["PAAS_APP"], installation.canaries.config(), installation.canaries.secret()
    idle.ok("config:set", f"MOTD={plain}")
    idle.ok("secrets:set", f"{_KEY}=-", stdin=sealed.encode())
    reader = token(idle, "config.read,config.write,secrets.reveal,audit.read")
    idle.log_is_told()
    done = _run(_lines(gateway, app=app), trusted=tls / "ca.pem", text=reader.text)
    assert done.returncode == 0
    listed, changed, revealed, events = _documents(done.stdout)
    assert {each["name"]: each["value"] == plain for each in listed["vars"]} == {"MOTD": True}
    assert [change["name"] for change in changed["change"]["changes"]] == ["LOG_LEVEL"]
    assert (revealed["value"] == sealed) is True, "another value"
    assert {event["app"] for event in events["events"]} == {app}


def test_a_refusal_ends_the_lines(idle: Paas, gateway: str, tls: Path) -> None:
    lines = _lines(gateway, app=idle.environment["PAAS_APP"])
    done = _run(lines, trusted=tls / "ca.pem", text=token(idle, "secrets.list").text)
    (told,) = _documents(done.stdout)
    assert (done.returncode, told["code"]) == (22, 7)
