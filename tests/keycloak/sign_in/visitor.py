"""A person before Keycloak's pages: opens one, fills in a form, presses a button, and is sent on.

It is a browser as far as signing in needs one: cookies are kept and sent back, redirects are followed as long as they
stay with Keycloak, and one that leads to a program, such as to the loopback address of a command line, is where a visit
ends.
"""

from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

from tests.keycloak.sign_in.page import Page, read_page
from tests.keycloak.web import Answer, Web

LOGIN: Final = "login-login"
CONSENT: Final = "login-login-oauth-grant"
_REDIRECTS: Final = (302, 303)
_MOST_REDIRECTS: Final = 10


class SignInRefused(AssertionError):
    """Keycloak showed another page than the one hoped for; what that page says."""


class Visitor:
    """One person with one browser, at the Keycloak at `url`.

    `ends_at` is an address within Keycloak where a visit ends too: that of a page which is a program itself. `port` is
    the port of this machine that the one of `url` is forwarded to, if it is.
    """

    def __init__(self, url: str, ca_file: Path, *, ends_at: str | None = None, port: int | None = None) -> None:
        self._origin, self._ends_at = urlsplit(url)[:2], ends_at
        self._web = Web(ca_file, cookies=True, accept="text/html", port=port)

    def open(self, url: str) -> Page | str:
        """The page at `url`, or where that leads to outside of Keycloak."""
        return self._follow(self._web.get(url))

    def press(self, page: Page, button: str | None = None, /, **typed: str) -> Page | str:
        """Fill in the page's form and send it; what comes then, as for `open`.

        Raises AssertionError where the form has no such field or button.
        """
        form = page.form
        assert form is not None, f"{page.name} has no form: {page.words}"
        assert typed.keys() <= form.fields.keys(), f"{page.name} has the fields {sorted(form.fields)}"
        pressed = {} if button is None else {button: form.buttons[button]}
        return self._follow(self._web.post(form.action, {**form.fields, **typed, **pressed}))

    def sign_in(self, start: Page | str, name: str, password: str) -> Page | str:
        """Give name and password on the page that asks for them. Raises SignInRefused where it asks again."""
        after = self.press(expect(start, LOGIN), "login", username=name, password=password)
        if isinstance(after, Page) and after.name == LOGIN:
            raise SignInRefused(after.words)
        return after

    def _follow(self, answer: Answer) -> Page | str:
        for _ in range(_MOST_REDIRECTS):
            if answer.status not in _REDIRECTS:
                return read_page(answer.text, url=answer.url)
            there: str = urljoin(answer.url, answer.headers["Location"])
            if urlsplit(there)[:2] != self._origin or (self._ends_at and there.startswith(self._ends_at)):
                return there
            answer = self._web.get(there)
        raise AssertionError("Keycloak redirects without end.")


def expect(found: Page | str, name: str) -> Page:
    """The page, which has to be the one of this name. Raises SignInRefused otherwise."""
    if isinstance(found, str):
        raise SignInRefused(f"Sent to {urlsplit(found).netloc} instead of {name}.")
    if found.name != name:
        raise SignInRefused(f"{found.name} instead of {name}: {found.words}")
    return found
