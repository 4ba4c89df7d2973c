"""`paas login --web`: the code flow, and everything that can come to its page on this machine."""

import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

from paas_cli.signin.sso.flows import web
from paas_cli.signin.sso.issuer import metadata
from paas_cli.signin.sso.issuer.https import Refusal
from tests.fakes.oidc_issuer import Fault, OidcIssuer, User
from tests.fakes.platform import Platform
from tests.fixtures.waiting import PATIENCE
from tests.unit.cli.sso.conftest import kept_files


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass
class Browser:
    """`paas login --web` that waits, and what a browser does with the address it shows."""

    process: subprocess.Popen[str]
    url: str
    issuer: OidcIssuer

    @property
    def redirect_uri(self) -> str:
        return parse_qs(urlsplit(self.url).query)["redirect_uri"][0]

    def visit(self) -> str:
        """Sign in, and return where the issuer sends the browser."""
        context = ssl.create_default_context(cafile=str(self.issuer.ca_file))
        opener = urllib.request.build_opener(_Stay, urllib.request.HTTPSHandler(context=context))
        with pytest.raises(urllib.error.HTTPError) as caught:
            opener.open(self.url, timeout=PATIENCE)
        return caught.value.headers["location"]

    def come_back(self, url: str, **headers: str) -> tuple[int, str]:
        """Go to an address of the program's; status and page."""
        try:
            asked = urllib.request.Request(url, headers=headers)  # noqa: S310 - http on this machine
            with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310 - as above
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def end(self) -> tuple[int, str, str]:
        """How the program ends: exit code, output, errors."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err


@pytest.fixture
def browser(sso: Platform, issuer: OidcIssuer, ann: User) -> Iterator[Browser]:
    """Ann's, signed in at the issuer."""
    issuer.browser_user = ann
    command = [sys.executable, "-m", "paas_cli", "login", "--web", "--gateway", sso.gateway.address]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stderr is not None
        shown = ""
        while "Waiting" not in shown:
            line = process.stderr.readline()
            assert line, shown
            shown += line
        (url,) = [line.strip() for line in shown.splitlines() if line.startswith("  https://")]
        yield Browser(process, url, issuer)
        process.kill()


def changed(url: str, **fields: str | None) -> str:
    """The address with other fields in its query; None takes one away."""
    parts = urlsplit(url)
    query = {name: value for name, value in {**dict(parse_qsl(parts.query)), **fields}.items() if value is not None}
    return parts._replace(query=urlencode(query)).geturl()


def test_a_person_signs_in_with_a_browser_on_this_machine(browser: Browser, home: Any) -> None:
    status, page = browser.come_back(browser.visit())
    assert status == 200
    assert "You can close this page" in page
    code, out, _ = browser.end()
    assert (code, "Signed in to" in out) == (0, True)
    assert len(kept_files(home)) == 1


def test_what_is_asked_of_the_issuer(browser: Browser) -> None:
    query = parse_qs(urlsplit(browser.url).query)
    assert query["response_type"] == ["code"]
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["code_challenge"][0]) == 43
    assert len(query["state"][0]) >= 32
    assert urlsplit(browser.redirect_uri).hostname == "127.0.0.1"
    assert urlsplit(browser.redirect_uri).path == "/callback"
    browser.come_back(browser.visit())
    assert browser.end()[0] == 0
    (exchanged,) = [form for name, form in browser.issuer.forms if name == "token"]
    assert exchanged["redirect_uri"] == browser.redirect_uri
    assert 43 <= len(exchanged["code_verifier"]) <= 128
    assert "client_secret" not in exchanged


_BENT: dict[str, Callable[[str], str]] = {
    "another state": lambda url: changed(url, state="x" * 32),
    "no state": lambda url: changed(url, state=None),
    "no code": lambda url: changed(url, code=None),
    "a code and an error": lambda url: changed(url, error="access_denied"),
    "two codes": lambda url: f"{url}&code=another",
    "a path below": lambda url: url.replace("/callback", "/callback/"),
    "no path": lambda url: url.replace("/callback", "/"),
    "another host": lambda url: url.replace("127.0.0.1", "localhost"),
    "too many fields": lambda url: f"{url}&{'&'.join(f'a{n}=b' for n in range(20))}",
}


