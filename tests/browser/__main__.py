"""`python -m tests.browser`: the browser that tests drive, and pictures of what it shows.

build          find Chromium, or install it
screenshots    pictures of every page at two widths, light and dark, into docs/images
tasks          docs/dashboard-tasks.md, of the tasks that are driven
"""

import sys
from collections.abc import Sequence

from local.failures import LocalFailure
from tests.browser import chromium


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; the exit status."""
    try:
        match list(arguments):
            case ["build"]:
                chromium.ensure()
            case ["screenshots"]:
                from tests.browser.screenshots import take

                take()
            case ["tasks"]:
                from tests.browser.tasks.document import write

                write()
            case _:
                print(__doc__)
                return 2
    except LocalFailure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
