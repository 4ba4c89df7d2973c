"""Which group was meant by a name that is none, as a question beside what the service said."""

from contextlib import suppress

from paas_cli.errors import Failure
from paas_cli.session import Session
from paas_cli.typed import nearness
from paas_transport import rpc_error


def add(failure: Failure, session: Session, name: str) -> None:
    """Add the near one to a refusal because there is none of that name, where groups may be listed."""
    if failure.details.get("code") != rpc_error.NAMES[rpc_error.NOT_FOUND] or "Did you mean" in failure.sentence:
        return
    names = listed(session)
    if name not in names:
        failure.sentence = nearness.asked(failure.sentence, nearness.near(name, names))


def listed(session: Session) -> list[str]:
    """The names of groups, as far as they may be listed."""
    from paas_cli.commands.groups.list import fetch

    with suppress(Failure):  # what the service said is enough
        return [each.name for each in fetch(session)] if session.may("apps.read") else []
    return []
