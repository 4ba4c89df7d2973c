"""Pictures of the dashboard's pages for the README, from a stack of their own with an app that looks like one."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from local.layout import CLONE
from local.ports import free_base_port
from local.stack import Stack
from tests.browser import chromium
from tests.browser.visits import Window, sizes, window
from tests.e2e.installation import Installation, Paas

FOLDER: Final = CLONE / "docs" / "images"
# Beside those that something is done on first.
_PAGES: Final = {
    "releases": "apps/shop/releases",
    "secret": "apps/shop/secrets/STRIPE_API_KEY",
    "staged": "apps/shop/staged",
    "compare": "apps/shop/compare?with=search",
    "groups": "groups",
    "group": "groups/shared",
    "due": "due",
    "tokens": "account/tokens",
    "sessions": "account/sessions",
    "people": "account/people",
    "keys": "account/keys",
    "incident": "account/incident?since=24h",
    "checkpoint": "account/audit/checkpoint",
}
_PASTED: Final = "LOG_LEVEL=debug\nNODE_ENV=production\nFEATURE_SEARCH=on\nSENDGRID_API_KEY=SG.not-a-key\nPORT=8080\n"


def take() -> None:
    """Take them all, in place of those there are. Raises LocalFailure."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with _platform() as (paas, newcomer, colleague), chromium.running() as browser, window(browser, colleague):
        for scheme in ("light", "dark"):
            for size, viewport in sizes().items():
                with window(browser, paas, viewport=viewport, color_scheme=scheme) as opened:
                    _all(opened, f"{size}-{scheme}")
                with window(browser, newcomer, viewport=viewport, color_scheme=scheme) as opened:
                    _picture(opened, f"first-{size}-{scheme}")


def _all(opened: Window, kind: str) -> None:
    page = opened.page

    def picture(name: str) -> None:
        _picture(opened, f"{name}-{kind}")

    picture("apps")
    opened.open("apps/shop")
    picture("app")
    page.get_by_label("Paste a .env").fill(_PASTED)
    page.get_by_role("button", name="Review changes").click()
    page.wait_for_url("**/pending")
    picture("pending")
    page.get_by_role("button", name="Discard all of it").click()
    for name, path in _PAGES.items():
        opened.open(path)
        picture(name)
    opened.open("account/audit?app=shop")
    page.get_by_text("live", exact=True).wait_for()
    picture("audit")


def _picture(opened: Window, name: str) -> None:
    opened.page.screenshot(path=str(FOLDER / f"{name}.png"), animations="disabled")


@contextmanager
def _platform() -> Iterator[tuple[Paas, Paas, Paas]]:
    folder = Path(tempfile.mkdtemp(prefix="paas pictures "))
    folder.chmod(0o755)
    stack = Stack(folder / ".paas", base_port=free_base_port())
    stack.start()
    try:
        installation = Installation(stack, folder / "home")
        paas, newcomer = installation.person(), installation.person("bob@example.com", tenant="newcomers")
        for app, instances in (("shop", 2), ("search", 1), ("mail", 0)):
            paas.ok("apps:create", app, "--instances", str(instances), "--", "/bin/sleep", "100000")
        chosen = paas.with_(PAAS_APP="shop")
        chosen.ok("config:set", "NODE_ENV=production", "LOG_LEVEL=info", "API_BASE_URL=https://api.example.com")
        chosen.ok("secrets:set", "STRIPE_API_KEY=-", "--expires", "20d", stdin=b"sk_live_not_a_real_one_0000")
        chosen.ok("secrets:set", "DATABASE_PASSWORD=-", stdin=b"correct horse battery staple")
        chosen.ok("secrets:get", "STRIPE_API_KEY")
        paas.ok("config:set", "NODE_ENV=production", "LOG_LEVEL=debug", "-a", "search")
        paas.ok("groups:create", "shared")
        paas.ok("config:set", "REGION=eu-central-1", "LOG_LEVEL=info", "-a", "shared")
        paas.ok("groups:attach", "shared", "-a", "shop")
        paas.ok("groups:attach", "shared", "-a", "search")
        paas.ok("tokens:create", "--name", "github-ci", "--ttl", "90d", "--scope", "config.write", "-a", "shop")
        paas.ok("tokens:create", "--name", "backup", "--ttl", "2d")
        chosen.ok("config:set", "SENTRY_DSN=https://example.com/42", "--stage")
        yield paas, newcomer, installation.person("grace@example.com")
    finally:
        stack.stop()
        shutil.rmtree(folder)
