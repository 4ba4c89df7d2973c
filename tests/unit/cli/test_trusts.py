"""Trusts and exchanges at the command line: the words as typed, what a job needs, and where a token may show.

The CI systems are fakes of what they put into a job's environment; the real exchange is tests/integration/tokens.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.actions_runner import BEARER, ActionsRunner
from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.fakes.platform.trusts import GIVEN
from tests.unit.cli.conftest import Paas

GITHUB = "https://token.actions.githubusercontent.com"
SUBJECT = "repo:octo@123456/app@456789:ref:refs/heads/main"
ADD = ("tokens:trust", "add", "--issuer", GITHUB, "--subject", SUBJECT)
TOKEN = "job.token.signed"
OF_CI = (
    "GITHUB_ACTIONS", "GITHUB_ENV", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GITLAB_CI",
    "PAAS_ID_TOKEN", "CIRCLECI", "CIRCLE_OIDC_TOKEN_V2", "PAAS_TRUST",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests may run in a CI job themselves."""
    for name in OF_CI:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def runner() -> Iterator[ActionsRunner]:
    with ActionsRunner() as runner:
        yield runner


@pytest.fixture
def job(home: Path, platform: Platform, paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A job that has the gateway and a trust's id, and no token of ours."""
    assert paas(*ADD).exit_code == 0
    monkeypatch.delenv("PAAS_TOKEN")
    monkeypatch.setenv("PAAS_TRUST", platform.trusts["app"].trust_id)
    platform.gateway.seen.clear()
    return platform


def test_add_as_it_is_typed(paas: Paas, signed_in: Platform) -> None:
    more = ("--claim", "ref=refs/heads/main", "--claim", "x=a=b", "--scope", "config.write,apps.read", "--app", "web")
    made = paas(*ADD, *more, "--ttl", "5m", "--audience", "ours")
    (request,) = signed_in.gateway.calls("CreateTrust")
    assert (request.name, request.issuer, request.subject, request.audience) == ("app", GITHUB, SUBJECT, "ours")
    assert [(each.claim, each.value) for each in request.conditions] == [("ref", "refs/heads/main"), ("x", "a=b")]
    assert (list(request.permissions), list(request.apps)) == (["config.write", "apps.read"], ["web"])
    assert (request.ttl.seconds, request.allow_pull_requests, bool(request.request_id)) == (300, False, True)
    assert made.lines == ["✓ Added trust app", f"  PAAS_TRUST={1:032x}"]
    assert "for the audience ours" in made.err
    assert f"  PAAS_GATEWAY={signed_in.gateway.address}\n" in made.err


@pytest.mark.parametrize("words", [("tokens:trust", "list"), ("tokens:trust:list",), ("tokens:trust",)])
def test_the_words_with_a_space_or_a_colon(paas: Paas, signed_in: Platform, words: tuple[str, ...]) -> None:
    paas(*ADD)
    assert paas(*words).lines == [f"app\t{GITHUB}\t{SUBJECT}\tconfig.read\tall\t{1:032x}"]


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("repo:octo/app:ref:refs/heads/main", "app"),
        ("project_path:octo/group/tool:ref_type:branch:ref:main", "tool"),
        ("org/5f0f3c9b/project/8a6d1e52/user/*", "ci"),
    ],
)
def test_a_trust_is_called_like_its_repository(paas: Paas, signed_in: Platform, subject: str, name: str) -> None:
    paas("tokens:trust", "add", "--issuer", GITHUB, "--subject", subject)
    assert signed_in.gateway.calls("CreateTrust")[0].name == name


@pytest.mark.parametrize(
    "wrong",
    [("--claim", "ref"), ("--claim", "=x"), ("--ttl", "15"), ("--audience", ""), ("--subject", ""), ("--claim", "")],
)
def test_an_option_that_is_wrong_asks_nobody(paas: Paas, signed_in: Platform, wrong: tuple[str, ...]) -> None:
    refused = paas(*ADD, *wrong)
    assert (refused.exit_code, refused.out) == (2, "")
    assert signed_in.gateway.seen == []


def test_remove(paas: Paas, signed_in: Platform) -> None:
    paas(*ADD)
    assert paas("tokens:trust", "remove", "app").lines == ["Removed trust app and 2 tokens it gave"]
    assert paas("tokens:trust", "remove", "app").exit_code == 1
    assert "tokens:trust add" in paas("tokens:trust", "list").err


