"""An event in words. Must not have what `document` leaves out of JSON."""

from collections.abc import Sequence
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from paas_cli import times
from paas_cli.commands.audit.document import OUTCOMES, document
from paas_cli.session import Session
from paas_cli.terminal_text import visible

if TYPE_CHECKING:
    from paas.audit.v1.audit_pb2 import Event

HEADING = ("TIME", "ACTION", "ACTOR", "APP", "TARGETS", "OUTCOME")
_STYLES = {"ok": "green", "denied": "red", "failed": "yellow"}
# What may be cut where a terminal is too narrow: who, the app, the names. All of it is in --json.
_CUT = (2, 3, 4)
_NARROWEST = 6
_GAP = 2


def table(session: Session, events: "Sequence[Event]") -> None:
    """Print events: a table as wide as the terminal; elsewhere one a line, its cells separated by tabs."""
    rows = [cells(event) for event in events]
    if not rows:
        return
    if session.out.is_terminal:
        rows = fitted(rows, width=get_terminal_size().columns)
    session.out.rows(rows, heading=HEADING, styles=("dim", "bold", "", "", "", ""), colours={5: _STYLES})


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


def fitted(rows: Sequence[tuple[str, ...]], *, width: int) -> list[tuple[str, ...]]:
    """The rows of a table that is at most so wide, if it can be: the widest of what may be cut is, until it fits."""
    widths = [max(len(each) for each in column) for column in zip(HEADING, *rows, strict=True)]
    while sum(widths) + _GAP * (len(widths) - 1) > width:
        widest = max(_CUT, key=widths.__getitem__)
        if widths[widest] <= max(_NARROWEST, len(HEADING[widest])):
            break
        widths[widest] -= 1
    return [tuple(_cut(cell, most) for cell, most in zip(row, widths, strict=True)) for row in rows]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _targets(event: "Event") -> str:
    makers = [token.maker for token in event.target_tokens] or [""] * len(event.targets)
    names = ",".join(_made_by(name, maker) for name, maker in zip(event.targets, makers, strict=False))
    more = f"({event.repeats:,} more within {event.repeats_seconds} s)" if event.repeats else ""
    return f"{names} {more}".strip()


def _made_by(name: str, maker: str) -> str:
    """A token's name may be given again; the person who made it is told after it."""
    return f"{name} ({maker.removeprefix('user:')})" if maker else name
