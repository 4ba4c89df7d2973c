"""What goes wrong, in words and exit codes: sign-in, permission, services that are away, answers that never come.

Also that no traceback and no value ever shows.
"""

import pytest

from paas_cli.commands.config import set as config_set
from tests.fakes.gateway import Drop, Fault, Plain
from tests.fakes.platform import Platform
from tests.fixtures.serving import free_address
from tests.unit.cli.conftest import Paas


def test_no_sign_in_at_all(paas: Paas) -> None:
    result = paas("config", "-a", "web")
    assert result.exit_code == 3
    assert "paas login" in result.err


def test_a_gateway_without_a_token(paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAAS_TOKEN")
    result = paas("config")
    assert result.exit_code == 3
    assert result.err.startswith("error: You are not signed in")
    assert signed_in.gateway.seen == []


def test_a_token_that_is_not_accepted(paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    assert signed_in.apps
    monkeypatch.setenv("PAAS_TOKEN", "paas_pat_c4n4ry")
    result = paas("config")
    assert result.exit_code == 3
    assert "The token in PAAS_TOKEN was not accepted" in result.err
    assert "c4n4ry" not in result.err


@pytest.mark.parametrize("token", ["two\nlines", "a b", "ü", "x" * 9000])
def test_a_token_that_can_be_none(paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("PAAS_TOKEN", token)
    result = paas("config")
    assert result.exit_code == 3
    assert token not in result.err
    assert signed_in.gateway.seen == []


def test_permission_denied_names_the_permission(paas: Paas, signed_in: Platform) -> None:
    fault = Fault(7, "This token may not do that.", reason="PERMISSION_DENIED", metadata={"permission": "config.read"})
    signed_in.gateway.fail("ListVars", fault)
    result = paas("config")
    assert result.exit_code == 4
    assert result.err == "error: This token may not do that. The permission needed is config.read.\n"


def test_an_app_that_is_not_there_is_told_in_the_servers_words(paas: Paas, signed_in: Platform) -> None:
    assert signed_in.apps
    result = paas("config", "-a", "nope")
    assert (result.exit_code, result.out) == (1, "")
    assert result.err == "error: There is no app nope; `paas apps:list` lists yours.\n"


def test_wrong_fields_are_all_named(paas: Paas, signed_in: Platform) -> None:
    violations = (("vars[0].name", "A is taken."), ("vars[1].name", "B is \x1b[2Jodd."))
    signed_in.gateway.fail("SetVars", Fault(3, "A is taken.", reason="INVALID_INPUT", violations=violations))
    result = paas("config:set", "A=1", "B=2")
    assert result.exit_code == 1
    assert result.err == "error: A is taken.\n  vars[1].name: B is \\x1b[2Jodd.\n"


def test_debug_adds_codes_and_the_error_id(paas: Paas, signed_in: Platform) -> None:
    fault = Fault(13, "Something went wrong on our side.", reason="INTERNAL", metadata={"error_id": "e-123"})
    signed_in.gateway.fail("SetVars", fault)
    assert "e-123" not in paas("config:set", "A=c4n4ry").err
    result = paas("config:set", "A=c4n4ry", "--debug")
    assert result.exit_code == 1
    assert "  error id: e-123\n" in result.err
    assert "  code: INTERNAL\n" in result.err
    assert "c4n4ry" not in result.err


def test_a_service_that_has_no_room_is_busy_and_not_away(paas: Paas, signed_in: Platform) -> None:
    signed_in.gateway.fail("ListVars", Fault(14, "Busy.", reason="BUSY", metadata={"service": "config"}))
    read = paas("config")
    assert (read.exit_code, read.err) == (5, "error: The config service is busy; try again in a moment.\n")


@pytest.mark.parametrize(
    ("fault", "who"),
    [
        (Fault(14, "", reason="UNAVAILABLE", metadata={"service": "secrets"}), "secrets"),
        (Fault(14, "", reason="KMS_UNAVAILABLE", metadata={"service": "kms"}), "key"),
        (Fault(14, "", reason="UNAVAILABLE", metadata={"service": "of no name"}), "config"),
        (Fault(14, "no healthy upstream"), "config"),
    ],
)
def test_a_service_that_is_away_is_named(paas: Paas, signed_in: Platform, fault: Fault, who: str) -> None:
    signed_in.gateway.fail("ListVars", fault)
    signed_in.gateway.fail("SetVars", fault)
    read = paas("config")
    assert (read.exit_code, read.err) == (5, f"error: The {who} service is unavailable; try again in a moment.\n")
    change = paas("config:set", "A=1")
    assert change.exit_code == 5
    assert change.err == f"error: The {who} service is unavailable, so nothing was changed; try again in a moment.\n"


def test_too_many_at_once_says_so_and_that_it_may_be_tried_again(paas: Paas, signed_in: Platform) -> None:
    sentence = "This token has too many requests at once. Nothing was done; try again in a moment."
    signed_in.gateway.fail("SetVars", Fault(8, sentence, reason="TOO_MANY_REQUESTS"))
    result = paas("config:set", "A=1")
    assert (result.exit_code, result.err) == (5, f"error: {sentence}\n")
    assert len(signed_in.gateway.calls("SetVars")) == 3


def test_a_sign_in_check_that_could_not_be_made_is_not_a_refusal(paas: Paas, signed_in: Platform) -> None:
    signed_in.gateway.route(
        "/paas.config.v1.ConfigService/SetVars",
        signed_in.gateway.routes["/paas.config.v1.ConfigService/SetVars"][0],
        lambda _: Plain(403, {"x-paas-unavailable": "tokens"}),
    )
    result = paas("config:set", "A=1")
    assert result.exit_code == 5
    assert "The tokens service is unavailable, so nothing was changed" in result.err
    assert len(signed_in.gateway.calls("SetVars")) == 3


def test_the_service_itself_failing_half_way_does_not_claim_that_nothing_changed(
    paas: Paas, signed_in: Platform
) -> None:
    own = Fault(14, "", reason="UNAVAILABLE", metadata={"service": "config"})
    signed_in.gateway.fail("SetVars", own)
    result = paas("config:set", "A=1")
    assert result.exit_code == 5
    assert "it is not known whether the change was kept" in result.err
    assert "running the same command again is safe" in result.err


def test_a_change_whose_answer_never_comes_is_unknown(paas: Paas, signed_in: Platform) -> None:
    for method in ("SetVars", "CreateToken"):
        signed_in.gateway.fail(method, Drop())
    again = paas("config:set", "A=1")
    assert again.exit_code == 5
    assert "it is not known whether the change was kept" in again.err
    once = paas("tokens:create", "--name", "ci")
    assert once.exit_code == 1
    assert "look at `paas tokens:list` before running it again" in once.err
    for result in (again, once):
        assert "nothing was changed" not in result.err


def test_a_gateway_that_is_not_there(paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"http://{free_address()}"
    monkeypatch.setenv("PAAS_GATEWAY", address)
    assert signed_in.apps
    result = paas("config:set", "A=1")
    assert result.exit_code == 5
    assert f"The gateway at {address} can't be reached (connection refused), so nothing was changed" in result.err
    assert "nothing was changed" not in paas("config").err


def test_something_else_that_answers_is_no_gateway(paas: Paas, signed_in: Platform) -> None:
    signed_in.gateway.route(
        "/paas.config.v1.ConfigService/ListVars",
        signed_in.gateway.routes["/paas.config.v1.ConfigService/ListVars"][0],
        lambda _: Plain(200, {"content-type": "text/html"}),
    )
    result = paas("config")
    assert result.exit_code == 1
    assert "answers with a web page (HTTP status 200); set PAAS_GATEWAY to the gateway's address." in result.err


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://gateway.example.com", "use https"),
        ("ftp://x", "not an address"),
        ("https://user:pw@host", "not an address"),
        ("https://host/path", "not an address"),
        ("http://127.0.0.1:99999", "port above"),
        ("http://127.0.0.1.example.com", "use https"),
        ("http://localhost.example.com", "use https"),
    ],
)
def test_a_token_goes_nowhere_unsafe(
    paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch, *, address: str, words: str
) -> None:
    assert signed_in.apps
    monkeypatch.setenv("PAAS_GATEWAY", address)
    result = paas("config")
    assert result.exit_code == 1
    assert words in result.err
    assert "pw" not in result.err


def test_a_fault_of_our_own_shows_neither_traceback_nor_text(
    paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("c4n4ry")

    assert signed_in.apps
    monkeypatch.setattr(config_set, "send", broken)
    result = paas("config:set", "A=c4n4ry", "--debug")
    assert result.exit_code == 1
    assert "fault of its own (ValueError)" in result.err
    assert "c4n4ry" not in result.err
    assert "Traceback" not in result.err
    assert "in broken" in result.err


def test_ctrl_c_before_the_answer_does_not_guess(
    paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    assert signed_in.apps
    monkeypatch.setattr("paas_transport.http1.post", interrupted)
    change = paas("config:set", "A=1")
    assert change.exit_code == 130
    assert "it is not known whether this was done; `paas config -a web` shows it" in change.err
    read = paas("config")
    assert (read.exit_code, read.err.strip()) == (130, "Interrupted.")
