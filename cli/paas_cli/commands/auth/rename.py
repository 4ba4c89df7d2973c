"""`paas auth:rename`: another name for a profile, with its sign-in."""

import re

import click

from paas_cli.command import command as declare
from paas_cli.completion import kept_names
from paas_cli.errors import Failure, Misuse
from paas_cli.session import Session
from paas_cli.signin import gateway_address, profile, profile_store
from paas_cli.terminal.text import visible

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@declare("auth:rename", app=False)
@click.argument("old", metavar="PROFILE")
@click.argument("new", metavar="NEW")
def command(session: Session, *, old: str, new: str) -> None:
    """Give a profile another name.

    You stay signed in. A .paas.toml, a PAAS_PROFILE or a script that has the old name is not changed.

    For example:
      paas auth:rename default work
    """
    run(old, new, session)


def run(old: str, new: str, session: Session) -> None:
    """Move the sign-in, then the profile. Raises Failure."""
    if _NAME.fullmatch(new) is None:
        raise Misuse(
            "A profile's name has letters, digits and . _ @ -, at most 64, and starts with a letter or a digit."
        )
    environ = session.surroundings.environ
    file = profile.read_file(environ, session.project)
    entry = profile.present(old, file)
    profile_store.check_free(file, new)
    if entry.gateway is not None:
        from paas_cli.signin.sso import moving, store

        gateway = gateway_address.parse(entry.gateway, source=f"profile {visible(old)} in {file.path}")
        folder = profile.own_folder(environ)
        before, after = store.path(folder, old, gateway), store.path(folder, new, gateway)
        moving.move(before, after)
        try:
            profile_store.rename(file, old, new)
        except Failure:
            moving.move(after, before)
            raise
    else:
        profile_store.rename(file, old, new)
    kept_names.forget(environ)
    session.surroundings.done()
    if session.as_json:
        session.out.json({"profile": new, "previous": old, "file": file.path})
    else:
        session.out.line(f"{session.out.styled('✓', 'green')} Profile {visible(old)} is now {visible(new)}")
    named = session.choices.profile()
    if named is not None and named.name == old:
        session.note(f"{visible(named.source)} still names {visible(old)}.")
