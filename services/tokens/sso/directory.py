"""Asking Keycloak about people: whether they are enabled, of which tenant, and in which roles.

By its Admin REST API, as a client of ours that may view the realm's users and do nothing else (docs/sso.md).
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx

from paaskit.clock import Clock
from services.tokens.sso.claims import permissions_of
from services.tokens.sso.keys import provider_away
from services.tokens.sso.provider import Directory

_RENEW_BEFORE: Final = timedelta(seconds=20)


class KeycloakDirectory:
    """The realm's people."""

    def __init__(self, client: httpx.AsyncClient, directory: Directory, *, tenant_attribute: str, clock: Clock) -> None:
        self._client = client
        self._directory = directory
        self._tenant_attribute = tenant_attribute
        self._clock = clock
        self._token: tuple[str, datetime] | None = None
        self._signing_in = asyncio.Lock()

    async def permissions(self, person_id: str, *, tenant: str) -> frozenset[str]:
        """Return what a person may do in a tenant now: nothing where they are disabled, gone or of another tenant.

        Raises Unavailable where the provider does not say.
        """
        user = await self._ask(person_id, "")
        if user is None or user.get("enabled") is not True or tenant not in self._tenants(user):
            return frozenset()
        roles = await self._ask(person_id, "/role-mappings/realm/composite")
        if roles is None:
            return frozenset()
        return permissions_of([role.get("name") for role in roles if isinstance(role, dict)])

    def _tenants(self, user: dict[str, Any]) -> list[Any]:
        attributes = user.get("attributes")
        found = attributes.get(self._tenant_attribute) if isinstance(attributes, dict) else None
        # Who has two of them gets the first into the claim; one of several is then nobody's guess but Keycloak's.
        return found[:1] if isinstance(found, list) else []

    async def _ask(self, person_id: str, rest: str) -> Any:
        """Return what the provider says of a person; None where there is no such person."""
        url = f"{self._directory.url}/users/{quote(person_id, safe='')}{rest}"
        try:
            answer = await self._client.get(url, headers={"authorization": f"Bearer {await self._bearer()}"})
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                self._token = None
            if answer.status_code == httpx.codes.NOT_FOUND and _is_of_keycloak(answer):
                return None
            return _read(answer, dict if not rest else list)
        except (httpx.HTTPError, ValueError, TypeError):
            raise provider_away() from None

    async def _bearer(self) -> str:
        """Return an access token of our client, made anew shortly before the one before ends."""
        async with self._signing_in:
            now = self._clock()
            if self._token is None or self._token[1] <= now:
                answer = await self._client.post(
                    self._directory.token_url,
                    data={"grant_type": "client_credentials"},
                    auth=(self._directory.client_id, self._directory.secret_file.read_text().strip()),
                )
                granted = _read(answer, dict)
                lifetime = timedelta(seconds=float(granted.get("expires_in", 0)))
                self._token = (str(granted.get("access_token", "")), now + lifetime - _RENEW_BEFORE)
            return self._token[0]


def _is_of_keycloak(answer: httpx.Response) -> bool:
    """Whether it is Keycloak that does not find somebody, and not a proxy that does not find Keycloak."""
    try:
        return isinstance(answer.json(), dict) and "error" in answer.json()
    except ValueError:
        return False


def _read(answer: httpx.Response, kind: type) -> Any:
    """Return the JSON of an answer. Raises ValueError where it is none of that kind, Unavailable where it is no 200."""
    if answer.status_code != httpx.codes.OK:
        raise provider_away(status=answer.status_code)
    found = answer.json()
    if isinstance(found, kind):
        return found
    raise ValueError
