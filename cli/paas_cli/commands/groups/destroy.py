"""`paas groups:destroy`: destroy a shared group that no app has, once its name has been typed."""

import click

from paas_cli import errors
from paas_cli.command import command as declare
from paas_cli.errors import Failure
from paas_cli.groups import meant, uses
from paas_cli.session import Session
from paas_cli.terminal import hints, question
from paas_cli.terminal.text import visible
from paas_cli.typed.assignments import listed


@declare("groups:destroy", app=False)
@click.argument("name", metavar="NAME")
@click.option("--confirm", metavar="NAME", help="The group's name once more, instead of typing it when asked.")
def command(session: Session, *, name: str, confirm: str | None) -> None:
    """Destroy a group with its variables.

    There is no way back. It is refused while an app has the group; `paas groups:info NAME` shows
    which, and `groups:detach` takes it from one. Asks for the group's name; --confirm answers in a
    script.

    For example:
      paas groups:destroy shared
      paas groups:destroy shared --confirm shared
    """
    session.choose_app(name)
    run(session, confirm=confirm)


def _check(session: Session) -> None:
    """Raise Failure where there is nothing to type the name of: no such group, or one that an app has."""
    try:
        found = uses.fetch(session)
    except Failure as failure:
        if failure.exit_code == errors.NOT_ALLOWED:  # who may not look may still destroy
            return
        meant.add(failure, session, session.app)
        raise
    apps = [visible(each.app) for each in found.used_by]
    apps += [uses.hidden(found.hidden_apps)] if found.hidden_apps else []
    if apps:
        app = found.used_by[0].app if found.used_by else "APP"
        detach = session.of_app(app).hint(f"groups:detach {hints.quoted(session.app)}")
        raise Failure(
            f"Nothing was destroyed: {visible(session.app)} is attached to {listed(apps)}. {detach} detaches it."
        )


def run(session: Session, *, confirm: str | None) -> None:
    """Ask, destroy, report."""
    group = session.app
    session.check_sign_in()
    if confirm is None:
        if session.surroundings.stdin.isatty():
            _check(session)
        confirm = question.name_once_more(session, group, what="its variables and its secrets")
    if confirm != group:
        raise Failure(f"That is not the name of the group ({visible(group)}); nothing was destroyed.")
    from paas.config.v1 import groups_pb2

    request = groups_pb2.DestroyGroupRequest(request_id=session.new_request_id(), group=group)
    session.change(
        "/paas.config.v1.GroupsService/DestroyGroup",
        request,
        groups_pb2.DestroyGroupResponse,
        look=session.hint("groups", about_app=False),
    )
    if session.as_json:
        session.out.json({"group": group, "destroyed": True})
    else:
        session.out.line(f"Destroyed the group {visible(group)}")
