"""`config:import --split`: config vars and secrets of one file, told apart, corrected, and released at once.

Leaves out what looks like a credential (`typed/test_credentials.py`) and how both are released (`test_together.py`).
"""

import json
from pathlib import Path

import pytest

from paas_cli.dotenv import reading
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas
from tests.unit.cli.terminal import Terminal

SAMPLE = Path(__file__).parents[2] / "data" / "service.env"
FILE = "LOG_LEVEL=info\nAPI_KEY=c4n4ry-key\nSALT=c4n4ry-salt\nPUBLIC_TOKEN=abc\n"
MASK = "•" * 16


@pytest.fixture(autouse=True)
def file(home: Path) -> Path:
    """The file, in the folder where `paas` runs."""
    assert home.exists()
    file = Path("f.env")
    file.write_text(FILE)
    return file


def test_a_real_file_goes_in_as_one_release(paas: Paas, signed_in: Platform) -> None:
    given = reading.read(SAMPLE.read_text(encoding="utf-8"), source="f").values
    assert len(given) == 87
    result = paas("config:import", str(SAMPLE), "--split", "--no-wait")
    assert result.exit_code == 0, result.err
    web = signed_in.apps["web"]
    assert web.vars | web.secrets == {name: value for name, value in given.items() if name != "PORT"}
    assert len(web.releases) == 1
    assert set(web.secrets) == {
        "SESSION_SECRET", "JWT_SECRET", "JWT_REFRESH_SECRET", "CREDS_KEY", "CREDS_IV", "MONGO_URI", "DB_PASSWORD",
        "SEARCH_MASTER_KEY", "EMAIL_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "GITHUB_CLIENT_SECRET",
        "GOOGLE_CLIENT_SECRET", "OPENID_CLIENT_SECRET", "OPENAI_API_KEY",
    }  # fmt: skip
    assert "15 of 86 are sealed as secrets: SESSION_SECRET, JWT_SECRET" in result.err
    assert not any(value in result.out + result.err for value in web.secrets.values() if value)


def test_kinds_are_corrected_by_globs(paas: Paas, signed_in: Platform) -> None:
    result = paas("config:import", "f.env", "--split", "--secret", "S?LT", "--config", "PUBLIC_*", "--no-wait")
    assert result.exit_code == 0, result.err
    web = signed_in.apps["web"]
    assert web.vars == {"LOG_LEVEL": "info", "PUBLIC_TOKEN": "abc"}
    assert web.secrets == {"API_KEY": "c4n4ry-key", "SALT": "c4n4ry-salt"}
    assert result.err == "note: 2 of 4 are sealed as secrets: API_KEY, SALT.\n"


def test_what_is_there_keeps_its_kind(paas: Paas, signed_in: Platform) -> None:
    web = signed_in.apps["web"]
    web.vars, web.secrets, web.managed = {"API_KEY": "old"}, {"LOG_LEVEL": "old"}, {"DATABASE_URL": "postgres://..."}
    Path("f.env").write_text(FILE + "DATABASE_URL=postgres://localhost/dev\n")
    result = paas("config:import", "f.env", "--split", "--no-wait")
    assert result.exit_code == 0, result.err
    assert set(web.vars) == {"API_KEY", "SALT"}
    assert web.secrets == {"LOG_LEVEL": "info", "PUBLIC_TOKEN": "abc"}
    assert "API_KEY looks like a credential and stays plain text, as now; `--secret NAME` seals one." in result.err
    assert "Left out, because an add-on manages them: DATABASE_URL." in result.err


def test_a_config_var_that_is_named_becomes_a_secret(paas: Paas, signed_in: Platform) -> None:
    web = signed_in.apps["web"]
    web.vars = {"API_KEY": "old"}
    assert paas("config:import", "f.env", "--split", "--secret", "API_KEY", "--no-wait").exit_code == 0
    assert "API_KEY" not in web.vars
    assert web.secrets["API_KEY"] == "c4n4ry-key"
    assert len(web.releases) == 1


@pytest.mark.parametrize(
    ("options", "words", "exit_code"),
    [
        (["--split", "--config", "SEALED"], "SEALED is a secret, which no import makes plain text", 1),
        (["--split", "--config", "A*", "--secret", "API_*"], "API_KEY is asked for both as a secret and as a", 2),
        (["--split", "--secret", "API_KEYS"], "did you mean `--secret API_KEY`?", 1),
        (["--secret", "API_KEY"], "go with --split", 2),
        (["--yes"], "go with --split", 2),
    ],
)
def test_what_cannot_be_is_refused(
    paas: Paas, signed_in: Platform, options: list[str], words: str, exit_code: int
) -> None:
    signed_in.apps["web"].secrets = {"SEALED": "x"}
    Path("f.env").write_text(FILE + "SEALED=y\n")
    result = paas("config:import", "f.env", *options)
    assert (result.exit_code, words in result.err) == (exit_code, True), result.err
    assert signed_in.apps["web"].vars == {}
    assert signed_in.apps["web"].secrets == {"SEALED": "x"}


def test_a_dry_run_shows_config_and_masks_secrets(paas: Paas, signed_in: Platform) -> None:
    result = paas("config:import", "f.env", "--split", "--dry-run")
    assert result.lines == [
        "Would add LOG_LEVEL=info", "Would add SALT=c4n4ry-salt", f"Would add API_KEY={MASK}",
        f"Would add PUBLIC_TOKEN={MASK}", "A release would follow",
    ]  # fmt: skip
    assert signed_in.apps["web"].vars == {}


def test_staging_puts_both_into_the_draft(paas: Paas, signed_in: Platform) -> None:
    assert "staged" in paas("config:import", "f.env", "--split", "--stage").out
    web = signed_in.apps["web"]
    assert (set(web.draft), set(web.sealed_draft)) == ({"LOG_LEVEL", "SALT"}, {"API_KEY", "PUBLIC_TOKEN"})
    assert web.releases == {}


def test_json_says_the_kind_of_each(paas: Paas, signed_in: Platform) -> None:
    document = json.loads(paas("config:import", "f.env", "--split", "--no-wait", "--json").out)
    assert {item["name"]: item["kind"] for item in document["changes"]} == {
        "LOG_LEVEL": "config", "SALT": "config", "API_KEY": "secret", "PUBLIC_TOKEN": "secret",
    }  # fmt: skip
    assert signed_in.apps["web"].releases


@pytest.mark.parametrize(("answer", "is_done"), [("y", True), ("yes", True), ("n", False), ("", False)])
def test_on_a_terminal_the_rows_are_shown_and_it_asks(signed_in: Platform, answer: str, is_done: bool) -> None:
    terminal = Terminal("config:import", "f.env", "--split", "--no-wait")
    terminal.until("[y/N] ")
    terminal.type(f"{answer}\n")
    assert terminal.end() == (0 if is_done else 1)
    assert "Import 2 config vars and 2 secrets into web? [y/N]" in terminal.screen
    assert "LOG_LEVEL" in terminal.screen
    assert "info" in terminal.screen
    assert MASK in terminal.screen
    assert "c4n4ry-key" not in terminal.screen
    assert set(signed_in.apps["web"].secrets) == ({"API_KEY", "PUBLIC_TOKEN"} if is_done else set())


def test_yes_asks_nothing(signed_in: Platform) -> None:
    terminal = Terminal("config:import", "f.env", "--split", "--no-wait", "--yes")
    assert terminal.end() == 0
    assert "[y/N]" not in terminal.screen
    assert signed_in.apps["web"].secrets["API_KEY"] == "c4n4ry-key"
