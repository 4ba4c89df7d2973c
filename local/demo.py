"""`make demo`: the main job from start to end on this machine, with the real programs, each step shown.

It fails where a step fails or the app's program didn't get what it should have; nothing is shown that didn't happen.
"""

import json
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.demo_place import OnThisMachine, Place
from local.failures import LocalFailure
from local.paas_cli_run import Terminal, heading
from local.provisioner import attach, example_database
from local.signin import Person, sign_in
from local.stack import Stack

APP = "demo"
INSTANCES = 2
SECRET_NAME = "STRIPE_API_KEY"  # noqa: S105 - a name
# Seconds until the release that attaching a variable caused must have ended.
RELEASE_PATIENCE = 60


def run(stack: Stack, place: Place | None = None) -> None:
    """Shows everything and leaves it running; apps run in `place`, or on this machine.

    Raises LocalFailure at the first step that fails.
    """
    place = place or OnThisMachine()
    terminal = Terminal(stack.layout.root.parent)
    _start(stack)
    _sign_in(stack, terminal)
    _app(terminal, place)
    _addon(stack, terminal)
    started = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    _config(terminal, started)
    value = _secret(terminal)
    _look_inside(
        terminal,
        place,
        {"NODE_ENV": "production", "DEMO_STARTED_AT": started, SECRET_NAME: f"({len(value)} characters)"},
    )
    _lists(terminal)
    _audit(terminal)
    _dashboard(terminal)
    _goodbye(place)


def _start(stack: Stack) -> None:
    heading("Start PostgreSQL, the five services, the dashboard and the gateway")
    started = time.monotonic()
    if stack.start(say=lambda sentence: print(f"{sentence} ...", flush=True)):
        print(f"Ready after {time.monotonic() - started:.1f} s. The gateway is {stack.gateway_url}.")
    else:
        print(f"It runs already. The gateway is {stack.gateway_url}.")


def _sign_in(stack: Stack, terminal: Terminal) -> None:
    heading("Sign in, as the operator of this machine")
    if not stack.layout.sign_in.exists() or terminal.ask("whoami") is None:
        person = Person()
        sign_in(stack, person, app=APP)
        print(f"Signed {person.user} in; the token is in {_near(stack.layout.sign_in, terminal)}, mode 0600.")
    terminal.paas("whoami")


def _app(terminal: Terminal, place: Place) -> None:
    if terminal.ask("apps:info", APP) is not None:
        heading(f"The app {APP} is there from an earlier run")
        terminal.paas("apps:info", APP)
        return
    heading(f"Register an app: {INSTANCES} instances of {place.program}")
    terminal.paas("apps:create", APP, "--instances", str(INSTANCES), *place.options)


def _addon(stack: Stack, terminal: Terminal) -> None:
    heading("An add-on attaches DATABASE_URL (played by this script, with the provisioner's certificate)")
    variables = terminal.ask("config", "-a", APP) or {}
    if "DATABASE_URL" in json.dumps(variables):
        print("It is attached already.")
        return
    release = attach(stack, example_database(APP, tenant=Person().tenant))
    print(f"Attached; its value is sealed in secrets. Release v{release}.")
    _until_released(terminal, release)


def _config(terminal: Terminal, started: str) -> None:
    heading("Set config vars: one change, one release, one instance restarted at a time")
    variables = ["NODE_ENV=production", "LOG_LEVEL=info", f"DEMO_STARTED_AT={started}"]
    terminal.paas("config:set", *variables, "-a", APP)


def _secret(terminal: Terminal) -> str:
    heading("Set a secret, read from standard input")
    value = "sk_live_" + secrets.token_hex(10)
    command = f"{SECRET_NAME}=-"
    shown = f'printf %s "$KEY" | paas secrets:set {command} -a {APP}'
    terminal.paas("secrets:set", command, "-a", APP, stdin=value, shown=shown)
    terminal.paas("releases", "-a", APP)
    return value


def _look_inside(terminal: Terminal, place: Place, expected: dict[str, str]) -> None:
    heading(f"What the running program has in its environment now ({place.looked_at})")
    inside = place.inside(terminal, APP)
    if len(inside) != INSTANCES:
        raise LocalFailure(f"The demo stopped: {len(inside)} instances run, not {INSTANCES}.")
    for instance, environment in inside.items():
        print(f"{instance}:")
        for name, value in environment.items():
            print(f"  {name}={value}")
        if wrong := sorted(name for name, value in expected.items() if environment.get(name) != value):
            raise LocalFailure(f"The demo stopped: the program does not have the new {', '.join(wrong)}.")


def _lists(terminal: Terminal) -> None:
    heading("What users see: config vars in plain text, secrets masked, one value revealed")
    terminal.paas("config", "-a", APP)
    terminal.paas("secrets", "-a", APP)
    terminal.paas("secrets:get", SECRET_NAME, "-a", APP)


def _audit(terminal: Terminal) -> None:
    heading("What it left in the audit log: who, what, when; never a value")
    terminal.paas("audit", "-a", APP, "--limit", "8")


def _dashboard(terminal: Terminal) -> None:
    heading("The same in a browser: this link signs one in, once, within ten minutes")
    answer: Any = terminal.ask("open", "-a", APP) or {}
    if not answer.get("url"):
        raise LocalFailure("The demo stopped: the dashboard gave no link.")
    print(answer["url"])


def _goodbye(place: Place) -> None:
    heading("It is still running")
    for what, command in place.hints:
        print(f"  {what:<13} {command}")


def _until_released(terminal: Terminal, release: int) -> None:
    deadline = time.monotonic() + RELEASE_PATIENCE
    while time.monotonic() < deadline:
        answer: Any = terminal.ask("releases:info", f"v{release}", "-a", APP) or {}
        state = str(answer.get("release", {}).get("state", ""))
        if state in ("succeeded", "superseded"):
            return
        if state == "failed":
            raise LocalFailure(f"The demo stopped: release v{release} failed.")
        time.sleep(0.3)
    raise LocalFailure(f"The demo stopped: release v{release} did not end within {RELEASE_PATIENCE} seconds.")


def _near(path: Path, terminal: Terminal) -> str:
    return str(path.relative_to(terminal.folder))
