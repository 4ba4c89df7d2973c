"""The issuer as an https server on this machine, with threads of its own, so that any test can have one."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.fakes.oidc_issuer import certificates, directory
from tests.fakes.oidc_issuer.faults import Answer, Fault
from tests.fakes.oidc_issuer.https import Https, Request
from tests.fakes.oidc_issuer.people import Client, SsoSession, User
from tests.fakes.oidc_issuer.realm import MovedClock, Realm, Refusal


@dataclass(frozen=True)
class Grant:
    """What somebody has who signed in."""

    session: SsoSession
    access_token: str
    id_token: str
    refresh_token: str


class OidcIssuer:
    """`clock` moves only for the issuer; `keys` are its keys; `requests` counts what each endpoint was asked.

    `browser_user` is who is signed in in the browser that comes to the authorization endpoint; nobody, and it stays
    there. `refuses` is the error that such a sign-in ends with in its place.
    """

    def __init__(self, folder: Path, *, clock: Any = None) -> None:
        self.clock: Any = clock or MovedClock()
        self.realm = Realm(self.clock)
        self.keys = self.realm.keys
        self.requests: Counter[str] = Counter()
        self.forms: list[tuple[str, Mapping[str, str]]] = []
        """What was sent to each endpoint, in order."""
        self.people: dict[str, User] = {}
        """Who can be looked up, by their ids; somebody who is taken away is gone."""
        self.browser_user: User | None = None
        self.refuses: str | None = None
        self.ca_file = folder / "ca.pem"
        self._lock = threading.RLock()
        self._faults: list[_Active] = []
        certificates.write(folder)
        self._https = Https(folder, self._answer)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._https.close()

    @property
    def url(self) -> str:
        """The issuer, as discovery and the claim `iss` have it."""
        return self.realm.url

    def start(self) -> None:
        """Listen; the second time at the address of the first."""
        self.realm.url = f"https://localhost:{self._https.start()}/realms/paas"

    def stop(self) -> None:
        """Be gone."""
        self._https.stop()

    # People and programs.

    def add_user(
        self, name: str, *, tenant: str | None = "acme", roles: Sequence[str] = ("developer",), email: str | None = None
    ) -> User:
        """Somebody who can sign in; change what it returns as you like."""
        user = User(name, tenant, tuple(roles), email or f"{name}@{tenant}.test")
        self.people[user.subject] = user
        return user

    def add_directory(self) -> Client:
        """The program that may look people up."""
        service = User(f"service-account-{directory.CLIENT}", None, (), "")
        return self.add_client(directory.CLIENT, secret=directory.SECRET, service=service)

    def add_client(self, client_id: str, *, secret: str | None = None, service: User | None = None) -> Client:
        """One more program; with `service` it may sign in for itself (client_credentials)."""
        client = Client(client_id=client_id, secret=secret, service=service)
        self.realm.clients[client_id] = client
        return client

    def add_robot(self, client_id: str, *, tenant: str = "acme", roles: Sequence[str] = ("developer",)) -> Client:
        """A program with a service account."""
        service = User(f"service-account-{client_id}", tenant, tuple(roles), f"{client_id}@{tenant}.test")
        return self.add_client(client_id, secret="robot-secret", service=service)

    def told_to_services(self) -> dict[str, str]:
        """The environment of services whose people sign in here, who may look them up."""
        self.add_directory()
        secret = self.ca_file.with_name("directory.secret")
        secret.write_text(directory.SECRET)
        return {
            "PAAS_SSO_ISSUER": self.url,
            # Keycloak's own paths have more steps than these.
            "PAAS_SSO_JWKS_URL": f"{self.url}/certs",
            "PAAS_SSO_TOKEN_URL": f"{self.url}/token",
            "PAAS_SSO_CA_FILE": str(self.ca_file),
            "PAAS_SSO_DIRECTORY_CLIENT_ID": directory.CLIENT,
            "PAAS_SSO_DIRECTORY_SECRET_FILE": str(secret),
        }

    # Tokens without a flow.

    def grant(self, user: User, *, client_id: str = "paas-cli") -> Grant:
        """What `user` would have after signing in with a program."""
        with self._lock:
            session = self.realm.begin(user, client_id, "openid")
            answer = self.realm.answer(session)
        return Grant(session, answer["access_token"], answer["id_token"], answer["refresh_token"])

    def access_token(
        self,
        user: User,
        *,
        client_id: str = "paas-cli",
        claims: Mapping[str, Any] | None = None,
        without: Sequence[str] = (),
        header: Mapping[str, Any] | None = None,
    ) -> str:
        """An access token of `user`; `claims` and `header` add and replace, `without` takes claims away."""
        with self._lock:
            session = self.realm.begin(user, client_id, "openid")
            own = {**self.realm.access_claims(session), **(claims or {})}
            return self.keys.sign(own, header=header or {}, without=without)

    def id_token(self, user: User, *, client_id: str = "paas-cli") -> str:
        """An ID token, which nobody may take for an access token."""
        return self.grant(user, client_id=client_id).id_token

    def service_token(self, client_id: str) -> str:
        """An access token of a program with a service account."""
        with self._lock:
            return str(
                self.realm.token(self.realm.clients[client_id], {"grant_type": "client_credentials"})["access_token"]
            )

    # What people do in a browser.

    def approve(self, user_code: str, user: User) -> None:
        """`user` types the code of a device, signs in and says yes."""
        with self._lock:
            self._waiting(user_code).approved_by = user

    def deny(self, user_code: str) -> None:
        """Somebody types the code of a device and says no."""
        with self._lock:
            self._waiting(user_code).is_denied = True

    # What is wrong.

    @contextmanager
    def wrong(self, fault: Fault) -> Iterator[None]:
        """Have this fault until the end of the block, and see that it happened."""
        active = _Active(fault)
        with self._lock:
            self._faults.append(active)
        try:
            yield
        finally:
            with self._lock:
                self._faults.remove(active)
            active.over.set()
        assert active.hits, f"nothing asked the issuer's {fault.endpoint}"

    def _answer(self, request: Request) -> Answer | None:
        """The answer to a request; None where the connection ends without one."""
        endpoints: Mapping[tuple[str, str], tuple[str, Callable[[Request], Answer]]] = {
            ("GET", "/realms/paas/.well-known/openid-configuration"): ("discovery", self._discovery),
            ("GET", "/realms/paas/certs"): ("jwks", lambda _: Answer(document=self.keys.document())),
            ("POST", "/realms/paas/auth/device"): ("device", self._device),
            ("GET", "/realms/paas/device"): ("page", lambda _: Answer(page="Type your code.")),
            ("GET", "/realms/paas/auth"): ("auth", self._auth),
            ("POST", "/realms/paas/token"): ("token", self._token),
            ("POST", "/realms/paas/logout"): ("logout", self._logout),
            ("POST", "/realms/paas/revoke"): ("revoke", self._revoke),
        }
        name, work = endpoints.get((request.method, request.path), ("", _not_found))
        if request.method == "GET" and request.path.startswith(directory.PREFIX):
            name, work = "directory", self._directory
        with self._lock:
            self.requests[name] += 1
            self.forms.append((name, request.fields))
            active = next((each for each in self._faults if each.meets(name)), None)
            fault = active.hit() if active is not None else None
            if fault is not None and fault.instead is not None:
                return fault.instead
            try:
                answer = work(request)
            except Refusal as refusal:
                document = {"error": refusal.error, "error_description": refusal.description}
                answer = Answer(status=401 if refusal.error == "invalid_client" else 400, document=document)
        if active is not None and active.fault.lags:
            active.over.wait()
        if fault is not None and fault.changed is not None and answer.document is not None:
            answer = Answer(status=answer.status, document=fault.changed(answer.document))
        return None if fault is not None and fault.dropped else answer

    def _directory(self, request: Request) -> Answer:
        return directory.look_up(request, people=self.people, keys=self.keys)

    def _discovery(self, _: Request) -> Answer:
        url = self.url
        return Answer(
            document={
                "issuer": url,
                "authorization_endpoint": f"{url}/auth",
                "token_endpoint": f"{url}/token",
                "jwks_uri": f"{url}/certs",
                "device_authorization_endpoint": f"{url}/auth/device",
                "end_session_endpoint": f"{url}/logout",
                "revocation_endpoint": f"{url}/revoke",
                "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    def _device(self, request: Request) -> Answer:
        return Answer(document=self.realm.device(self.realm.client(request.fields, request.basic), request.fields))

    def _token(self, request: Request) -> Answer:
        return Answer(document=self.realm.token(self.realm.client(request.fields, request.basic), request.fields))

    def _logout(self, request: Request) -> Answer:
        self.realm.end(self.realm.client(request.fields, request.basic), request.fields)
        return Answer(status=204)

    def _revoke(self, request: Request) -> Answer:
        self.realm.end(self.realm.client(request.fields, request.basic), request.fields)
        return Answer(document={})

    def _auth(self, request: Request) -> Answer:
        query = request.fields
        back = {"state": query.get("state", ""), "iss": self.url}
        if self.refuses is not None:
            return Answer(status=302, location=request.back(query["redirect_uri"], {"error": self.refuses, **back}))
        if self.browser_user is None:
            return Answer(page="Sign in.")
        try:
            code = self.realm.authorize(query, self.browser_user)
        except Refusal as refusal:
            if refusal.error != "invalid_request":
                raise
            return Answer(status=302, location=request.back(query["redirect_uri"], {"error": refusal.error, **back}))
        return Answer(status=302, location=request.back(query["redirect_uri"], {"code": code, **back}))

    def _waiting(self, user_code: str) -> Any:
        return next(each for each in self.realm.device_codes.values() if each.user_code == user_code)


class _Active:
    """A fault that a test has asked for, and how often it happened."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.hits = 0
        self.over = threading.Event()

    def meets(self, endpoint: str) -> bool:
        return self.fault.endpoint == endpoint and (self.fault.times is None or self.hits < self.fault.times)

    def hit(self) -> Fault:
        self.hits += 1
        return self.fault


def _not_found(_: Request) -> Answer:
    return Answer(status=404, document={"error": "HTTP 404 Not Found"})
