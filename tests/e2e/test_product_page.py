"""The product page from top to bottom, each command as it is printed there, on a running app.

`tests/data/product-page.txt` is the page. The first test holds the commands that the walk runs against it, so that
neither can change alone. Leaves out what only a browser shows.
"""

import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.installation import (
    PAAS,
    Installation,
    Paas,
    config_of,
    environments,
    events,
    eventually,
    releases,
    secret_names,
)

PAGE = (Path(__file__).parent.parent / "data" / "product-page.txt").read_text()
MASK = "•" * 16
# Every line of the page that is a command, in its order, without the prompt.
COMMANDS = (
    "paas config:set NODE_ENV=production",
    "paas config:set LOG_LEVEL=info",
    "paas config:set API_BASE_URL=https://api.example.com",
    "paas config",
    "paas config:set NODE_ENV=production LOG_LEVEL=info SENTRY_DSN=https://...",
    "paas secrets:set STRIPE_API_KEY=sk_live_...",
    'paas secrets:set DATABASE_PASSWORD="$(openssl rand -base64 32)"',
    "paas secrets",
    "paas secrets:get STRIPE_API_KEY",
    "paas config:export > .env.production",
    "cat .env.production",
    "paas config:import .env.production",
    "paas config:unset SENTRY_DSN",
    "paas secrets:unset OLD_API_KEY",
    'paas tokens:create --name "github-ci" --ttl 90d',
    'paas tokens:create --name "github-ci" --ttl 90d',
    "PAAS_TOKEN=paas_pat_... paas apps:list",
)


def shell(paas: Paas, line: str) -> str:
    """Run a line of the page in a shell, as its reader would; what it printed."""
    environment = {**paas.environment, "PATH": f"{Path(PAAS).parent}:/usr/bin:/bin"}
    done = subprocess.run(
        ["/bin/sh", "-c", line], env=environment, cwd=paas.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_walk_is_the_page() -> None:
    lines = [line.removeprefix("$ ") for line in PAGE.splitlines()]
    found = tuple(line for line in lines if re.match(r"(PAAS_TOKEN=\S+ )?paas [a-z]+(:[a-z]+)?( |$)|cat ", line))
    assert found == COMMANDS


@pytest.fixture(scope="module")
def page(installation: Installation, ada: Paas) -> Paas:
    """`paas` with the app of the page, to which an add-on has attached a database."""
    paas = installation.new_app(ada, instances=2)
    installation.attach(paas.environment["PAAS_APP"], f"postgres://u:{installation.canaries.secret()}@db/app")
    return paas


def test_config(page: Paas) -> None:
    for line in COMMANDS[:3]:
        assert re.search(r"^Set \w+ · release v\d+$", shell(page, line).splitlines()[0])
    assert shell(page, COMMANDS[3]) == (
        "NODE_ENV=production\n"
        "LOG_LEVEL=info\n"
        "API_BASE_URL=https://api.example.com\n"
        "DATABASE_URL=postgres://...   (managed by addon)\n"
    )
    for environment in environments(page):
        assert environment["NODE_ENV"] == "production"
        assert environment["DATABASE_URL"].startswith("postgres://u:")
    before = len(releases(page))
    set_several = shell(page, COMMANDS[4])
    assert set_several.startswith(f"Set SENTRY_DSN · release v{before + 1}\n")
    assert len(releases(page)) == before + 1
    page.ok("config:set", "LOG_LEVEL=debug", "SENTRY_DSN=https://other", "--no-wait")
    assert len(releases(page)) == before + 2


def test_secrets(page: Paas, installation: Installation) -> None:
    value = installation.canaries.secret()
    shell(page.with_(VALUE=value), 'paas secrets:set STRIPE_API_KEY="$VALUE"')
    shell(page, COMMANDS[6])
    assert shell(page, COMMANDS[7]) == f"STRIPE_API_KEY={MASK}\nDATABASE_PASSWORD={MASK}\n"
    assert shell(page, COMMANDS[8]) == f"{value}\n"
    for environment in environments(page):
        assert environment["STRIPE_API_KEY"] == value
        assert len(environment["DATABASE_PASSWORD"]) == 44
    refused = page("config:set", "DATABASE_URL=postgres://mine")
    assert (refused.exit_code, "managed by the add-on postgres" in refused.err) == (1, True)


def test_bulk(page: Paas, installation: Installation) -> None:
    shell(page, COMMANDS[9])
    exported = shell(page, COMMANDS[10])
    assert exported.splitlines()[0] == "NODE_ENV=production"
    assert "DATABASE_URL" not in exported
    assert installation.canaries.secret_mark not in exported
    assert shell(page, COMMANDS[11]) == "No change\n"
    (page.folder / ".env.production").write_text(exported + "ADDED=1\n")
    assert shell(page, COMMANDS[11]).startswith("Set ADDED · release v")
    before = page.ok("secrets:get", "STRIPE_API_KEY").out
    rotated = page.ok("secrets:rotate", "STRIPE_API_KEY", "--no-wait")
    assert re.fullmatch(r"Rotated STRIPE_API_KEY · release v\d+\n", rotated.out)
    assert page.ok("secrets:get", "STRIPE_API_KEY").out != before


def test_unset(page: Paas) -> None:
    page.ok("secrets:set", "OLD_API_KEY=old", "--no-wait")
    assert shell(page, COMMANDS[12]).startswith("Unset SENTRY_DSN · release v")
    assert shell(page, COMMANDS[13]).startswith("Unset OLD_API_KEY · release v")
    assert "SENTRY_DSN" not in config_of(page)
    assert "OLD_API_KEY" not in secret_names(page)
    for environment in environments(page):
        assert environment.keys().isdisjoint({"SENTRY_DSN", "OLD_API_KEY"})


def test_tokens_and_audit(page: Paas) -> None:
    created = page.ok("tokens:create", "--name", "github-ci", "--ttl", "90d")
    assert re.fullmatch(r"✓ Created token  \(expires \d{4}-\d\d-\d\dT\d\d:\d\dZ\)", created.lines[0])
    assert re.fullmatch(r"  PAAS_TOKEN=paas_pat_[0-9A-Za-z]{36}", created.lines[1])
    assert len(created.lines) == 2
    token = created.lines[1].partition("=")[2]
    listed = shell(page.with_(PAAS_TOKEN=""), f"PAAS_TOKEN={token} paas apps:list")
    app = page.environment["PAAS_APP"]
    assert app in [line.split("\t")[0] for line in listed.splitlines()]
    wanted = {("secrets.get", "STRIPE_API_KEY"), ("secrets.set", "STRIPE_API_KEY"), ("tokens.create", "github-ci")}

    def told() -> set[tuple[str, str]]:
        asked = [page.ok("audit", "--action", action, "-n", "100") for action, _ in wanted]
        lines = [line.split("\t") for run in asked for line in run.lines]
        # After a token's name comes who made it.
        return {(action, targets.partition(" (")[0]) for _, action, _, _, targets, outcome in lines if outcome == "ok"}

    assert eventually(lambda: wanted <= told())
    newest = releases(page)[0]["number"]

    def finished() -> list[list[str]]:
        found = events(page, action="releases.finish", app=app)
        return [event["targets"] for event in found if event["version"] == newest]

    assert eventually(finished) == [[f"v{newest}"]]
