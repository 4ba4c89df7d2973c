"""How these tests call in JSON."""

import itertools
import json
from dataclasses import dataclass
from typing import Any

from tests.integration.gateway.conftest import SIGNED_IN, Gateway

JSON = "application/json"
_ADDRESSES = itertools.cycle(f"127.0.71.{number}" for number in range(1, 255))


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        assert self.headers["content-type"] == JSON, self.headers
        return json.loads(self.body)

    @property
    def reason(self) -> tuple[int, int, str]:
        """HTTP's status, and of google.rpc.Status in the body the code and the reason."""
        (info,) = [each for each in self.document["details"] if each["@type"].endswith("/google.rpc.ErrorInfo")]
        assert info["domain"] == "paas"
        return self.status, self.document["code"], info["reason"]

    @property
    def message(self) -> str:
        """What people are told."""
        return str(self.document["message"])


async def ask(
    gateway: Gateway,
    target: str,
    body: object = None,
    *headers: tuple[str, str],
    content_type: str | None = JSON,
    signed_in: bool = True,
    source: str | None = None,
) -> Answer:
    """Call `VERB PATH`, with `body` as it is if it is bytes and else as JSON, and without one where it is None.

    Each call comes from another address unless `source` says from which: of one, few in a second would get through.
    """
    verb, path = target.split(" ", 1)
    sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    got = await gateway.raw(
        path,
        *([SIGNED_IN] if signed_in else []),
        *headers,
        method=verb,
        content_type=None if body is None else content_type,
        body=sent,
        source=source or next(_ADDRESSES),
    )
    return Answer(*got)
