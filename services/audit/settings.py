"""The settings of `audit`. Read in the composition root alone."""

from dataclasses import dataclass

from paaskit.settings import ServiceSettings, setting


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """What `audit` needs beside what every service needs."""

    tokens_address: str = setting("Where tokens is reached for its public keys, host:port.")
