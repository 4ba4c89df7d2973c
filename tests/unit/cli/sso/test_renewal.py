"""Staying signed in: renewed in time, once for all, and a clear word when the session is over."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.oidc_issuer import Fault, OidcIssuer, User
from tests.fakes.platform import Platform
from tests.fixtures.waiting import PATIENCE, soon
from tests.unit.cli.conftest import Paas, Result
from tests.unit.cli.sso.conftest import kept, kept_files, let_pass, refresh_token

Login = Callable[..., Result]


@pytest.fixture
def signed(login: Login) -> None:
    assert login().exit_code == 0


def renewals(issuer: OidcIssuer) -> int:
    return issuer.realm.counted["refresh_token"]


@pytest.mark.usefixtures("signed")
def test_a_good_token_is_used_as_it_is(paas: Paas, issuer: OidcIssuer) -> None:
    asked = issuer.requests.total()
    for _ in range(3):
        assert paas("config").exit_code == 0
    assert issuer.requests.total() == asked


@pytest.mark.usefixtures("signed")
@pytest.mark.parametrize("seconds", [271, 290, 400])
def test_it_is_renewed_shortly_before_its_end_and_after(
    paas: Paas, issuer: OidcIssuer, home: Path, seconds: int
) -> None:
    before = refresh_token(home)
    issuer.clock.advance(seconds=seconds)
    let_pass(home, seconds=seconds)
    assert paas("config").exit_code == 0
    assert paas("config").exit_code == 0
    assert renewals(issuer) == 1
    assert refresh_token(home) != before
    assert kept(home).stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("signed")
def test_it_is_renewed_once_when_the_gateway_does_not_accept_it(paas: Paas, issuer: OidcIssuer) -> None:
    """As where this machine's clock is behind, or the issuer's keys were replaced."""
    issuer.clock.advance(minutes=6)
    result = paas("config:set", "A=1", "--no-wait")
    assert result.exit_code == 0
    assert renewals(issuer) == 1


@pytest.mark.usefixtures("signed")
def test_a_fresh_token_that_is_refused_too_is_not_renewed_for_ever(
    paas: Paas, issuer: OidcIssuer, sso: Platform
) -> None:
    sso.gateway.accepts = lambda _: False
    result = paas("config")
    assert result.exit_code == 3
    assert "sign in again with `paas login`" in result.err
    assert renewals(issuer) == 1


@pytest.mark.usefixtures("signed")
def test_ten_at_once_renew_once(issuer: OidcIssuer, home: Path) -> None:
    """The second use of a refresh token would end the session for all of them."""
    issuer.clock.advance(seconds=290)
    let_pass(home)
    command = [sys.executable, "-m", "paas_cli", "config"]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ) for _ in range(10)
    ]
    ended = [(process.communicate(timeout=120), process.returncode) for process in started]
    assert [code for _, code in ended] == [0] * 10, ended
    assert renewals(issuer) == 1


@pytest.mark.usefixtures("signed")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopping_it_while_it_renews_loses_no_session(
    paas: Paas, issuer: OidcIssuer, home: Path, number: signal.Signals
) -> None:
    """The old refresh token is worth nothing from when the issuer answers, so the new one is kept first."""
    before = refresh_token(home)
    let_pass(home)
    command = [sys.executable, "-m", "paas_cli", "config"]
    # What is ignored here, as by nohup, would be ignored there.
    ours = signal.signal(number, signal.SIG_DFL)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ) as process:
        signal.signal(number, ours)
        with issuer.wrong(Fault("token", "takes its time", lags=True)):
            soon(lambda: renewals(issuer) == 1)
            process.send_signal(number)
        assert process.wait(timeout=PATIENCE) in (130, -number)
    assert refresh_token(home) != before
    assert paas("config").exit_code == 0
    assert renewals(issuer) == 1


@pytest.mark.usefixtures("signed")
@pytest.mark.parametrize("how", ["ended", "disabled", "reused", "too old"])
def test_a_session_that_is_over_says_so_and_is_forgotten(
    paas: Paas, issuer: OidcIssuer, home: Path, ann: User, how: str
) -> None:
    let_pass(home)
    (session,) = issuer.realm.sessions.values()
    if how == "ended":
        session.is_over = True
    elif how == "disabled":
        ann.is_enabled = False
    elif how == "reused":
        session.refresh_id = "another"
    else:
        issuer.clock.advance(hours=1)
    result = paas("config")
    assert (result.exit_code, result.out) == (3, "")
    assert result.err == f"error: Your session at {issuer.url} has ended. Sign in again: `paas login`.\n"
    assert kept_files(home) == []
    assert "You are not signed in" in paas("config").err
    assert renewals(issuer) == 1


@pytest.mark.usefixtures("signed")
def test_the_hint_names_the_profile(paas: Paas, login: Login, issuer: OidcIssuer, home: Path, ann: User) -> None:
    kept(home).unlink()
    login("--profile", "work")
    let_pass(home)
    ann.is_enabled = False
    assert "Sign in again: `paas login --profile work`." in paas("config", "--profile", "work").err


@pytest.mark.usefixtures("signed")
@pytest.mark.parametrize("status", [500, 503, 429])
def test_while_the_issuer_is_away_a_token_is_used_to_its_end(
    paas: Paas, issuer: OidcIssuer, home: Path, status: int
) -> None:
    let_pass(home, of="renew_at")
    with issuer.wrong(Fault("token", "is away", status=status)):
        assert paas("config").exit_code == 0
        let_pass(home, seconds=310, of="expires_at")
        result = paas("config")
    assert result.exit_code == 5
    assert f"{issuer.url} can't be asked (it answers with HTTP status {status}); try again" in result.err
    assert paas("config").exit_code == 0


@pytest.mark.usefixtures("signed")
def test_an_issuer_that_is_gone_takes_no_session_with_it(paas: Paas, issuer: OidcIssuer, home: Path) -> None:
    let_pass(home, seconds=400)
    issuer.stop()
    result = paas("config")
    assert (result.exit_code, "could not be renewed" in result.err) == (5, True)
    issuer.start()
    assert paas("config").exit_code == 0


@pytest.mark.usefixtures("signed")
def test_a_refusal_of_another_kind_is_told_and_forgets_nothing(paas: Paas, issuer: OidcIssuer, home: Path) -> None:
    let_pass(home)
    with issuer.wrong(Fault("token", "knows no client", error="invalid_client")):
        result = paas("config")
    assert (result.exit_code, "(invalid_client)" in result.err) == (3, True)
    assert paas("config").exit_code == 0


@pytest.mark.usefixtures("signed")
def test_an_issuer_that_keeps_refresh_tokens_good_is_believed(paas: Paas, issuer: OidcIssuer, home: Path) -> None:
    """RFC 6749, section 6: none in the answer means that the old one goes on."""
    before = refresh_token(home)
    let_pass(home)
    without = Fault("token", "gives no new one", changed=lambda d: {k: v for k, v in d.items() if k != "refresh_token"})
    with issuer.wrong(without):
        assert paas("config").exit_code == 0
    assert refresh_token(home) == before


@pytest.mark.usefixtures("signed")
def test_a_token_in_the_environment_goes_before_it(
    paas: Paas, sso: Platform, home: Path, issuer: OidcIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sso.gateway.tokens.add("paas_pat_mine")
    monkeypatch.setenv("PAAS_TOKEN", "paas_pat_mine")
    let_pass(home)
    assert paas("config").exit_code == 0
    assert renewals(issuer) == 0
    assert sso.gateway.seen[-1][2]["authorization"] == "Bearer paas_pat_mine"
    assert "paas_pat_mine" not in kept(home).read_text()


@pytest.mark.usefixtures("signed")
def test_a_token_goes_to_no_other_gateway_than_its_own(
    paas: Paas, sso: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = len(sso.gateway.seen)
    monkeypatch.setenv("PAAS_GATEWAY", sso.gateway.address.replace("127.0.0.1", "localhost"))
    result = paas("config")
    assert (result.exit_code, "You are not signed in" in result.err) == (3, True)
    assert len(sso.gateway.seen) == calls


@pytest.mark.usefixtures("signed")
@pytest.mark.parametrize("mode", [0o644, 0o660, 0o400])
def test_a_file_that_others_can_touch_is_not_used(paas: Paas, home: Path, mode: int) -> None:
    kept(home).chmod(mode)
    result = paas("config")
    assert (result.exit_code, f"mode {mode:04o}" in result.err) == (1, True)


@pytest.mark.usefixtures("signed")
def test_a_file_that_is_damaged_is_written_anew_by_signing_in(paas: Paas, login: Login, home: Path) -> None:
    kept(home).write_text('issuer = "x"\n')
    result = paas("config")
    assert (result.exit_code, "sign in again, which writes it anew" in result.err) == (1, True)
    assert login().exit_code == 0
    assert paas("config").exit_code == 0


@pytest.mark.usefixtures("signed")
def test_a_pasted_token_takes_its_place_and_the_other_way_round(
    paas: Paas, login: Login, sso: Platform, home: Path
) -> None:
    sso.gateway.tokens.add("paas_pat_mine")
    assert paas("login", "--token", stdin=b"paas_pat_mine\n").exit_code == 0
    paas("config")
    assert sso.gateway.seen[-1][2]["authorization"] == "Bearer paas_pat_mine"
    assert login().exit_code == 0
    assert "paas_pat_mine" not in (home / ".config" / "paas" / "config.toml").read_text()
    paas("config")
    assert sso.gateway.seen[-1][2]["authorization"] != "Bearer paas_pat_mine"


@pytest.mark.usefixtures("signed")
def test_a_question_is_asked_only_where_the_session_goes_on(paas: Paas, home: Path, ann: User) -> None:
    let_pass(home)
    ann.is_enabled = False
    assert paas("secrets:set", "X=-", stdin=b"v").exit_code == 3


@pytest.mark.usefixtures("signed")
def test_what_loads_while_a_token_is_good(home: Path) -> None:
    """Nothing of signing in and renewing: people run `paas config` all day."""
    code = (
        "import sys; from paas_cli.__main__ import main; code = main(['config']); "
        "print(code, sorted(name for name in sys.modules if name.startswith('paas_cli.signin.sso') or name in "
        "('keyring', 'json', 'ssl', 'http.server', 'urllib.parse', 'fcntl')), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)
    assert (
        done.stderr.splitlines()[-1]
        == "0 ['paas_cli.signin.sso', 'paas_cli.signin.sso.credential', 'paas_cli.signin.sso.store']"
    )
