"""`paas logout`: end a sign-in at its issuer, and forget it or the stored token of a profile."""

from typing import TYPE_CHECKING

import click

from paas_cli.command import command as declare
from paas_cli.completion import kept_names
from paas_cli.session import Session
from paas_cli.signin import profile, profile_store
from paas_cli.signin.profile import ProfileFile
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas_cli.signin.sso.signing_out import SignedOut


@declare("logout", app=False)
@click.option("--remove", is_flag=True, help="Remove the profile as well, with its gateway.")
def command(session: Session, *, remove: bool) -> None:
    """Sign out.

    Ends the session at the issuer, and forgets it here even where the issuer can't be reached. A
    stored token is forgotten; the token itself goes on to exist, and `paas tokens:revoke` ends it.

    For example:
      paas logout
      paas logout --profile staging
      paas logout --profile staging --remove
    """
    run(session, remove=remove)


def run(session: Session, *, remove: bool) -> None:
    """Forget both that a profile can have, and with `remove` the profile. Raises Failure."""
    environ = session.surroundings.environ
    file = profile.read_file(environ, session.project)
    name = profile.chosen(session.chosen_profile, file).name
    if remove:
        profile.present(name, file)
    signed_out = _end_session(session, file, name)
    stored = file.profiles.get(name)
    had_token = stored is not None and stored.token is not None
    if remove:
        profile_store.remove(file, name)
    elif stored is not None and (had_token or stored.subject is not None):
        profile_store.put(file, name, stored._replace(token=None, subject=None, ends_at=None))
    kept_names.forget(environ)
    if had_token or signed_out is not None or remove:
        session.surroundings.done()
    _say(session, name, had_token=had_token, signed_out=signed_out, removed=remove)
    if environ.get("PAAS_TOKEN"):
        session.note("PAAS_TOKEN is still set.")


def _end_session(session: Session, file: ProfileFile, name: str) -> "SignedOut | None":
    environ = session.surroundings.environ
    gateway = profile.gateway_of(name, environ, file)
    if gateway is None:
        return None
    from paas_cli.signin.sso import signing_out, store

    path = store.path(profile.own_folder(environ), name, gateway)
    return signing_out.sign_out(path, ca_file=profile.ca_file_of(file, name, gateway))


def _say(session: Session, name: str, *, had_token: bool, signed_out: "SignedOut | None", removed: bool) -> None:
    trouble = signed_out.trouble if signed_out is not None else None
    issuer = (signed_out.issuer if signed_out is not None else None) or "The issuer"
    if session.as_json:
        session.out.json(
            {
                "profile": name,
                "signed_out": had_token or signed_out is not None,
                "issuer": signed_out.issuer if signed_out is not None else None,
                "session_ended": trouble is None if signed_out is not None else None,
                "removed": removed,
            }
        )
    elif signed_out is not None and trouble is None:
        session.out.line(f"Signed out (profile {visible(name)}); the session at {visible(issuer)} has ended")
    elif had_token or signed_out is not None:
        session.out.line(f"Signed out (profile {visible(name)})")
    else:
        session.out.line(f"Profile {visible(name)} was not signed in")
    if removed and not session.as_json:
        session.out.line(f"Removed profile {visible(name)}")
    if signed_out is not None and trouble is not None:
        session.warn(
            f"{visible(issuer)} could not be told to end the session ({visible(trouble)}): nothing here can "
            "use it any more, and there it ends by itself, or on your account's page."
        )
