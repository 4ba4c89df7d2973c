"""`paas apps:destroy`: destroy an app, once its name has been typed."""

import click

from paas_cli import hints
from paas_cli.command import command as declare
from paas_cli.commands.apps.chosen import choose
from paas_cli.errors import Failure, Misuse
from paas_cli.session import Session
from paas_cli.terminal_text import visible


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
        confirm = _ask(session, app)
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


def _ask(session: Session, app: str) -> str:
    if not session.surroundings.stdin.isatty():
        raise Misuse(f"Destroying {visible(app)} needs its name once more: add `--confirm {hints.quoted(app)}`.")
    session.warn(f"This destroys {visible(app)}, its variables and its secrets; there is no way back.")
    session.err.raw(f"Type {visible(app)} to go on: ")
    session.err.flush()
    return session.surroundings.stdin.buffer.readline().decode("utf-8", "replace").strip()
