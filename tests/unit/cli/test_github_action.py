"""`action.yml`: its steps' own shell, run as GitHub runs it, against a fake of GitHub's tokens and the fake platform.

Leaves out the step that installs, of which only what it types is looked at, and the exchange itself
(tests/integration/tokens).
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.actions_runner import ActionsRunner
from tests.fakes.platform import Platform
from tests.fakes.platform.trusts import GIVEN
from tests.unit.cli.conftest import Paas

ROOT = Path(__file__).parents[3]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
INSTALL, SIGN_IN = ACTION["runs"]["steps"]
NAMES = ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH")


class Job:
    """A job that has come to the step which signs in."""

    def __init__(self, folder: Path, platform: Platform, runner: ActionsRunner) -> None:
        self.folder, self.token = folder, GIVEN
        self.inputs = {name: each.get("default", "") for name, each in ACTION["inputs"].items()}
        self.inputs |= {"gateway": platform.gateway.address, "trust": f"{1:032x}"}
        self.environ = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(folder)}
        self.environ |= runner.environ | {name: str(folder / name) for name in NAMES}

    def run(self, **inputs: str) -> "subprocess.CompletedProcess[str]":
        """Run the step's shell with its expressions put in, as the runner does for `shell: bash`."""
        given = self.inputs | inputs
        env = {
            name: given[text.removeprefix("${{ inputs.").removesuffix(" }}")] for name, text in SIGN_IN["env"].items()
        }
        script = self.folder / "step.sh"
        script.write_text(SIGN_IN["run"], encoding="utf-8")
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        for name in NAMES:
            (self.folder / name).write_text("")
        return subprocess.run(
            shell, env=self.environ | env, cwd=self.folder, capture_output=True, text=True, check=False, timeout=200
        )

    def file(self, name: str) -> str:
        """What the step wrote for the runner."""
        return (self.folder / name).read_text(encoding="utf-8")


@pytest.fixture
def job(signed_in: Platform, paas: Paas, tmp_path: Path) -> Iterator[Job]:
    made = paas("tokens:trust:add", "--issuer", "https://ci.example", "--subject", "x", "--claim", "repository_id=1")
    assert made.exit_code == 0
    with ActionsRunner() as runner:
        yield Job(tmp_path / "work", signed_in, runner)


def test_a_script_is_signed_in_and_the_token_stays_in_its_step(job: Job) -> None:
    script = 'test -n "$PAAS_TOKEN"; echo "app $PAAS_APP"; exit 7'
    ended = job.run(app="web", run=script)
    assert (ended.returncode, ended.stdout) == (7, "app web\n")
    assert ended.stderr == f"::add-mask::{job.token}\n"
    assert job.file("GITHUB_ENV") == ""
    assert job.file("GITHUB_OUTPUT") == f"gateway={job.inputs['gateway']}\napp=web\n"


def test_without_a_script_later_steps_are_signed_in(job: Job) -> None:
    ended = job.run(app="web")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr == f"::add-mask::{job.token}\n"
    assert job.file("GITHUB_ENV").splitlines() == [
        f"PAAS_TOKEN={job.token}",
        f"PAAS_GATEWAY={job.inputs['gateway']}",
        "PAAS_APP=web",
    ]


def test_a_job_that_may_not_ask_for_a_token_is_told_which_permission(job: Job) -> None:
    for name in ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"):
        del job.environ[name]
    ended = job.run(run="echo not run")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "give it `permissions: id-token: write` in the workflow" in ended.stderr
    assert job.file("GITHUB_ENV") == ""


def test_an_input_writes_no_line_of_its_own_for_the_runner(job: Job) -> None:
    ended = job.run(app="web\nPATH=/tmp")
    assert (ended.returncode, job.file("GITHUB_ENV"), job.file("GITHUB_OUTPUT")) == (2, "", "")


def test_no_input_is_written_into_a_script_and_each_is_documented() -> None:
    assert all("${{" not in step["run"] for step in ACTION["runs"]["steps"])
    assert "$ACTION_PATH" in INSTALL["run"]
    document = (ROOT / "docs" / "github-action.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in document for name in ACTION["inputs"])
