"""`paas auth:switch`: which profile is used where nothing names one."""

import click

from paas_cli.command import command as declare
from paas_cli.session import Session
from paas_cli.signin import profile, profile_store
from paas_cli.terminal.text import visible


@declare("auth:switch", app=False)
@click.argument("name", metavar="PROFILE")
def command(session: Session, *, name: str) -> None:
    """Use another sign-in from now on.

    Makes the profile the `default` of config.toml, which is used where neither the command line, the
    environment nor a .paas.toml names one. `paas auth` lists what there is.

    For example:
      paas auth:switch work
    """
    run(name, session)


def run(name: str, session: Session) -> None:
    """Write it, and say so where it has no effect here. Raises Failure."""
    file = profile.read_file(session.surroundings.environ, session.project)
    before = file.default
    profile.present(name, file)
    if before != name:
        profile_store.use(file, name)
        session.surroundings.done()
    if session.as_json:
        session.out.json({"profile": name, "previous": before, "file": file.path})
    elif before == name:
        session.out.line(f"Profile {visible(name)} is used already")
    else:
        mark = session.out.styled("✓", "green")
        session.out.line(f"{mark} Profile {visible(name)} is used from now on")
    _note_what_goes_before(name, session)


def _note_what_goes_before(name: str, session: Session) -> None:
    environ = session.surroundings.environ
    named = session.choices.profile()
    if profile.is_all_in(environ):
        session.note("PAAS_GATEWAY and PAAS_TOKEN are set and go before every profile.")
    elif named is not None and named.name != name:
        session.note(f"Here {visible(named.source)} goes before it and names {visible(named.name)}.")
    elif environ.get("PAAS_TOKEN"):
        session.note("PAAS_TOKEN is set and goes before what is stored.")
