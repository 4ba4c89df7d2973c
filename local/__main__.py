"""`python -m local VERB`: the one-machine stack from a terminal. Parses, acts, prints; the work is elsewhere."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from local.failures import LocalFailure
from local.layout import CLONE, STATE_FOLDER
from local.logs import show
from local.ports import DEFAULT_BASE_PORT
from local.stack import NOT_RUNNING, Stack, running_port, running_workers

STARTING = ("up", "demo")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb; the exit code: 0 done, 1 failed with one sentence, 130 interrupted."""
    options = _parser().parse_args(arguments)
    try:
        stack = Stack(options.state, base_port=options.port, workers=options.workers, kubeconfig=options.kubeconfig)
        if options.verb not in STARTING and stack.is_running():
            # Whoever asks about a running stack need not say again where it is.
            stack.base_port = running_port(stack.layout) or options.port
            stack.workers = running_workers(stack.layout) or options.workers
        return int(_VERBS[options.verb](stack, options) or 0)
    except LocalFailure as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 1


def up(stack: Stack, _: argparse.Namespace) -> None:
    """Starts everything."""
    if not stack.start(say=lambda sentence: print(f"{sentence} ...", flush=True)):
        print("The stack runs already.")
    _addresses(stack)


def down(stack: Stack, _: argparse.Namespace) -> None:
    """Stops everything."""
    print("Stopped." if stack.stop() else "Nothing was running.")


def status(stack: Stack, _: argparse.Namespace) -> int:
    """Prints one line a part, and one a service with what it did; 1 where not all parts run or messages are parked."""
    from local import figures, outboxes

    parts = stack.status()
    if not parts:
        print(NOT_RUNNING)
        return 1
    found = outboxes.standings(stack)
    for part in parts:
        name = part["name"]
        pid = f"pid {part['pid']}" if part["pid"] else ""
        outbox = outboxes.summary(found[name]) if name in found else ""
        restarts = f"started again {part['restarts']}x" if part["restarts"] else ""
        print(f"{name:<14} {part['state']:<10} {pid:<12} {outbox:<14} {restarts}".rstrip())
    print("\nSince each started, without health checks:")
    print("\n".join(figures.lines(figures.figures(stack))))
    parked = any(map(outboxes.parked_rows, found.values()))
    if parked:
        print("What is parked was refused by its destination: `make outbox` says why, docs/alarms.md what to do.")
    return 0 if all(part["state"] == "running" for part in parts) and not parked else 1


def outbox(stack: Stack, options: argparse.Namespace) -> None:
    """Prints what the services still have to tell each other, or gives back what was refused."""
    from local import outboxes

    stack.require_running()
    if not options.give_back:
        found = outboxes.standings(stack)
        print("\n".join(outboxes.details(found)))
        outboxes.require_answers(found)
        return
    given_back = outboxes.give_back(stack, options.destination)
    for service, rows in given_back.items():
        if rows:
            print(f"{service:<10} {rows} given back")
    if not any(given_back.values()):
        print("Nothing was parked.")
    outboxes.require_answers(given_back)


def logs(stack: Stack, options: argparse.Namespace) -> None:
    """Prints the end of the logs."""
    show(stack.layout, options.name, follow=options.follow)


def stop(stack: Stack, options: argparse.Namespace) -> None:
    """Stops one part."""
    stack.stop_part(options.name)
    print(f"{options.name} is stopped.")


def start(stack: Stack, options: argparse.Namespace) -> None:
    """Starts one part."""
    stack.start_part(options.name)
    print(f"{options.name} is ready.")


def restart(stack: Stack, options: argparse.Namespace) -> None:
    """Stops one part and starts it again."""
    stack.stop_part(options.name)
    start(stack, options)


def sign_in(stack: Stack, options: argparse.Namespace) -> None:
    """Signs a person in."""
    from local.signin import PROFILE, Person, sign_in_everywhere
    from local.signin import sign_in as write_sign_in

    stack.require_running()
    person = Person(tenant=options.tenant, role=options.role, **({"user": options.user} if options.user else {}))
    profile = write_sign_in(stack, person)
    print(f"Signed in as {person.user} ({person.role} of {person.tenant}); `paas` finds it in {profile}.")
    if options.everywhere:
        sign_in_everywhere(stack)
        print(f"In other folders: add --profile {PROFILE} to a command, or set PAAS_PROFILE={PROFILE}.")


def provision(stack: Stack, options: argparse.Namespace) -> None:
    """Attaches DATABASE_URL to an app."""
    from local.provisioner import attach, example_database

    stack.require_running()
    release = attach(stack, example_database(options.app, tenant=options.tenant))
    print(f"DATABASE_URL is attached to {options.app}, " + (f"release v{release}." if release else "no new release."))


def demo(stack: Stack, _: argparse.Namespace) -> None:
    """Shows everything."""
    from local.demo import run

    run(stack)


_VERBS = {
    "up": up,
    "down": down,
    "status": status,
    "outbox": outbox,
    "logs": logs,
    "stop": stop,
    "start": start,
    "restart": restart,
    "signin": sign_in,
    "provision": provision,
    "demo": demo,
}


def _addresses(stack: Stack) -> None:
    print(f"gateway   {stack.gateway_url}")
    print(f"logs      {os.path.relpath(stack.layout.logs)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="The whole control plane on this machine.")
    parser.add_argument("--state", type=Path, default=CLONE / STATE_FOLDER, help="the state folder; default .paas")
    parser.add_argument("--port", type=int, default=DEFAULT_BASE_PORT, help="the gateway's port; default %(default)s")
    parser.add_argument("--workers", type=int, default=1, help="processes of each service; default %(default)s")
    parser.add_argument(
        "--kubeconfig", type=Path, metavar="FILE", help="of a cluster that apps run in; default: on this machine"
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, help_ in (
        ("up", "start everything"),
        ("down", "stop everything"),
        ("status", "how each part is"),
        ("demo", "start everything and show what it does"),
    ):
        verbs.add_parser(name, help=help_)
    for name, help_ in (("stop", "stop one part"), ("start", "start one part"), ("restart", "stop and start one part")):
        verbs.add_parser(name, help=help_).add_argument("name", metavar="NAME")
    shown = verbs.add_parser("logs", help="the end of the logs")
    shown.add_argument("name", nargs="?", metavar="NAME", help="one part's; default all")
    shown.add_argument("-f", "--follow", action="store_true", help="go on as they grow")
    delivered = verbs.add_parser("outbox", help="what the services still have to tell each other")
    delivered.add_argument("--give-back", action="store_true", help="have what was refused sent again")
    delivered.add_argument("--destination", default="", metavar="NAME", help="give back for this one only")
    person = verbs.add_parser("signin", help="sign a person in, as this machine's operator")
    person.add_argument("--tenant", default="local")
    person.add_argument("--user", default=None)
    person.add_argument("--role", default="admin", choices=("viewer", "developer", "admin"))
    person.add_argument("--everywhere", action="store_true", help="for other folders too, as a profile of one's own")
    provisioned = verbs.add_parser("provision", help="attach DATABASE_URL to an app, as an add-on would")
    provisioned.add_argument("app")
    provisioned.add_argument("--tenant", default="local")
    return parser


if __name__ == "__main__":
    sys.exit(main())
