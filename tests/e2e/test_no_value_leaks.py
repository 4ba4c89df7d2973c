"""No value is anywhere but where it belongs: the search through everything the whole run has left behind.

Comes last (see `conftest`): by then every other test has planted its values, stopped and killed things, and made
errors. Searched are all logs, PostgreSQL's files with its write-ahead log, the runtime's state, the command lines and
environments of all processes, what `paas` printed, and the audit log. Leaves out memory.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from local.ports import PROCESSES
from machine.trees import descendants
from tests.e2e.detectors import controls, digests, forms, search, search_files
from tests.e2e.installation import (
    TENANT,
    Canaries,
    Installation,
    Paas,
    as_superuser,
    fetch,
    instances,
    metrics_page,
    pid_of,
    releases,
)

Needles = Mapping[str, list[bytes]]


@pytest.fixture(scope="module")
def planted(installation: Installation, ada: Paas) -> Paas:
    """An app with values of every kind planted in every way there is, errors included."""
    canaries = installation.canaries
    paas = installation.new_app(ada, instances=1)
    app = paas.environment["PAAS_APP"]
    installation.attach(app, f"postgres://u:{canaries.secret()}@db/app")
    paas.ok("secrets:set", f"SET={canaries.secret()}", f"ROTATED={canaries.secret()}", "--no-wait")
    paas.ok("secrets:set", "PIPED=-", "--stage", stdin=canaries.secret().encode())
    paas.ok("config:set", f"STAGED={canaries.config()}", "--stage")
    paas.ok("releases:create", "--no-wait")
    paas.ok("secrets:set", f"STAGED_SECRET={canaries.secret()}", "--stage")
    paas.ok("secrets:rotate", "ROTATED", "--value-file", "-", "--overlap", "1h", stdin=canaries.secret().encode())
    paas.ok("secrets:get", "SET")
    paas.ok("secrets:get", "SET", "ROTATED")
    paas.ok("run", "--mask", "--", "sh", "-c", "env; env >&2")
    paas.ok("config:set", f"PLAIN={canaries.config()}")
    # Values in places where they cause errors.
    secret = canaries.secret()
    for arguments in (
        ("secrets:set", f"PATH={secret}"),
        ("secrets:set", f"{secret}=1"),
        ("secrets:set", secret),
        ("secrets:set", f"PLAIN={secret}"),
        ("secrets:set", f"TWICE={secret}", f"TWICE={secret}"),
        ("secrets:set", f"LONG={secret * 2500}"),
        ("secrets:set", f"DATABASE_URL={secret}"),
        ("secrets:get", secret),
        ("secrets:get", "SET", secret),
        ("secrets:unset", secret),
        ("secrets:rotate", secret),
        ("secrets:set", f"--{secret}"),
        ("secrets:set", f"FILE=@{secret}"),
        ("secrets:set", f"ABSENT={secret}", "-a", "no-such-app"),
        ("secrets:set", f"CRASH={secret}"),
    ):
        assert paas(*arguments, "--debug").exit_code != 0
    with_nul = paas("secrets:set", "NUL=-", "--debug", stdin=secret.encode() + b"\0")
    assert with_nul.exit_code == 1
    made = paas.ok("tokens:create", "--name", "canary", "--scope", "config.read")
    token = paas.as_token(made.lines[1].partition("=")[2])
    assert token("secrets").exit_code == 4
    assert paas("tokens:revoke", token.environment["PAAS_TOKEN"]).exit_code != 0
    paas.ok("tokens:revoke", "canary")
    assert token("config").exit_code == 3
    return paas


@pytest.fixture(scope="module")
def secret_needles(installation: Installation, planted: Paas) -> Needles:
    """The forms of every planted secret."""
    assert releases(planted)
    return forms(installation.canaries.secret_mark)


@pytest.fixture(scope="module")
def token_needles(installation: Installation, planted: Paas) -> Needles:
    """The forms of the sign-in used all the time and of the newest tokens, without the part that all tokens have."""
    tokens = {planted.environment["PAAS_TOKEN"], *installation.canaries.tokens[-3:]}
    assert len(tokens) > 1
    return _together([forms(token.removeprefix("paas_pat_")) for token in tokens])


def _together(many: list[dict[str, list[bytes]]]) -> Needles:
    # Eight random characters of one token say nothing when there are many places to look; whole ones do.
    return {name: [n for one in many for n in one[name] if len(n) > 8] for name in many[0] if name != "in pieces"}


def _flushed(installation: Installation) -> Path:
    """The stack's folder after PostgreSQL has written out all it holds in memory."""
    as_superuser(installation.stack, "postgres", "CHECKPOINT")
    return installation.stack.layout.root


