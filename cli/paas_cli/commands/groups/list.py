"""`paas groups`: the shared groups you may see."""

from typing import TYPE_CHECKING

from paas_cli.command import command as declare
from paas_cli.groups import document
from paas_cli.session import Session
from paas_cli.terminal import table
from paas_cli.terminal.table import Column
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.config.v1.groups_pb2 import Group

_COLUMNS = (
    Column("NAME", style="bold", narrowest=16),
    Column("VARIABLES"),
    Column("APPS"),
)


@declare("groups", app=False)
def command(session: Session) -> None:
    """List groups of variables that apps share.

    A group holds config vars and secrets that several apps have. They are changed as an app's are,
    with -a GROUP, and a change is released to each app that has the group: one first, then the
    others. An app's own value wins. Elsewhere than on a terminal: name, how many variables, and how
    many apps, separated by tabs.

    For example:
      paas groups
      paas groups:create shared
      paas config:set REGION=eu-central-1 -a shared
      paas groups:attach shared -a web
    """
    run(session)


def run(session: Session) -> None:
    """Fetch and print."""
    found = fetch(session)
    if session.as_json:
        session.out.json({"groups": [document.group(each) for each in found]})
        return
    if not found:
        how = session.hint("groups:create NAME", about_app=False)
        session.note(f"There are no groups yet; {how} makes one.")
        return
    table.write(session.out, _COLUMNS, [(visible(each.name), str(each.names), str(each.apps)) for each in found])


def fetch(session: Session) -> "list[Group]":
    """All of them. Raises Failure."""
    from paas.config.v1 import groups_pb2

    found: list[Group] = []
    request = groups_pb2.ListGroupsRequest()
    while True:
        answer = session.read("/paas.config.v1.GroupsService/ListGroups", request, groups_pb2.ListGroupsResponse)
        found.extend(answer.groups)
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token
