"""bench/RESULTS.md has a section for each benchmark, which no other one writes to."""

import re


def with_section(text: str, heading: str, body: str) -> str:
    """Return a page with `body` under `heading` (`## …`): in the place of what was there, else at the end."""
    before, found, rest = text.partition(f"\n{heading}\n")
    if not found:
        return f"{text.rstrip()}\n\n{heading}\n\n{body.strip()}\n"
    following = re.search(r"^## ", rest, re.MULTILINE)
    after = f"\n{rest[following.start() :]}" if following else ""
    return f"{before}\n{heading}\n\n{body.strip()}\n{after}"
