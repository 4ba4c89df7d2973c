"""Ends of secrets in requests, in answers and in what people are told. Never a value."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paas_cli.session import Session
from paas_cli.terminal import times
from paas_cli.terminal.text import visible
from paas_cli.typed import durations
from paas_cli.typed.ends import Terms

if TYPE_CHECKING:
    from paas.secrets.v1.secrets_pb2 import Secret

SOON_SECONDS = 30 * 86400
_NAMED = 2


def put(request: Any, terms: Terms) -> None:
    """Put what a command says of ends into a request that has `expiry` and `rotate_every`."""
    if terms.end is not None:
        if terms.end.span is not None:
            request.expiry.span.seconds = terms.end.span
        elif terms.end.at is not None:
            request.expiry.at.seconds = terms.end.at
        else:
            request.expiry.never = True
    if terms.rotate_every is not None:
        request.rotate_every.SetInParent()
        request.rotate_every.seconds = terms.rotate_every


@dataclass(frozen=True)
class Saved:
    """What an answer says of the end of values that were set or rotated.

    `kept` are those whose value was that already; `span` is for how long a staged value is good from its release.
    """

    expires_at: Any
    kept: Sequence[str] = ()
    span: int | None = None

    def document(self) -> Mapping[str, object]:
        """The same in JSON."""
        return {"expires_at": times.or_null(self.expires_at), "kept": list(self.kept)}

    def tell(self, session: Session, *, staged: bool) -> None:
        """Say it in lines of their own. Not beside JSON, which has it."""
        if session.as_json:
            return
        ends = times.to_second(self.expires_at)
        if self.kept:
            what = f"expires {ends} now" if ends else "has other terms now"
            session.out.prose(
                f"{visible(', '.join(self.kept))}: the value is the same and {what}; no release is needed"
            )
        elif ends:
            session.out.prose(f"Expires {ends}")
        elif staged and self.span is not None:
            session.out.prose(f"Expires {durations.shown(self.span)} after its release")


def document(secret: "Secret") -> dict[str, object]:
    """What JSON has of a secret's end and rotation."""
    every = secret.rotate_every.seconds
    return {
        "expires_at": times.or_null(secret.expires_at),
        "rotate_every": durations.shown(every) if every else None,
        "rotate_at": times.or_null(secret.rotate_at),
    }


def note_soon(session: Session, secrets: "Iterable[Secret]") -> None:
    """Say in one line which secrets end soon, or have. To people alone: not beside JSON, nor where output is piped."""
    if session.as_json or not (session.out.is_terminal and session.err.is_terminal):
        return
    now = session.surroundings.now()
    found = sorted((each for each in secrets if is_soon(each, now)), key=lambda each: each.expires_at.seconds)
    if not found:
        return
    named = ", ".join(f"{visible(each.name)} {_ends(each, now)}" for each in found[:_NAMED])
    if len(found) == 1:
        session.note(f"{named}; {session.hint(f'secrets:rotate {found[0].name}')}.")
        return
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    session.note(f"{named}{more}; {session.hint('secrets:due', about_app=False)} lists them.")


def is_soon(secret: "Secret", now: float) -> bool:
    """Whether a value ends within 30 days, or has ended."""
    return bool(secret.expires_at.seconds) and secret.expires_at.seconds - now <= SOON_SECONDS


def _ends(secret: "Secret", now: float) -> str:
    away = times.ago(secret.expires_at, now)
    return f"expired {away}" if secret.expires_at.seconds <= now else f"expires {away}"
