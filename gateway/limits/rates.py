"""Limits of routes that ask nobody who calls: requests of one address and of all, apart from what sign-ins count."""

from typing import Any, Final

_FILTER: Final = "envoy.filters.http.local_ratelimit"
_LOCAL_RATE_LIMIT: Final = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
# Addresses that are counted for themselves. Of more, those that were seen last.
_ADDRESSES: Final = 1024
_ALWAYS: Final = {"default_value": {"numerator": 100}}


def rate_limit() -> dict[str, Any]:
    """The HTTP filter of the limits: without any but where a route sets some."""
    return {"name": _FILTER, "typed_config": {"@type": _LOCAL_RATE_LIMIT, "stat_prefix": "none"}}


def limited(name: str, *, of_address: tuple[int, int], of_all: tuple[int, int]) -> dict[str, Any]:
    """The per-filter configuration of a route: requests at once, and in a second from then on.

    Of IPv6 an address is its /64, within which everybody chooses freely.
    """
    whose = {"masked_remote_address": {"v4_prefix_mask_len": 32, "v6_prefix_mask_len": 64}}
    limits = {
        "@type": _LOCAL_RATE_LIMIT,
        "stat_prefix": name.replace("-", "_"),
        "filter_enabled": _ALWAYS,
        "filter_enforced": _ALWAYS,
        "token_bucket": _bucket(*of_all),
        # Each address by itself, since it stands without a value; who is over that takes nothing from what all have.
        "descriptors": [{"entries": [{"key": "masked_remote_address"}], "token_bucket": _bucket(*of_address)}],
        "max_dynamic_descriptors": _ADDRESSES,
        "rate_limits": [{"actions": [whose]}],
    }
    return {_FILTER: limits}


def _bucket(at_once: int, in_a_second: int) -> dict[str, Any]:
    return {"max_tokens": at_once, "tokens_per_fill": in_a_second, "fill_interval": "1s"}
