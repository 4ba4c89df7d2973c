"""The thirty tasks of docs/cli-tasks.md, typed on a terminal from an empty machine on, each with its effect looked at.

Leaves out what others type (their documentation is read, not run) and each command by itself (tests/unit/cli).
"""

import json
from pathlib import Path

import pytest

from local.layout import CLONE
from tests.e2e.installation import Installation, Paas, config_of, eventually, releases, secret_names, settled
from tests.e2e.tasks.keyboard import Keyboard

pytestmark = pytest.mark.thorough

_PROJECT = """
app = "web"
[env.staging]
app = "staging"
"""


@pytest.fixture(scope="module")
def grace(installation: Installation) -> Paas:
    """`paas` as an admin of a tenant of its own, where names of apps are free; for looking at what became of a task."""
    paas = installation.person("grace@example.com", tenant="tasks").with_(PAAS_APP="web")
    for app in ("staging", "production"):
        paas.ok("apps:create", app, "--instances", "0", "--", "sleep", "infinity")
    return paas


@pytest.fixture(scope="module")
def keyboard(installation: Installation, grace: Paas, tmp_path_factory: pytest.TempPathFactory) -> Keyboard:
    """A keyboard on an empty machine, where somebody has signed in and made an app."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "web").mkdir()
    (folder / "web" / ".paas.toml").write_text(_PROJECT)
    keyboard = Keyboard(
        folder=folder / "web",
        home=folder,
        pasted=grace.environment["PAAS_TOKEN"],
        here={"https://paas.example.com": installation.stack.gateway_url},
        is_late=lambda: installation.orders_are_told() and settled(grace),
    )
    assert "grace@example.com" in keyboard.does("sign in")
    keyboard.does("app")
    assert [each["state"] for each in releases(grace)] == ["succeeded"]
    grace.ok("apps:update", "--instances", "0")  # whose releases take no time
    keyboard.pasted = "whsec_pasted"
    return keyboard


def of(grace: Paas, app: str) -> Paas:
    """The same with another app chosen."""
    return grace.with_(PAAS_APP=app)


def test_one_config_var(keyboard: Keyboard, grace: Paas) -> None:
    assert "Set LOG_LEVEL · release " in keyboard.does("set")
    assert "LOG_LEVEL=debug" in keyboard.does("list")
    assert keyboard.does("get") == "debug\n"
    assert keyboard.does("run") == "debug\n"
    assert "Unset LOG_LEVEL · release " in keyboard.does("unset")
    assert config_of(grace) == {}


def test_a_file(keyboard: Keyboard, grace: Paas) -> None:
    (keyboard.folder / ".env").write_text("REGION=eu\nSENDGRID_API_KEY=SG.abc\n")
    before = len(releases(grace))
    assert "SG.abc" not in keyboard.does("import")
    assert config_of(grace)["REGION"] == "eu"
    assert "SENDGRID_API_KEY" in secret_names(grace)
    assert len(releases(grace)) == before + 1


def test_between_apps(keyboard: Keyboard, grace: Paas) -> None:
    staging, production = of(grace, "staging"), of(grace, "production")
    staging.ok("config:set", "LOG_LEVEL=warn", "REGION=us", "--no-wait")
    staging.ok("secrets:set", "S=of-staging", "--no-wait")
    assert "LOG_LEVEL=warn" in keyboard.does("environment")
    keyboard.does("copy")
    assert config_of(production) == {"LOG_LEVEL": "warn"}
    assert "- REGION=us" in keyboard.does("compare", exit_code=1)
    keyboard.does("promote")
    assert config_of(production) == {"LOG_LEVEL": "warn", "REGION": "us"}
    assert production.ok("secrets:get", "S").out == "of-staging\n"


def test_secrets(keyboard: Keyboard, grace: Paas) -> None:
    assert keyboard.pasted not in keyboard.does("secret")
    assert keyboard.does("reveal") == f"{keyboard.pasted}\n"
    grace.log_is_told()
    assert "secrets.get" in keyboard.does("who read")
    keyboard.does("log")
    exported = [json.loads(line) for line in (keyboard.folder / "audit.jsonl").read_text().splitlines()]
    assert "secrets.get" in {line["event"]["action"] if "event" in line else line["action"] for line in exported}
    grace.ok("config:set", "SMTP_PASSWORD=once-plain", "--no-wait")
    keyboard.does("seal")
    assert "SMTP_PASSWORD" not in config_of(grace)
    assert grace.ok("secrets:get", "SMTP_PASSWORD").out == "once-plain\n"


def test_new_values(keyboard: Keyboard, grace: Paas) -> None:
    grace.ok("secrets:set", "SESSION_KEY=first", "--no-wait")
    keyboard.does("rotate")
    second = grace.ok("secrets:get", "SESSION_KEY").out
    assert second != "first\n"
    keyboard.does("overlap")
    assert grace.ok("run", "--only", "SESSION_KEY_PREVIOUS", "--", "printenv", "SESSION_KEY_PREVIOUS").out == second


def test_several_changes_in_one_release(keyboard: Keyboard, grace: Paas) -> None:
    before = len(releases(grace))
    keyboard.does("stage")
    assert len(releases(grace)) == before + 1
    assert config_of(grace)["LOG_LEVEL"] == "info"
    assert grace.ok("secrets:get", "STRIPE_API_KEY").out == f"{keyboard.pasted}\n"


def test_a_release_that_fails(keyboard: Keyboard, grace: Paas) -> None:
    grace.ok("apps:update", "--instances", "1", "--no-wait", "--", "sh", "-c", "echo no database >&2; exit 3")
    failed = eventually(lambda: next((each for each in releases(grace) if each["state"] == "failed"), None))
    keyboard.here["watch v9"] = f"watch v{failed['number']}"
    assert "no database" in keyboard.does("watch", exit_code=6)
    settled(grace)


def test_going_back(keyboard: Keyboard, grace: Paas) -> None:
    grace.ok("config:set", "LEVEL=1")
    keyboard.here["rollback v2"] = f"rollback v{settled(grace)[0]['number']}"
    grace.ok("config:set", "LEVEL=2")
    assert "Would change LEVEL" in keyboard.does("roll back")
    assert config_of(grace)["LEVEL"] == "1"


def test_what_runs(keyboard: Keyboard, grace: Paas) -> None:
    grace.ok("apps:update", "--instances", "1", "--", "sh", "-c", "echo it runs; exec sleep infinity")
    before = settled(grace)[0]["number"]
    assert f"v{before + 1}" in keyboard.does("restart")
    assert "it runs" in keyboard.does("logs")


def test_what_ci_gets(keyboard: Keyboard, grace: Paas) -> None:
    (token,) = [line.split("=")[1] for line in keyboard.does("ci token").splitlines() if "PAAS_TOKEN=" in line]
    ci = grace.as_token(token)
    ci.ok("config")
    assert of(ci, "staging")("config").exit_code == 4
    keyboard.does("revoke")
    assert ci("config").exit_code == 3
    keyboard.does("keyless")
    assert [trust["apps"] for trust in grace.ok("tokens:trust:list", "--json").document["trusts"]] == [["web"]]


def test_another_sign_in(keyboard: Keyboard, grace: Paas) -> None:
    token = grace.environment["PAAS_TOKEN"].encode()
    there = Paas({"HOME": str(keyboard.home)}, keyboard.folder, grace.transcript, grace.canaries)
    there.ok(
        "login", "--gateway", keyboard.here["https://paas.example.com"], "--token", "--profile", "work", stdin=token
    )
    keyboard.does("switch")
    assert [each["name"] for each in there.ok("auth", "--json").document["profiles"] if each["used"]] == ["work"]


def test_completion(keyboard: Keyboard) -> None:
    assert "paas" in keyboard.does("completion", then="complete -p paas")


def test_installing(tmp_path: Path) -> None:
    uv = {"uv tool": f"'{CLONE / '.uv' / 'bin' / 'uv'}' tool"}
    machine = Keyboard(folder=CLONE, home=tmp_path, pasted="", here=uv, bare=False)
    assert "paas 0" in machine.does("install", then='"$HOME/.local/bin/paas" --version')
