"""HTTPS as a program speaks it with Keycloak: one CA, no proxy, every answer as it came, redirects not followed.

An answer is not shown where a test fails: it may hold tokens.
"""

import json
import socket
import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPResponse, HTTPSConnection
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from urllib.request import Request

from local.ports import HOST
from tests.fixtures.waiting import PATIENCE

_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    url: str
    headers: Message = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def error(self) -> str | None:
        """Which error it is (RFC 6749, section 5.2); None where it is none."""
        return None if self.status < 400 else str(self.document["error"])


class _AsItCame(urllib.request.HTTPErrorProcessor):
    """Takes no status for an error and follows nothing."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:
        return response

    https_response = http_response


class _Forwarded(urllib.request.HTTPSHandler):
    """Connects to a port of this machine for every address, as where that is forwarded there."""

    def __init__(self, context: ssl.SSLContext, port: int) -> None:
        super().__init__(context=context)

        class Connection(HTTPSConnection):
            def connect(self) -> None:
                there = socket.create_connection((HOST, port), PATIENCE)
                self.sock = context.wrap_socket(there, server_hostname=self.host)

        self._connection = Connection

    def https_open(self, request: Request) -> HTTPResponse:
        return self.do_open(self._connection, request)


class Web:
    """Asks. With `cookies`, it keeps them and sends them back, as a browser does; `accept` is what it wants to get.

    Keycloak has addresses that are a page for browsers and an endpoint for programs, and tells them by that. `port` is
    one of this machine that is connected to in place of what addresses say; their names stay what is verified.
    """

    def __init__(
        self, ca_file: Path, *, cookies: bool = False, accept: str = "application/json", port: int | None = None
    ) -> None:
        context = ssl.create_default_context(cafile=str(ca_file))
        self._accept = accept
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            # It is all on this machine.
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=context) if port is None else _Forwarded(context, port),
            _AsItCame(),
            *([urllib.request.HTTPCookieProcessor(self.cookies)] if cookies else []),
        )

    def get(self, url: str, *, bearer: str | None = None) -> Answer:
        """GET. Raises OSError where nobody answers."""
        return self._ask("GET", url, bearer=bearer)

    def post(self, url: str, fields: Mapping[str, str]) -> Answer:
        """POST of a form. Raises OSError where nobody answers."""
        return self._ask("POST", url, content=urlencode(fields).encode(), kind=_FORM)

    def send(self, method: str, url: str, document: object = None, *, bearer: str) -> Answer:
        """Any method with a JSON document, or with nothing for None. Raises OSError where nobody answers."""
        content = None if document is None else json.dumps(document).encode()
        return self._ask(method, url, content=content, kind="application/json", bearer=bearer)

    def _ask(
        self, method: str, url: str, *, content: bytes | None = None, kind: str = "", bearer: str | None = None
    ) -> Answer:
        request = Request(url, data=content, headers={"Accept": self._accept}, method=method)  # noqa: S310 - the handlers above know https alone
        if content is not None:
            request.add_header("Content-Type", kind)
        if bearer is not None:
            request.add_unredirected_header("Authorization", f"Bearer {bearer}")
        with self._opener.open(request, timeout=PATIENCE) as response:
            return Answer(response.status, response.url, response.headers, response.read())
