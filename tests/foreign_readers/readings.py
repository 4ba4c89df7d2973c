"""What each reader makes of a text: its value for the variable `A`."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from paas_cli.dotenv import reading
from paas_cli.errors import Failure
from tests.fixtures.waiting import PATIENCE
from tests.foreign_readers.programs import FOLDER, GO, NODE, Programs

OURS: Final = "paas"
# Each file is sourced by a shell of its own that finds no program to run; its answer is 1 and the value, or 0.
_SH: Final = r"""
at=0
while [ $at -lt "$1" ]; do
    (. "./$at" >/dev/null 2>&1 && printf '1%s\0' "${A-}") || printf '0\0'
    at=$((at + 1))
done
"""

Reading = str | None
"""A value; None where the text is refused, or has no variable `A` for the reader."""


def of_others(programs: Programs, texts: Sequence[str]) -> Mapping[str, Sequence[Reading]]:
    """By reader, what each of the texts is to it."""
    given = json.dumps(texts).encode()
    go = json.loads(_answer([str(programs.go)], given))
    npm, python = ["node", str(programs.node)], [sys.executable, str(FOLDER / "python_dotenv.py")]
    return {
        "npm dotenv": _values(json.loads(_answer(npm, given))),
        "python-dotenv": _values(json.loads(_answer(python, given))),
        "godotenv": _values(go["godotenv"]),
        "Docker Compose": _values(go["Docker Compose"]),
        "sh": _of_sh(texts),
    }


def of_ours(texts: Sequence[str]) -> Sequence[Reading]:
    """What `paas config:import` reads."""
    return [_ours(text) for text in texts]


def versions() -> Mapping[str, str]:
    """Which version of each library this is."""
    modules = [line.split() for line in (GO / "go.mod").read_text(encoding="utf-8").splitlines()]
    by_module = {
        parts[0].split("/")[2]: parts[1].removeprefix("v") for parts in modules if len(parts) == 2 and "/" in parts[0]
    }
    package = json.loads((NODE / "package.json").read_text(encoding="utf-8"))
    return {
        "npm dotenv": package["dependencies"]["dotenv"],
        "python-dotenv": version("python-dotenv"),
        "godotenv": by_module["godotenv"],
        "Docker Compose": f"compose-go {by_module['compose-go']}",
        "sh": "dash",
    }


def _ours(text: str) -> Reading:
    try:
        return reading.read(text, source="f").values.get("A")
    except Failure:
        return None


def _answer(command: Sequence[str], given: bytes) -> bytes:
    environ = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    return subprocess.run(
        command, input=given, stdout=subprocess.PIPE, env=environ, timeout=PATIENCE, check=True
    ).stdout


def _values(answers: Sequence[Mapping[str, Any] | None]) -> Sequence[Reading]:
    return [None if answer is None else answer.get("A") for answer in answers]


def _of_sh(texts: Sequence[str]) -> Sequence[Reading]:
    with tempfile.TemporaryDirectory() as folder:
        for at, text in enumerate(texts):
            (Path(folder) / str(at)).write_bytes(text.encode())
        command = ["/bin/sh", "-c", _SH, "sh", str(len(texts))]
        done = subprocess.run(
            command, cwd=folder, env={"PATH": "/nowhere"}, capture_output=True, timeout=PATIENCE, check=True
        )
    answers = done.stdout.decode("utf-8", "replace").split("\0")[:-1]
    assert len(answers) == len(texts)
    return [answer[1:] if answer[0] == "1" else None for answer in answers]
