"""The page on this machine that a browser comes back to after signing in (RFC 8252, section 7.3).

It takes one answer at one path, with the state that was sent along, and shows whoever comes with anything else an
error without stopping to wait: any page and any program of this machine can send it something.
"""

import queue
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

_PATH = "/callback"
_MOST_FIELDS = 16
_SECONDS = 10
_PART = 0.5
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>paas</title>
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}}</style>
<h1>{title}</h1><p>{text}</p></html>
"""


class Loopback:
    """A server on 127.0.0.1 and a port that is free; use it as a context manager."""

    def __init__(self, *, state: str) -> None:
        self.answers: queue.Queue[Mapping[str, str]] = queue.Queue(maxsize=1)
        self._server = _Server(state, self.answers)
        self.redirect_uri = f"http://127.0.0.1:{self._server.server_port}{_PATH}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float) -> Mapping[str, str] | None:
        """What the browser came back with, None where it didn't in time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                # In parts: a Ctrl-C at the very moment before a wait begins is noticed only when that wait ends.
                return self.answers.get(timeout=min(left, _PART))
            except queue.Empty:
                continue
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, state: str, answers: "queue.Queue[Mapping[str, str]]") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state
        self.answers = answers
        self.first = threading.Lock()

    def handle_error(self, *_: Any) -> None:
        """A browser that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _SECONDS

    def log_message(self, *_: object) -> None:
        """Say nothing: the address that was asked for has the code."""

    def do_GET(self) -> None:
        """Take the answer, once."""
        fields = self._fields()
        if fields is None:
            self._show(404, "This page does not exist", "Go back to the terminal.")
            return
        if not self.server.first.acquire(blocking=False):
            self._show(409, "This was answered already", "You can close this page.")
            return
        try:
            if "code" in fields:
                self._show(200, "Back to the terminal", "<code>paas</code> goes on there. You can close this page.")
            else:
                self._show(200, "You are not signed in", "The terminal says why. You can close this page.")
        finally:
            # Only now, since the program may end with it and this page would not be shown.
            self.server.answers.put(fields)

    def _fields(self) -> Mapping[str, str] | None:
        """The answer; None unless it came to the path, under this name, with the state, each field once."""
        from hmac import compare_digest

        parts = urlsplit(self.path)
        host = f"127.0.0.1:{self.server.server_port}"
        if parts.path != _PATH or parts.netloc or self.headers.get("host") != host:
            return None
        try:
            pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:
            return None
        fields = dict(pairs)
        if len(fields) != len(pairs) or not ("code" in fields) ^ ("error" in fields):
            return None
        given = fields.get("state", "")
        return fields if compare_digest(given.encode(), self.server.state.encode()) else None

    def _show(self, status: int, title: str, text: str) -> None:
        body = _PAGE.format(title=title, text=text).encode()
        self.send_response(status)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        self.send_header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.send_header("referrer-policy", "no-referrer")
        self.send_header("x-content-type-options", "nosniff")
        self.end_headers()
        self.wfile.write(body)
