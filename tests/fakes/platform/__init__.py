"""The platform behind the fake gateway, service by service."""

from tests.fakes.platform import audit, config, groups, keys, releaser, secrets, tokens, trusts
from tests.fakes.platform.state import NOW, App, Platform

__all__ = ["NOW", "App", "Platform", "running"]


def running() -> Platform:
    """A platform with the app `web`, its gateway listening."""
    platform = Platform()
    for service in (config, groups, secrets, keys, releaser, tokens, trusts, audit):
        service.serve(platform)
    platform.gateway.start()
    return platform
