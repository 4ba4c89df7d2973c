"""`python -m tests.keycloak`: a Keycloak on this machine, with the realm of deploy/keycloak and people in it.

build           fetch and build it and import the realm, once (a minute or two)
up FOLDER       start one whose files are below FOLDER
down FOLDER     end it
"""

import argparse
import sys
from pathlib import Path

from local.failures import LocalFailure
from tests.keycloak.server import process
from tests.keycloak.server.database import ensure_imported
from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.server.process import Place


def main(arguments: list[str]) -> int:
    """Does what it is asked; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.keycloak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="fetch and build it, once")
    for name, words in (("up", "start one"), ("down", "end it")):
        commands.add_parser(name, help=words).add_argument("folder", type=lambda text: Path(text).absolute())
    options = parser.parse_args(arguments)
    try:
        _do(options.command, getattr(options, "folder", Path()))
    except LocalFailure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def _do(command: str, folder: Path) -> None:
    match command:
        case "build":
            print(ensure_imported().folder)
        case "up":
            keycloak = Keycloak.start(folder)
            print(f"issuer     {keycloak.issuer}")
            print(f"its CA     {keycloak.ca_file}")
            print(f"passwords  {keycloak.place.credentials}")
        case "down":
            print("Keycloak has ended." if process.stop(Place(folder)) else f"No Keycloak runs in {folder}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
