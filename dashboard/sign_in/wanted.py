"""The page that somebody wanted before they had to sign in: one of ours, nothing that leads elsewhere."""

import re
from typing import Final

_PAGE: Final = re.compile(r"(?!.*(\.\.|//))[A-Za-z0-9][A-Za-z0-9_./-]{0,300}(\?[A-Za-z0-9_.~%+:&=-]{0,600})?|")


def page_wanted(text: str) -> str:
    """The page below the prefix, with what is asked of it; the first one where `text` is none."""
    return text if _PAGE.fullmatch(text) else ""
