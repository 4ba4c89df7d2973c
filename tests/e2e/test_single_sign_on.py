"""People who sign in at an issuer with `paas login`, from its page to a program that gets their variable.

A stack of its own beside the fake issuer. Leaves out what is wrong with a token or an issuer, which the tests of tokens
and of the command line have.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.ports import free_base_port
from local.signin import cli_environment
from local.stack import Stack
from tests.e2e.installation import Installation, Paas, config_of, events, eventually
from tests.fakes.oidc_issuer import OidcIssuer, User
from tests.fixtures.waiting import PATIENCE


@dataclass
class Platform:
    """The stack and the issuer."""

    installation: Installation
    issuer: OidcIssuer

    def person(self, name: str) -> Paas:
        """`paas` as somebody who has a home of their own there, and has not signed in."""
        home = self.installation.home / name
        (home / "work").mkdir(parents=True)
        environment = cli_environment(self.installation.stack, "", home=home)
        del environment["PAAS_TOKEN"]
        environment |= {
            "SSL_CERT_FILE": str(self.issuer.ca_file),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }
        return self.installation.paas(environment, home / "work")

    def sign_in(self, paas: Paas, user: User) -> None:
        """Run `paas login`, and have `user` enter the code at the issuer."""
        process = paas.start("login")
        assert process.stderr is not None
        shown = ""
        while (found := re.search(r"enter the code (\S+)", shown)) is None:
            line = process.stderr.readline()
            assert line, shown
            shown += line
        self.issuer.approve(found.group(1), user)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        assert f"as user:{user.name}" in out


@pytest.fixture(scope="module")
def platform(temporary: Path) -> Iterator[Platform]:
    folder = temporary / "single sign-on"
    folder.mkdir()
    with OidcIssuer(folder / "issuer") as issuer, pytest.MonkeyPatch.context() as environment:
        for name, value in issuer.told_to_services().items():
            environment.setenv(name, value)
        stack = Stack(folder / ".paas", base_port=free_base_port())
        stack.start()
        try:
            yield Platform(Installation(stack, folder / "home"), issuer)
        finally:
            stack.stop()


def test_from_the_issuer_s_page_to_a_variable_and_out_again(platform: Platform) -> None:
    ann = platform.issuer.add_user("ann", tenant="acme", roles=("developer",))
    paas = platform.person("ann")
    assert paas("apps:list").exit_code == 3
    platform.sign_in(paas, ann)
    who = paas.ok("whoami", "--json").document
    assert (who["subject"], who["tenant"], who["kind"]) == ("user:ann", "acme", "user")
    assert "secrets.write" in who["permissions"]
    assert who["sign_in"]["issuer"] == platform.issuer.url
    app = platform.installation.new_app(paas, instances=0)
    app.ok("config:set", "A=1")
    assert config_of(app) == {"A": "1"}
    assert paas.ok("logout").out.endswith("has ended\n")
    assert app("config").exit_code == 3


def test_what_somebody_may_do_is_what_the_issuer_says(platform: Platform) -> None:
    vic = platform.issuer.add_user("vic", tenant="acme", roles=("viewer",))
    paas = platform.person("vic")
    platform.sign_in(paas, vic)
    refused = paas("apps:create", "vics", "--instances", "0", "--", "x")
    assert (refused.exit_code, "apps.write" in refused.err) == (4, True)


def test_somebody_of_no_tenant_is_let_in_nowhere(platform: Platform) -> None:
    nobody = platform.issuer.add_user("nobody", tenant=None, roles=("admin",))
    paas = platform.person("nobody")
    process = paas.start("login")
    assert process.stderr is not None
    code = ""
    while not code:
        found = re.search(r"enter the code (\S+)", process.stderr.readline())
        code = found.group(1) if found else ""
    platform.issuer.approve(code, nobody)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "may have no tenant" in err) == (3, True)


def test_somebody_who_is_disabled_is_out_when_their_token_ends(platform: Platform) -> None:
    eve = platform.issuer.add_user("eve", tenant="acme", roles=("developer",))
    paas = platform.person("eve")
    platform.issuer.realm.access_seconds = 10
    try:
        platform.sign_in(paas, eve)
        paas.ok("apps:list")
        eve.is_enabled = False
        refused = eventually(lambda: run if (run := paas("apps:list")).exit_code else None, every=0.5)
    finally:
        platform.issuer.realm.access_seconds = 300
    assert (refused.exit_code, "has ended. Sign in again: `paas login`." in refused.err) == (3, True)


def test_following_goes_on_when_a_token_ends(platform: Platform) -> None:
    """Events of before and after come, each once, and the session was renewed in between."""
    fay = platform.issuer.add_user("fay", tenant="fays", roles=("admin",))
    paas = platform.person("fay")
    renewed = platform.issuer.realm.counted["refresh_token"]
    platform.issuer.realm.access_seconds = 12
    try:
        platform.sign_in(paas, fay)
        # With those of before, since nothing says from when on it follows.
        follower = paas.start("audit", "--follow", "-n", "1000", "--action", "apps.create")
        made = 0
        while platform.issuer.realm.counted["refresh_token"] < renewed + 2:
            paas.ok("apps:create", f"app{made}", "--instances", "0", "--", "x")
            made += 1
            time.sleep(0.5)
        assert follower.stdout is not None
        seen = [follower.stdout.readline().split("\t")[3] for _ in range(made)]
        follower.terminate()
        follower.communicate(timeout=PATIENCE)
    finally:
        platform.issuer.realm.access_seconds = 300
    assert seen == [f"app{number}" for number in range(made)]
    assert len(events(paas, action="apps.create")) == made
