"""`python -m tests.foreign_clients build`: build the clients, once (minutes)."""

import sys

from local.failures import LocalFailure
from tests.foreign_clients.programs import ensure_built


def main(arguments: list[str]) -> int:
    """Does what it is asked; the exit status."""
    if arguments != ["build"]:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        ensure_built()
    except LocalFailure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
