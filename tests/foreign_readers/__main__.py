"""`python -m tests.foreign_readers build`: build the readers, once; `document`: write docs/dotenv.md anew."""

import sys

from local.failures import LocalFailure
from tests.foreign_readers import document
from tests.foreign_readers.programs import ensure_built


def main(arguments: list[str]) -> int:
    """Does what it is asked; the exit status."""
    if arguments not in (["build"], ["document"]):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        programs = ensure_built()
    except LocalFailure as failure:
        print(failure, file=sys.stderr)
        return 1
    if arguments == ["document"]:
        document.FILE.write_text(document.text(programs), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
