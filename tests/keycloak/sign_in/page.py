"""A page of Keycloak's, read as far as a person needs it: which one it is, what it says, its form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

_UNSEEN = ("script", "style", "title")


@dataclass(frozen=True)
class Form:
    """Where a form goes, and its fields with what is in them; buttons are fields that only the one pressed sends."""

    action: str = field(repr=False)
    fields: Mapping[str, str] = field(repr=False)
    buttons: Mapping[str, str]


@dataclass(frozen=True)
class Page:
    """What a visitor sees. `name` is what Keycloak calls the page, such as `login-login`."""

    name: str
    words: str
    form: Form | None


def read_page(html: str, *, url: str) -> Page:
    """The page at `url`. Its first form is the one that counts."""
    reader = _Reader()
    reader.feed(html)
    form = None
    if reader.action is not None:
        form = Form(urljoin(url, reader.action), reader.fields, reader.buttons)
    return Page(reader.name, " ".join(" ".join(reader.words).split()), form)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.name = ""
        self.words: list[str] = []
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.buttons: dict[str, str] = {}
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag in _UNSEEN:
            self._unseen += 1
        if tag == "body":
            self.name = found.get("data-page-id", "")
        elif tag == "form" and self.action is None:
            self.action = found.get("action", "")
        elif tag in ("input", "button") and self.action is not None and found.get("name"):
            kind = found.get("type", "submit" if tag == "button" else "text")
            (self.buttons if kind == "submit" else self.fields)[found["name"]] = found.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen -= 1

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words.append(data)
