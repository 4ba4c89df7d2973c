"""Real bash, zsh and fish on a terminal: what a line becomes at a press of Tab.

Bash is always there; zsh and fish where they are installed. Leaves out what is offered of everything (test_answering).
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.platform import Platform
from tests.unit.cli.completion.shells import INSTALLED, Shell

SHELLS = [
    pytest.param(name, marks=pytest.mark.skipif(found is None, reason=f"{name} is not installed"))
    for name, found in INSTALLED.items()
]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, signed_in: Platform, home: Path) -> Iterator[Shell]:
    """A shell of somebody who is signed in, with the app `web` chosen, which has a variable and two secrets."""
    web = signed_in.apps["web"]
    web.vars, web.secrets = {"LOG_LEVEL": "v4lue"}, {"STRIPE_KEY": "s3cret", "STRIPE_WEBHOOK": "s3cret"}
    signed_in.release("web", "Set LOG_LEVEL")
    Path(".env").write_text("A=1\n", encoding="utf-8")
    shell = Shell(request.param, home=home)
    yield shell
    shell.end()


def test_a_line_is_completed(shell: Shell) -> None:
    shell.becomes("paas config:uns", "paas config:unset ")
    shell.becomes("paas tokens:trust:r", "paas tokens:trust:remove ")
    shell.becomes("paas config:set --dry", "paas config:set --dry-run ")
    shell.becomes("paas config:unset L", "paas config:unset LOG_LEVEL ")
    shell.becomes("paas config:set L", "paas config:set LOG_LEVEL=")
    shell.becomes("paas secrets:get STRIPE_", "paas secrets:get STRIPE_")
    shell.becomes("paas secrets:get STRIPE_W", "paas secrets:get STRIPE_WEBHOOK ")
    shell.becomes("paas config -a w", "paas config -a web ")
    shell.becomes("paas config --app=w", "paas config --app=web ")
    shell.becomes("paas rollback v", "paas rollback v1 ")
    shell.becomes("paas config:import .e", "paas config:import .env ")
    assert "v4lue" not in shell.screen
    assert "s3cret" not in shell.screen


def test_what_goes_wrong_is_not_seen(shell: Shell, signed_in: Platform) -> None:
    signed_in.gateway.stop()
    before = len(shell.screen)
    assert shell.tab("paas config:unset L") == "paas config:unset L"
    assert shell.tab("paas nosuch:command x") == "paas nosuch:command x"
    for word in ("error", "Traceback", "refused", "reached"):
        assert word not in shell.screen[before:]
