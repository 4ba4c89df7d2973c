"""A gateway that has people sign in at an issuer, and somebody who does."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jwt
import pytest

from tests.fakes.oidc_issuer import OidcIssuer, User
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas, Result

CLIENT = "paas-cli"
_SLEEP = time.sleep


@pytest.fixture
def issuer(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OidcIssuer]:
    """An issuer whose CA is among the system's, with nobody's display or ssh in the environment."""
    assert home.exists()
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "PYTHON_KEYRING_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    with OidcIssuer(tmp_path / "issuer") as issuer:
        monkeypatch.setenv("SSL_CERT_FILE", str(issuer.ca_file))
        yield issuer


@pytest.fixture
def ann(issuer: OidcIssuer) -> User:
    """Somebody who can sign in."""
    return issuer.add_user("ann", roles=("admin",))


@pytest.fixture
def sso(platform: Platform, issuer: OidcIssuer, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """The platform behind a gateway that has people sign in at the issuer, and accepts what that gives them."""
    gateway = platform.gateway
    gateway.sign_in = {"kind": "oidc", "issuer": issuer.url, "client_id": CLIENT, "scopes": ["openid"]}
    gateway.accepts = lambda bearer: accepted(issuer, bearer)
    monkeypatch.setenv("PAAS_APP", "web")
    return platform


def accepted(issuer: OidcIssuer, bearer: str) -> bool:
    """Whether a bearer is an access token of the issuer's, for us, that is not over by its clock."""
    for key in issuer.keys.published:
        try:
            claims = jwt.decode(
                bearer,
                key.private.public_key(),
                algorithms=["RS256"],
                audience="paas-api",
                options={"verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            continue
        return bool(claims["typ"] == "Bearer" and claims["exp"] > issuer.clock().timestamp())
    return False


class Person:
    """Somebody at a browser, who does one of `plans` at each pause of the program, which pass at once."""

    def __init__(self, issuer: OidcIssuer) -> None:
        self.issuer = issuer
        self.plans: list[Callable[[], object]] = []
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        """What the program sleeps with. An issuer's intervals are whole seconds, and others' pauses are not."""
        if not isinstance(seconds, int):
            _SLEEP(seconds)
            return
        self.pauses.append(seconds)
        self.issuer.clock.advance(seconds=seconds)
        if self.plans:
            self.plans.pop(0)()
        elif len(self.pauses) > 200:
            raise AssertionError("it asks for ever")

    def code(self) -> str:
        """The code that was shown last."""
        return next(reversed(self.issuer.realm.device_codes.values())).user_code

    def agrees(self, user: User) -> None:
        """`user` signs in at the next pause."""
        self.plans.append(lambda: self.issuer.approve(self.code(), user))

    def waits(self, pauses: int = 1) -> None:
        """Nobody does anything for some pauses."""
        self.plans.extend([lambda: None] * pauses)


@pytest.fixture
def person(request: pytest.FixtureRequest, issuer: OidcIssuer, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Somebody at a browser."""
    request.getfixturevalue("paas")  # which has its own idea of how long a pause is
    person = Person(issuer)
    monkeypatch.setattr("time.sleep", person.pause)
    return person


@pytest.fixture
def login(paas: Paas, sso: Platform, person: Person, ann: User) -> Callable[..., Result]:
    """`login()` signs Ann in with a code."""

    def signed_in(*options: str) -> Result:
        person.agrees(ann)
        return paas("login", "--gateway", sso.gateway.address, *options)

    return signed_in


def kept_files(home: Path) -> list[Path]:
    """Files of sign-ins that are kept."""
    return sorted((home / ".config" / "paas" / "sign-ins").glob("*.toml"))


def kept(home: Path) -> Path:
    """The one there is."""
    (file,) = kept_files(home)
    return file


def let_pass(home: Path, *, seconds: int = 290, of: str = "renew_at|expires_at") -> None:
    """Have the sign-in be older than it is, or no more than due to be renewed: `of="renew_at"`."""
    file = kept(home)
    text = re.sub(
        rf"^({of}) = (\d+)$",
        lambda found: f"{found.group(1)} = {int(found.group(2)) - seconds}",
        file.read_text(),
        flags=re.MULTILINE,
    )
    file.write_text(text)


def refresh_token(home: Path) -> str:
    """The refresh token in the file."""
    found = re.search(r'^refresh_token = "(.+)"$', kept(home).read_text(), flags=re.MULTILINE)
    assert found is not None
    return found.group(1)
