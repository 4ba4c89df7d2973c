"""`paas apps:destroy`: destroy an app, once its name has been typed."""

import click

from paas_cli.command import command as declare
from paas_cli.commands.apps.chosen import choose
from paas_cli.errors import Failure
from paas_cli.session import Session
from paas_cli.terminal import question
from paas_cli.terminal.text import visible


@declare("apps:destroy")
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--confirm", metavar="NAME", help="The app's name once more, instead of typing it when asked.")
def command(session: Session, *, name: str | None, confirm: str | None) -> None:
    """Destroy an app with its variables and secrets.

    There is no way back. Asks for the app's name; --confirm answers in a script.

    For example:
      paas apps:destroy web
      paas apps:destroy web --confirm web
    """
    choose(session, name)
    run(session, confirm=confirm)


def run(session: Session, *, confirm: str | None) -> None:
    """Ask, destroy, report."""
    app = session.app
    session.check_sign_in()
    if confirm is None:
        confirm = question.name_once_more(session, app, what="its variables and its secrets")
    if confirm != app:
        raise Failure(f"That is not the name of the app ({visible(app)}); nothing was destroyed.")
    from paas.config.v1 import config_pb2

    request = config_pb2.DestroyAppRequest(request_id=session.new_request_id(), app=app)
    session.change(
        "/paas.config.v1.ConfigService/DestroyApp",
        request,
        config_pb2.DestroyAppResponse,
        look=session.hint("apps:list", about_app=False),
    )
    if session.as_json:
        session.out.json({"app": app, "destroyed": True})
    else:
        session.out.line(f"Destroyed {visible(app)}")
