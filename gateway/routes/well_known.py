"""How to sign in, which the gateway tells whoever asks: it is what a client needs before it can be anybody.

A fixed text from the gateway's own settings. Must not hold anything that only some may know.
"""

import json
from typing import Any

from gateway.settings import SingleSignOn

PATH = "/.well-known/paas"
"""As RFC 8615 has names of well-known places."""


def document(single_sign_on: SingleSignOn | None) -> dict[str, Any]:
    """What is answered: where to sign in and as which client, or that only the operator gives sign-ins."""
    if single_sign_on is None:
        return {"sign_in": {"kind": "operator"}}
    return {
        "sign_in": {
            "kind": "oidc",
            "issuer": single_sign_on.issuer,
            "client_id": single_sign_on.client_id,
            "scopes": list(single_sign_on.scopes),
        }
    }


def route(single_sign_on: SingleSignOn | None, *, answered_at_once: dict[str, Any]) -> dict[str, Any]:
    """The route of GET, by its exact path. Nothing of the request gets into the answer, and it goes to no service."""
    headers = {
        "content-type": "application/json",
        # Long enough for a burst of clients, short enough for a new issuer to be known soon.
        "cache-control": "public, max-age=60",
        "x-content-type-options": "nosniff",
    }
    return {
        "name": "sign-in",
        "match": {"path": PATH, "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]},
        "direct_response": {
            "status": 200,
            "body": {"inline_string": json.dumps(document(single_sign_on))},
        },
        "response_headers_to_add": [
            {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
            for key, value in headers.items()
        ],
        **answered_at_once,
    }
