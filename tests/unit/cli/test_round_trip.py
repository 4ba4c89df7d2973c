"""Export and import are each other's inverse, and independent readers agree.

Every format against our own import; dotenv against python-dotenv; dotenv and shell against a real `sh`; dotenv against
node's own reader where node is installed. Values that the rules say a reader misreads are left out here: the rules have
tests of their own (`tests/foreign_readers`), with more readers.
"""

import json
import shutil
import subprocess
from pathlib import Path

import dotenv
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from paas_cli.dotenv import docker, formats, writing
from paas_cli.errors import Failure
from tests.fakes.platform import Platform
from tests.fixtures.waiting import PATIENCE
from tests.unit.cli.conftest import Paas

DATA = Path(__file__).parents[2] / "data"
names = st.from_regex(r"V[A-Za-z0-9_]{0,6}", fullmatch=True)
# What quoting is about, mixed with everything else UTF-8 can hold except NUL.
values = st.one_of(
    st.text(st.sampled_from("ab1 '\"\\$`#=\n\r\t{}()!~;&|*?<>%/.:-"), max_size=12),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
)
variables = st.dictionaries(names, values, max_size=5)


def of_all(examples: int) -> pytest.MarkDecorator:
    """A fifth of the examples, and all of them where there is time."""
    return pytest.mark.parametrize("examples", [examples // 5, pytest.param(examples, marks=pytest.mark.thorough)])


@of_all(600)
def test_import_reads_back_what_export_wrote(examples: int) -> None:
    @settings(max_examples=examples)
    @given(held=variables, format_=st.sampled_from(["dotenv", "json", "shell"]))
    def look(held: dict[str, str], format_: str) -> None:
        text = formats.write(format_, held)
        assert formats.read("auto", text, source="f").values == held
        assert formats.read(format_, text, source="f").values == held

    look()


@of_all(300)
def test_docker_carries_a_value_or_refuses_it_by_name(examples: int) -> None:
    @settings(max_examples=examples)
    @given(held=variables)
    def look(held: dict[str, str]) -> None:
        impossible = [name for name, value in held.items() if "\n" in value or value.endswith("\r")]
        if impossible:
            with pytest.raises(Failure) as caught:
                docker.write(held)
            assert all(name in caught.value.sentence for name in impossible)
        else:
            assert formats.read("docker", docker.write(held), source="f").values == held

    look()


def test_docker_refuses_what_docker_would_not_read() -> None:
    with pytest.raises(Failure, match="BIG is too long for one line"):
        docker.write({"BIG": "x" * 65536, "SMALL": "x"})


@of_all(600)
def test_python_dotenv_agrees(examples: int, tmp_path: Path) -> None:
    file = tmp_path / ".env"

    @settings(max_examples=examples)
    @given(held=variables)
    def look(held: dict[str, str]) -> None:
        assume("python-dotenv" not in writing.misread_in_dotenv(held))
        file.write_text(formats.write("dotenv", held), encoding="utf-8", newline="")
        assert dict(dotenv.dotenv_values(file)) == held

    look()


@given(held=variables, format_=st.sampled_from(["dotenv", "shell"]))
@settings(max_examples=60)
def test_a_real_shell_agrees(held: dict[str, str], format_: str) -> None:
    assume(format_ == "shell" or "sh" not in writing.misread_in_dotenv(held))
    script = formats.write(format_, held) + "".join(f'printf "%s\\0" "${name}"\n' for name in held)
    done = subprocess.run(["sh"], input=script.encode(), capture_output=True, timeout=PATIENCE, check=True, env={})
    assert done.stdout.decode().split("\0")[:-1] == list(held.values())
    assert done.stderr == b""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_node_agrees() -> None:
    """Its own reader (`util.parseEnv`), for values of every form but those it has no escapes for."""
    held = {
        "PLAIN": "https://api.example.com:8443/x?y",
        "EMPTY": "",
        "SPACES": "  two  spaces ",
        "HASH": "a #b#c",
        "JSON": '{"a": [1, "${X}"]}',
        "LINES": "one\ntwo\n",
        "APOSTROPHE": "it's",
        "BACKSLASH": "C:\\new\\dir",
        "DOLLAR": "$HOME `id` $(id)",
        "UNICODE": "grüße ☃",
    }
    script = "process.stdout.write(JSON.stringify(require('util').parseEnv(require('fs').readFileSync(0, 'utf8'))))"
    text = formats.write("dotenv", held)
    done = subprocess.run(
        ["node", "-e", script], input=text, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if "parseEnv is not a function" in done.stderr:
        pytest.skip("this node is older than 20.12")
    assert json.loads(done.stdout) == held


def test_sourcing_an_export_runs_nothing(tmp_path: Path) -> None:
    held = {"A": f"'$(touch {tmp_path}/ran)'", "B": f"it's `touch {tmp_path}/ran`", "C": f"x; touch {tmp_path}/ran"}
    for format_ in ("dotenv", "shell"):
        subprocess.run(["sh"], input=formats.write(format_, held).encode(), timeout=PATIENCE, check=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("file", ["laravel.env", "mastodon.env"])
@pytest.mark.parametrize("format_", ["dotenv", "json", "shell", "docker"])
def test_real_files_go_in_and_out_without_loss(paas: Paas, signed_in: Platform, file: str, format_: str) -> None:
    expected = dict(dotenv.dotenv_values(DATA / file, interpolate=False))
    web = signed_in.apps["web"]
    assert paas("config:import", str(DATA / file), "--no-wait").exit_code == 0
    assert web.vars == expected
    assert len(web.releases) == 1
    exported = paas("config:export", "--format", format_).out
    web.vars = {}
    again = paas("config:import", "-", "--format", format_, "--no-wait", stdin=exported.encode())
    assert again.exit_code == 0
    assert web.vars == expected
    assert list(web.vars) == list(expected)


@pytest.mark.parametrize("format_", ["dotenv", "json", "shell", "docker"])
def test_the_pipe_is_the_identity(paas: Paas, signed_in: Platform, format_: str) -> None:
    web = signed_in.apps["web"]
    web.vars = {"A": 'it\'s "x" $Y `z` \\ #', "B": "", "C": " ", "D": "é\t☃", "E": "a=b"}
    if format_ != "docker":
        web.vars |= {"F": "one\ntwo\r\nthree\r", "BIG": "'\n" * 32768}
    before = dict(web.vars)
    exported = paas("config:export", "--format", format_).out
    web.vars = {"A": "to be replaced"}
    assert paas("config:import", "-", "--format", format_, stdin=exported.encode()).exit_code == 0
    assert web.vars == before
