"""`paas keys:rotate`: a new key for all secrets of the tenant."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

import click

from paas_cli import errors
from paas_cli.command import command as declare
from paas_cli.commands.keys import shown
from paas_cli.commands.keys.list import fetch
from paas_cli.errors import Failure
from paas_cli.session import Session
from paas_cli.terminal.streams import Unwritten

if TYPE_CHECKING:
    from paas.secrets.v1.secrets_pb2 import KeyRollout, Keys, RotateKeysResponse

_LOOK_EVERY = 0.5
_TRIES = 10


@declare("keys:rotate", app=False)
@click.option("--no-wait", is_flag=True, help="Do not watch how values are sealed anew.")
def command(session: Session, *, no_wait: bool) -> None:
    """Make a new key and seal all secrets with it.

    From now on the new key seals. What older ones sealed, earlier versions and drafts included,
    is sealed anew in the background and can be read all the while. No value changes and nothing
    is released. Only one key is rolled out at a time.

    For example:
      paas keys:rotate
    """
    run(session, wait=not no_wait)


def run(session: Session, *, wait: bool) -> None:
    """Rotate, follow, report."""
    from paas.secrets.v1 import secrets_pb2

    made = session.change(
        "/paas.secrets.v1.KeysService/RotateKeys",
        secrets_pb2.RotateKeysRequest(request_id=session.new_request_id()),
        secrets_pb2.RotateKeysResponse,
        look=session.hint("keys", about_app=False),
        again=False,
    )
    if not session.as_json:
        values = f"{made.older_versions} {'value' if made.older_versions == 1 else 'values'}"
        session.out.prose(f"Generation {made.generation} seals from now on · {values} to seal anew")
        session.out.flush()
    rollout = _followed(session, made) if wait else None
    if session.as_json:
        session.out.json(
            {
                "generation": made.generation,
                "older_versions": made.older_versions,
                "rollout": None if rollout is None else shown.rollout_document(rollout),
            }
        )
    if rollout is not None and rollout.unreadable:
        raise Failure(
            f"{rollout.unreadable} of the values do not open, and stay as they are; everything else is sealed with "
            f"generation {made.generation}."
        )


class Show(Protocol):
    """Something that shows progress."""

    def __call__(self, rollout: "KeyRollout", /) -> None:
        """Show it as it is now."""


class _Lines:
    """A line at the end, where nobody looks at a bar."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, rollout: "KeyRollout") -> None:
        if shown.is_over(rollout) and not self._session.as_json:
            self._session.out.prose(shown.rollout_line(rollout))


def _shower(session: Session) -> AbstractContextManager[Show]:
    if session.out.is_terminal and not session.as_json:
        from paas_cli.terminal.progress import Count

        return Count(session.out, "sealing anew", line=shown.rollout_line, is_over=shown.is_over)
    return nullcontext(_Lines(session))


def _followed(session: Session, made: "RotateKeysResponse") -> "KeyRollout":
    """Watch until all is sealed with this key or a later one. Raises Failure where it can't be watched."""
    look = session.hint("keys", about_app=False)
    try:
        with _shower(session) as show:
            while True:
                keys = _fetched(session, made, look)
                show(keys.rollout)
                if shown.is_over(keys.rollout) or keys.generations[-1].generation != made.generation:
                    return keys.rollout
                session.surroundings.sleep(_LOOK_EVERY)
    except (KeyboardInterrupt, Unwritten) as stop:
        raise Failure(
            f"Stopped watching; values go on being sealed with generation {made.generation}. {look} shows how far.",
            exit_code=errors.INTERRUPTED if isinstance(stop, KeyboardInterrupt) else errors.READER_GONE,
        ) from None


def _fetched(session: Session, made: "RotateKeysResponse", look: str) -> "Keys":
    for attempt in range(_TRIES):
        try:
            return fetch(session)
        except Failure as failure:
            if failure.exit_code != errors.UNAVAILABLE or attempt == _TRIES - 1:
                raise Failure(
                    f"Generation {made.generation} seals, and values go on being sealed with it, but that can't be "
                    f"watched: {failure.sentence} {look} shows how far it is.",
                    exit_code=failure.exit_code,
                    details=failure.details,
                ) from None
            session.surroundings.sleep(_LOOK_EVERY)
    raise AssertionError
