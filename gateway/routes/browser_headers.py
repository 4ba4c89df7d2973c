"""What browsers are told with the gateway's own answers to them: the slash that is missing, 404, 413, 503.

The dashboard says more, of each of its pages, and what it says stands: these are added where they are missing.
"""

from typing import Any, Final

POLICY: Final = "default-src 'none'; frame-ancestors 'none'"


def browser_headers(hsts: str) -> list[dict[str, Any]]:
    """Envoy's `response_headers_to_add`. `hsts` is what Strict-Transport-Security says; empty for nothing."""
    told = {
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        **({"strict-transport-security": hsts} if hsts else {}),
    }
    return [{"header": {"key": key, "value": value}, "append_action": "ADD_IF_ABSENT"} for key, value in told.items()]
