"""Values and names read one by one: `config:get`, `--names`, and what is said of a name that is not there.

Leaves out `secrets:get` where the name is there (test_secrets) and hostile text on a terminal (test_hostile_text).
"""

import json
import subprocess
import sys
from io import StringIO

import pytest
from dotenv import dotenv_values

from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

CANARY = "c4n4ry-value"


@pytest.fixture
def web(signed_in: Platform) -> Platform:
    """An app with something of every kind, on several pages."""
    app = signed_in.apps["web"]
    app.vars |= {"LOG_LEVEL": "info", "BANNER": "two\nlines\x1b[31m", "EMPTY": "", "API_BASE_URL": "https://x"}
    app.secrets |= {"STRIPE_API_KEY": CANARY}
    app.managed["DATABASE_URL"] = "postgres://..."
    return signed_in


def test_one_value_is_exact(paas: Paas, web: Platform) -> None:
    assert web.apps
    assert paas("config:get", "BANNER").out == "two\nlines\x1b[31m\n"
    assert paas("config:get", "BANNER", "-n").out == "two\nlines\x1b[31m"
    assert paas("config:get", "API_BASE_URL").out == "https://x\n"
    empty = paas("config:get", "EMPTY")
    assert (empty.exit_code, empty.out) == (0, "\n")
    assert json.loads(paas("config:get", "BANNER", "--json").out) == {
        "app": "web",
        "name": "BANNER",
        "value": "two\nlines\x1b[31m",
    }


def test_several_are_what_a_reader_of_env_files_reads_back(paas: Paas, web: Platform) -> None:
    printed = paas("config:get", "EMPTY", "BANNER", "LOG_LEVEL").out
    values = {name: web.apps["web"].vars[name] for name in ("EMPTY", "BANNER", "LOG_LEVEL")}
    assert dotenv_values(stream=StringIO(printed), interpolate=False) == values
    assert printed.startswith("EMPTY=\n")
    assert json.loads(paas("config:get", "LOG_LEVEL", "EMPTY", "--json").out) == {
        "app": "web",
        "vars": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "EMPTY", "value": ""}],
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("LOG_LEVLE",), "LOG_LEVLE: not set; did you mean LOG_LEVEL?"),
        (("log_level",), "log_level: not set; did you mean LOG_LEVEL?"),
        (("NOTHING_NEAR",), "NOTHING_NEAR: not set."),
        (("STRIPE_API_KEY",), "STRIPE_API_KEY is a secret: `paas secrets:get STRIPE_API_KEY -a web` reads it."),
        (("LOG_LEVEL", "STRIPE_API_KEI"), "STRIPE_API_KEI: not set; did you mean STRIPE_API_KEY?"),
        (("DATABASE_URL",), "DATABASE_URL: managed by an add-on"),
        (("LATER",), "LATER: staged and not live yet; `paas staged -a web`"),
    ],
)
def test_a_name_that_is_not_set_says_what_is(paas: Paas, web: Platform, arguments: tuple[str, ...], said: str) -> None:
    web.apps["web"].config.stage("LATER", CANARY)
    result = paas("config:get", *arguments)
    assert (result.exit_code, result.out) == (1, "")
    assert said in result.err
    assert CANARY not in result.err


def test_who_may_not_list_secrets_is_told_what_can_be_told(paas: Paas, web: Platform) -> None:
    web.gateway.fail("ListSecrets", Fault(7, "You may not.", metadata={"permission": "secrets.list"}))
    result = paas("config:get", "STRIPE_API_KEY")
    assert (result.exit_code, result.err) == (1, "error: STRIPE_API_KEY: not set.\n")


def test_what_is_no_name_is_counted_and_not_sent(paas: Paas, web: Platform) -> None:
    for arguments in (("c4n4ry=x",), ("LOG_LEVEL", "LOG_LEVEL"), ("LOG_LEVEL", "BANNER", "-n")):
        result = paas("config:get", *arguments)
        assert (result.exit_code, result.out) == (2, "")
        assert "c4n4ry" not in result.err
    assert web.gateway.seen == []


def test_a_value_in_a_names_place_is_not_repeated(paas: Paas, web: Platform) -> None:
    assert web.apps
    assert "hunter2" not in paas("config:get", "hunter2").err


def test_it_needs_no_generated_module(web: Platform) -> None:
    program = (
        "import sys; from paas_cli.__main__ import main; main(); print([m for m in sys.modules if m[:5] == 'paas.'])"
    )
    command = [sys.executable, "-c", program, "config:get", "LOG_LEVEL"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert web.gateway.calls("ListVars")
    assert done.stdout == "info\n[]\n"


def test_names_alone_are_what_is_live(paas: Paas, web: Platform) -> None:
    web.apps["web"].config.stage("LATER", "x")
    web.apps["web"].sealed.stage("LATER_TOO", "x")
    names = ["LOG_LEVEL", "BANNER", "EMPTY", "API_BASE_URL", "DATABASE_URL"]
    assert paas("config", "--names").lines == names
    assert json.loads(paas("config", "--names", "--json").out) == {"app": "web", "names": names}
    assert paas("secrets", "--names").lines == ["STRIPE_API_KEY"]
    assert json.loads(paas("secrets", "--names", "--json").out) == {"app": "web", "names": ["STRIPE_API_KEY"]}


def test_a_secret_that_is_none_says_what_is(paas: Paas, web: Platform) -> None:
    assert web.apps
    result = paas("secrets:get", "LOG_LEVEL")
    assert result.exit_code == 1
    assert result.err == "error: LOG_LEVEL is a config var: `paas config:get LOG_LEVEL -a web` reads it.\n"
    near = paas("secrets:get", "STRIPE_API_KEI")
    assert near.err == "error: STRIPE_API_KEI: no such secret; did you mean STRIPE_API_KEY?\n"
    both = paas("secrets:get", "STRIPE_API_KEY", "LOG_LEVEL")
    assert "LOG_LEVEL is a config var" in both.err
    assert CANARY not in both.out + both.err
    far = paas("secrets:get", "NOTHING_NEAR")
    assert far.err == "error: NOTHING_NEAR is not set; --ignore-missing passes over it.\n"  # in the service's words


def test_what_a_secret_is_called_is_not_asked_of_who_may_not_know(paas: Paas, web: Platform) -> None:
    for method in ("ListSecrets", "ListVars"):
        web.gateway.fail(method, Fault(7, "You may not."))
    result = paas("secrets:get", "LOG_LEVEL")
    assert (result.exit_code, result.err) == (1, "error: LOG_LEVEL is not set; --ignore-missing passes over it.\n")
