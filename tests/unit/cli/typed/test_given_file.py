"""`-o FILE`: written where the name points, replaced as a whole, and no folder made for it.

Leaves out files of profiles, which are private state and replaced in their place (test_sign_in).
"""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas, Result

TEXT = "A=1\n"


@pytest.fixture
def export(paas: Paas, signed_in: Platform) -> Paas:
    """`config:export -o NAME` of one variable."""
    signed_in.apps["web"].vars["A"] = "1"

    def run(name: str) -> Result:
        return paas("config:export", "-o", name)

    return run


def names() -> set[str]:
    return {path.name for path in Path().iterdir()}


@pytest.mark.parametrize("before", ["", "old and longer than what comes"])
def test_an_ordinary_file_is_replaced_and_private(export: Paas, before: str) -> None:
    if before:
        Path("f").write_text(before)
        Path("f").chmod(0o644)
        os.link("f", "old")  # whoever has the old file still reads the old text, whole
    result = export("f")
    assert (result.exit_code, result.out, result.err) == (0, "", "Wrote 1 variable to f\n")
    assert Path("f").read_text() == TEXT
    assert Path("f").stat().st_mode & 0o777 == 0o600
    assert names() == ({"f", "old"} if before else {"f"})
    if before:
        assert Path("old").read_text() == before


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_and_its_target_is_replaced(export: Paas, exists: bool) -> None:
    Path("there").mkdir()
    if exists:
        Path("there/target").write_text("old")
        Path("there/target").chmod(0o644)
    Path("link").symlink_to("there/target")
    Path("link-to-link").symlink_to(Path.cwd() / "link")
    assert export("link-to-link").exit_code == 0
    assert (Path("link-to-link").is_symlink(), Path("link").is_symlink()) == (True, True)
    assert (Path("there/target").is_symlink(), Path("there/target").read_text()) == (False, TEXT)
    assert Path("there/target").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in Path("there").iterdir()] == ["target"]


def test_a_fifo_is_written_into(export: Paas) -> None:
    os.mkfifo("p")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(Path("p").read_text()))
    reader.start()
    assert export("p").exit_code == 0
    reader.join(10)
    assert read == [TEXT]
    assert Path("p").is_fifo()
    assert names() == {"p"}


def test_a_reader_that_leaves_a_fifo_early_is_141(export: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].vars["LONG"] = "x" * 65536  # more than a pipe holds
    os.mkfifo("p")

    def read_a_little() -> None:
        with Path("p").open("rb", buffering=0) as pipe:
            pipe.read(1)

    reader = threading.Thread(target=read_a_little)
    reader.start()
    result = export("p")
    reader.join(10)
    assert (result.exit_code, result.err) == (141, "p was not read to its end.\n")


def test_a_device_is_opened(export: Paas) -> None:
    assert export("/dev/null").exit_code == 0
    assert Path("/dev/null").is_char_device()
    full = export("/dev/full")
    assert (full.exit_code, full.err) == (1, "error: /dev/full can't be written: no space left on device.\n")


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_standard_output_by_any_name_is_appended_to(export: Paas, name: str) -> None:
    """In a process of its own, whose output the shell opened with `>>`."""
    if name == "link":
        Path("link").symlink_to("/dev/stdout")
    Path("out").write_text("before\n")
    command = [sys.executable, "-m", "paas_cli", "config:export", "-o", name]
    with Path("out").open("ab") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert Path("out").read_text() == f"before\n{TEXT}"
    assert names() <= {"out", "link"}


def test_another_descriptor_is_written_to(export: Paas) -> None:
    """As the shell's `-o >(command)` and `3>file` have it."""
    with Path("three").open("wb") as three:
        three.write(b"before\n")
        three.flush()
        assert export(f"/dev/fd/{three.fileno()}").exit_code == 0
    assert Path("three").read_text() == f"before\n{TEXT}"
    closed = export("/dev/fd/987")
    assert (closed.exit_code, closed.err) == (1, "error: /dev/fd/987 can't be written: it is closed.\n")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no/such/f", "there is no folder no/such; make it first, or correct the name"),
        ("no/../f", "there is no folder no/..;"),
        ("dangling", "there is no folder {here}/gone;"),
        ("file/f", "not a directory"),
        ("new/", "is a directory"),
        ("folder", "is a directory"),
        ("folder/", "is a directory"),
        (".", "is a directory"),
        ("loop", "too many levels of symbolic links"),
        ("x" * 300, "file name too long"),
    ],
)
def test_what_can_not_be_written_is_named_and_nothing_is_made(export: Paas, *, name: str, words: str) -> None:
    Path("dangling").symlink_to("gone/f")
    Path("loop").symlink_to("loop")
    Path("folder").mkdir()
    Path("file").write_text("old")
    before = names()
    result = export(name)
    assert (result.exit_code, result.out) == (1, "")
    assert result.err.startswith(f"error: {name} can't be written: ")
    assert words.format(here=Path.cwd()) in result.err
    assert names() == before
    assert list(Path("folder").iterdir()) == []
    assert Path("file").read_text() == "old"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_is_only_to_be_read_stays(export: Paas) -> None:
    Path("f").write_text("old")
    Path("f").chmod(0o400)
    assert export("f").exit_code == 1
    assert Path("f").read_text() == "old"
