"""`GET /v1/openapi.json`: what can be called in JSON, for people and for programs that make clients of it.

It is made from the contracts (`protos/openapi`), is public as they are, and nothing of this installation is in it.
"""

import json
from pathlib import Path
from typing import Any, Final

import paas

from gateway.limits.rates import limited

ROUTE: Final = "openapi"
PATH: Final = "/v1/openapi.json"
# Requests at once, and in a second from then on, of one address and of all: it is the largest thing that strangers get.
_OF_ADDRESS: Final = (8, 2)
_OF_ALL: Final = (32, 16)
_WRITTEN: Final = Path(next(iter(paas.__path__))).parent / "openapi.json"


def route(*, answered_at_once: dict[str, Any], tells_browsers: list[dict[str, Any]]) -> dict[str, Any]:
    """The route, by its exact path. Nothing of the request gets into the answer, and it goes to no service."""
    headers = {
        "content-type": "application/json",
        "cache-control": "public, max-age=300",
    }
    per_filter = answered_at_once["typed_per_filter_config"]
    return {
        "name": ROUTE,
        "match": {"path": PATH, "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]},
        "direct_response": {"status": 200, "body": {"inline_string": _compact()}},
        "response_headers_to_add": [
            *(
                {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
                for key, value in headers.items()
            ),
            *(each for each in tells_browsers if each["header"]["key"] not in headers),
        ],
        "typed_per_filter_config": {**per_filter, **limited(ROUTE, of_address=_OF_ADDRESS, of_all=_OF_ALL)},
    }


def _compact() -> str:
    return json.dumps(json.loads(_WRITTEN.read_text(encoding="utf-8")), ensure_ascii=False, separators=(",", ":"))
