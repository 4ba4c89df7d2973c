"""`paas staged:discard`: drop what is staged, of config vars and of secrets. Nothing that is live changes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from paas_cli import errors
from paas_cli.command import command as declare
from paas_cli.commands.staged.draft import Draft, fetch
from paas_cli.errors import Failure
from paas_cli.releases import actions
from paas_cli.releases.shown import SPEC
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.typed import assignments

if TYPE_CHECKING:
    from paas.config.v1.config_pb2 import DiscardStagedResponse as ConfigAnswer
    from paas.secrets.v1.secrets_pb2 import DiscardStagedResponse as SecretsAnswer


@dataclass(frozen=True)
class Discarded:
    """One change that is no longer staged. `name` is None for the app's spec."""

    name: str | None
    kind: str
    action: str


@declare("staged:discard")
@click.argument("names", nargs=-1, metavar="[NAME...]")
def command(session: Session, *, names: tuple[str, ...]) -> None:
    """Drop what is staged; what is live stays.

    Of the names given, config vars and secrets alike; if nothing is staged for one of them,
    nothing is dropped. Without names all of it is dropped, whoever staged it, as far as
    `paas staged` shows it to you; a change of what the app runs too, if you may change that.

    For example:
      paas staged:discard LOG_LEVEL -a web
      paas staged:discard -a web
    """
    run(session, names)


def run(session: Session, names: Sequence[str]) -> None:
    """Look, drop, say what was dropped."""
    assignments.check_names(names)
    draft = fetch(session)
    discarded = _named(session, draft, names) if names else _all(session, draft)
    if session.as_json:
        documents = [{"name": each.name, "kind": each.kind, "action": each.action} for each in discarded]
        session.out.json({"app": session.app, "discarded": documents})
    elif discarded:
        session.out.prose(_sentence(discarded))
    else:
        session.note(f"Nothing is staged for {visible(session.app)}.")


def _named(session: Session, draft: Draft, names: Sequence[str]) -> list[Discarded]:
    config = [name for name in names if name in {item.name for item in draft.config}]
    secrets = [name for name in names if name in {item.name for item in draft.secrets}]
    rest = [name for name in names if name not in config and name not in secrets]
    if rest and "secret" not in draft.hidden:
        listing = session.hint("staged")
        raise Failure(f"Nothing was changed: nothing is staged for {', '.join(rest)}; {listing} lists what is.")
    # What can't be seen is left to secrets, which refuses all of it for one that is not there: so it comes first.
    dropped = _in_secrets(session, [*secrets, *rest]) if secrets or rest else []
    return [*_then(dropped, lambda: _in_config(session, config)), *dropped] if config else dropped


def _all(session: Session, draft: Draft) -> list[Discarded]:
    dropped = _config_and_spec(session, draft) if draft.config or draft.spec else []
    return [*dropped, *_then(dropped, lambda: _in_secrets(session, []))] if draft.secrets else dropped


def _config_and_spec(session: Session, draft: Draft) -> list[Discarded]:
    if draft.spec is None:
        return _in_config(session, [])
    try:
        return _in_config(session, [], spec=True)
    except Failure as failure:
        if failure.exit_code != errors.NOT_ALLOWED or not draft.config:
            raise
        dropped = _in_config(session, [])
        session.note(f"What the app runs is still staged as it was: {failure.sentence}")
        return dropped


def _then(dropped: list[Discarded], drop: Callable[[], list[Discarded]]) -> list[Discarded]:
    """Drop the other half; where that fails, say that one half is dropped. Raises Failure."""
    try:
        return drop()
    except Failure as failure:
        if dropped:
            failure.sentence = f"{_sentence(dropped)}, and nothing else: {failure.sentence}"
        raise


def _in_config(session: Session, names: Sequence[str], *, spec: bool = False) -> list[Discarded]:
    from paas.config.v1 import config_pb2

    request = config_pb2.DiscardStagedRequest(
        request_id=session.new_request_id(), app=session.app, names=names, spec=spec
    )
    answer = session.change(
        "/paas.config.v1.ConfigService/DiscardStaged",
        request,
        config_pb2.DiscardStagedResponse,
        look=session.hint("staged"),
    )
    of_spec = [Discarded(None, "spec", actions.word(actions.CHANGED))] if answer.spec else []
    return [*_dropped(answer, "config"), *of_spec]


def _in_secrets(session: Session, names: Sequence[str]) -> list[Discarded]:
    from paas.secrets.v1 import secrets_pb2

    request = secrets_pb2.DiscardStagedRequest(request_id=session.new_request_id(), app=session.app, names=names)
    answer = session.change(
        "/paas.secrets.v1.SecretsService/DiscardStaged",
        request,
        secrets_pb2.DiscardStagedResponse,
        look=session.hint("staged"),
    )
    return _dropped(answer, "secret")


def _dropped(answer: "ConfigAnswer | SecretsAnswer", kind: str) -> list[Discarded]:
    return [Discarded(change.name, kind, actions.word(change.action)) for change in answer.changes]


def _sentence(discarded: Sequence[Discarded]) -> str:
    names = assignments.listed([each.name or SPEC for each in discarded])
    return f"Discarded from the draft: {names}"
