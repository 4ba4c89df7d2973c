"""No value is anywhere but where it belongs, with everything that can be made to talk talking.

Values of secrets and config vars, texts of tokens and sign-ins, the keys of the installation and the passwords of its
databases, in fifteen encodings and in what was compressed; sought in all logs (DEBUG; PostgreSQL's with every
statement and parameter), a dump of every database, the files of PostgreSQL after a checkpoint, audit events, metrics,
traces, what `paas` printed, processes' arguments, environments and open files, and the folders of the stack and of
whoever uses it. Each place has a control: something that the same search must find there. Leaves out memory.
"""

import gzip
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from local.layout import CLONE
from local.ports import PROCESSES
from tests.e2e.detectors import controls, search, search_files
from tests.e2e.installation import Installation, as_superuser, fetch, instances, pid_of
from tests.fixtures.waiting import PATIENCE
from tests.leaks import sinks
from tests.leaks.collector import Collector
from tests.leaks.needles import Needles, Wanted, wanted
from tests.leaks.planting import Planted

LEAST = 64


@pytest.fixture(scope="module")
def values(installation: Installation, planted: Planted) -> Wanted:
    """What is looked for."""
    found = wanted(installation, planted)
    assert found.values >= LEAST
    return found


def leaks(content: bytes, kinds: Mapping[str, Needles]) -> set[str]:
    """The kinds of values that are in `content`, and how they were written there."""
    return {f"{kind}: {form}" for kind, needles in kinds.items() for form in _told(search(content, needles))}


def in_files(folder: Path, kinds: Mapping[str, Needles]) -> dict[str, set[str]]:
    """The same of every file below a folder: the kinds of values by the file's path."""
    found: dict[str, set[str]] = {}
    for kind, needles in kinds.items():
        for path, forms in search_files(folder, needles).items():
            found.setdefault(str(path.relative_to(folder)), set()).update(f"{kind}: {form}" for form in _told(forms))
    return found


def _told(forms: list[str]) -> set[str]:
    # What is whole is in pieces as well, which says nothing more.
    return {form for form in forms if form.replace("in pieces", "plain") not in set(forms) - {form}}


@pytest.mark.parametrize("form", list(controls("x" * 24)))
def test_each_form_is_found(installation: Installation, values: Wanted, form: str) -> None:
    canaries = installation.canaries
    for kind, value in (("secrets", canaries.secret()), ("vars", canaries.config())):
        assert f"{kind}: {form}" in leaks(b"junk" * 1000 + controls(value)[form], values.everything)


def test_keys_tokens_and_passwords_are_found_where_they_are_kept(installation: Installation, values: Wanted) -> None:
    layout = installation.stack.layout
    for path in (layout.kms_key, layout.signing_key, *layout.passwords.iterdir()):
        assert leaks(path.read_bytes(), values.hidden), path.name
    for token in installation.canaries.tokens:
        assert leaks(f"Bearer {token}".encode(), values.everything) == {"tokens: plain"}


def test_logs(installation: Installation, values: Wanted) -> None:
    logs = installation.stack.layout.logs
    found = in_files(logs, values.everything)
    # The controls: PostgreSQL's log has each statement with its parameters, which of config are its vars' values.
    assert "vars: plain" in found.pop("postgres.log")
    assert leaks((logs / "postgres.log").read_bytes(), values.hidden) == set()
    assert found == {}
    control = logs / "control.log"
    control.write_text(installation.canaries.secret())
    try:
        assert in_files(logs, values.hidden) == {"control.log": {"secrets: plain"}}
    finally:
        control.unlink()
    assert b"Log level DEBUG" in (logs / "config.log").read_bytes(), "grpc says less than it can"


def test_dumps_of_the_databases(installation: Installation, values: Wanted, planted: Planted) -> None:
    for service, content in sinks.dumps(installation).items():
        assert planted.paas.environment["PAAS_APP"].encode() in content or service == "tokens"
        found = leaks(content, values.everything)
        assert found == ({"vars: plain"} if service == "config" else set()), service


def test_the_state_of_the_stack(installation: Installation, values: Wanted, planted: Planted) -> None:
    as_superuser(installation.stack, "postgres", "CHECKPOINT")
    root = installation.stack.layout.root
    found = in_files(root, values.hidden)
    # Keys and passwords are where they are kept, and are so the controls.
    kept = {path: forms for path, forms in found.items() if path.startswith(("keys/", "passwords/"))}
    assert len(kept) > len(list(installation.stack.layout.passwords.iterdir()))
    # What an app prints is in a file of its own, as it printed it; whoever is shown that is shown it masked.
    printed = {path: found[path] for path in found if path.startswith("apps/")}
    (own,) = printed
    assert own.startswith(f"apps/acme/{planted.dying.environment['PAAS_APP']}/logs/")
    assert printed[own] == {"secrets: plain"}
    assert {path: forms for path, forms in found.items() if path not in {*kept, own}} == {}
    assert all(form.startswith("credentials: ") for forms in kept.values() for form in forms)
    places = {Path(path).parts[:3] for path in in_files(root, {"vars": values.vars})}
    assert {place[:2] for place in places} == {("pg", "data"), ("logs", "postgres.log")}
    assert ("pg", "data", "base") in places


