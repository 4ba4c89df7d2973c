"""Routes that ask nobody who calls: what turns the sign-in check off, and what a service is told instead."""

from typing import Any, Final

CLIENT_ADDRESS: Final = "x-paas-client-address"
"""The header in which a service is told where somebody without a sign-in calls from; only the gateway can set it."""
_FILTERS: Final = "type.googleapis.com/envoy.extensions.filters.http"
_COUNTS: Final = "envoy.filters.http.lua"
ASKS_NOBODY: Final[dict[str, Any]] = {
    "envoy.filters.http.lua": {"@type": f"{_FILTERS}.lua.v3.LuaPerRoute", "disabled": True},
    "envoy.filters.http.ext_authz": {"@type": f"{_FILTERS}.ext_authz.v3.ExtAuthzPerRoute", "disabled": True},
}
"""A route's `typed_per_filter_config` without a sign-in, and without what is counted for one."""


def for_anybody() -> dict[str, Any]:
    """For a method that anybody may call: tokens is not asked who it is, and the service is told from where it comes.

    A sign-in that comes along is nobody's business. Requests are counted by address all the same, before.
    """
    return {
        "typed_per_filter_config": {name: each for name, each in ASKS_NOBODY.items() if name != _COUNTS},
        "request_headers_to_remove": ["authorization", "x-paas-identity"],
        "request_headers_to_add": tells_address(),
    }


def tells_address() -> list[dict[str, Any]]:
    """Envoy's `request_headers_to_add` that tell where somebody calls from."""
    address = {"key": CLIENT_ADDRESS, "value": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}
    return [{"header": address, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]


def answered_at_once() -> dict[str, Any]:
    """What goes to no service: nobody is asked, or counted, for it, and the rest of the request is not waited for."""
    not_kept = {"envoy.filters.http.buffer": {"@type": f"{_FILTERS}.buffer.v3.BufferPerRoute", "disabled": True}}
    return {"typed_per_filter_config": {**ASKS_NOBODY, **not_kept}}
