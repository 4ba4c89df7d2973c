"""Somebody's hand, which counts. It is all that a task is done with, so that nothing is done uncounted.

An action is one click, one key or chord, one paste, one field filled in (going there included), or one choice in a
list. Looking, waiting and scrolling are none.
"""

import re
from pathlib import Path
from typing import Any

from tests.browser.visits import Window


class Hand:
    """A hand on a window. `done` is what it did, in words, an entry for each action."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._page = window.page
        self.done: list[str] = []

    def click(self, role: str, name: str | re.Pattern[str]) -> None:
        """Click the first of this role and name."""
        self._count(f"click the {role} {_told(name)}")
        self._found(role, name).click()

    def click_words(self, words: str) -> None:
        """Click what says exactly this, as the name that opens a menu does."""
        self._count(f"click “{words}”")
        self._page.get_by_text(words, exact=True).first.click()

    def download(self, role: str, name: str) -> Path:
        """Click what gives a file; where that is now."""
        self._count(f"click the {role} “{name}”")
        with self._page.expect_download() as coming:
            self._found(role, name).click()
        return Path(coming.value.path())

    def tick(self, label: str) -> None:
        """Click a box or a round button, by its label."""
        self._count(f"tick “{label}”")
        self._page.get_by_label(label, exact=True).click()

    def press(self, keys: str) -> None:
        """Press a key, or several at once: `Control+Enter`."""
        self._count(f"press {keys}")
        self._page.keyboard.press(keys)

    def paste(self, text: str) -> None:
        """Press Ctrl-V with this in the clipboard, wherever the focus is."""
        self._count("paste")
        self._page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
        self._page.keyboard.press("Control+V")

    def fill(self, label: str, text: str) -> None:
        """Fill a field in, by its label."""
        self._count(f"fill in “{label}”")
        self._page.get_by_label(label, exact=True).fill(text)

    def write(self, text: str) -> None:
        """Write where the focus is."""
        self._count("write")
        self._page.keyboard.insert_text(text)

    def choose(self, label: str, option: str) -> None:
        """Choose from a list, by its label and the option's value."""
        self._count(f"choose {option} as “{label}”")
        self._page.get_by_label(label, exact=True).select_option(option)

    def sees(self, words: str) -> None:
        """Wait until these words are there to be read. Raises where they don't come."""
        self._page.get_by_text(words).first.wait_for()

    def is_at(self, path: str) -> None:
        """Wait until the window shows the page whose address ends so. Raises where it doesn't come."""
        self._page.wait_for_url(f"**/{path}")

    def is_at_a_release(self) -> None:
        """Wait until the window shows a release. Raises where it doesn't."""
        self._window.comes_to_a_release()

    def reads(self) -> str:
        """All that is there to be read."""
        return self._window.words()

    def source(self) -> str:
        """What the page is made of, where nothing secret may be."""
        self._page.wait_for_load_state()
        return str(self._page.content())

    def clipboard(self) -> str:
        """What a paste would put somewhere."""
        return str(self._page.evaluate("navigator.clipboard.readText()"))

    def _found(self, role: str, name: str | re.Pattern[str]) -> Any:
        return self._page.get_by_role(role, name=name, exact=isinstance(name, str)).first

    def _count(self, action: str) -> None:
        self.done.append(action)


def _told(name: str | re.Pattern[str]) -> str:
    return f"“{name}”" if isinstance(name, str) else f"like {name.pattern}"
