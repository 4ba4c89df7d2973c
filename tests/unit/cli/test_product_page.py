"""The product page, top to bottom: each example with the output it shows.

Covers what the CLI sends and prints. Leaves out what services decide; the end-to-end test walks the page on them.
"""

from pathlib import Path

import pytest

from tests.fakes.gateway import TOKEN
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

MASK = "•" * 16


def test_the_page(paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    web = signed_in.apps["web"]
    web.managed["DATABASE_URL"] = "postgres://..."

    for item in ("NODE_ENV=production", "LOG_LEVEL=info", "API_BASE_URL=https://api.example.com"):
        assert paas("config:set", item).exit_code == 0
    assert len(web.releases) == 3

    assert paas("config").out == (
        "NODE_ENV=production\n"
        "LOG_LEVEL=info\n"
        "API_BASE_URL=https://api.example.com\n"
        "DATABASE_URL=postgres://...   (managed by addon)\n"
    )

    several = paas("config:set", "NODE_ENV=production", "LOG_LEVEL=debug", "SENTRY_DSN=https://x@sentry.example.com/1")
    assert several.exit_code == 0
    assert len(web.releases) == 4  # one release for both changes

    assert paas("secrets:set", "STRIPE_API_KEY=sk_live_xxxxxxxxxxxxxxxxxxxx").exit_code == 0
    assert paas("secrets:set", "DATABASE_PASSWORD=c2VjcmV0IHNlY3JldA==").exit_code == 0
    assert paas("secrets").out == f"STRIPE_API_KEY={MASK}\nDATABASE_PASSWORD={MASK}\n"
    assert paas("secrets:get", "STRIPE_API_KEY").out == "sk_live_xxxxxxxxxxxxxxxxxxxx\n"
    assert web.secrets["DATABASE_PASSWORD"] == "c2VjcmV0IHNlY3JldA=="

    exported = paas("config:export").out
    assert exported.splitlines()[:2] == ["NODE_ENV=production", "LOG_LEVEL=debug"]
    assert "DATABASE_URL" not in exported
    Path(".env.production").write_text(exported, encoding="utf-8")
    assert paas("config:import", ".env.production").out == "No change\n"

    assert paas("secrets:rotate", "STRIPE_API_KEY").exit_code == 0
    assert web.secrets["STRIPE_API_KEY"] != "sk_live_xxxxxxxxxxxxxxxxxxxx"

    assert paas("config:unset", "SENTRY_DSN").exit_code == 0
    assert "SENTRY_DSN" not in web.vars
    web.secrets["OLD_API_KEY"] = "old"
    assert paas("secrets:unset", "OLD_API_KEY").exit_code == 0
    assert "OLD_API_KEY" not in web.secrets

    created = paas("tokens:create", "--name", "github-ci", "--ttl", "90d")
    assert created.lines[0] == "✓ Created token  (expires 2026-08-06T13:42Z)"
    secret = created.lines[1].removeprefix("  PAAS_TOKEN=")
    assert secret.startswith("paas_pat_")
    monkeypatch.setenv("PAAS_TOKEN", secret)
    assert paas("apps:list").out == "web\t2\tpython server.py\n"

    monkeypatch.setenv("PAAS_TOKEN", TOKEN)
    actions = [line.split("\t")[1] for line in paas("audit").lines]
    assert {"secrets.get", "secrets.set", "tokens.create"} <= set(actions)
