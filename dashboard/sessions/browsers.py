"""What people call their browser: `Firefox on Linux`, of what it says of itself. The rest of that is kept nowhere.

A browser may say anything, so what is kept is of these words alone.
"""

from collections.abc import Sequence
from typing import Final

_UNKNOWN: Final = "A browser"
# In this order: most say the names of others too, as Edge says Chrome and Chrome says Safari.
_NAMES: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_of(user_agent: str) -> str:
    """The browser and its system in a few words."""
    name, system = _first(_NAMES, user_agent) or _UNKNOWN, _first(_SYSTEMS, user_agent)
    return f"{name} on {system}" if system else name


def _first(table: Sequence[tuple[str, str]], text: str) -> str:
    return next((word for sign, word in table if sign in text), "")
