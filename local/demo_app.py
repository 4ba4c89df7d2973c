"""The demo's program: says which variables it was given, and serves the same over HTTP.

Stands alone (standard library only) and is started by the local runtime like anybody's program: `$PORT` says where
to listen. Of a variable whose name looks like a credential it shows the length and never the value.
"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HEALTH_PATH = "/health"
CREDENTIAL_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "DATABASE_URL")
# What every program on this machine has, and which says nothing about the app.
MACHINE = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "PWD", "SHLVL", "TZ", "_")


def shown_environment(environment: dict[str, str]) -> dict[str, str]:
    """Name and value of each variable; of credentials, how long the value is."""
    return {
        name: _hidden(value) if any(word in name.upper() for word in CREDENTIAL_WORDS) else value
        for name, value in sorted(environment.items())
        if name not in MACHINE
    }


def _hidden(value: str) -> str:
    return f"({len(value)} characters)"


class Handler(BaseHTTPRequestHandler):
    """Answers the health path and everything else with the variables."""

    def do_GET(self) -> None:
        """One JSON object."""
        body = json.dumps({"pid": os.getpid(), "environment": shown_environment(dict(os.environ))}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing: health checks would fill the log."""


def main() -> None:
    """Prints the variables, then serves."""
    for name, value in shown_environment(dict(os.environ)).items():
        print(f"{name}={value}", flush=True)
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
