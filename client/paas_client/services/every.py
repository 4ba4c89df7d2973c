"""All services of the gateway.

Generated from the contracts by `make gen`; don't edit it.
"""

from paas_client.calls import Calls
from paas_client.services.audit import AuditService
from paas_client.services.config import ConfigService
from paas_client.services.groups import GroupsService
from paas_client.services.keys import KeysService
from paas_client.services.releaser import ReleaserService
from paas_client.services.secrets import SecretsService
from paas_client.services.tokens import TokensService
from paas_client.services.trusts import TrustsService


class Services:
    """Each service by its name."""

    def __init__(self, calls: Calls) -> None:
        self.audit = AuditService(calls)
        self.config = ConfigService(calls)
        self.groups = GroupsService(calls)
        self.keys = KeysService(calls)
        self.releaser = ReleaserService(calls)
        self.secrets = SecretsService(calls)
        self.tokens = TokensService(calls)
        self.trusts = TrustsService(calls)
