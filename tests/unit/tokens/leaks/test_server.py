"""Whose reports are taken, as the settings say: nobody's without any, and keys over https alone."""

from pathlib import Path

import pytest

from paaskit.clock import utc_now
from paaskit.settings import SettingsError
from services.tokens.leaks.reports import Reports
from services.tokens.leaks.server import leak_reports
from tests.fakes.tokens_store import FakeTokenStore
from tests.fakes.trusts import FakeTrusts
from tests.unit.tokens.sso.conftest import settings


def _reports() -> Reports:
    async def outlast() -> None:
        pass

    store = FakeTokenStore()
    return Reports(store, store, trusts=FakeTrusts(), clock=utc_now, outlast=outlast)


async def test_without_keys_nobody_s_reports_are_taken(tmp_path: Path) -> None:
    assert leak_reports(settings(tmp_path, leaks_keys_url=""), _reports()) is None
    taken = leak_reports(settings(tmp_path, leaks_keys_url="https://github.example/keys"), _reports())
    assert taken is not None
    await taken.close()


@pytest.mark.parametrize(
    "address",
    ["http://github.example/keys", "file:///etc/passwd", "data:text/plain,x", "//github.example", "https://", "x"],
)
def test_nothing_is_fetched_but_over_https(tmp_path: Path, address: str) -> None:
    """CVE-2026-48522."""
    with pytest.raises(SettingsError, match="PAAS_LEAKS_KEYS_URL has to be an https address"):
        leak_reports(settings(tmp_path, leaks_keys_url=address), _reports())


async def test_it_is_served_where_the_gateway_comes(tmp_path: Path) -> None:
    """At the door of users, and with everything else where there is one door."""
    url = {"leaks_keys_url": "https://github.example/keys"}
    for told, address in (({"public_listen": "localhost:2"}, "localhost:2"), ({}, "localhost:1")):
        site = settings(tmp_path, **url, **told)
        taken = leak_reports(site, _reports())
        assert taken is not None
        assert taken.exposed.address(site) == address
        await taken.close()
