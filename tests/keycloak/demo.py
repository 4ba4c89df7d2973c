"""`make demo-sso`: people sign in at a Keycloak in front of the stack, each as Keycloak knows them.

    python -m tests.keycloak.demo [--port PORT]    start it and show it
    python -m tests.keycloak.demo stop             stop both

Ann is played by this script, at Keycloak's own pages. It is left running, with the names and passwords of everybody.
"""

import argparse
import http
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from local.failures import LocalFailure
from local.layout import CLONE, STATE_FOLDER
from local.paas_cli_run import Terminal, bold, heading
from local.ports import DEFAULT_BASE_PORT
from local.private_files import private_folder, write_private
from local.stack import Stack
from tests.fixtures.waiting import PATIENCE
from tests.keycloak.product.browser import Browser
from tests.keycloak.server import process
from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.server.process import Place
from tests.keycloak.server.realm import DASHBOARD, DIRECTORY, PEOPLE
from tests.keycloak.sign_in.command_line import enter_code
from tests.keycloak.sign_in.visitor import Visitor

APP: Final = "demo"
_FOLDER: Final = CLONE / STATE_FOLDER / "sso"
_KEYCLOAK: Final = _FOLDER / "keycloak"
# Where Ann keeps her sign-in; not in the home of whoever runs this.
_ANN: Final = _FOLDER / "ann"
_STATE: Final = _FOLDER / STATE_FOLDER


def main(arguments: Sequence[str] | None = None) -> int:
    """Does what it is asked; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.keycloak.demo", description=__doc__)
    parser.add_argument("verb", nargs="?", default="start", choices=("start", "stop"))
    parser.add_argument("--port", type=int, default=DEFAULT_BASE_PORT)
    options = parser.parse_args(arguments)
    try:
        if options.verb == "stop":
            _stop()
        else:
            _start(options.port)
    except LocalFailure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def _start(port: int) -> None:
    heading("Start Keycloak, with people of two tenants")
    keycloak = _keycloak()
    os.environ.update(_settings(keycloak))
    stack = Stack(_STATE, base_port=port)
    heading("Start PostgreSQL, the five services and the gateway, which believe this Keycloak")
    stack.start(say=lambda sentence: print(f"{sentence} ...", flush=True))
    print(f"The gateway is {stack.gateway_url}.")
    os.environ.update(_as_ann())
    terminal = Terminal(private_folder(_ANN))
    _sign_in(keycloak, stack, terminal)
    _use(terminal)
    _look(keycloak, stack)
    _goodbye(keycloak, stack)


def _keycloak() -> Keycloak:
    if process.is_running(Place(_KEYCLOAK)):
        print("It runs already.")
        return Keycloak.running_in(_KEYCLOAK)
    if _STATE.is_dir():
        # What it believes is a Keycloak that is gone.
        Stack(_STATE).stop()
    started = time.monotonic()
    keycloak = Keycloak.start(_KEYCLOAK)
    print(f"Ready after {time.monotonic() - started:.1f} s. Its realm is {keycloak.issuer}.")
    return keycloak


def _settings(keycloak: Keycloak) -> dict[str, str]:
    """What an operator tells the stack of it."""
    secret, of_pages = _FOLDER / "directory-secret", _FOLDER / "dashboard-secret"
    write_private(secret, keycloak.secret(DIRECTORY).encode())
    write_private(of_pages, keycloak.secret(DASHBOARD).encode())
    return {
        "PAAS_SSO_ISSUER": keycloak.issuer,
        "PAAS_SSO_CA_FILE": str(keycloak.ca_file),
        "PAAS_SSO_DIRECTORY_CLIENT_ID": DIRECTORY,
        "PAAS_SSO_DIRECTORY_SECRET_FILE": str(secret),
        "PAAS_SSO_CLIENT_SECRET_FILE": str(of_pages),
    }


def _as_ann() -> dict[str, str]:
    return {
        "HOME": str(_ANN),
        "XDG_CONFIG_HOME": str(_ANN / "config"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }


def _sign_in(keycloak: Keycloak, stack: Stack, terminal: Terminal) -> None:
    heading("Ann signs in: the command shows an address, she opens it and gives Keycloak her password")
    if terminal.ask("whoami") is None:
        arguments = ("login", "--gateway", stack.gateway_url, "--ca-file", str(keycloak.ca_file))
        print(bold(f"$ paas {' '.join(arguments)}"), flush=True)
        login = subprocess.Popen(
            [str(Path(sys.executable).with_name("paas")), *arguments],
            cwd=terminal.folder,
            env={name: value for name, value in os.environ.items() if not name.startswith("PAAS_")},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        page = enter_code(login, Visitor(keycloak.url, keycloak.ca_file), "ann", keycloak.password("ann"))
        print(f"(Ann opens {page}, signs in and says yes.)", flush=True)
        _, err = login.communicate(timeout=PATIENCE)
        if login.returncode != 0:
            raise LocalFailure(f"The demo stopped: {err.strip()}")
    terminal.paas("whoami")


def _use(terminal: Terminal) -> None:
    if terminal.ask("apps:info", APP) is None:
        heading("Register an app, and set a variable: what she does is hers in the audit log")
        terminal.paas("apps:create", APP, "--instances", "0", "--", "true")
    terminal.paas("config:set", "GREETING=hello", "-a", APP)
    terminal.paas("config", "-a", APP)
    terminal.paas("audit", "-a", APP, "--limit", "5")


def _look(keycloak: Keycloak, stack: Stack) -> None:
    heading("Ann opens the dashboard: it sends her to the same page, and she comes back signed in")
    browser = Browser(stack.gateway_url, Visitor(keycloak.url, keycloak.ca_file))
    shown = browser.sign_in("ann", keycloak.password("ann"))
    if shown.status != http.HTTPStatus.OK or APP not in shown.text:
        raise LocalFailure(f"The demo stopped: the dashboard answered {shown.status} instead of Ann's apps.")
    print(f"{stack.dashboard_url} shows her apps, {APP} among them.")


def _goodbye(keycloak: Keycloak, stack: Stack) -> None:
    heading("It is still running")
    print(f"  dashboard     {stack.dashboard_url}")
    print(f"  Keycloak      {keycloak.issuer} (its CA: {keycloak.ca_file})")
    for person in PEOPLE:
        who = f"{person.tenant or 'of no tenant'}, {' and '.join(person.roles) or 'no role'}"
        print(f"  {person.name:<13} {keycloak.password(person.name):<18} {who}")
    told = shlex.join(f"{name}={value}" for name, value in _as_ann().items())
    print(f"  be ann        cd {shlex.quote(str(_ANN))}; env {told} {shlex.quote(sys.prefix)}/bin/paas whoami")
    print("  stop it       make stop")


def _stop() -> None:
    stopped = Stack(_STATE).stop() if _STATE.is_dir() else False
    ended = process.stop(Place(_KEYCLOAK)) if _KEYCLOAK.is_dir() else False
    if _FOLDER.is_dir():
        # Another Keycloak has other people, even of the same names.
        shutil.rmtree(_FOLDER)
    if stopped or ended:
        print("The demo with Keycloak has stopped.")


if __name__ == "__main__":
    sys.exit(main())
