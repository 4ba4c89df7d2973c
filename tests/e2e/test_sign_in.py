"""Signing in to a stack of one machine, which has no single sign-on: what `paas login` says, and that doing so works.

Signing in at an issuer is tested with the command line, and what a service makes of an issuer's tokens with tokens.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local.layout import CLONE
from tests.e2e.installation import PAAS, Installation, Paas
from tests.fixtures.waiting import PATIENCE


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of somebody who has never signed in, and stands elsewhere than in the stack's folder."""
    (tmp_path / "elsewhere").mkdir()
    return tmp_path


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`paas` in a folder that has nothing to do with the stack."""
    return subprocess.run(
        [PAAS, *arguments],
        cwd=home / "elsewhere",
        env={"PATH": os.defpath, "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_login_says_what_there_is_in_its_place(installation: Installation, home: Path) -> None:
    done = run(home, "login", "--gateway", installation.stack.gateway_url)
    assert (done.returncode, done.stdout) == (3, "")
    assert "has no single sign-on" in done.stderr
    target = re.search(r"`make (\w+)`", done.stderr)
    assert target is not None
    assert re.search(rf"^{target.group(1)}:", (CLONE / "Makefile").read_text(), flags=re.MULTILINE)
    assert not (home / ".config").exists()


def test_what_make_signin_runs_signs_in_here_and_in_other_folders(installation: Installation, home: Path) -> None:
    stack = installation.stack
    command = ["-m", "local", "--state", str(stack.layout.root), "--port", str(stack.base_port)]
    done = subprocess.run(
        [sys.executable, *command, "signin", "--everywhere", "--user", "eve"],
        cwd=CLONE,
        env={"PATH": os.defpath, "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    there = run(home, "whoami", "--profile", "local")
    assert (there.returncode, "user:eve" in there.stdout) == (0, True)
    here = subprocess.run(
        [PAAS, "whoami"],
        cwd=stack.layout.root.parent,
        env={"PATH": os.defpath, "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (here.returncode, "user:eve" in here.stdout) == (0, True)


def test_a_token_of_one_s_own_is_stored_from_anywhere(installation: Installation, ada: Paas, home: Path) -> None:
    made = ada.ok("tokens:create", "--name", "for-elsewhere").lines[1].partition("=")[2]
    done = subprocess.run(
        [PAAS, "login", "--gateway", installation.stack.gateway_url, "--token"],
        cwd=home / "elsewhere",
        env={"PATH": os.defpath, "HOME": str(home)},
        input=made,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert run(home, "apps:list").returncode == 0
    assert run(home, "logout").returncode == 0
    assert run(home, "apps:list").returncode == 3
