"""Values at their limits and files people really have, in and out of the whole stack.

Leaves out the dialects of dotenv one by one, which the command line's own tests have.
"""

import io
from pathlib import Path

import dotenv
import pytest

from tests.e2e.installation import Paas, Run, config_of, environments, secret_names

DATA = Path(__file__).parent.parent / "data"
LARGEST = 64 * 1024


@pytest.mark.parametrize("name", ["laravel.env", "mastodon.env"])
def test_files_people_have_go_in_and_out(idle: Paas, name: str) -> None:
    given = {k: v or "" for k, v in dotenv.dotenv_values(DATA / name, interpolate=False).items()}
    idle.ok("config:import", str(DATA / name), "--no-wait")
    assert config_of(idle) == given
    for form in ("dotenv", "json", "shell"):
        exported = idle.ok("config:export", "--format", form).out
        again = idle("config:import", "--format", form, "-", stdin=exported.encode())
        assert (again.exit_code, again.out) == (0, "No change\n"), again.err
    read_elsewhere = dotenv.dotenv_values(stream=io.StringIO(idle.ok("config:export").out), interpolate=False)
    assert dict(read_elsewhere) == given


def test_a_file_with_everything_goes_in_as_one_release(paas: Paas) -> None:
    """87 variables, a `PORT` among them: what is secret is sealed, and instances have all of it but that."""
    sample = DATA / "service.env"
    given = {k: v or "" for k, v in dotenv.dotenv_values(sample, interpolate=False).items()}
    assert len(given) == 87
    before = len(paas.ok("releases", "--json").document["releases"])
    done = paas.ok("config:import", str(sample), "--split", "--secret", "COOKIE_NAME", "--config", "OPENAI_API_KEY")
    assert "PORT (line 7)" in done.err
    del given["PORT"]
    secrets = set(secret_names(paas))
    assert len(secrets) == 15
    assert {"DB_PASSWORD", "MONGO_URI", "COOKIE_NAME"} <= secrets
    assert config_of(paas) == {name: value for name, value in given.items() if name not in secrets}
    assert len(paas.ok("releases", "--json").document["releases"]) == before + 1
    for environment in environments(paas):
        assert {name: environment[name] for name in given} == given
        assert environment.get("PORT") != "3080"
    assert not any(given[name] in done.out + done.err for name in secrets if len(given[name]) > 3)
    again = paas("config:import", str(sample), "--split", "--except", "COOKIE_NAME")
    assert "No change" in again.out


def test_a_file_that_is_written_is_private(idle: Paas) -> None:
    idle.ok("config:set", "A=1", "--no-wait")
    idle.ok("config:export", "-o", "out.env")
    assert (idle.folder / "out.env").stat().st_mode & 0o777 == 0o600
    assert (idle.folder / "out.env").read_text() == "A=1\n"


def test_the_largest_values(paas: Paas) -> None:
    value = ("x" * 62 + "é") * 1024
    assert len(value.encode()) == LARGEST
    (paas.folder / "value").write_text(value)
    (paas.folder / "large.env").write_text(f"IMPORTED='{value}'\n")
    paas.ok("secrets:set", "FROM_STDIN=-", "--no-wait", stdin=value.encode())
    paas.ok("secrets:set", "FROM_FILE=@value", "--no-wait")
    paas.ok("config:import", "large.env")
    assert paas.ok("secrets:get", "FROM_STDIN", "--json").document["value"] == value
    assert config_of(paas)["IMPORTED"] == value
    for environment in environments(paas):
        assert {environment[name] for name in ("FROM_STDIN", "FROM_FILE", "IMPORTED")} == {value}
    for size in (LARGEST + 1, 2_000_000):
        refused = paas("secrets:set", "OVER=-", stdin=b"x" * size)
        assert (refused.exit_code, "65536" in refused.err) == (1, True)
    assert "OVER" not in secret_names(paas)


def test_an_app_s_limits(idle: Paas) -> None:
    idle.ok("config:import", "-", "--no-wait", stdin=b"".join(b"V%d=x\n" % number for number in range(499)))
    idle.ok("secrets:set", "THE_500TH=1", "--no-wait")
    assert "500" in _refused(idle, "config:set", "ONE_TOO_MANY=1").err
    assert "500" in _refused(idle, "secrets:set", "ONE_TOO_MANY=1").err
    assert len(config_of(idle)) == 499


def test_512_kib_in_all(idle: Paas) -> None:
    for number in range(7):
        idle.ok("secrets:set", f"S{number}=-", "--no-wait", stdin=b"x" * LARGEST)
    assert "512" in _refused(idle, "secrets:set", "S7=-", stdin=b"x" * LARGEST).err
    assert "512" in _refused(idle, "config:import", "-", stdin=b"C7=" + b"x" * LARGEST).err
    assert len(secret_names(idle)) == 7


def test_bytes_that_are_no_text(idle: Paas) -> None:
    for stdin, word in ((b"a\0b", "NUL"), (b"\xff\xfe", "UTF-8")):
        refused = _refused(idle, "secrets:set", "BAD=-", stdin=stdin)
        assert word in refused.err
        assert "BAD" in refused.err
    assert "line 2" in _refused(idle, "config:import", "-", stdin=b"GOOD=1\n\xff=2\n").err.lower()
    assert "BAD" in idle("config:set", "BAD=\udcff").err
    assert idle.ok("config").out == ""
    assert secret_names(idle) == []


def test_a_line_that_can_t_be_read_imports_nothing(idle: Paas) -> None:
    refused = _refused(idle, "config:import", "-", stdin=b"A=1\nB='never closed\n")
    assert "line 2" in refused.err.lower()
    assert config_of(idle) == {}


def _refused(paas: Paas, *arguments: str, stdin: bytes = b"") -> Run:
    run = paas(*arguments, stdin=stdin)
    assert run.exit_code == 1, run.out
    return run
