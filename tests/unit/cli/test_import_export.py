"""`config:export` and `config:import` as commands: files, modes, what is left out, what is refused as a whole."""

import json
import os
from pathlib import Path

import pytest

from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas


def test_export_leaves_out_managed_variables_and_never_asks_for_secrets(paas: Paas, signed_in: Platform) -> None:
    web = signed_in.apps["web"]
    web.vars, web.managed, web.secrets = {"A": "1"}, {"DATABASE_URL": "postgres://..."}, {"S": "c4n4ry"}
    for arguments in ((), ("--format", "json"), ("--json",), ("--format", "shell"), ("--format", "docker")):
        out = paas("config:export", *arguments).out
        assert "A" in out
        assert "DATABASE_URL" not in out
        assert "c4n4ry" not in out
    assert {path.split("/")[1] for path, _, _ in signed_in.gateway.seen} == {"paas.config.v1.ConfigService"}
    assert json.loads(paas("config:export", "--json").out) == {"A": "1"}


def test_an_exported_file_is_the_users_alone(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].vars["A"] = "1"
    Path("out.env").write_text("old")
    Path("out.env").chmod(0o644)
    before = os.umask(0)
    try:
        result = paas("config:export", "-o", "out.env")
    finally:
        os.umask(before)
    assert (result.exit_code, result.out) == (0, "")
    assert Path("out.env").read_text() == "A=1\n"
    assert Path("out.env").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in Path().iterdir()] == ["out.env"]


def test_a_value_docker_cannot_hold_writes_nothing(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].vars = {"OK": "1", "PEM": "a\nb"}
    result = paas("config:export", "--format", "docker", "-o", "out.env")
    assert result.exit_code == 1
    assert "PEM has several lines" in result.err
    assert not Path("out.env").exists()


def test_import_is_one_change_and_says_what_it_did_not_do(paas: Paas, signed_in: Platform) -> None:
    Path("f.env").write_text("A=1\nB=${A}\nA=2\n")
    result = paas("config:import", "f.env", "--no-wait")
    assert result.out == "Set A, B · release v1\n"
    assert result.err == (
        "note: A is in lines 1 and 3; the last value counts.\n"
        "note: ${...} is kept as it is written, nothing is filled in (B).\n"
    )
    assert signed_in.apps["web"].vars == {"A": "2", "B": "${A}"}
    assert len(signed_in.gateway.calls("SetVars")) == 1
    assert paas("config:import", "f.env").out == "No change\n"
    assert paas("config:import", "f.env", "--dry-run").out == "No change\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"A=1\nnonsense\n", "line 2 is not NAME=value"),
        (b"A=1\nB=\xff\n", "Line 2 of f.env is not UTF-8 text"),
        ("A=1\nB=grün\n".encode("latin-1"), "Line 2 of f.env is not UTF-8 text; nothing was imported"),
        ("A=1\n".encode("utf-16"), "f.env is UTF-16 text; save it as UTF-8"),
        (b"A=1\nLD_PRELOAD=x\nLD_LIBRARY_PATH=y\n", "LD_PRELOAD (line 2), LD_LIBRARY_PATH (line 3)"),
        (b"A=1\nB=x\0y\n", "B (line 2) has a value with a NUL"),
        (b"A=" + b"x" * 65537, "A (line 1) has a value of more than 65536 bytes"),
        (b"".join(b"V%d=1\n" % number for number in range(501)), "501 variables, and an app holds 500"),
        (b"A=" + b"x" * 5_000_000, "larger than 4 MiB"),
    ],
)
def test_one_bad_item_and_nothing_is_imported(paas: Paas, signed_in: Platform, content: bytes, words: str) -> None:
    Path("f.env").write_bytes(content)
    result = paas("config:import", "f.env")
    assert result.exit_code == 1
    assert words in result.err
    assert signed_in.gateway.seen == []


def test_64_kib_and_500_variables_fit(paas: Paas, signed_in: Platform) -> None:
    lines = [f"V{number}=1" for number in range(499)]
    content = "\n".join([*lines, "BIG=" + "x" * 65536]).encode()
    assert paas("config:import", "-", "--no-wait", stdin=content).exit_code == 0
    assert len(signed_in.apps["web"].vars) == 500
    assert len(signed_in.apps["web"].vars["BIG"]) == 65536


def test_files_that_are_not_there_or_hold_nothing(paas: Paas, signed_in: Platform) -> None:
    assert paas("config:import", "none.env").err == "error: none.env can't be read: no such file or directory.\n"
    assert paas("config:import", ".").exit_code == 1
    empty = paas("config:import", "-", stdin=b"# nothing\n")
    assert (empty.exit_code, empty.out) == (0, "No change\n")
    assert "standard input holds no variables" in empty.err
    assert signed_in.gateway.seen == []
