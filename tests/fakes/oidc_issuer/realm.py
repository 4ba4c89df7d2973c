"""What the issuer keeps and decides: clients, people, sessions, and the tokens that these get.

As Keycloak with refresh tokens that are good once ("Revoke Refresh Token"): the second use of one ends its session.
"""

import base64
import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from tests.fakes.oidc_issuer.keys import Keys
from tests.fakes.oidc_issuer.people import Client, Code, DeviceCode, SsoSession, User

REFRESH_SECONDS: Final = 1800
DEVICE_SECONDS: Final = 600
_CODE_SECONDS = 60
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


class Refusal(Exception):
    """An error of OAuth's (RFC 6749, section 5.2), with the description that Keycloak gives."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


class MovedClock:
    """The time of this machine, moved on by what a test wants."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, **amount: float) -> None:
        """Move by `timedelta(**amount)`."""
        self._ahead += timedelta(**amount)


class Realm:
    """`url` is the issuer's, `audience` what access tokens are for and `access_seconds` for how long;
    `interval` is the seconds between a device's tries.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.keys = Keys()
        self.url = ""
        self.audience: tuple[str, ...] = ("paas-api",)
        self.interval = 1
        self.access_seconds = 300
        self.clients = {
            "paas-cli": Client(client_id="paas-cli"),
            "paas-dashboard": Client(client_id="paas-dashboard", secret="dashboard-secret"),
        }
        self.sessions: dict[str, SsoSession] = {}
        self.device_codes: dict[str, DeviceCode] = {}
        self.codes: dict[str, Code] = {}
        self.counted: Counter[str] = Counter()
        """How often each grant was asked for, and each end of a session."""

    # What tokens are made of.

    def access_claims(self, session: SsoSession) -> dict[str, Any]:
        """The claims of an access token."""
        now = self._now()
        user = session.user
        claims = {
            "exp": now + self.access_seconds,
            "iat": now,
            "auth_time": int(session.auth_time.timestamp()),
            "jti": f"onrtac:{uuid4()}",
            "iss": self.url,
            "aud": self.audience[0] if len(self.audience) == 1 else list(self.audience),  # as Keycloak writes one
            "sub": user.subject,
            "typ": "Bearer",
            "azp": session.client_id,
            "sid": session.sid,
            "scope": session.scope,
            "tenant": user.tenant,
            "roles": list(user.roles) or None,  # whoever has none has no such claim
            "preferred_username": user.name,
            "email": user.email,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def id_claims(self, session: SsoSession, *, nonce: str | None = None) -> dict[str, Any]:
        """The claims of an ID token, which says who signed in and is no way in."""
        claims = {**self.access_claims(session), "aud": session.client_id, "typ": "ID", "jti": str(uuid4())}
        del claims["scope"]
        return {**claims, "nonce": nonce} if nonce is not None else claims

    def refresh_token(self, session: SsoSession) -> str:
        """The one refresh token of a session that is good from now on."""
        now = self._now()
        session.refresh_id = str(uuid4())
        return self.keys.seal(
            {
                "exp": now + REFRESH_SECONDS,
                "iat": now,
                "jti": session.refresh_id,
                "iss": self.url,
                "aud": self.url,
                "sub": session.user.subject,
                "typ": "Refresh",
                "azp": session.client_id,
                "sid": session.sid,
                "scope": session.scope,
            }
        )

    def begin(self, user: User, client_id: str, scope: str) -> SsoSession:
        """A new session of somebody's. Raises Refusal where they may not sign in."""
        if not user.is_enabled:
            raise Refusal("invalid_grant", "Account disabled")
        session = SsoSession(user, client_id, scope, auth_time=self.clock())
        self.sessions[session.sid] = session
        return session

    def answer(self, session: SsoSession, *, nonce: str | None = None) -> dict[str, Any]:
        """What the token endpoint answers for a session."""
        tokens = {
            "access_token": self.keys.sign(self.access_claims(session), header={}),
            "expires_in": self.access_seconds,
            "refresh_expires_in": REFRESH_SECONDS,
            "refresh_token": self.refresh_token(session),
            "token_type": "Bearer",
            "not-before-policy": 0,
            "session_state": session.sid,
            "scope": session.scope,
        }
        if "openid" in session.scope.split():
            tokens["id_token"] = self.keys.sign(self.id_claims(session, nonce=nonce), header={})
        return tokens

    # What programs ask for.

    def client(self, form: Mapping[str, str], basic: tuple[str, str] | None) -> Client:
        """Who asks: a client that proves to be it, where it has a secret. Raises Refusal."""
        client_id, secret = basic or (form.get("client_id", ""), form.get("client_secret"))
        client = self.clients.get(client_id)
        if client is None or (client.secret is not None and client.secret != secret):
            raise Refusal("invalid_client", "Invalid client or Invalid client credentials")
        return client

    def device(self, client: Client, form: Mapping[str, str]) -> dict[str, Any]:
        """A device's sign-in begins (RFC 8628, section 3.2). Raises Refusal where it has no challenge (RFC 7636)."""
        challenge = _challenge(form)
        user_code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(2))
        device_code = secrets.token_urlsafe(32)
        ends = self.clock() + timedelta(seconds=DEVICE_SECONDS)
        self.device_codes[device_code] = DeviceCode(client.client_id, form.get("scope", ""), user_code, ends, challenge)
        return {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": f"{self.url}/device",
            "verification_uri_complete": f"{self.url}/device?user_code={user_code}",
            "expires_in": DEVICE_SECONDS,
            "interval": self.interval,
        }

    def token(self, client: Client, form: Mapping[str, str]) -> dict[str, Any]:
        """The token endpoint. Raises Refusal."""
        grant = form.get("grant_type", "").removeprefix("urn:ietf:params:oauth:grant-type:")
        self.counted[grant] += 1
        work: Mapping[str, Callable[[Client, Mapping[str, str]], dict[str, Any]]] = {
            "device_code": self._of_device,
            "authorization_code": self._of_code,
            "refresh_token": self._refreshed,
            "client_credentials": self._of_client,
        }
        if grant not in work:
            raise Refusal("unsupported_grant_type", "Unsupported grant_type")
        return work[grant](client, form)

    def end(self, client: Client, form: Mapping[str, str]) -> None:
        """End the session that a refresh token is of, as the endpoints of logout and revocation do. Raises Refusal."""
        self.counted["end"] += 1
        session = self._session(client, form.get("refresh_token") or form.get("token") or "")
        session.is_over = True

    def _of_device(self, client: Client, form: Mapping[str, str]) -> dict[str, Any]:
        code = form.get("device_code", "")
        waiting = self.device_codes.get(code)
        if waiting is None or waiting.client_id != client.client_id:
            raise Refusal("invalid_grant", "Device code not valid")
        now = self.clock()
        if now >= waiting.ends:
            raise Refusal("expired_token", "Device code is expired")
        before, waiting.asked_at = waiting.asked_at, now
        if waiting.is_denied:
            raise Refusal("access_denied", "The end user denied the authorization request")
        # A little early is on time: how exactly a program sleeps is its machine's business.
        if before is not None and now - before < timedelta(seconds=self.interval * 0.9):
            raise Refusal("slow_down", "Slow down")
        if waiting.approved_by is None:
            raise Refusal("authorization_pending", "The authorization request is still pending")
        _require_proof(form, waiting.challenge)
        del self.device_codes[code]
        return self.answer(self.begin(waiting.approved_by, client.client_id, waiting.scope))

    def _of_code(self, client: Client, form: Mapping[str, str]) -> dict[str, Any]:
        code = self.codes.pop(form.get("code", ""), None)
        if code is None or code.client_id != client.client_id or self.clock() >= code.ends:
            raise Refusal("invalid_grant", "Code not valid")
        if form.get("redirect_uri") != code.redirect_uri:
            raise Refusal("invalid_grant", "Incorrect redirect_uri")
        _require_proof(form, code.challenge)
        return self.answer(self.begin(code.user, client.client_id, code.scope), nonce=code.nonce)

    def _refreshed(self, client: Client, form: Mapping[str, str]) -> dict[str, Any]:
        return self.answer(self._session(client, form.get("refresh_token", "")))

    def _of_client(self, client: Client, form: Mapping[str, str]) -> dict[str, Any]:
        if client.service is None:
            raise Refusal("unauthorized_client", "Client not enabled to retrieve service account")
        session = SsoSession(client.service, client.client_id, form.get("scope", ""), auth_time=self.clock())
        claims = {**self.access_claims(session), "clientHost": "127.0.0.1", "client_id": client.client_id}
        for name in ("sid", "auth_time"):  # no session is made for a program
            del claims[name]
        claims["jti"] = f"trrtcc:{uuid4()}"
        token = self.keys.sign(claims, header={})
        return {
            "access_token": token,
            "expires_in": self.access_seconds,
            "token_type": "Bearer",
            "scope": session.scope,
        }

    def _session(self, client: Client, refresh_token: str) -> SsoSession:
        """The session of a refresh token that may be used; one that was used before ends it. Raises Refusal."""
        try:
            claims = self.keys.unseal(refresh_token)
        except ValueError:
            raise Refusal("invalid_grant", "Invalid refresh token") from None
        session = self.sessions[claims["sid"]]
        if claims["azp"] != client.client_id:
            raise Refusal("invalid_grant", "Invalid refresh token. Token client and authorized client don't match")
        if claims["exp"] <= self._now():
            raise Refusal("invalid_grant", "Token is not active")
        if session.is_over:
            raise Refusal("invalid_grant", "Session not active")
        if claims["jti"] != session.refresh_id:
            session.is_over = True
            raise Refusal("invalid_grant", "Maximum allowed refresh token reuse exceeded")
        if not session.user.is_enabled:
            raise Refusal("invalid_grant", "User disabled")
        return session

    # What people do in a browser.

    def authorize(self, query: Mapping[str, str], user: User) -> str:
        """Somebody signs in with the code flow; where their browser goes next. Raises Refusal where it stays."""
        client = self.clients.get(query.get("client_id", ""))
        if client is None:
            raise Refusal("invalid_client", "Client not found")
        code = secrets.token_urlsafe(24)
        self.codes[code] = Code(
            client.client_id,
            query.get("scope", ""),
            user,
            query["redirect_uri"],
            _challenge(query),
            self.clock() + timedelta(seconds=_CODE_SECONDS),
            query.get("nonce"),
        )
        return code

    def _now(self) -> int:
        return int(self.clock().timestamp())


def _challenge(fields: Mapping[str, str]) -> str:
    if fields.get("code_challenge_method") != "S256" or not fields.get("code_challenge"):
        raise Refusal("invalid_request", "Missing parameter: code_challenge_method")
    return fields["code_challenge"]


def _require_proof(form: Mapping[str, str], challenge: str) -> None:
    verifier = form.get("code_verifier", "")
    hashed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    if not 43 <= len(verifier) <= 128 or hashed != challenge:
        raise Refusal("invalid_grant", "PKCE verification failed: Code mismatch")
