"""What config is told when it starts."""

from dataclasses import dataclass

from paaskit.settings import ServiceSettings, setting


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """Where config finds its neighbours."""

    tokens_address: str = setting("Where tokens listens, host:port; asked for the keys that verify identities.")
    audit_address: str = setting("Where audit listens, host:port; told of every change.")
    secrets_address: str = setting("Where secrets listens, host:port; seals the values of managed variables.")
    releaser_address: str = setting("Where releaser listens, host:port; told to release a change.")