def test_metrics(installation: Installation, values: Wanted) -> None:
    for process, page in sinks.metrics(installation).items():
        assert b"paas_outbox_rows" in page
        assert leaks(page, values.everything) == set(), process


def test_traces(collector: Collector, values: Wanted) -> None:
    exports = sinks.traces(collector)
    assert any(b"paas.secrets.v1.SecretsService" in export for export in exports.values())
    for export in exports.values():
        assert leaks(export, values.everything) == set()


def test_what_paas_printed(installation: Installation, values: Wanted, planted: Planted) -> None:
    shown: set[str] = set()
    for run in installation.transcript:
        command = run.arguments[0]
        assert leaks(run.err.encode(), values.everything) == set(), command
        for found in leaks(run.out.encode(), values.everything):
            shown.add(f"{command}: {found.partition(':')[0]}")
    # The controls are what has to be shown: to whoever asks for it, once.
    assert shown == {"secrets:get: secrets", "tokens:create: tokens", "config: vars"}
    assert any("•" in run.out for run in installation.transcript if run.arguments[0] == "releases:info")
    assert planted.dying


def test_audit_events(planted: Planted, values: Wanted) -> None:
    log = planted.paas.ok("audit", "-n", "20000", "--json").out.encode()
    assert b"secrets.set" in log
    assert b"DENIED" in log
    assert leaks(log, values.everything) == set()


def test_processes(installation: Installation, values: Wanted, planted: Planted) -> None:
    with_values = 0
    own = {fetch(instance["port"])["pid"] for instance in instances(planted.paas)}
    assert own
    assert own <= set(sinks.processes(installation))
    bystander = sinks.bystander(installation.canaries.secret())
    try:
        for pid in {*sinks.processes(installation), *own, bystander.pid}:
            told = sinks.told_by_proc(pid)
            environment = told.pop("environ", b"") if pid in {*own, bystander.pid} else b""
            with_values += "secrets: plain" in leaks(environment, values.hidden)
            if pid == bystander.pid:
                assert "secrets: plain" in leaks(told["cmdline"], values.hidden)
                continue
            for name, content in told.items():
                if "/pg/" in name or "postgres.log" in name:
                    continue  # searched where it is
                assert leaks(content, values.everything) == set(), (told["comm"], name)
    finally:
        bystander.kill()
        bystander.wait()
    # The controls: the bystander, and each of the app's own instances.
    assert with_values == 1 + len(own)


def test_no_service_leaves_a_core(installation: Installation) -> None:
    for process in PROCESSES:
        limits = sinks.told_by_proc(pid_of(installation.stack, process))["limits"].decode()
        (line,) = [line for line in limits.splitlines() if line.startswith(sinks.CORE)]
        assert line.removeprefix(sinks.CORE).split()[0] == "0", process


def test_temporary_files(installation: Installation, temporary: Path, values: Wanted) -> None:
    folder = temporary / "temporary files"
    assert in_files(folder, values.everything) == {}
    control = folder / "control"
    control.write_bytes(gzip.compress(installation.canaries.secret().encode()))
    assert in_files(folder, values.everything) == {"control": {"secrets: plain, deflated"}}


def test_a_service_does_not_have_grpc_trace(installation: Installation, values: Wanted) -> None:
    """Every message would be in the log: whoever asks for that is told, and nothing starts."""
    running = sinks.told_by_proc(pid_of(installation.stack, "audit"))["environ"].decode().split("\0")
    environment = dict(setting.split("=", 1) for setting in running if setting) | {"GRPC_TRACE": "all"}
    command = [sys.executable, "-m", "services.audit"]
    started = subprocess.run(command, env=environment, cwd=CLONE, capture_output=True, timeout=PATIENCE, check=False)
    assert started.returncode == 1
    assert b"audit: GRPC_TRACE is set" in started.stderr
    assert leaks(started.stdout + started.stderr, values.everything) == set()


def test_what_people_have_at_home(installation: Installation, values: Wanted) -> None:
    assert in_files(installation.home, values.everything) == {}
    control = installation.home / "control"
    control.write_text(installation.canaries.tokens[0])
    assert in_files(installation.home, values.everything) == {"control": {"tokens: plain"}}
