"""An event as the log has it, which is JSON with one spelling: read, and told in words."""

from collections.abc import Sequence

from paas_cli.terminal.text import visible
from transparency import canonical
from transparency.canonical import Json
from transparency.failures import Malformed, Misfit
from transparency.tiles.paths import WIDTH, Bundle

# What is told of an event, in this order; the words for it.
_WORDS = {
    "occurred_at": "time",
    "action": "action",
    "actor": "actor",
    "on_behalf_of": "for",
    "maker": "token made by",
    "app": "app",
    "targets": "targets",
    "targets_left_out": "targets left out",
    "version": "version",
    "outcome": "outcome",
    "repeats": "more of the same",
    "client_address": "address",
    "tenant": "tenant",
    "event_id": "event",
}


def parsed(entry: bytes) -> dict[str, Json]:
    """Return an entry's event. Raises Malformed."""
    event = canonical.decoded(entry)
    if not isinstance(event, dict):
        raise Malformed("an entry is no event")
    return event


def check_places(first: int, entries: Sequence[bytes], *, size: int) -> None:
    """Raise Misfit where an event says that it is at another place than it is at. `first` is the first one's index."""
    path = Bundle(first // WIDTH, min(WIDTH, size - first)).path
    for index, entry in enumerate(entries, start=first):
        try:
            event = parsed(entry)
        except Malformed as error:
            raise Misfit(f"{error}", path=path, index=index) from None
        if not is_at(event, index):
            raise Misfit("the event says that it is at another place in the log", path=path, index=index)


def is_at(event: dict[str, Json], index: int) -> bool:
    """Whether an event says that it is at this place of the log: its sequence counts from 1."""
    return event.get("sequence") == str(index + 1)


def facts(event: dict[str, Json]) -> list[tuple[str, str]]:
    """Return what is told of an event: names and values."""
    found = []
    for name, word in _WORDS.items():
        value = event.get(name)
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
        if text:
            found.append((word, visible(text)))
    return found
