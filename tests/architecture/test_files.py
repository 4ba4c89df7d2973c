"""What a file may hold: its length, its docstring, its name, words that have no place in the repository."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, Source, kept_files, sources

_LONGEST = 400
_DRAWERS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
# Put together here, so that this file doesn't have them.
_WORKPLACE = re.compile(
    "|".join(["(?<!releaser)/wo" + "rk/", "/ho" + "me/[a-z]", "/ro" + "ot/", "/Us" + "ers/[A-Za-z]", "/tmp/bo" + "ot"])
)
_UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
_TEXTS = {".py", ".md", ".toml", ".proto", ".yaml", ".yml", ".sh", ""}


@pytest.mark.parametrize("source", sources(), ids=lambda each: each.path)
def test_a_file_is_short_and_says_what_it_is_for(source: Source) -> None:
    lines = source.text.count("\n")
    assert lines <= _LONGEST or "/migrations/" in source.path, f"{lines} lines"
    assert ast.get_docstring(source.tree) or (source.name == "__init__.py" and not source.text.strip()), "no docstring"


@pytest.mark.parametrize("source", sources(), ids=lambda each: each.path)
def test_names_are_of_the_field(source: Source) -> None:
    assert not set(Path(source.path).with_suffix("").parts) & _DRAWERS


def _texts() -> list[Path]:
    return [path for path in kept_files() if path.suffix in _TEXTS and not path.is_relative_to(ROOT / "gen")]


@pytest.mark.parametrize("path", _texts(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_file_names_a_workplace_or_is_unfinished(path: Path) -> None:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        pytest.fail("a text file is UTF-8")
    assert not _WORKPLACE.findall(text)
    assert not _UNFINISHED.findall(text)


def test_the_search_for_words_finds_them() -> None:
    assert _WORKPLACE.search("cd /wo" + "rk/main")
    assert _UNFINISHED.search("# TO" + "DO: later")


def test_services_is_a_package() -> None:
    """Without it, `services/secrets` on a path could shadow the standard library's `secrets`."""
    assert (ROOT / "services" / "__init__.py").is_file()
