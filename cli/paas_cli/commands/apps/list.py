"""`paas apps:list`: the apps you may see."""

from typing import TYPE_CHECKING

from paas_cli.command import command as declare
from paas_cli.releases import app_spec
from paas_cli.session import Session
from paas_cli.terminal import table
from paas_cli.terminal.table import Column
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.config.v1.config_pb2 import App

_COLUMNS = (
    Column("NAME", style="bold", narrowest=16),
    Column("INSTANCES", rank=1),
    Column("RUNS", rank=2, narrowest=16, style="dim"),
)


@declare("apps:list", app=False)
def command(session: Session) -> None:
    """List apps.

    A token limited to some apps lists only those. Elsewhere than on a terminal: name,
    instances and what the app runs, separated by tabs. An app that adopts a Deployment has a
    dash for its instances.

    For example:
      paas apps:list
      PAAS_TOKEN=paas_pat_... paas apps:list --json
    """
    run(session)


def run(session: Session) -> None:
    """Fetch and print."""
    found = fetch(session)
    if session.as_json:
        listed = [app_spec.document(app) for app in found]
        session.out.json({"apps": [{key: each[key] for key in each if key != "schema"} for each in listed]})
        return
    if not found:
        how = session.hint("apps:create --help", about_app=False)
        session.note(f"There are no apps yet; {how} says how to register one.")
        return
    rows = [(visible(app.name), app_spec.instances(app), visible(app_spec.runs(app))) for app in found]
    table.write(session.out, _COLUMNS, rows)


def fetch(session: Session) -> "list[App]":
    """All of them. Raises Failure."""
    from paas.config.v1 import config_pb2

    found: list[App] = []
    request = config_pb2.ListAppsRequest()
    while True:
        answer = session.read("/paas.config.v1.ConfigService/ListApps", request, config_pb2.ListAppsResponse)
        found.extend(answer.apps)
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token