@pytest.mark.parametrize("name", list(controls("x" * 24)))
def test_each_detector_finds_its_control(installation: Installation, temporary: Path, name: str) -> None:
    canaries = installation.canaries
    folder = temporary / "controls"
    folder.mkdir()
    try:
        (folder / "a.log").write_bytes(b"nothing here\n" * 1000 + controls(canaries.secret())[name])
        (found,) = search_files(folder, forms(canaries.secret_mark)).values()
        assert name in found
        assert search_files(folder, forms(Canaries().secret_mark)) == {}
    finally:
        shutil.rmtree(folder)


def test_no_secret_in_any_file(installation: Installation, secret_needles: Needles) -> None:
    root = _flushed(installation)
    assert search_files(root, secret_needles) == {}


def test_no_hash_of_a_secret_in_any_file(installation: Installation, planted: Paas) -> None:
    value = planted.ok("secrets:get", "SET").out.removesuffix("\n")
    assert search_files(_flushed(installation), digests(value)) == {}
    assert search(digests(value)["sha256"][1], digests(value)) == ["sha256"]


def test_no_token_in_any_file(installation: Installation, planted: Paas, token_needles: Needles) -> None:
    for name, control in controls(planted.environment["PAAS_TOKEN"].removeprefix("paas_pat_")).items():
        assert name == "in pieces" or name in search(control, token_needles)
    assert search_files(_flushed(installation), token_needles) == {}


def test_the_search_of_the_database_finds_what_is_there(installation: Installation, planted: Paas) -> None:
    """The control of the three before: config values are in config's database, in plain text, and in its log."""
    assert planted
    needles = forms(installation.canaries.config_mark)
    root = _flushed(installation)
    places = {path.relative_to(root).parts[:3] for path in search_files(root, needles)}
    assert ("pg", "data", "base") in places
    assert ("pg", "data", "pg_wal") in places
    # And nowhere else: no log, no state of the runtime, nothing of the gateway.
    assert {place[:2] for place in places} == {("pg", "data")}


def test_metrics_tell_of_no_value_and_of_no_tenant(
    installation: Installation, planted: Paas, secret_needles: Needles, token_needles: Needles
) -> None:
    about_people = [TENANT.encode(), planted.environment["PAAS_APP"].encode(), b"ada@"]
    for process in PROCESSES:
        page = metrics_page(installation.stack, process)
        assert b"paas_outbox_rows" in page
        for needles in (secret_needles, token_needles, forms(installation.canaries.config_mark)):
            assert search(page, needles) == []
        assert [word for word in about_people if word in page] == []


def test_config_values_are_in_no_other_database(installation: Installation, planted: Paas) -> None:
    assert planted
    needles = forms(installation.canaries.config_mark)
    found = search_files(_flushed(installation) / "pg" / "data" / "base", needles)
    names = dict(as_superuser(installation.stack, "postgres", "SELECT oid::text, datname FROM pg_database"))
    assert {names[path.parent.name] for path in found} == {"config"}


def test_no_value_in_the_audit_log(installation: Installation, planted: Paas) -> None:
    canaries = installation.canaries
    log = planted.ok("audit", "-n", "20000", "--json").out.encode()
    assert b"secrets.set" in log
    for mark in (canaries.secret_mark, canaries.config_mark):
        assert search(log, forms(mark)) == []


def test_what_paas_printed(installation: Installation, secret_needles: Needles, token_needles: Needles) -> None:
    shown = 0
    for run in installation.transcript:
        command = run.arguments[0]
        assert search(run.err.encode(), secret_needles) == [], command
        assert search(run.err.encode(), token_needles) == [], command
        found = search(run.out.encode(), secret_needles)
        shown += bool(found)
        assert not found or command == "secrets:get", command
        assert command == "tokens:create" or search(run.out.encode(), token_needles) == [], command
    assert shown > 1


def test_environments_and_command_lines(installation: Installation, planted: Paas, secret_needles: Needles) -> None:
    stack = installation.stack
    app = fetch(instances(planted)[0]["port"])["pid"]
    supervisor = _parent(pid_of(stack, "config"))
    everything = [supervisor, *(process.pid for process in descendants(supervisor))]
    assert app in everything
    assert {pid_of(stack, part) for part in ("postgres", "gateway", *PROCESSES)} <= set(everything)
    with_values = set()
    for pid in everything:
        assert search(_proc(pid, "cmdline"), secret_needles) == []
        if search(_proc(pid, "environ"), secret_needles):
            with_values.add(pid)
    # The environment of the app's own process is where secrets belong.
    assert app in with_values
    instances_of_apps = {process.pid for process in descendants(pid_of(stack, "releaser"))}
    adopted = set(everything) - {pid_of(stack, part) for part in ("postgres", "gateway", *PROCESSES)} - {supervisor}
    assert with_values <= instances_of_apps | adopted


def test_nothing_of_the_person_s_was_written(installation: Installation, token_needles: Needles) -> None:
    assert search_files(installation.home, token_needles) == {}
    # What was seen of the audit log is kept, and nothing else.
    kept = {path.parent.name for path in (installation.home / ".config").rglob("*") if path.is_file()}
    assert kept <= {"logs"}


def _proc(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
