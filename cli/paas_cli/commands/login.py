"""`paas login`: store a token in a profile, once the gateway has accepted it."""

from dataclasses import dataclass

import click

from paas_cli import address, profile, profile_store, streams
from paas_cli.command import command as declare
from paas_cli.errors import Failure, Misuse
from paas_cli.profile import Profile, SignIn
from paas_cli.session import Session
from paas_cli.terminal_text import visible

# More than any token has, and enough to see that what comes is none.
_MOST = 64 * 1024


@dataclass(frozen=True)
class LoginOptions:
    """Which gateway (None: the one in effect), and whether the token comes from standard input."""

    gateway: str | None
    with_token: bool


@declare("login", app=False)
@click.option("--gateway", metavar="URL", help="Where to sign in: https://..., or http://127.0.0.1:PORT.")
@click.option("--with-token", is_flag=True, help="Read the token from standard input instead of asking for it.")
def command(session: Session, *, gateway: str | None, with_token: bool) -> None:
    """Store a token for this machine.

    Asks for a personal access token without showing it, checks it with the gateway, and keeps
    it in ~/.config/paas/config.toml, readable by you alone. PAAS_TOKEN in the environment goes
    before it and is never stored.

    For example:
      paas login --gateway https://paas.example.com
      paas login --with-token < token.txt
    """
    run(LoginOptions(gateway, with_token), session)


def run(options: LoginOptions, session: Session) -> None:
    """Read the token, check it with the gateway, store it."""
    environ = session.surroundings.environ
    file = profile.read_file(environ, session.project)
    name = profile.profile_name(session.profile_flag, environ, file)
    if options.gateway is not None:
        gateway = profile.checked(address.parse(options.gateway, source="--gateway"), file)
    else:
        known = profile.gateway_of(name, environ, file)
        if known is None:
            raise Misuse("No gateway is known yet: say where to sign in with --gateway https://...")
        gateway = profile.checked(known, file)
    token = profile.check_token(_token(options, session), source="standard input" if options.with_token else "you")
    session.sign_in = SignIn(gateway, token, source="this sign-in")
    from paas_cli.commands.whoami import ask

    answer = ask(session)
    profile_store.save(profile_store.with_profile(file, name, Profile(gateway=str(gateway), token=token)))
    session.surroundings.done()
    if session.as_json:
        session.out.json({"profile": name, "gateway": str(gateway), "subject": answer.subject, "file": file.path})
    else:
        mark = session.out.styled("✓", "green")
        session.out.line(f"{mark} Signed in to {gateway} as {visible(answer.subject)} (profile {visible(name)})")
    if environ.get("PAAS_TOKEN"):
        session.note("PAAS_TOKEN is set and goes before this sign-in.")


def _token(options: LoginOptions, session: Session) -> str:
    """The whole of what came, so that a token cut in two is refused and not used by half."""
    stdin = session.surroundings.stdin
    if stdin.isatty():
        from paas_cli import prompt

        token = prompt.hidden(session, "Personal access token (not shown): ")
        if token is None:
            raise Failure("More than one line came, and a token is one; nothing was stored, so copy it again, alone.")
    elif options.with_token:
        token = streams.read(stdin, _MOST).decode("ascii", "replace")
    else:
        raise Misuse("There is no terminal to ask on; pipe the token in and add --with-token.")
    if not token.strip():
        raise Failure("No token was given; nothing was stored.")
    return token.strip()
