"""The filters that look at a call in JSON before it is transcoded: all of it is waited for, and then read.

They do nothing but on the routes that ask for it, and come after the sign-in check: a stranger is not read.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from gateway.limits.bounds import MAX_BODY_BYTES, MAX_BYTES_OF_ANYONE
from gateway.methods import HttpCall, PublicMethod
from gateway.transcoding.shapes import lua_tables

_WHOLE: Final = "paas.json_whole"
_READ: Final = "paas.json_read"
_LUA: Final = Path(__file__).parent / "requests.lua"
_FILTERS: Final = "type.googleapis.com/envoy.extensions.filters.http"
_ROUTE: Final = "type.googleapis.com/envoy.config.route.v3.FilterConfig"


def request_filters(methods: Iterable[PublicMethod]) -> list[dict[str, Any]]:
    """The HTTP filters, which know of the requests of `methods`."""
    shapes = lua_tables(method.http.request for method in methods if method.http)
    return [
        {
            "name": _WHOLE,
            "disabled": True,
            "typed_config": {"@type": f"{_FILTERS}.buffer.v3.Buffer", "max_request_bytes": MAX_BODY_BYTES},
        },
        {
            "name": _READ,
            "disabled": True,
            "typed_config": {
                "@type": f"{_FILTERS}.lua.v3.Lua",
                "default_source_code": {"inline_string": f"local SHAPES = {shapes}\n{_LUA.read_text()}"},
            },
        },
    ]


def read(*, anyone: bool) -> dict[str, Any]:
    """The per-filter configuration of a route whose requests are read. `anyone` may call it, and says less."""
    most = MAX_BYTES_OF_ANYONE if anyone else MAX_BODY_BYTES
    whole = {"@type": f"{_FILTERS}.buffer.v3.BufferPerRoute", "buffer": {"max_request_bytes": most}}
    return {_WHOLE: {"@type": _ROUTE, "config": whole}, _READ: {"@type": _ROUTE, "config": {}}}


def told_of(call: HttpCall) -> dict[str, Any]:
    """The metadata of a route: what `requests.lua` is told of the call."""
    told = {"request": call.request.full_name, "has_body": call.has_body, "bound": list(call.bound)}
    return {"filter_metadata": {_READ: told}}
