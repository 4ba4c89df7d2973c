"""Who may see what of a published log, beyond the permission that its methods ask for. Pure."""

from dataclasses import dataclass
from typing import Final

from paaskit.errors import NotFound, PermissionDenied
from services.audit.event import Event

_READS: Final = "audit.read"
_ENTRIES: Final = "tile/entries/"


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who asks: what they may, which apps they are limited to, None for none, and with which credential they came."""

    permissions: frozenset[str]
    app_ids: frozenset[str] | None
    credential: str


def check_may_read_file(path: str, *, app_ids: frozenset[str] | None) -> None:
    """Raise PermissionDenied for entries where the reader is limited to some apps. Hashes tell nothing of an event."""
    if app_ids is not None and path.startswith(_ENTRIES):
        raise PermissionDenied("The log's entries are of all apps, and this token is limited to some.")


def visible(event: Event | None, reader: Reader) -> Event:
    """Return an event that a reader may have a receipt of: one of their own, or one that they may list.

    Raises NotFound where there is none, or it is not for them, in the same words.
    """
    if event is not None and (_is_own(event, reader) or _may_list(event, reader)):
        return event
    raise NotFound("There is no such event, or you may not see it.")


def _is_own(event: Event, reader: Reader) -> bool:
    """Whether it was done with the very credential that the reader comes with."""
    return bool(reader.credential) and event.report.token_id == reader.credential


def _may_list(event: Event, reader: Reader) -> bool:
    in_sight = reader.app_ids is None or event.report.app_id in reader.app_ids
    return _READS in reader.permissions and in_sight
