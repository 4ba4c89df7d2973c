"""What Keycloak's Admin REST API tells of people, to a client with a service account that may view them."""

from collections.abc import Mapping
from typing import Any, Final

import jwt

from tests.fakes.oidc_issuer.faults import Answer
from tests.fakes.oidc_issuer.https import Request
from tests.fakes.oidc_issuer.keys import Keys
from tests.fakes.oidc_issuer.people import User

PREFIX: Final = "/admin/realms/paas/users/"
CLIENT: Final = "paas-directory"
SECRET: Final = "directory-secret"  # of a fake
_COMPOSITE: Final = "/role-mappings/realm/composite"


def look_up(request: Request, *, people: Mapping[str, User], keys: Keys) -> Answer:
    """The answer to a question about somebody."""
    client = _client_of(request.bearer, keys)
    if client != CLIENT:
        return Answer(status=403 if client else 401, document={"error": f"HTTP {403 if client else 401}"})
    person_id = request.path.removeprefix(PREFIX).removesuffix(_COMPOSITE)
    user = people.get(person_id)
    if user is None:
        return Answer(status=404, document={"error": "User not found"})
    if request.path.endswith(_COMPOSITE):
        return Answer(document=[{"id": name, "name": name, "clientRole": False} for name in user.roles])
    attributes = {} if user.tenant is None else {"tenant": [user.tenant]}
    told: dict[str, Any] = {"id": user.subject, "username": user.name, "enabled": user.is_enabled}
    return Answer(document={**told, "attributes": attributes})


def _client_of(bearer: str, keys: Keys) -> str:
    """Which client's a token of ours is; nobody's where it is none."""
    try:
        claims = jwt.decode(bearer, keys.newest.private.public_key(), algorithms=["RS256"], audience="paas-api")
    except jwt.InvalidTokenError:
        return ""
    return str(claims.get("azp", ""))
