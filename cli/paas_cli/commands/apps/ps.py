"""`paas ps`: the instances of an app."""

from paas_cli.command import command as declare
from paas_cli.commands.apps import instances
from paas_cli.session import Session
from paas_cli.terminal import table
from paas_cli.terminal.table import Column
from paas_cli.terminal.text import visible

_COLUMNS = (
    Column("INSTANCE", style="bold"),
    Column("STATE", styles=instances.STYLES),
    Column("RELEASE"),
    Column("STARTED", rank=1, style="dim"),
    Column("PORT", rank=2),
)


@declare("ps")
def command(session: Session) -> None:
    """List the instances of an app.

    Elsewhere than on a terminal: instance, state, release, since when and port, separated by tabs.

    For example:
      paas ps -a web
    """
    run(session)


def run(session: Session) -> None:
    """Fetch and print. Raises Failure."""
    answer = instances.fetch(session)
    if session.as_json:
        session.out.json({"app": session.app, **instances.document(answer)})
        return
    if not answer.instances:
        session.note(f"{session.app} has no instances.")
    else:
        rows = [
            (
                str(each.index),
                visible(each.state),
                f"v{each.release}" if each.release else "",
                session.when(each.started_at),
                str(each.port or ""),
            )
            for each in answer.instances
        ]
        table.write(session.out, _COLUMNS, rows)
    if answer.HasField("drift"):
        session.warn(instances.drift_sentence(answer.drift, session))
