"""What the log says was dropped of it when its time was over: believed where an event of the log itself says so."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from paas_cli.log import event_shown
from paas_cli.terminal import times
from transparency.failures import NotVerified
from transparency.notes.checkpoints import Checkpoint
from transparency.tiles.paths import WIDTH
from transparency.tiles.reader import Fetch, TileReader

_ACTION: Final = "audit.retain"


@dataclass(frozen=True)
class Dropped:
    """The first `count` events were dropped at a time, all of them recorded before another, in seconds since 1970.

    The event at index `told_in` says so.
    """

    count: int
    before: int
    at: int
    told_in: int

    @property
    def words(self) -> str:
        """What was dropped, and when."""
        which = "Event 1 was" if self.count == 1 else f"Events 1 to {self.count:,} were"
        return f"{which} dropped {times.of_seconds(self.at)}, their time being over"

    def has_any_since(self, moment: datetime | None) -> bool:
        """Whether some may have been recorded at a time or later, None: at any."""
        return moment is None or moment < datetime.fromtimestamp(self.before, UTC)

    def document(self) -> dict[str, object]:
        """As JSON shows it."""
        return {
            "up_to": self.count,
            "before": times.of_seconds(self.before),
            "at": times.of_seconds(self.at),
            "told_in": self.told_in + 1,
        }


def check_told(dropped: Dropped, checkpoint: Checkpoint, fetch: Fetch) -> None:
    """Raise NotVerified unless an event of the log says that as many were dropped as are said to be."""
    untold = f"{dropped.count:,} events are said to be dropped, and the log has no event that says so"
    if not dropped.count <= dropped.told_in < checkpoint.size:
        raise NotVerified(untold)
    reader = TileReader(fetch, size=checkpoint.size, root=checkpoint.root)
    event = event_shown.parsed(reader.entries(dropped.told_in // WIDTH)[dropped.told_in % WIDTH])
    is_told = event.get("action") == _ACTION and event.get("version") == str(dropped.count)
    if not is_told or not event_shown.is_at(event, dropped.told_in):
        raise NotVerified(untold)
