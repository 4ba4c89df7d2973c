"""Tokens at the command line: what is said beside a new one, rotating, and a token that ends soon.

The two lines of a new token are in test_product_page.py; listing and revoking in test_tokens_and_audit.py.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from paas_cli.terminal import times
from tests.fakes.gateway import TOKEN, Fault
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

SOON = 1778247720 + 3 * 86_400


def test_a_new_token_comes_with_the_gateway_and_what_it_may_do(paas: Paas, signed_in: Platform) -> None:
    made = paas("tokens:create", "--name", "ci")
    assert len(made.lines) == 2, "standard output is what the product page shows"
    note, gateway = made.err.splitlines()
    assert "its scope is apps.read, config.read, in all apps" in note
    assert gateway == f"  PAAS_GATEWAY={signed_in.gateway.address}"
    document = json.loads(paas("tokens:create", "--name", "other", "--app", "web", "--json").out)
    assert document["gateway"] == signed_in.gateway.address
    assert "in web." in paas("tokens:create", "--name", "third", "--app", "web").err


def test_token_and_gateway_are_all_a_machine_needs(paas: Paas, signed_in: Platform, tmp_path: Path) -> None:
    """With a home that has nothing in it, in a process of its own."""
    made = paas("tokens:create", "--name", "ci")
    given = dict(line.strip().split("=", 1) for line in [made.lines[1], made.err.splitlines()[1]])
    empty = tmp_path / "empty"
    empty.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(empty), "PYTHONPATH": os.pathsep.join(sys.path), **given}
    command = [sys.executable, "-m", "paas_cli", "apps:list"]
    ran = subprocess.run(command, env=environment, cwd=empty, capture_output=True, text=True, timeout=120, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "web\t2\tpython server.py\n", "")
    assert list(empty.iterdir()) == []


def test_unknown_apps_are_refused_with_those_there_are(paas: Paas, signed_in: Platform) -> None:
    signed_in.gateway.fail("CreateToken", Fault(5, "There is no app named shop.", reason="APP_NOT_FOUND"))
    refused = paas("tokens:create", "--name", "ci", "--app", "shop")
    assert (refused.exit_code, refused.out) == (1, "")
    assert "There is no app named shop. You have web." in refused.err
    signed_in.gateway.fail("ListApps", Fault(7, "It needs apps.read.", reason="PERMISSION_DENIED"))
    refused = paas("tokens:create", "--name", "ci", "--app", "shop")
    assert "There is no app named shop." in refused.err
    assert "You have" not in refused.err


def test_refused_fields_are_named_as_they_were_typed(paas: Paas, signed_in: Platform) -> None:
    missing = Fault(5, "There is no app named shop.", reason="APP_NOT_FOUND", violations=(("apps[0]", "no such app"),))
    invalid = Fault(3, "It can't be made: apps[1] an app's name has small letters.", reason="INVALID_INPUT")
    trust = ("tokens:trust:add", "--issuer", "https://gitlab.com", "--subject", "project_path:a/b:ref:main")
    for method, command in (("CreateToken", ("tokens:create", "--name", "ci")), ("CreateTrust", trust)):
        signed_in.gateway.fail(method, missing)
        refused = paas(*command, "--app", "shop").err
        assert "There is no app named shop." in refused
        assert "apps[" not in refused
        signed_in.gateway.fail(method, invalid)
        refused = paas(*command, "--app", "web", "--app", "Shop").err
        assert "It can't be made: --app Shop: an app's name has small letters." in refused


@pytest.mark.parametrize(
    ("ttl", "wrong"),
    [("90", "has no unit"), ("0d", "is zero"), ("1.5h", "is no length of time"), ("soon", "is no length of time")],
)
def test_a_ttl_that_is_none_is_told_what_is_wrong(paas: Paas, signed_in: Platform, ttl: str, wrong: str) -> None:
    result = paas("tokens:create", "--name", "ci", f"--ttl={ttl}")
    assert result.exit_code == 2
    assert f"--ttl {wrong}: it takes a whole number and s, m, h, d or w, such as 90d, 12h or 2w" in result.err
    assert "from 1m to 366d" in result.err
    assert signed_in.gateway.seen == []


@pytest.mark.parametrize(
    ("options", "seconds", "until"),
    [
        ((), None, "the text before and 1 token made with it ends 2026-05-09T13:42Z"),
        (("--overlap", "1h"), 3600, "ends 2026-05-08T14:42Z"),
        (("--overlap", "0"), 0, "the text before and 1 token made with it ended now"),
        (("--overlap", "0h"), 0, "ended now"),
    ],
)
def test_rotate(paas: Paas, signed_in: Platform, options: tuple[str, ...], seconds: int | None, until: str) -> None:
    before = paas("tokens:create", "--name", "ci", "--ttl", "90d").lines[1]
    rotated = paas("tokens:rotate", "ci", "--ttl", "2w", *options)
    assert rotated.lines[0] == "✓ Rotated ci  (expires 2026-05-22T13:42Z)"
    assert rotated.lines[1].startswith("  PAAS_TOKEN=paas_pat_")
    assert (len(rotated.lines), rotated.lines[1] != before) == (2, True)
    assert until in rotated.err
    assert f"  PAAS_GATEWAY={signed_in.gateway.address}\n" in rotated.err
    (request,) = signed_in.gateway.calls("RotateToken")
    assert (request.overlap.seconds if request.HasField("overlap") else None) == seconds
    assert request.ttl.seconds == 14 * 86_400
    assert request.request_id


def test_rotate_as_json(paas: Paas, signed_in: Platform) -> None:
    paas("tokens:create", "--name", "ci")
    document = json.loads(paas("tokens:rotate", "ci", "--json").out)
    assert document["previous"]["name"] == document["token"]["name"] == "ci"
    assert document["secret"].startswith("paas_pat_")


def test_a_token_is_not_rotated_by_its_text(paas: Paas, signed_in: Platform) -> None:
    result = paas("tokens:rotate", "paas_pat_c4n4ry")
    assert result.exit_code == 2
    assert "c4n4ry" not in result.err
    assert signed_in.gateway.seen == []


def test_a_token_that_ends_soon_is_told_of_once(paas: Paas, signed_in: Platform) -> None:
    assert paas("config").err.count("ends") == 0
    calls = len(signed_in.gateway.seen)
    signed_in.gateway.trailers["x-paas-token-ends"] = str(SOON)
    told = paas("config")
    assert told.err.count("the token in PAAS_TOKEN ends 2026-05-11T13:42Z") == 1
    assert len(signed_in.gateway.seen) == calls + 1, "nobody is asked for it"
    changed = paas("config:set", "A=1")
    assert changed.err.count("PAAS_TOKEN ends") == 1
    assert "ends" not in paas("config", "--json").err
    signed_in.gateway.trailers["x-paas-token-ends"] = "99999999999999999999"
    assert paas("config").exit_code == 0


def test_a_stored_token_that_ends_soon_is_told_of(paas: Paas, home: Path, platform: Platform) -> None:
    platform.gateway.trailers["x-paas-token-ends"] = str(SOON)
    stored = paas("login", "--gateway", platform.gateway.address, "--with-token", stdin=TOKEN.encode())
    assert stored.exit_code == 0
    said = paas("apps:list").err
    assert "the token of profile default in" in said
    assert "ends 2026-05-11T13:42Z; see `paas login --help`." in said


def test_moments_since_1970() -> None:
    assert times.epoch_to_minute(SOON) == "2026-05-11T13:42Z"
