"""What failed is run once more, by itself, and told; all else ends as pytest ended it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests import once_more

_FAILS_ONCE = """
    mark = Path(__file__).with_name("mark-{name}")
    first = not mark.exists()
    mark.touch()
    assert not first
"""
_BEGIN = """
import os
from pathlib import Path
def _ran(name):
    with Path(__file__).with_name("runs").open("a") as file:
        file.write(name + chr(10))
"""


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without plugins, which take longer to load than these tests take, and without options that are theirs."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that says what failed once."""
    file = tmp_path / "made" / "told"
    monkeypatch.setenv("PAAS_FAILED_ONCE", str(file))
    return file


def _run(folder: Path, *files: Mapping[str, str]) -> int:
    """Run files of tests, whose bodies are there by their names. Each leaves its name in `runs`."""
    for place, bodies in enumerate(files):
        tests = [f"def test_{name}():\n    _ran('{name}')\n    {body.strip()}\n" for name, body in bodies.items()]
        (folder / f"test_{place}.py").write_text("\n".join([_BEGIN, *tests]))
    return once_more.run([str(folder), "-q"])


def _runs(folder: Path) -> list[str]:
    return (folder / "runs").read_text().split()


def test_what_passes_runs_once(tmp_path: Path, told: Path) -> None:
    assert _run(tmp_path, {"a": "pass", "b": "pass"}) == 0
    assert _runs(tmp_path) == ["a", "b"]
    assert not told.exists()


def test_what_fails_once_runs_again_by_itself_and_is_told(tmp_path: Path, told: Path) -> None:
    assert _run(tmp_path, {"a": "pass", "b": _FAILS_ONCE.format(name="b")}) == 0
    assert _runs(tmp_path) == ["a", "b", "b"]
    assert told.read_text().startswith("Failed once, and passed when run once more: ")
    assert told.read_text().endswith("test_0.py::test_b\n")


def test_what_is_broken_fails(tmp_path: Path, told: Path) -> None:
    assert _run(tmp_path, {"a": "assert False", "b": _FAILS_ONCE.format(name="b")}) == pytest.ExitCode.TESTS_FAILED
    assert _runs(tmp_path) == ["a", "b", "a", "b"]
    assert not told.exists()


def test_what_failed_and_is_then_skipped_has_not_passed(tmp_path: Path, told: Path) -> None:
    skipped = _FAILS_ONCE.format(name="a").replace(
        "assert not first", "assert not first; import pytest; pytest.skip('')"
    )
    assert _run(tmp_path, {"a": skipped, "b": _FAILS_ONCE.format(name="b")}) == pytest.ExitCode.TESTS_FAILED
    assert _runs(tmp_path) == ["a", "b", "a", "b"]
    assert not told.exists()


@pytest.mark.parametrize(("files", "code"), [(once_more.MOST, 0), (once_more.MOST + 1, 1)])
def test_failures_everywhere_are_no_chance(files: int, code: int, tmp_path: Path, told: Path) -> None:
    names = [(f"a{place}", f"b{place}") for place in range(files)]
    assert _run(tmp_path, *({name: _FAILS_ONCE.format(name=name) for name in pair} for pair in names)) == code
    assert len(_runs(tmp_path)) == 2 * files * (1 if code else 2)
    assert told.exists() == (code == 0)


@pytest.mark.parametrize(
    ("end", "code"),
    [("raise KeyboardInterrupt", pytest.ExitCode.INTERRUPTED), ("os._exit(9)", 9), ("os.kill(os.getpid(), 9)", -9)],
)
def test_a_run_that_did_not_end_is_not_made_up_for(end: str, code: int, tmp_path: Path, told: Path) -> None:
    assert _run(tmp_path, {"a": _FAILS_ONCE.format(name="a"), "b": end, "c": "pass"}) == code
    assert _runs(tmp_path) == ["a", "b"]
    assert not told.exists()


def test_no_tests_are_no_success(tmp_path: Path) -> None:
    assert once_more.run([str(tmp_path), "-q"]) == pytest.ExitCode.NO_TESTS_COLLECTED
