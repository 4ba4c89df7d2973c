"""`paas login`: sign in at the issuer that the gateway names, or store a token."""

import os
from dataclasses import dataclass

import click

from paas_cli.command import command as declare
from paas_cli.completion import kept_names
from paas_cli.errors import Misuse
from paas_cli.session import Session
from paas_cli.signin import gateway_address, profile
from paas_cli.signin.profile import Place
from paas_cli.terminal.text import visible


@dataclass(frozen=True)
class LoginOptions:
    """Which gateway and which authorities (None: those in effect), and how: with a token, or in which browser."""

    gateway: str | None
    token: bool
    web: bool
    no_browser: bool
    ca_file: str | None


@declare("login", app=False)
@click.option("--gateway", metavar="URL", help="Where to sign in: https://..., or http://127.0.0.1:PORT.")
@click.option("--web", is_flag=True, help="Sign in with a browser on this machine, without typing a code.")
@click.option("--no-browser", is_flag=True, help="Open no browser; show the address alone.")
@click.option("--token", "--with-token", is_flag=True, help="Store a token: asked for, or read from standard input.")
@click.option("--ca-file", metavar="FILE", help="Authorities to trust as well, for the gateway and its issuer.")
def command(
    session: Session, *, gateway: str | None, web: bool, no_browser: bool, token: bool, ca_file: str | None
) -> None:
    """Sign in.

    Shows a code and the address where to enter it, in a browser on any machine, and waits for
    you to sign in there. With --web the browser is on this machine and there is no code. The
    sign-in is then renewed by itself for as long as your session lasts; it is kept in the
    system's keyring where there is one, else in a file that you alone can read.

    With --token, stores a personal access token in place of that, in
    ~/.config/paas/config.toml, readable by you alone. PAAS_TOKEN in the environment goes before
    either and is never stored.

    With --profile, the sign-in has a name of its own, such as what it is for: `paas auth` lists them
    and `paas auth:switch` chooses the one that is used where nothing names another.

    For example:
      paas login --gateway https://paas.example.com
      paas login --profile work --gateway https://paas.example.com
      paas login --web
      paas login --token < token.txt
    """
    run(LoginOptions(gateway, token, web, no_browser, ca_file), session)


def run(options: LoginOptions, session: Session) -> None:
    """Sign in one way or the other. Raises Failure, and nothing was stored."""
    if options.token and (options.web or options.no_browser):
        raise Misuse("--token needs no browser; leave out --web and --no-browser, or --token.")
    place = session.place = _place(options, session)
    if options.token:
        from paas_cli.signin import pasted_token

        pasted_token.store(place, session)
    else:
        from paas_cli.signin.sso import signing_in

        signing_in.sign_in(place, session, web=options.web, may_open=not options.no_browser)
    kept_names.forget(session.surroundings.environ)
    if session.surroundings.environ.get("PAAS_TOKEN"):
        session.note("PAAS_TOKEN is set and goes before this sign-in.")


def _place(options: LoginOptions, session: Session) -> Place:
    environ = session.surroundings.environ
    file = profile.read_file(environ, session.project)
    chosen = profile.chosen(session.chosen_profile, file)
    name = chosen.name
    if options.gateway is not None:
        gateway, named_by = (
            profile.checked(gateway_address.parse(options.gateway, source="--gateway"), file),
            "--gateway",
        )
    else:
        known = profile.gateway_of(name, environ, file)
        if known is None:
            raise Misuse("No gateway is known yet: say where to sign in with --gateway https://...")
        gateway, named_by = profile.checked(known, file), f"profile {visible(name)}"
    stored = file.profiles.get(name)
    ca_file = stored.ca_file if stored is not None else None
    if options.ca_file is not None:
        ca_file = os.path.join(session.surroundings.folder, options.ca_file)  # noqa: PTH118 - as elsewhere in the CLI
    return Place(file, chosen, gateway, ca_file, named_by=named_by)
