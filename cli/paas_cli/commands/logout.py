"""`paas logout`: forget the stored token of a profile."""

from dataclasses import replace

from paas_cli import profile, profile_store
from paas_cli.command import command as declare
from paas_cli.session import Session
from paas_cli.terminal_text import visible


@declare("logout", app=False)
def command(session: Session) -> None:
    """Forget the stored token.

    The token itself goes on to exist; `paas tokens:revoke` ends it.

    For example:
      paas logout
      paas logout --profile staging
    """
    run(session)


def run(session: Session) -> None:
    """Remove it from the file."""
    environ = session.surroundings.environ
    file = profile.read_file(environ, session.project)
    name = profile.profile_name(session.profile_flag, environ, file)
    stored = file.profiles.get(name)
    was_signed_in = stored is not None and stored.token is not None
    if stored is not None and was_signed_in:
        profile_store.save(profile_store.with_profile(file, name, replace(stored, token=None)))
        session.surroundings.done()
    if session.as_json:
        session.out.json({"profile": name, "signed_out": was_signed_in})
    elif was_signed_in:
        session.out.line(f"Signed out (profile {visible(name)})")
    else:
        session.out.line(f"Profile {visible(name)} was not signed in")
    if environ.get("PAAS_TOKEN"):
        session.note("PAAS_TOKEN is still set.")
