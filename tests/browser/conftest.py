"""One stack and one browser for all of these tests; each test has an app and a window of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.ports import free_base_port
from local.stack import Stack
from tests.browser import chromium
from tests.browser.all_pages import furnish
from tests.browser.visits import Window, window
from tests.e2e.installation import Installation, Paas
from tests.fixtures.patient_envoy import patient_gateways

pytest.importorskip("playwright", reason="the group `browser` is not installed: make test-browser")


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """The running stack, seen by people of the tenant acme."""
    folder = Path(tempfile.mkdtemp(prefix="paas browser "))
    folder.chmod(0o755)
    stack = Stack(folder / "one machine" / ".paas", base_port=free_base_port())
    stack.layout.root.parent.mkdir()
    with patient_gateways():
        stack.start()
    try:
        yield Installation(stack, folder / "home")
    finally:
        stack.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def browser(ada: Paas, mia: Paas) -> Iterator[Any]:
    """Chromium, after what needs an event loop of its own: Playwright has one in this thread until its end."""
    assert ada
    assert mia
    with chromium.running() as running:
        yield running


@pytest.fixture(scope="session")
def ada(installation: Installation) -> Paas:
    """`paas` as an admin of acme, no app chosen."""
    return installation.person()


@pytest.fixture(scope="session")
def mia(installation: Installation) -> Paas:
    """`paas` as an admin of a tenant that no other test is in."""
    return installation.person("mia@example.com", tenant="mias")


@pytest.fixture(scope="session")
def full(installation: Installation, ada: Paas) -> Paas:
    """`paas` with an app that has some of everything, which tests leave as it is but for what they stage."""
    return furnish(installation, ada)


@pytest.fixture
def paas(installation: Installation, ada: Paas) -> Paas:
    """`paas` with a new app of two instances chosen, which runs."""
    return installation.new_app(ada, instances=2)


@pytest.fixture
def idle(installation: Installation, ada: Paas) -> Paas:
    """`paas` with a new app chosen that has no instances."""
    return installation.new_app(ada, instances=0)


@pytest.fixture
def at_app(browser: Any, idle: Paas) -> Iterator[Window]:
    """A window at the page of the app that `idle` has chosen."""
    with window(browser, idle, page=f"apps/{idle.environment['PAAS_APP']}") as opened:
        yield opened
