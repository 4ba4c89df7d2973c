"""An event in words. Must not have what `document` leaves out of JSON."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from paas_cli.commands.audit.document import OUTCOMES, document
from paas_cli.session import Session
from paas_cli.terminal import table, times
from paas_cli.terminal.table import Column
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.audit.v1.audit_pb2 import Event

_STYLES = {"ok": "green", "denied": "red", "failed": "yellow"}
COLUMNS = (
    Column("TIME", style="dim"),
    Column("ACTION", style="bold"),
    Column("ACTOR", narrowest=10),
    Column("APP", rank=3, narrowest=6),
    Column("TARGETS", rank=2, narrowest=8),
    Column("OUTCOME", rank=1, styles=_STYLES),
)


def listing(session: Session, events: "Sequence[Event]") -> None:
    """Print events: a table as wide as the terminal; elsewhere one a line, its cells separated by tabs.

    Where exact times would take the room of other cells, the table tells how long ago it was.
    """
    rows = [cells(event) for event in events]
    if not rows:
        return
    if session.out.is_terminal and not table.is_whole(COLUMNS, rows, width=session.out.width):
        rows = [(session.when(event.occurred_at), *row[1:]) for event, row in zip(events, rows, strict=True)]
    table.write(session.out, COLUMNS, rows)


def line(session: Session, event: "Event") -> None:
    """Print one event of several that come one after the other."""
    if session.as_json:
        session.out.json(document(event), indent=None)
    elif session.out.is_terminal:
        time, action, actor, app, targets, outcome = cells(event)
        out = session.out
        shown = (out.styled(time, "dim"), out.styled(f"{action:<16}", "bold"), f"{actor:<28}", f"{app:<12}", targets)
        out.line("  ".join((*shown, out.styled(outcome, _STYLES.get(outcome, "bold")))))
    else:
        session.out.line("\t".join(cells(event)))
    session.out.flush()


def cells(event: "Event") -> tuple[str, ...]:
    """Time, action, actor, app, targets and outcome; a dash for none."""
    # The token that was used is the user's where a service acts for one.
    actor = _made_by(f"{event.actor} for {event.on_behalf_of}" if event.on_behalf_of else event.actor, event.maker)
    time, outcome = times.to_second(event.occurred_at), OUTCOMES.get(event.outcome, "unknown")
    return tuple(visible(each) or "-" for each in (time, event.action, actor, event.app, _targets(event), outcome))


def _targets(event: "Event") -> str:
    makers = [token.maker for token in event.target_tokens] or [""] * len(event.targets)
    names = ",".join(_made_by(name, maker) for name, maker in zip(event.targets, makers, strict=False))
    more = f"({event.repeats:,} more within {event.repeats_seconds} s)" if event.repeats else ""
    why = f'"{event.reason}"' if event.reason else ""
    return " ".join(filter(None, (names, why, more)))


def _made_by(name: str, maker: str) -> str:
    """A token's name may be given again; the person who made it is told after it."""
    return f"{name} ({maker.removeprefix('user:')})" if maker else name
