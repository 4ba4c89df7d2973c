"""`paas logout`: end a sign-in at its issuer, and forget it or the stored token of a profile."""

from dataclasses import replace
from typing import TYPE_CHECKING

from paas_cli import profile, profile_store
from paas_cli.command import command as declare
from paas_cli.profile import ProfileFile
from paas_cli.session import Session
from paas_cli.terminal_text import visible

if TYPE_CHECKING:
    from paas_cli.sso.signing_out import SignedOut


@declare("logout", app=False)
def command(session: Session) -> None:
    """Sign out.

    Ends the session at the issuer, and forgets it here even where the issuer can't be reached. A
    stored token is forgotten; the token itself goes on to exist, and `paas tokens:revoke` ends it.

    For example:
      paas logout
      paas logout --profile staging
    """
    run(session)


def run(session: Session) -> None:
    """Forget both that a profile can have."""
    environ = session.surroundings.environ
    file = profile.read_file(environ, session.project)
    name = profile.profile_name(session.profile_flag, environ, file)
    signed_out = _end_session(session, file, name)
    stored = file.profiles.get(name)
    had_token = stored is not None and stored.token is not None
    if stored is not None and had_token:
        profile_store.put(file, name, replace(stored, token=None))
    if had_token or signed_out is not None:
        session.surroundings.done()
    _say(session, name, had_token=had_token, signed_out=signed_out)
    if environ.get("PAAS_TOKEN"):
        session.note("PAAS_TOKEN is still set.")


def _end_session(session: Session, file: ProfileFile, name: str) -> "SignedOut | None":
    environ = session.surroundings.environ
    gateway = profile.gateway_of(name, environ, file)
    if gateway is None:
        return None
    from paas_cli.sso import signing_out, store

    stored = file.profiles.get(name)
    path = store.path(profile.own_folder(environ), name, gateway)
    return signing_out.sign_out(path, ca_file=stored.ca_file if stored is not None else None)


def _say(session: Session, name: str, *, had_token: bool, signed_out: "SignedOut | None") -> None:
    trouble = signed_out.trouble if signed_out is not None else None
    issuer = (signed_out.issuer if signed_out is not None else None) or "The issuer"
    if session.as_json:
        session.out.json(
            {
                "profile": name,
                "signed_out": had_token or signed_out is not None,
                "issuer": signed_out.issuer if signed_out is not None else None,
                "session_ended": trouble is None if signed_out is not None else None,
            }
        )
    elif signed_out is not None and trouble is None:
        session.out.line(f"Signed out (profile {visible(name)}); the session at {visible(issuer)} has ended")
    elif had_token or signed_out is not None:
        session.out.line(f"Signed out (profile {visible(name)})")
    else:
        session.out.line(f"Profile {visible(name)} was not signed in")
    if signed_out is not None and trouble is not None:
        session.warn(
            f"{visible(issuer)} could not be told to end the session ({visible(trouble)}): nothing here can "
            "use it any more, and there it ends by itself, or on your account's page."
        )
