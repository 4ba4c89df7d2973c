"""Somebody at the dashboard, for tests that send many small forms: the form's token is that of the page before."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tests.e2e.installation import Installation, Paas
from tests.fixtures.visitor import Shown, Visitor

PAGES: Final = "/runtime/dashboard/"
_FORM_TOKEN: Final = re.compile(r'name="form_token" value="([^"]+)"')
_BY_SCRIPT: Final = {"accept": "application/json", "sec-fetch-mode": "cors"}


class AtDashboard:
    """A browser that is signed in, as far as paths below the prefix go."""

    def __init__(self, visitor: Visitor, page: Shown) -> None:
        self._visitor = visitor
        self._form_token = ""
        self._seen(page)

    @classmethod
    def as_(cls, paas: Paas, installation: Installation) -> "AtDashboard":
        """Whoever `paas` is, by a link as `paas open` makes one."""
        visitor = Visitor(installation.stack.gateway_url)
        link = str(paas.ok("open", "--json").document["url"])
        return cls(visitor, visitor.press(visitor.open_link(link), "sign-in/link"))

    def get(self, path: str) -> Shown:
        """Open a page."""
        return self._seen(self._visitor.open(PAGES + path))

    def post(self, path: str, /, *more: tuple[str, str], **fields: str) -> Shown:
        """Send a form; `more` are fields that there are several of."""
        return self._seen(self._visitor.post(PAGES + path, self._content(more, fields)))

    def ask(self, path: str, /, *more: tuple[str, str], **fields: str) -> Shown:
        """Send a form as a script of the page does, which takes what is answered."""
        return self._visitor.post(PAGES + path, self._content(more, fields), headers=_BY_SCRIPT)

    def take_form_of(self, other: "AtDashboard") -> None:
        """Send forms of another session from now on, as a page of before one signed in does."""
        self._form_token = other._form_token

    def _content(self, more: Iterable[tuple[str, str]], fields: Mapping[str, str]) -> list[tuple[str, str]]:
        return [("form_token", self._form_token), *fields.items(), *more]

    def _seen(self, page: Shown) -> Shown:
        found = _FORM_TOKEN.search(page.html)
        self._form_token = found[1] if found else self._form_token
        return page


def told(page: Shown) -> Any:
    """What a script was answered."""
    return json.loads(page.body)


def hidden(page: Shown, name: str) -> str:
    """The first hidden field of this name."""
    return str(re.findall(rf'name="{name}" value="([^"]*)"', page.html)[0])
