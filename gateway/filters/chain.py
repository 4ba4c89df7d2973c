"""What happens to a request on its way through the gateway, in order.

1. headers that only the gateway may set are removed, before anything reads them;
2. grpc_web turns a browser's or the CLI's framing into gRPC;
3. local_ratelimit refuses what is over the limits of its route, where that has some (`gateway.limits.rates`);
4. lua lets in again who was let in within the last second, for as long as `tokens` said that this holds, and says who
   is to be refused, and after how long (`sign_ins.lua`);
5. fault refuses them;
6. ext_authz asks `tokens` who else is calling: no answer, no entry;
7. buffer and lua wait for all of a call in JSON, and refuse what its method doesn't take (`gateway.transcoding`);
8. grpc_json_transcoder makes gRPC of plain HTTP, on the routes that say so;
9. buffer keeps a request until all of it has come, so that one without its message takes no place in a service;
10. router.

The sign-in check comes after grpc_web so that a denial is answered in the caller's own framing.
"""

from collections.abc import Iterable
from typing import Any, Final

from gateway.filters.sign_in import sign_in_filters
from gateway.limits.bounds import MAX_REQUEST_BYTES
from gateway.limits.rates import rate_limit
from gateway.methods import PublicMethod
from gateway.transcoding.filter import transcoder
from gateway.transcoding.requests import request_filters

_TYPE: Final = "type.googleapis.com/envoy.extensions"
# `x-paas-` carries the signed identity. `x-envoy-` would let a client on a private address choose its own
# timeouts and retries. `x-forwarded-` would let it choose the address that the audit log records.
TRUSTED_PREFIXES: Final = ("x-paas-", "x-envoy-", "x-forwarded-")


def header_cleaning(*, keeps_address: bool = False) -> list[dict[str, Any]]:
    """Early header mutations: removes what clients may not say about themselves, before routing.

    `keeps_address` is for a listener on which a certificate says who calls, and that may say for whom
    (`gateway.filters.sign_in.FOR`).
    """
    kept = ("x-forwarded-",) if keeps_address else ()
    mutations = [
        {"remove_on_match": {"key_matcher": {"prefix": prefix}}} for prefix in TRUSTED_PREFIXES if prefix not in kept
    ]
    return [
        {
            "name": "envoy.http.early_header_mutation.header_mutation",
            "typed_config": {
                "@type": f"{_TYPE}.http.early_header_mutation.header_mutation.v3.HeaderMutation",
                "mutations": mutations,
            },
        }
    ]


def http_filters(*, in_json: Iterable[PublicMethod] = (), tells_address: bool = False) -> list[dict[str, Any]]:
    """The HTTP filters, in the order of the module's docstring.

    `in_json` has the methods that may be called in JSON. `tells_address`: tokens is told for which address
    somebody calls, too.
    """
    return [
        {
            "name": "envoy.filters.http.grpc_web",
            "typed_config": {"@type": f"{_TYPE}.filters.http.grpc_web.v3.GrpcWeb"},
        },
        rate_limit(),
        *sign_in_filters(tells_address=tells_address),
        *request_filters(in_json),
        transcoder(),
        {
            "name": "envoy.filters.http.buffer",
            "typed_config": {"@type": f"{_TYPE}.filters.http.buffer.v3.Buffer", "max_request_bytes": MAX_REQUEST_BYTES},
        },
        {
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": f"{_TYPE}.filters.http.router.v3.Router", "suppress_envoy_headers": True},
        },
    ]
