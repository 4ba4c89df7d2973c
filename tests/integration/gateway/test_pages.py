"""What the gateway itself answers to a browser says what browsers may do with it, as pages of the dashboard do.

The pages' own headers are in tests/unit/dashboard/test_origin.py. Nobody serves pages here.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.routes.browser_headers import POLICY
from gateway.settings import Address, GatewaySettings
from local.certificates import ensure_certificates
from local.ports import SERVICES, free_base_port
from tests.integration.gateway.conftest import Gateway, envoy_running, settings_of
from tests.integration.gateway.fakes import FakeSignInCheck

HSTS = "max-age=31536000; includeSubDomains"
PAGES = "/runtime/dashboard/"
TOO_MUCH = 2 * 1024 * 1024


@pytest.fixture(scope="module")
async def with_pages(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway that has pages, whose dashboard is away."""
    folder = tmp_path_factory.mktemp("pages")
    ensure_certificates(folder / "tls", (*SERVICES, "gateway", "dashboard"), now=datetime.now(UTC))
    gateway = Gateway(
        base_port=free_base_port(),
        tls=folder / "tls",
        access_log=folder / "access.log",
        services={},
        servers={},
        check=FakeSignInCheck(),
    )
    settings: GatewaySettings = replace(
        settings_of(gateway),
        dashboard=[Address("127.0.0.1", gateway.base_port + 19)],
        dashboard_listen=Address("127.0.0.1", gateway.base_port + 18),
        hsts=HSTS,
    )
    async with envoy_running(settings, folder):
        yield gateway


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        (PAGES.removesuffix("/"), "GET", (), 308),
        (PAGES, "GET", (), 503),
        ("/", "GET", (), 404),
        ("/favicon.ico", "GET", (), 404),
        ("/", "POST", (), 415),
        (f"{PAGES}apps%2fweb", "GET", (), 400),
        (PAGES, "GET", tuple((f"x-{number}", "") for number in range(70)), 431),
        (f"{PAGES}sign-out", "POST", (("x_paas_identity", "me"),), 400),
    ],
)
async def test_its_own_answers_say_what_a_browser_may(
    with_pages: Gateway, path: str, method: str, headers: tuple[tuple[str, str], ...], status: int
) -> None:
    content_type = "application/x-www-form-urlencoded" if method == "POST" else None
    body = b"a=1" if method == "POST" else b""
    answered, told, _ = await with_pages.raw(path, *headers, method=method, content_type=content_type, body=body)
    assert answered == status
    _tells_browsers(told)


async def test_what_is_too_large_says_it_too(with_pages: Gateway) -> None:
    answered, told, _ = await with_pages.raw(
        f"{PAGES}apps/web/pending", content_type="application/x-www-form-urlencoded", body=bytes(TOO_MUCH)
    )
    assert answered == 413
    _tells_browsers(told)


def _tells_browsers(told: dict[str, str]) -> None:
    assert told["content-security-policy"] == POLICY
    assert told["x-content-type-options"] == "nosniff"
    assert told["strict-transport-security"] == HSTS.lower()
    assert told["cache-control"] == "no-store"
