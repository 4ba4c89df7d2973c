"""The program of the image for tests: serves its variables over HTTP as the demo's program does, and fails on demand.

Its variables say how it behaves: CRASH=1 ends at once, SLOW=<seconds> listens only after so long, FAIL_HEALTH=1
answers 503 to everything, so that it never becomes ready. PORT is where it listens, 8080 without it.
"""

import os
import signal
import sys
import time
from http.server import ThreadingHTTPServer
from types import FrameType

from local.demo_app import Handler, shown_environment

ALL_ADDRESSES = "0.0.0.0"


class FailingHandler(Handler):
    """The same with an answer that says that something is wrong."""

    def do_GET(self) -> None:  # noqa: N802 - the base class names it
        """503 and nothing else."""
        self.send_error(503)


def end(number: int, _: FrameType | None) -> None:
    """Ends at once. The first process of a container has no other way: the kernel gives it no default."""
    sys.exit(0 if number == signal.SIGTERM else 130)


def main() -> None:
    """Prints the variables, then behaves as they say."""
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    for name, value in shown_environment(dict(os.environ)).items():
        print(f"{name}={value}", flush=True)
    if os.environ.get("CRASH") == "1":
        sys.exit("CRASH=1: ending at once")
    time.sleep(float(os.environ.get("SLOW", "0")))
    handler = FailingHandler if os.environ.get("FAIL_HEALTH") == "1" else Handler
    server = ThreadingHTTPServer((ALL_ADDRESSES, int(os.environ.get("PORT", "8080"))), handler)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
