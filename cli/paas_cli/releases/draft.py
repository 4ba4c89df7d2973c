"""The draft as a way to release several calls at once: it has to be empty before, and to be left as it was found."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from paas_cli.errors import Failure
from paas_cli.releases import shown
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.typed.assignments import listed

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import CreateReleaseResponse, ReleasedChange

_CREATE_RELEASE = "/paas.releaser.v1.ReleaserService/CreateRelease"


def refuse_any(session: Session) -> None:
    """Raise Failure where something is staged, which would be released along; it says what, and by whom."""
    from paas.releaser.v1 import releaser_pb2

    request = releaser_pb2.CreateReleaseRequest(
        request_id=session.new_request_id(), app=session.app, validate_only=True
    )
    answer = session.read(_CREATE_RELEASE, request, releaser_pb2.CreateReleaseResponse)
    there = _named(answer.changes, answer.hidden_changes)
    if there:
        raise Failure(
            f"Nothing was changed: something is staged already ({there}), and this would release it along. "
            f"{session.hint('releases:create')} releases it first, {session.hint('staged:discard')} drops it; --stage "
            "puts this beside it, unreleased."
        )


def release(session: Session, ours: Collection[tuple[str, bool]]) -> "CreateReleaseResponse":
    """Release the draft, and say what others staged at the last moment and went along. Raises Failure.

    `ours` are the names that were staged here, each with whether it is a secret.
    """
    from paas.releaser.v1 import releaser_pb2

    request = releaser_pb2.CreateReleaseRequest(request_id=session.new_request_id(), app=session.app)
    look = session.hint("releases")
    answer = session.change(_CREATE_RELEASE, request, releaser_pb2.CreateReleaseResponse, look=look, again=False)
    others = [change for change in answer.changes if (change.name, change.secret) not in ours]
    seen = {change.name for change in answer.changes if change.secret}
    own_hidden = sum(secret and name not in seen for name, secret in ours)
    if along := _named(others, max(answer.hidden_changes - own_hidden, 0)):
        session.warn(f"v{answer.release.number} also has what was staged at the same moment: {along}.")
    return answer


def discard(session: Session, config: Sequence[str], secrets: Sequence[str]) -> list[str]:
    """Take names out of the draft; those that may still be in it."""
    from paas.config.v1 import config_pb2
    from paas.secrets.v1 import secrets_pb2

    left: list[str] = []
    for names, service, messages in (
        (secrets, "secrets.v1.SecretsService", secrets_pb2),
        (config, "config.v1.ConfigService", config_pb2),
    ):
        if not names:
            continue
        request = messages.DiscardStagedRequest(request_id=session.new_request_id(), app=session.app, names=names)
        look, path = session.hint("staged"), f"/paas.{service}/DiscardStaged"
        try:
            session.change(path, request, messages.DiscardStagedResponse, look=look, is_part=True)
        except (Failure, KeyboardInterrupt):
            left += names
    return left


def _named(changes: "Sequence[ReleasedChange]", hidden: int) -> str:
    """`LOG_LEVEL by user:bob@example.com and 2 secrets you may not list`; empty where there is nothing."""
    by_actor: dict[str, list[str]] = {}
    for change in changes:
        by_actor.setdefault(change.actor, []).append(change.name or shown.SPEC)
    words = [f"{listed(names)} by {visible(actor)}" for actor, names in by_actor.items()]
    return " and ".join([*words, shown.hidden(hidden)] if hidden else words)