def test_test_says_what_is_wrong_and_ends_with_1(paas: Paas, signed_in: Platform, tmp_path: Path) -> None:
    good = paas("tokens:trust", "test", "app", stdin=b"good.token.signed\n")
    assert (good.exit_code, good.lines) == (0, ["✓ iss: https://ci.example"])
    file = tmp_path / "id-token"
    file.write_text("bad.token.signed")
    bad = paas("tokens:trust", "test", "app", "--token-file", str(file))
    assert bad.exit_code == 1
    assert bad.lines[1].startswith("✗ repository_id: wanted 456789, found 1")
    assert "\x1b" not in bad.out
    assert "bad.token.signed" not in bad.out + bad.err
    document = json.loads(paas("tokens:trust", "test", "app", "--json", stdin=b"good.token.signed").out)
    assert document["accepted"] is True


@pytest.mark.parametrize("text", [b"", b"  \n", b"abc", b"a.b.c d.e.f", b"a.b.c.d", b"a." + b"b" * 20_000 + b".c"])
def test_what_is_no_token_of_a_job_is_not_sent(paas: Paas, signed_in: Platform, text: bytes) -> None:
    refused = paas("tokens:trust", "test", "app", stdin=text)
    assert (refused.exit_code, refused.out) == (1, "")
    assert signed_in.gateway.seen == []


def test_on_github_a_job_asks_for_its_token_and_prints_the_new_one_alone(
    paas: Paas, job: Platform, runner: ActionsRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in runner.environ.items():
        monkeypatch.setenv(name, value)
    given = paas("tokens:exchange")
    assert (given.exit_code, given.out) == (0, f"{GIVEN}\n")
    assert given.err == f"::add-mask::{GIVEN}\n"
    assert runner.asked == [({"api-version": ["2.0"], "audience": [f"paas-trust:{1:032x}"]}, BEARER)]
    ((path, request, headers),) = job.gateway.seen
    assert path.endswith("/ExchangeToken")
    assert (request.trust, request.subject_token) == (f"{1:032x}", TOKEN)  # type: ignore[attr-defined]
    assert request.grant_type.endswith(":token-exchange")  # type: ignore[attr-defined]
    assert "authorization" not in headers
    paas("tokens:exchange", "--audience", "a&b=c d", "--trust", f"{1:032x}")
    assert runner.asked[1][0]["audience"] == ["a&b=c d"]


def test_for_the_steps_after_it(
    paas: Paas, job: Platform, runner: ActionsRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "env"
    file.write_text("A=1\n")
    for name, value in {**runner.environ, "GITHUB_ENV": str(file)}.items():
        monkeypatch.setenv(name, value)
    given = paas("tokens:exchange", "--github-env")
    assert (given.exit_code, given.out) == (0, "")
    assert file.read_text() == f"A=1\nPAAS_TOKEN={GIVEN}\n"
    assert GIVEN not in paas("tokens:exchange", "--github-env", "--json").out
    monkeypatch.delenv("GITHUB_ENV")
    asked = len(runner.asked)
    assert paas("tokens:exchange", "--github-env").exit_code == 2
    assert len(runner.asked) == asked


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": None}, "id-token: write"),
        ({"ACTIONS_ID_TOKEN_REQUEST_TOKEN": None}, "id-token: write"),
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": "http://actions.example.com/token"}, "plain http"),
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": "file:///etc/passwd"}, "not what GitHub Actions sets"),
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": "https://user@actions.example.com/token"}, "not what GitHub Actions sets"),
        ({"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "a\r\nx: y"}, "not what GitHub Actions sets"),
    ],
)
def test_where_githubs_token_is_not_asked_for(  # noqa: PLR0917 - fixtures and what is bent
    paas: Paas,
    job: Platform,
    runner: ActionsRunner,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, str | None],
    said: str,
) -> None:
    for name, value in {**runner.environ, **changed}.items():
        if value is not None:
            monkeypatch.setenv(name, value)
    refused = paas("tokens:exchange")
    assert (refused.exit_code, refused.out) == (1, "")
    assert said in refused.err
    assert (runner.asked, job.gateway.seen) == ([], [])


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"{}"),
        (302, b""),
        (200, b"x"),
        (200, b"[]"),
        (200, b'{"value": 7}'),
        (200, b"[" * 3000),
        (200, b"x" * 70_000),
    ],
    ids=["500", "302", "no JSON", "list", "number", "deep", "large"],
)
def test_what_github_answers_that_is_no_token(
    paas: Paas, job: Platform, runner: ActionsRunner, monkeypatch: pytest.MonkeyPatch, answer: tuple[int, bytes]
) -> None:
    for name, value in runner.environ.items():
        monkeypatch.setenv(name, value)
    runner.answer = answer
    refused = paas("tokens:exchange")
    assert refused.exit_code in {1, 5}
    assert (refused.out, job.gateway.seen) == ("", [])


