"""What a change does to one name, in words. Every listing loads it, so it must not import anything."""

ADDED, CHANGED, REMOVED = 1, 2, 3  # paas.config.v1.Action
_WORDS = {ADDED: "added", CHANGED: "changed", REMOVED: "removed"}
_WOULD = {"added": "add", "changed": "change", "removed": "remove"}
STYLES = {"added": "green", "changed": "yellow", "removed": "red"}


def word(action: int) -> str:
    """`added`, `changed` or `removed`."""
    return _WORDS.get(action, "unknown")


def would(action: str) -> str:
    """`Would add`, for `added`."""
    return f"Would {_WOULD.get(action, 'change')}"
