"""The help of every command, what a mistyped command line is told, and what a command does not import."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from paas_cli.catalogue import ENTRIES, SECTIONS
from paas_cli.program import program
from tests.fakes.platform import Platform
from tests.fixtures.waiting import PATIENCE
from tests.unit.cli.conftest import Paas


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_every_command_explains_itself_with_an_example(paas: Paas, name: str) -> None:
    result = paas(name, "--help")
    assert result.exit_code == 0
    summary = ENTRIES[name].summary
    assert result.lines[2] == f"  {summary}"
    typed = name.replace("tokens:trust:", "tokens:trust ")  # which is how it is written everywhere
    assert (
        f"  For example:\n    paas {typed}" in result.out or f"paas {typed}" in result.out.partition("For example:")[2]
    )
    for option in ("--json", "--profile", "--debug"):
        assert option in result.out
    assert max(map(len, result.lines)) <= 80


@pytest.mark.parametrize("width", [62, 82])
def test_help_is_wrapped_at_words_and_keeps_its_tables(paas: Paas, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = paas("secrets:set", "--help").lines
    examples = lines.index("  For example:")
    assert max(map(len, lines[1:examples])) <= width - 2
    assert lines[2:4] == ["  Seal secrets and release them.", ""]
    at = next(number for number, line in enumerate(lines) if line.startswith("    NAME=value   the command line"))
    assert lines[at + 1].startswith(" " * 17)
    assert lines[at + 1][17] != " "
    assert "    openssl rand -base64 32 | paas secrets:set DATABASE_PASSWORD=-" in lines[examples:]


def test_the_main_help_lists_every_command_in_its_section(paas: Paas) -> None:
    for arguments in ((), ("--help",), ("-h",)):
        result = paas(*arguments)
        assert result.exit_code == 0
        for title, entries in SECTIONS.items():
            assert f"{title}:" in result.lines
            for name, entry in entries.items():
                assert any(line.split() == [name, *entry.summary.split()] for line in result.lines)


def test_every_listed_command_can_be_imported() -> None:
    group = program()
    for name in ENTRIES:
        command = group.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert command.name == name


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("confg",), "did you mean `paas config` (list config vars)?"),
        (("config:sett", "A=1"), "did you mean `paas config:set` (set config vars and release them)?"),
        (("config", "set", "A=1"), "`paas config:set A=1`."),
        (("secrets", "get", "A"), "`paas secrets:get A`."),
        (("zzzzzz",), "There is no command `zzzzzz`; `paas --help`"),
        (("config", "--jsn"), "did you mean --json?"),
        (("config:set",), "NAME=VALUE is missing: `paas config:set NAME=VALUE`."),
        (("secrets:set", "-a", "web"), "NAME[=VALUE] is missing"),
        (("groups:attach", "-a", "web"), "GROUP is missing: `paas groups:attach -a web GROUP`."),
        (("groups:info",), "NAME is missing: `paas groups:info NAME`."),
        (("secrets:import",), "FILE is missing: `paas secrets:import FILE`."),
        (("secrets:expire", "KEY", "--expires", "3d"), "an argument: `paas secrets:expire KEY 3d`."),
        (("secrets:expire", "KEY", "--ttl=90d", "-a", "web"), "an argument: `paas secrets:expire KEY 90d -a web`."),
        (("schema:lint",), "did you mean `paas schema:check` ("),
        (("validate",), "did you mean `paas schema:check` ("),
        (("due",), "did you mean `paas secrets:due` ("),
        (("secrets:expiring",), "did you mean `paas secrets:due` ("),
        (("expire", "KEY"), "did you mean `paas secrets:expire` ("),
        (("tokens:create",), "--name is missing"),
        (("config:export", "--format", "yaml"), "dotenv"),
    ],
)
def test_mistyped_command_lines(paas: Paas, arguments: tuple[str, ...], words: str) -> None:
    result = paas(*arguments)
    assert result.exit_code == 2
    assert words in result.err
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1
    assert result.out == ""


def test_version(paas: Paas) -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert paas("--version").out == paas("version").out == f"paas {project['version']}\n"


def test_listing_imports_neither_protobuf_nor_rich_nor_anything_else_that_is_slow(signed_in: Platform) -> None:
    """The guard of the cold start: a process lists, then says what it has loaded."""
    signed_in.apps["web"].vars["A"] = "1"
    code = (
        "import sys; from paas_cli.__main__ import main; code = main(['config']); "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & "
        "{'google', 'rich', 'grpc', 'email', 'http', 'urllib', 'ssl', 'json', 'pathlib', 'asyncio'})); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.stdout == "A=1\n[]\n", done.stderr
    assert done.returncode == 0


def test_a_change_imports_no_grpc(signed_in: Platform) -> None:
    code = (
        "import sys; from paas_cli.__main__ import main; code = main(['config:set', 'A=1']); "
        "print(sorted({'grpc', 'rich'} & set(sys.modules))); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.stdout.endswith("v1 succeeded\n[]\n"), done.stderr
    assert signed_in.apps["web"].vars == {"A": "1"}