def test_on_gitlab_it_is_in_a_variable(paas: Paas, job: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    missing = paas("tokens:exchange")
    assert "PAAS_ID_TOKEN is not set" in missing.err
    monkeypatch.setenv("PAAS_ID_TOKEN", TOKEN)
    given = paas("tokens:exchange")
    assert (given.out, given.err) == (f"{GIVEN}\n", "")
    monkeypatch.setenv("OTHER", "other.token.signed")
    paas("tokens:exchange", "--id-token-var", "OTHER")
    assert job.gateway.calls("ExchangeToken")[1].subject_token == "other.token.signed"


def test_on_circleci_its_own_program_gives_it(
    paas: Paas, job: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CIRCLECI", "true")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "circleci" in paas("tokens:exchange").err
    monkeypatch.setenv("CIRCLE_OIDC_TOKEN_V2", "given.token.signed")
    assert paas("tokens:exchange").out == f"{GIVEN}\n"
    assert job.gateway.calls("ExchangeToken")[0].subject_token == "given.token.signed"
    program = tmp_path / "circleci"
    program.write_text(f"""#!/bin/sh
[ "$*" = 'run oidc get --claims {{"aud": "paas-trust:{1:032x}"}}' ] || exit 1
echo {TOKEN}
""")
    program.chmod(0o755)
    assert paas("tokens:exchange").out == f"{GIVEN}\n"
    assert job.gateway.calls("ExchangeToken")[1].subject_token == TOKEN
    assert paas("tokens:exchange", "--audience", "other").exit_code == 1


def test_elsewhere_it_comes_from_a_file_or_standard_input(paas: Paas, job: Platform) -> None:
    nowhere = paas("tokens:exchange")
    assert nowhere.exit_code == 1
    assert "--token-file" in nowhere.err
    assert paas("tokens:exchange", "--token-file", "-", stdin=TOKEN.encode()).out == f"{GIVEN}\n"
    document = json.loads(paas("tokens:exchange", "--token-file", "-", "--json", stdin=TOKEN.encode()).out)
    assert (document["secret"], document["token"]["name"]) == (GIVEN, "ci:app:c1")
    assert paas("tokens:exchange", "--token-file", "-", "--id-token-var", "X").exit_code == 2


def test_a_refusal_is_told_as_it_came_and_ends_with_4(paas: Paas, job: Platform) -> None:
    refused = paas("tokens:exchange", "--token-file", "-", "--trust", "0" * 32, stdin=TOKEN.encode())
    assert (refused.exit_code, refused.out) == (4, "")
    assert "This token is not accepted here." in refused.err
    assert TOKEN not in refused.err


def test_it_is_sent_once_since_a_token_is_good_once(paas: Paas, job: Platform) -> None:
    job.gateway.fail("ExchangeToken", Fault(14, "The issuer's keys can't be had."))
    refused = paas("tokens:exchange", "--token-file", "-", stdin=TOKEN.encode())
    assert refused.exit_code == 5
    assert len(job.gateway.seen) == 1


def test_what_is_given_is_a_token_like_any_other(paas: Paas, job: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAAS_TOKEN", paas("tokens:exchange", "--token-file", "-", stdin=TOKEN.encode()).out.strip())
    assert paas("whoami").exit_code == 0


def test_without_a_trust_nothing_is_asked(paas: Paas, job: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAAS_TRUST")
    refused = paas("tokens:exchange", "--token-file", "-", stdin=TOKEN.encode())
    assert (refused.exit_code, job.gateway.seen) == (2, [])
