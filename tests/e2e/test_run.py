"""`paas run` on a whole installation: instances and a program here have the same variables, and it is recorded.

Real processes and signals. Leaves out each option by itself and terminals (tests/unit/cli/running).
"""

import hashlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.installation import Installation, Paas, environments, events, eventually, settled
from tests.fixtures.signals import heard

# The environment as JSON: a digest of each value, since what `paas` prints is searched for values at the end.
_SCRIPT = """
import hashlib, json, os
print(json.dumps({name: hashlib.sha256(value.encode()).hexdigest() for name, value in os.environ.items()}))
"""
SHOW = (sys.executable, "-I", "-c", _SCRIPT)


def digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def test_a_program_here_gets_what_an_instance_has(installation: Installation, paas: Paas) -> None:
    app, values = paas.environment["PAAS_APP"], installation.canaries
    paas.ok("config:set", f"PLAIN={values.config()}", "LINES=a\nb\n", "--no-wait")
    installation.attach(app, f"postgres://u:{values.secret()}@db/app")
    paas.ok("secrets:set", f"S={values.secret()}", f"OLD={values.secret()}", "--no-wait")
    paas.ok("secrets:rotate", "OLD", "--overlap", "1h", "--no-wait")
    paas.ok("secrets:set", f"STAGED={values.secret()}", "--stage")
    settled(paas)
    here = paas.ok("run", "--", *SHOW).document
    names = {"PLAIN", "LINES", "DATABASE_URL", "S", "OLD", "OLD_PREVIOUS"}
    for there in environments(paas):
        assert {name: here[name] for name in names} == {name: digest(there[name]) for name in names}
        assert {name for name in there if not name.startswith("PAAS_")} - here.keys() <= {"PORT"}
    assert "PAAS_TOKEN" not in here
    (event,) = eventually(lambda: events(paas, app=app, action="secrets.run"))
    assert event["targets"] == ["DATABASE_URL", "OLD", "OLD_PREVIOUS", "S"]
    read = paas("incident", "--since", "1h", "-a", app, "--json").document["read"]
    assert {each["name"] for each in read} == {"DATABASE_URL", "OLD", "S"}


def test_who_may_not_reveal_runs_with_config_vars(ada: Paas, idle: Paas, installation: Installation) -> None:
    idle.ok("config:set", "A=1", "--no-wait")
    idle.ok("secrets:set", f"S={installation.canaries.secret()}", "--no-wait")
    made = ada.ok(
        "tokens:create",
        "--name",
        "runs-without-secrets",
        "--ttl",
        "1h",
        "--scope",
        "config.read,secrets.list",
        "--json",
    )
    reader = idle.as_token(made.document["secret"])
    denied = reader("run", "--", "true")
    assert denied.exit_code == 4
    assert "secrets.reveal" in denied.err
    assert "run --config-only" in denied.err
    given = reader.ok("run", "--config-only", "--", *SHOW).document
    assert (given["A"], "S" in given) == (digest("1"), False)
    app = idle.environment["PAAS_APP"]
    assert [each["outcome"] for each in eventually(lambda: events(idle, app=app, action="secrets.run"))] == ["denied"]


@pytest.fixture
def signals() -> Iterator[None]:
    with heard():
        yield


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_signals_end_the_program(idle: Paas, number: signal.Signals, *, mask: bool) -> None:
    options = ["--mask"] if mask else []
    running = idle.start("run", *options, "--", "sh", "-c", "echo ready; exec sleep 100")
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    os.kill(running.pid, number)
    running.communicate()
    assert running.returncode == (128 + number if mask else -number)


def test_nothing_of_it_is_left_anywhere(installation: Installation, idle: Paas) -> None:
    """What is in command lines now, and in files after; the whole run is searched for values at its end as well."""
    value = installation.canaries.secret()
    idle.ok("secrets:set", "S=-", "--no-wait", stdin=value.encode())
    running = idle.start("run", "--", "sh", "-c", "echo ready; read line; exit 3")
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert value.encode() not in process.read_bytes()
        except OSError:
            continue  # it has ended
    running.communicate()
    masked = idle.ok("run", "--mask", "--", "sh", "-c", 'echo "[$S]"')
    assert masked.out == f"[{'•' * 16}]\n"
    home = Path(idle.environment["HOME"])
    assert not [path for path in home.rglob("*") if path.is_file() and value.encode() in path.read_bytes()]
