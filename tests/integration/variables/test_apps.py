"""Apps as users meet them: which of them a token that is limited to some gets to see.

Leaves out their variables (test_config.py, test_names.py) and what a spec may say (tests/unit/config).
"""

from paas.config.v1 import config_pb2

from tests.fakes.neighbours import Metadata
from tests.integration.variables.conftest import Platform

APPS = ("api", "shop", "web")


async def _listed(platform: Platform, me: Metadata, *, page_size: int = 0) -> list[str]:
    """The names on all pages."""
    names: list[str] = []
    request = config_pb2.ListAppsRequest(page_size=page_size)
    while True:
        page = await platform.config.ListApps(request, metadata=me)
        names += [app.name for app in page.apps]
        request.page_token = page.next_page_token
        if not request.page_token:
            return names


async def test_a_limited_token_lists_its_own_apps(platform: Platform) -> None:
    ids = {name: (await platform.app(name)).app_id for name in APPS}
    for page_size in (0, 1, 2):
        for apps in ({"web"}, {"api", "web"}, {"absent"}, set[str]()):
            limited = platform.signer.user(apps=frozenset((name, ids.get(name, "gone")) for name in apps))
            assert await _listed(platform, limited, page_size=page_size) == sorted(apps & set(APPS))
        namesake = platform.signer.user(apps=frozenset({("web", "the id of an app that was destroyed")}))
        assert await _listed(platform, namesake, page_size=page_size) == []
        assert await _listed(platform, platform.me, page_size=page_size) == list(APPS)
