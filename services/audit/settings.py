"""The settings of `audit`. Read in the composition root alone."""

from dataclasses import dataclass

from paaskit.settings import ServiceSettings, setting
from services.audit.sinks.settings import SinkSettings


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings, SinkSettings):
    """What `audit` needs beside what every service needs."""

    log_folder: str = setting("The folder that tenants' logs are published in, which all replicas share.")
    log_key_files: str = setting(
        "Files of the Ed25519 keys that sign the logs, PEM PKCS #8, between commas; readers are told the first."
    )
    log_origin: str = setting("What the logs' names begin with: a name of this installation that no other has.")
    log_witnesses_file: str = setting(
        "A file of c2sp.org/tlog-policy whose witnesses are asked to cosign; without it, none is.", default=""
    )
    tokens_address: str = setting("Where tokens is reached for its public keys, host:port.")
