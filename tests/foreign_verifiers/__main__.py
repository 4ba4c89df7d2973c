"""`python -m tests.foreign_verifiers build`: build the programs, once (a minute)."""

import sys

from local.failures import LocalFailure
from tests.foreign_verifiers.programs import ensure_built


def main(arguments: list[str]) -> int:
    """Does what it is asked; the exit status."""
    if arguments != ["build"]:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print(ensure_built().verifier.parent)
    except LocalFailure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
