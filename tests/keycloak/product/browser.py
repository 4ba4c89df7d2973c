"""One person with one browser: at Keycloak's pages, and at the dashboard's."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

from dashboard.web.visit import COOKIE
from tests.fixtures.visitor import Shown, Visitor
from tests.keycloak.sign_in.visitor import Visitor as AtKeycloak

PAGES = "/runtime/dashboard/"
_BUTTON = re.compile(f'href="({PAGES}sign-in/begin[^"]*)"')


class Browser:
    """A browser that has been nowhere yet."""

    def __init__(self, gateway_url: str, keycloak: AtKeycloak) -> None:
        self.pages = Visitor(gateway_url)
        self.keycloak = keycloak

    @property
    def cookie(self) -> str | None:
        """What it is known by at the dashboard."""
        return self.pages.cookies.get(COOKIE)

    def begin(self, path: str = PAGES) -> str:
        """Open a page that is for people who are signed in, and press the button; where that sends the browser."""
        shown = self.pages.open(path)
        button = _BUTTON.search(shown.html)
        assert button, shown.text
        sent = self.pages.open(unescape(button[1]))
        assert is_sent_to_keycloak(sent), sent.text
        return str(sent.headers["location"])

    def answer(self, asked: str, name: str, password: str) -> str:
        """Give name and password at Keycloak; where it then sends the browser, with a code."""
        came_back = self.keycloak.sign_in(self.keycloak.open(asked), name, password)
        assert isinstance(came_back, str)
        return came_back

    def sign_in(self, name: str, password: str, *, path: str = PAGES) -> Shown:
        """Sign in from a page on; what is shown then."""
        return self.pages.open(self.answer(self.begin(path), name, password))


def is_sent_to_sign_in(shown: Shown) -> bool:
    """Whether somebody is not signed in: shown a button that leads to Keycloak's page."""
    return _BUTTON.search(shown.html) is not None


def is_sent_to_keycloak(shown: Shown) -> bool:
    """Whether the browser goes to Keycloak's page."""
    return shown.status == 303 and "/protocol/openid-connect/auth?" in shown.headers["location"]


def asked_of(url: str) -> dict[str, str]:
    """What an address asks."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
