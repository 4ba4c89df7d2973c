"""What `docs/json.md` shows for clients of others, with the address, app and names of a test in place of its own."""

import re
from typing import Final

from tests.architecture.sources import ROOT

DOCUMENT: Final = ROOT / "docs" / "json.md"
GATEWAY: Final = "https://paas.example.com"


def blocks(language: str) -> list[str]:
    """The blocks of one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


def manifests(gateway: str, *, app: str, key: str) -> str:
    """The store and the secret that is fetched from it, of which there is one."""
    (block,) = blocks("yaml")
    return placed(block, gateway, app=app).replace("STRIPE_API_KEY", key)


def configuration(gateway: str, *, app: str) -> str:
    """What Terraform is given."""
    (block,) = blocks("terraform")
    return placed(block, gateway, app=app)


def placed(text: str, gateway: str, *, app: str) -> str:
    """The same text for the app behind another gateway."""
    assert text.count(f"{GATEWAY}/v1/apps/web/") == 1
    return text.replace(f"{GATEWAY}/v1/apps/web/", f"{gateway}/v1/apps/{app}/")
