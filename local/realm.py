"""The realm of deploy/keycloak as a Keycloak imports it whose clients' secrets have to be known before.

Left to itself, Keycloak makes these when it imports the realm, and then somebody has to fetch them from there.
"""

import json
from collections.abc import Mapping
from typing import Final

from local.failures import LocalFailure
from local.layout import CLONE

TEMPLATE: Final = CLONE / "deploy" / "keycloak" / "realm.json"
CONFIDENTIAL: Final = ("paas-dashboard", "paas-directory")
"""The clients that have a secret, by which the dashboard and tokens are known to Keycloak."""


def realm_with(secrets: Mapping[str, str]) -> bytes:
    """Return the realm, JSON, with these secrets of clients; all else is as in the template.

    Raises LocalFailure where a client is not one of the template's that may have a secret.
    """
    realm = json.loads(TEMPLATE.read_text())
    clients = {each["clientId"]: each for each in realm["clients"]}
    for name, secret in secrets.items():
        if clients.get(name, {}).get("publicClient", True):
            raise LocalFailure(f"{TEMPLATE} has no confidential client {name}: take that of this version.")
        clients[name]["secret"] = secret
    return json.dumps(realm, indent=2).encode()
