"""Which of a file's variables are imported: names of the platform, of the linker, `--only` and `--except`.

The same for `config:import` and `secrets:import`. Leaves out what is told apart (`test_import_split.py`).
"""

from pathlib import Path

import pytest

from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

FILE = "DB_HOST=h\nDB_PASSWORD=p\nMAIL_HOST=m\nMail_From=f\n"


@pytest.fixture(autouse=True)
def file(home: Path) -> Path:
    """The file, in the folder where `paas` runs."""
    assert home.exists()
    file = Path("f.env")
    file.write_text(FILE)
    return file


def held(platform: Platform) -> set[str]:
    web = platform.apps["web"]
    return {*web.vars, *web.secrets}


@pytest.mark.parametrize("command", ["config:import", "secrets:import"])
def test_names_the_platform_sets_are_left_out_with_their_lines(
    paas: Paas, signed_in: Platform, file: Path, command: str
) -> None:
    file.write_text("A=1\nPORT=3000\nexport PATH=/bin\nHOME=/root\nPAAS_TOKEN=x\nKUBERNETES_PORT=y\nPORTAL=1\n")
    result = paas(command, "f.env", "--no-wait")
    assert result.exit_code == 0
    assert result.err == (
        "warning: Left out, because the platform sets them itself: PORT (line 2), PATH (line 3), HOME (line 4), "
        "PAAS_TOKEN (line 5), KUBERNETES_PORT (line 6).\n"
    )
    assert held(signed_in) == {"A", "PORTAL"}


def test_a_file_of_nothing_else_changes_nothing(paas: Paas, signed_in: Platform, file: Path) -> None:
    file.write_text("PORT=3000\n")
    result = paas("config:import", "f.env")
    assert (result.exit_code, result.out) == (0, "No change\n")
    assert result.err.endswith("note: f.env holds no variables to import.\n")
    assert signed_in.gateway.seen == []


@pytest.mark.parametrize("command", ["config:import", "secrets:import"])
def test_what_the_linker_reads_is_refused_unless_it_is_left_out(
    paas: Paas, signed_in: Platform, file: Path, command: str
) -> None:
    file.write_text("A=1\nLD_PRELOAD=/tmp/x.so\nPORT=1\n")
    refused = paas(command, "f.env")
    assert refused.exit_code == 1
    assert "LD_PRELOAD (line 2)" in refused.err
    assert "`--except 'LD_*'` imports the rest" in refused.err
    assert "/tmp/x.so" not in refused.err
    assert signed_in.gateway.seen == []
    assert paas(command, "f.env", "--except", "LD_*", "--no-wait").exit_code == 0
    assert held(signed_in) == {"A"}


@pytest.mark.parametrize("command", ["config:import", "secrets:import"])
@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--only", "DB_*"], {"DB_HOST", "DB_PASSWORD"}),
        (["--only", "DB_*", "--only", "MAIL_*"], {"DB_HOST", "DB_PASSWORD", "MAIL_HOST"}),
        (["--except", "*_HOST"], {"DB_PASSWORD", "Mail_From"}),
        (["--only", "DB_*", "--except", "*_PASSWORD"], {"DB_HOST"}),
        (["--only", "[A-Z]*_FROM", "--only", "Mail_?rom"], None),
    ],
)
def test_globs_choose(
    paas: Paas, signed_in: Platform, command: str, options: list[str], names: set[str] | None
) -> None:
    result = paas(command, "f.env", "--no-wait", *options)
    assert result.exit_code == (1 if names is None else 0)
    assert held(signed_in) == (names or set())


@pytest.mark.parametrize(
    ("option", "glob", "meant"),
    [
        ("--only", "DB_PASWORD", "; did you mean `--only DB_PASSWORD`?"),
        ("--except", "mail_from", "; did you mean `--except Mail_From`?"),
        ("--only", "ZZZ*", "."),
    ],
)
def test_a_glob_that_matches_nothing_is_an_error(
    paas: Paas, signed_in: Platform, option: str, glob: str, meant: str
) -> None:
    result = paas("config:import", "f.env", option, glob)
    assert result.exit_code == 1
    assert result.err == f"error: Nothing was imported: `{option} {glob}` matches no variable of f.env{meant}\n"
    assert signed_in.gateway.seen == []


def test_a_json_file_has_no_lines_to_name(paas: Paas, signed_in: Platform, file: Path) -> None:
    file.write_text('{"A": "1", "PORT": "2"}')
    assert "platform sets them itself: PORT.\n" in paas("config:import", "f.env", "--no-wait").err
    assert held(signed_in) == {"A"}


def test_all_is_sealed_and_no_value_is_shown(paas: Paas, signed_in: Platform, file: Path) -> None:
    file.write_text("A=c4n4ry-1\nB='c4n4ry 2'\n")
    dry = paas("secrets:import", "f.env", "--dry-run")
    assert dry.out == "Would add A=••••••••••••••••\nWould add B=••••••••••••••••\nA release would follow\n"
    staged = paas("secrets:import", "f.env", "--stage")
    assert "staged" in staged.out
    assert signed_in.apps["web"].secrets == {}
    done = paas("secrets:import", "f.env", "--no-wait", "--json")
    assert "c4n4ry" not in dry.out + dry.err + staged.out + staged.err + done.out + done.err
    assert signed_in.apps["web"].secrets == {"A": "c4n4ry-1", "B": "c4n4ry 2"}
    assert signed_in.apps["web"].vars == {}


def test_an_export_says_who_would_read_it_differently(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].vars = {"PLAIN": "1", "QUOTES": 'say "it\'s"', "PATTERN": "\\\\d", "FOLDER": "C:\\"}
    told = (
        "note: Other readers of .env files read these differently: npm dotenv: QUOTES; python-dotenv: PATTERN; "
        "godotenv: QUOTES; sh: FOLDER. `--format json` has none of it.\n"
    )
    assert paas("config:export").err == told
    assert paas("config:export", "-o", "out.env").err == f"Wrote 4 variables to out.env\n{told}"
    for format_ in ("json", "shell", "docker"):
        assert paas("config:export", "--format", format_).err == ""
    signed_in.apps["web"].vars = {"PLAIN": "1"}
    assert paas("config:export").err == ""


def test_what_the_app_has_as_a_secret_is_pointed_to_the_way_that_keeps_it_one(paas: Paas, signed_in: Platform) -> None:
    again = "`paas config:import f.env --split --only 'DB_*' --no-wait -a web`"
    taken = paas("config:import", "f.env", "--only", "DB_*", "--no-wait")
    assert f"warning: DB_PASSWORD looks like a credential, and config vars are kept as plain text; {again}" in taken.err
    signed_in.apps["web"].vars.pop("DB_PASSWORD")
    signed_in.apps["web"].secrets["DB_PASSWORD"] = "sealed"
    refused = paas("config:import", "f.env", "--only", "DB_*", "--no-wait")
    assert f"Nothing was imported from f.env: web has DB_PASSWORD as a secret. {again} imports it so." in refused.err
    assert "unset" not in refused.err
    assert paas("config:import", "f.env", "--split", "--only", "DB_*", "--no-wait").exit_code == 0
    assert signed_in.apps["web"].secrets == {"DB_PASSWORD": "p"}