def test_what_is_not_the_answer_is_refused_and_waited_on(browser: Browser) -> None:
    """One after the other at one program, which waits on after each."""
    answer = browser.visit()
    for what, bent in _BENT.items():
        status, page = browser.come_back(bent(answer))
        assert (status, "does not exist" in page) == (404, True), what
    assert browser.come_back(answer)[0] == 200
    assert browser.end()[0] == 0


def test_a_page_under_another_name_does_not_reach_it(browser: Browser) -> None:
    """A name that leads to this machine, as in DNS rebinding."""
    answer = browser.visit()
    assert browser.come_back(answer, host="evil.example.com")[0] == 404
    browser.come_back(answer)
    assert browser.end()[0] == 0


@pytest.mark.parametrize("stated", ["https://localhost/realms/other", None])
def test_an_answer_of_another_issuer_is_not_used(browser: Browser, home: Any, stated: str | None) -> None:
    """RFC 9207: named, or not named by an issuer that says it names itself."""
    browser.come_back(changed(browser.visit(), iss=stated))
    code, _, err = browser.end()
    assert code == 1
    assert "another issuer's" in err
    assert [name for name, _ in browser.issuer.forms if name == "token"] == []
    assert kept_files(home) == []


def test_somebody_who_declines(browser: Browser, home: Any) -> None:
    browser.issuer.refuses = "access_denied"
    status, page = browser.come_back(browser.visit())
    assert (status, "You are not signed in" in page) == (200, True)
    code, _, err = browser.end()
    assert (code, "declined" in err) == (3, True)
    assert kept_files(home) == []


def test_an_error_that_is_no_code_is_not_shown(browser: Browser) -> None:
    browser.issuer.refuses = "\x1b[31mrm -rf"
    browser.come_back(browser.visit())
    code, _, err = browser.end()
    assert (code, "(invalid_request)" in err, "rm -rf" in err) == (3, True, False)


def test_a_code_that_somebody_else_began_is_worth_nothing(browser: Browser, home: Any) -> None:
    """PKCE: the verifier of this sign-in does not fit the challenge of another."""
    other = changed(browser.url, code_challenge="A" * 43)
    ours, browser.url = browser.url, other
    answer = browser.visit()
    browser.url = ours
    browser.come_back(answer)
    code, _, err = browser.end()
    assert (code, "invalid_grant" in err) == (3, True)
    assert kept_files(home) == []


def test_stopping_leaves_nothing(browser: Browser, home: Any) -> None:
    import signal

    browser.process.send_signal(signal.SIGINT)
    code, out, err = browser.end()
    assert (code, out) == (130, "")
    assert "Traceback" not in err
    assert kept_files(home) == []
    with pytest.raises(urllib.error.URLError):
        browser.come_back(browser.redirect_uri)


def test_nobody_is_waited_for_for_ever(issuer: OidcIssuer) -> None:
    shown: list[str] = []
    described = metadata.discover(issuer.url, ca_file=str(issuer.ca_file))
    assert described.authorization is not None
    with pytest.raises(Refusal, match="expired_token"):
        web.sign_in(
            described,
            described.authorization,
            client_id="paas-cli",
            scopes="openid",
            ca_file=str(issuer.ca_file),
            show=shown.append,
            patience=0.1,
        )
    assert len(shown) == 1
    assert issuer.requests["token"] == 0


def test_an_issuer_without_a_page_says_so(paas: Any, sso: Platform, issuer: OidcIssuer) -> None:
    away = Fault("discovery", "no page", changed=lambda d: {**d, "authorization_endpoint": None})
    with issuer.wrong(away):
        result = paas("login", "--web", "--gateway", sso.gateway.address)
    assert (result.exit_code, "no authorization_endpoint" in result.err) == (1, True)
