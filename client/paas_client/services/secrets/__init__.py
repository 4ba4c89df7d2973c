"""Calls of SecretsService.

Generated from the contracts by `make gen`; don't edit it.
"""

from paas_client.services.secrets.answers import (
    EnvironmentValue,
    RevealedSecret,
    RevealEnvironmentResponse,
    RevealSecretResponse,
    RevealSecretsResponse,
)
from paas_client.services.secrets.list_calls import ListCalls
from paas_client.services.secrets.reveal_calls import RevealCalls
from paas_client.services.secrets.write_calls import WriteCalls

__all__ = [
    "EnvironmentValue",
    "RevealEnvironmentResponse",
    "RevealSecretResponse",
    "RevealSecretsResponse",
    "RevealedSecret",
    "SecretsService",
]


class SecretsService(ListCalls, RevealCalls, WriteCalls):
    """What users call, through the gateway. Listing, writing and reading are three permissions."""
