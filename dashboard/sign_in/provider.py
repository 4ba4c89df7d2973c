"""Signing in at an OpenID Connect provider: the code flow with PKCE, by Authlib.

What the gateway is shown later is the access token, which tokens verifies by rules of its own; the ID token is verified
here for what the flow wants of it (OpenID Connect Core, 3.1.3.7). Must not log or show what the provider answers.
"""

import contextlib
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import grpc
import httpx2
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from google.rpc import code_pb2
from joserfc.errors import JoseError

from dashboard.calls.people import who_is
from dashboard.calls.refusals import Refusal
from dashboard.sessions.sealing import Secret
from dashboard.sessions.session import Grant, Person, SignedOut
from dashboard.settings import Settings
from dashboard.sign_in.reaching import hooks_reaching
from paaskit.clock import Clock
from paaskit.logs import describe_exception

log = structlog.get_logger()

_PATIENCE_SECONDS: Final = 5.0
# Seconds by which the provider's clock may be another, and that a sign-in takes on its way here.
_CLOCKS_DIFFER: Final = 60
_AWAY: Final = "The sign-in service can't be reached right now. Try again in a moment."
_NOT_ACCEPTED: Final = "The sign-in service did not accept this sign-in. Start again."
_TOO_OLD: Final = "The sign-in service did not ask for your password, and had to. Start again."
_NOBODY: Final = (
    "The sign-in service knows you, and the platform does not: your account there belongs to no tenant. "
    "Ask whoever runs the platform, or sign in as somebody else."
)
_OVER: Final = "invalid_grant"
"""RFC 6749, section 5.2: whoever has this refresh token gets nothing for it any more."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What a sign-in that is under way has, which its answer is held against.

    All of it comes from what the browser alone has meanwhile. So nothing is kept here for people who never come back,
    and the answer to one browser's sign-in is worth nothing in another.
    """

    state: str
    nonce: str
    code_verifier: str

    def __repr__(self) -> str:
        return "Attempt(…)"

    @classmethod
    def of(cls, secret: Secret) -> "Attempt":
        """The one of a browser."""
        return cls(
            state=secret.derived_text("state"),
            nonce=secret.derived_text("nonce"),
            code_verifier=secret.derived_text("code verifier"),
        )


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Somebody whom the provider has signed in: who, with what, and when they proved it there."""

    person: Person
    grant: Grant
    authenticated_at: datetime


def authenticated_at(claims: Mapping[str, Any], *, now: datetime, max_age: timedelta) -> datetime | None:
    """When somebody proved who they are, as an ID token says; None where that is longer ago than `max_age`.

    A provider that was asked with `max_age` has to say it (OpenID Connect Core, 2 and 3.1.2.1).
    """
    said = claims.get("auth_time")
    if not isinstance(said, int) or isinstance(said, bool):
        return None
    seconds = now.timestamp() - said
    in_time = -_CLOCKS_DIFFER <= seconds <= max_age.total_seconds() + _CLOCKS_DIFFER
    return datetime.fromtimestamp(said, UTC) if in_time else None


def is_for(claims: Mapping[str, Any], *, issuer: str, client_id: str) -> bool:
    """Whether an ID token is of this provider and for this client (OpenID Connect Core, 3.1.3.7, points 2 and 3).

    Authlib would take one that is for another client where `azp` names this one.
    """
    audience = claims.get("aud")
    return claims.get("iss") == issuer and client_id in (audience if isinstance(audience, list) else [audience])


@contextlib.contextmanager
def _signed_out() -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        if refusal.is_signed_out:
            raise SignedOut from None
        raise


class Provider:
    """The identity provider, asked as the dashboard's own client."""

    def __init__(self, settings: Settings, channel: grpc.aio.Channel, clock: Clock) -> None:
        secret_file, verify = settings.sso_client_secret_file, ssl.create_default_context(cafile=settings.sso_ca_file)
        self._back = f"{settings.url}callback"
        self.issuer = settings.sso_issuer
        self._channel = channel
        self._clock = clock
        self._max_age = timedelta(minutes=settings.idle_minutes)
        self._client: Any = OAuth().register(
            "provider",
            client_id=settings.sso_client_id,
            client_secret=secret_file.read_text().strip() if secret_file else None,
            server_metadata_url=f"{settings.sso_issuer}/.well-known/openid-configuration",
            client_kwargs={
                "scope": settings.sso_scopes,
                "code_challenge_method": "S256",
                "verify": verify,
                "timeout": _PATIENCE_SECONDS,
                "event_hooks": hooks_reaching(settings.sso_issuer, settings.sso_address),
            },
        )

    async def begin(self, attempt: Attempt, *, again: bool = False) -> str:
        """Return where a browser goes to sign in. Raises Refusal where the provider can't be asked.

        The provider has to ask for a password where its own sign-in is older than a browser may be idle here: whoever
        was signed out for that, or for the longest time, gave it longer ago. `again` has it asked for in any case.
        """
        asked = self._client.create_authorization_url(
            self._back,
            state=attempt.state,
            nonce=attempt.nonce,
            code_verifier=attempt.code_verifier,
            max_age=int(self._max_age.total_seconds()),
            **({"prompt": "login"} if again else {}),
        )
        return str((await self._asked(asked))["url"])

    async def finish(self, attempt: Attempt, *, code: str, address: str) -> Arrival:
        """Return who signed in, for the code that their browser brought back. Raises Refusal."""
        asked = self._client.fetch_access_token(self._back, code=code, code_verifier=attempt.code_verifier)
        token = await self._asked(asked)
        claims = await self._asked(self._client.parse_id_token(token, nonce=attempt.nonce))
        # Without an ID token there are none.
        if claims is None or not is_for(claims, issuer=self.issuer, client_id=str(self._client.client_id)):
            raise Refusal(code=code_pb2.UNAUTHENTICATED, sentence=_NOT_ACCEPTED)
        since = authenticated_at(claims, now=self._clock(), max_age=self._max_age)
        if since is None:
            log.warning("sign_in_too_old")
            raise Refusal(code=code_pb2.UNAUTHENTICATED, sentence=_TOO_OLD)
        grant = self._grant(token)
        try:
            person, _ = await who_is(self._channel, grant.bearer, address=address)
        except Refusal as refusal:
            if not refusal.is_signed_out:
                raise
            # There too, or the next attempt would be theirs again, without a question.
            await self.sign_out(grant)
            raise Refusal(code=code_pb2.PERMISSION_DENIED, sentence=_NOBODY) from None
        return Arrival(person=person, grant=grant, authenticated_at=since)

    async def renew(self, grant: Grant) -> Grant:
        """As `Renewal` says."""
        asked = self._client.fetch_access_token(grant_type="refresh_token", refresh_token=grant.refresh_token)
        with _signed_out():
            return self._grant({"refresh_token": grant.refresh_token, **await self._asked(asked)})

    async def person(self, grant: Grant) -> Person:
        """As `Renewal` says."""
        with _signed_out():
            person, _ = await who_is(self._channel, grant.bearer, address="")
        return person

    async def sign_out(self, grant: Grant) -> None:
        """End the session at the provider too, as far as it can be reached: RP-initiated logout, from our side."""
        client = {"client_id": self._client.client_id, "client_secret": self._client.client_secret}
        try:
            metadata = await self._client.load_server_metadata()
            await self._client.post(
                metadata["end_session_endpoint"],
                data={**client, "refresh_token": grant.refresh_token},
                withhold_token=True,
            )
        except (AuthlibBaseError, httpx2.HTTPError, KeyError, ValueError) as error:
            log.warning("not_signed_out_at_provider", **describe_exception(error))

    def _grant(self, token: Mapping[str, Any]) -> Grant:
        lifetime = timedelta(seconds=int(token.get("expires_in", 60)))
        return Grant(
            bearer=str(token["access_token"]),
            bearer_ends_at=self._clock().astimezone(UTC) + lifetime,
            refresh_token=str(token.get("refresh_token", "")),
        )

    async def _asked(self, asking: Any) -> Any:
        try:
            return await asking
        except AuthlibBaseError as error:
            over = getattr(error, "error", "") == _OVER
            log.info("sign_in_not_accepted", **describe_exception(error))
            sentence = _NOT_ACCEPTED
            raise Refusal(
                code=code_pb2.UNAUTHENTICATED if over else code_pb2.PERMISSION_DENIED, sentence=sentence
            ) from None
        except JoseError as error:
            log.warning("id_token_not_accepted", **describe_exception(error))
            raise Refusal(code=code_pb2.UNAUTHENTICATED, sentence=_NOT_ACCEPTED) from None
        except (httpx2.HTTPError, RuntimeError, ValueError, KeyError) as error:
            log.warning("provider_away", **describe_exception(error))
            raise Refusal(code=code_pb2.UNAVAILABLE, sentence=_AWAY) from None
