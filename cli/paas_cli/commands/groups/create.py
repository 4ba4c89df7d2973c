"""`paas groups:create`: make a shared group, which holds nothing yet."""

import click

from paas_cli.command import command as declare
from paas_cli.groups import document
from paas_cli.session import Session
from paas_cli.terminal.text import visible


@declare("groups:create", app=False)
@click.argument("name", metavar="NAME")
def command(session: Session, *, name: str) -> None:
    """Make a group.

    NAME is as an app's, and no app has it. It holds nothing yet: `config:set` and `secrets:set`
    with -a NAME fill it, and `groups:attach` gives it to an app. Nothing is released until then.

    For example:
      paas groups:create shared
      paas config:set REGION=eu-central-1 -a shared
      paas groups:attach shared -a web
    """
    run(session, name)


def run(session: Session, name: str) -> None:
    """Create, report."""
    from paas.config.v1 import groups_pb2

    request = groups_pb2.CreateGroupRequest(request_id=session.new_request_id(), group=name)
    answer = session.change(
        "/paas.config.v1.GroupsService/CreateGroup",
        request,
        groups_pb2.CreateGroupResponse,
        look=session.hint("groups", about_app=False),
        again=False,
    )
    if session.as_json:
        session.out.json({"group": document.group(answer.group)})
        return
    session.out.line(f"Created the group {visible(name)}")
    if session.out.is_terminal:
        fill = session.of_app(name).hint("config:set NAME=value")
        attach = session.of_app("APP").hint(f"groups:attach {name}")
        session.note(f"{fill} puts a variable into it, and {attach} gives it to an app.")
