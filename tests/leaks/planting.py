"""Values of every kind, planted in every way there is, the wrong ways among them."""

import sys
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from tests.e2e.installation import Installation, Paas, eventually, releases
from tests.fixtures.waiting import PATIENCE

SECRETS, VARS, TOKENS = 24, 12, 8
DYING: Final = "import os, sys; print(dict(os.environ)); print(os.environ, file=sys.stderr); sys.exit(3)"
"""A program that prints its own environment to wherever it can, and fails."""


@dataclass
class Planted:
    """What was planted where: the values themselves, and the app whose release failed."""

    paas: Paas
    dying: Paas
    secrets: list[str] = field(default_factory=list, repr=False)
    vars: list[str] = field(default_factory=list, repr=False)


def plant(installation: Installation) -> Planted:
    """Do everything that people do, with values that can be told."""
    admin = installation.person()
    paas = installation.new_app(admin, instances=1)
    planted = Planted(paas, installation.new_app(admin, instances=0))

    def secret() -> str:
        planted.secrets.append(installation.canaries.secret())
        return planted.secrets[-1]

    def var() -> str:
        planted.vars.append(installation.canaries.config())
        return planted.vars[-1]

    installation.attach(paas.environment["PAAS_APP"], f"postgres://u:{secret()}@db/app")
    paas.ok("secrets:set", *(f"SECRET_{number}={secret()}" for number in range(SECRETS)), "--no-wait")
    paas.ok("config:set", *(f"VAR_{number}={var()}" for number in range(VARS)), "--no-wait")
    paas.ok("secrets:set", f"STAGED={secret()}", "--stage")
    paas.ok("config:set", f"STAGED_VAR={var()}", "--stage")
    paas.ok("releases:create")
    paas.ok("secrets:rotate", "SECRET_1", "--value-file", "-", "--overlap", "1h", stdin=secret().encode())
    paas.ok("secrets:get", "SECRET_0", "SECRET_1")
    paas.ok("config")
    _refused(installation, paas, secret())
    paas.ok("rollback", "v1")
    _with_tokens(paas, installation)
    _dying(planted.dying, secret())
    _outage(installation, paas, secret())
    return planted


def _refused(installation: Installation, paas: Paas, value: str) -> None:
    """Send a value where it does not belong: what is wrong is told, and the value is not.

    But not as the name of a token, which may be any word: names are looked up, and so are in PostgreSQL's log.
    """
    viewer = installation.person("vic@example.com", role="viewer").with_(PAAS_APP=paas.environment["PAAS_APP"])
    stranger = installation.person("eve@example.com", tenant="globex").with_(PAAS_APP=paas.environment["PAAS_APP"])
    for arguments in (
        ("secrets:set", f"PATH={value}"),
        ("secrets:set", f"{value}=1"),
        ("secrets:set", value),
        ("secrets:set", f"VAR_0={value}"),
        ("secrets:set", f"TWICE={value}", f"TWICE={value}"),
        ("secrets:set", f"LONG={value * 2500}"),
        ("secrets:get", value),
        ("secrets:unset", value),
        ("secrets:rotate", value),
        ("config:set", f"SECRET_0={value}"),
        ("apps:info", "-a", value),
    ):
        assert paas(*arguments, "--debug").exit_code != 0, arguments[0]
    for nobody in (viewer, stranger):
        assert nobody("secrets:set", f"DENIED={value}", "--debug").exit_code != 0
    for body in (value.encode(), b"\0\0\0\0\x20" + value.encode()[:32], b"\x80\0\0\0\x05" + value.encode()):
        for method in ("paas.secrets.v1.SecretsService/SetSecrets", f"paas.config.v1.ConfigService/{value}"):
            request = urllib.request.Request(  # noqa: S310 - the gateway on this machine
                f"{installation.stack.gateway_url}/{method}?{value}",
                body,
                {
                    "content-type": "application/grpc-web+proto",
                    "authorization": f"Bearer {paas.environment['PAAS_TOKEN']}",
                    "x-value": value,
                    "user-agent": value,
                },
            )
            with suppress(urllib.error.HTTPError), urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
                answer.read()


def _with_tokens(paas: Paas, installation: Installation) -> None:
    for number in range(TOKENS):
        paas.ok("tokens:create", "--name", f"token-{number}", "--scope", "config.read")
        token = paas.as_token(installation.canaries.tokens[-1])
        token.ok("config")
        assert token("secrets", "--debug").exit_code == 4
        assert paas("tokens:revoke", token.environment["PAAS_TOKEN"], "--debug").exit_code != 0
    paas.ok("tokens:revoke", "token-0")


def _dying(paas: Paas, value: str) -> None:
    paas.ok("secrets:set", f"PRINTED={value}")
    told = paas(
        "apps:update", "--instances", "1", "--ready-timeout", "60s", "--", sys.executable, "-c", DYING, "--debug"
    )
    assert told.exit_code != 0
    (failed, *_) = eventually(lambda: [each for each in releases(paas) if each["state"] == "failed"])
    paas.ok("releases:info", f"v{failed['number']}")
    paas.ok("releases:info", f"v{failed['number']}", "--json")


def _outage(installation: Installation, paas: Paas, value: str) -> None:
    for part in ("secrets", "audit", "postgres"):
        installation.stack.stop_part(part)
        try:
            for arguments in (("secrets:set", f"LATE={value}"), ("secrets:get", "SECRET_0")):
                # What has to be on record waits in the database of whoever did it.
                assert paas(*arguments, "--debug").exit_code != 0 or part == "audit", part
        finally:
            installation.stack.start_part(part)
    eventually(lambda: paas("secrets:get", "SECRET_0").exit_code == 0)
