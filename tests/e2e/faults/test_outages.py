"""Each part stopped in turn while the others run: what still works, what `paas` says, and what happens on return.

Covers databases that refuse changes and messages that are refused as well. Leaves out parts that are killed while they
work (`test_killing`).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local import __main__ as terminal
from local.ports import SIGN_IN_CHECK
from services.tokens import pat
from tests.e2e.installation import (
    Installation,
    Paas,
    Run,
    as_superuser,
    config_of,
    environments,
    events,
    eventually,
    metrics_page,
    releases,
    secret_names,
    settled,
)


@contextmanager
def without(installation: Installation, part: str) -> Iterator[None]:
    """The stack with one part stopped."""
    installation.stack.stop_part(part)
    try:
        yield
    finally:
        installation.stack.start_part(part)


def unavailable(run: Run, what: str, *, unchanged: bool) -> bool:
    """Whether the command said in one sentence that `what` is away and whether something was changed."""
    assert (run.exit_code, run.out, run.err.count("\n")) == (5, "", 1), run.err
    assert what in run.err
    assert ("so nothing was changed" in run.err) == unchanged
    return "try again" in run.err


@pytest.fixture
def stocked(idle: Paas) -> Paas:
    """An app with a config var and a secret."""
    idle.ok("config:set", "A=1", "--no-wait")
    idle.ok("secrets:set", "S=1", "--no-wait")
    settled(idle)
    return idle


def counted(user: Paas, app: str) -> dict[str, int]:
    """How often each thing was done to the app's variables, as audit has it."""
    found = [event["action"] for event in events(user, app=app, actor="user:ada@example.com")]
    return {action: found.count(action) for action in ("config.set", "secrets.set", "secrets.get")}


def test_without_config(stocked: Paas, installation: Installation) -> None:
    away = "The config service is unavailable"
    with without(installation, "config"):
        assert unavailable(stocked("config"), away, unchanged=False)
        assert unavailable(stocked("config:set", "A=2"), away, unchanged=True)
        assert unavailable(stocked("secrets:set", "NEW=1"), away, unchanged=True)
        assert stocked.ok("releases").exit_code == 0
    assert config_of(stocked) == {"A": "1"}
    assert secret_names(stocked) == ["S"]


def test_without_secrets(stocked: Paas, installation: Installation) -> None:
    away = "The secrets service is unavailable"
    with without(installation, "secrets"):
        assert unavailable(stocked("secrets"), away, unchanged=False)
        assert unavailable(stocked("secrets:set", "S=2"), away, unchanged=True)
        assert unavailable(stocked("secrets:get", "S"), away, unchanged=False)
        waiting = stocked.start("config:set", "A=2")
        assert waiting.stdout is not None
        assert waiting.stderr is not None
        assert waiting.stdout.readline() == "Set A · release v4\n"
        while "Waiting for the secrets service." not in (line := waiting.stderr.readline()):
            assert line
    ended = stocked.finish(waiting)
    assert (ended.exit_code, ended.lines[-1]) == (0, "v4 succeeded"), ended.err
    assert stocked.ok("secrets:get", "S").out == "1\n"


def test_without_the_sign_in_check_nobody_gets_in(stocked: Paas, installation: Installation) -> None:
    away = "The tokens service is unavailable"
    with without(installation, SIGN_IN_CHECK):
        time.sleep(1.1)  # longer than the gateway remembers who was let in
        assert unavailable(stocked("config"), away, unchanged=False)
        assert unavailable(stocked("secrets:set", "S=2"), away, unchanged=True)
    assert stocked.ok("secrets:get", "S").out == "1\n"


def test_without_tokens_everybody_gets_in_and_no_token_is_made(stocked: Paas, installation: Installation) -> None:
    away = "The tokens service is unavailable"
    with without(installation, "tokens"):
        time.sleep(1.1)  # longer than the gateway remembers who was let in
        assert config_of(stocked) == {"A": "1"}
        stocked.ok("secrets:set", "S=2", "--no-wait")
        assert stocked.ok("secrets:get", "S").out == "2\n"
        assert unavailable(stocked("tokens:create", "--name", "later"), away, unchanged=True)
        assert unavailable(stocked("whoami"), away, unchanged=False)
        wrong = stocked.as_token(pat.generate())("config")
        assert (wrong.exit_code, "was not accepted" in wrong.err) == (3, True), wrong.err
    assert stocked.ok("tokens:create", "--name", "later").exit_code == 0


def test_without_audit_everything_is_kept_for_it(stocked: Paas, installation: Installation) -> None:
    app = stocked.environment["PAAS_APP"]
    with without(installation, "audit"):
        stocked.ok("config:set", "A=2", "--no-wait")
        stocked.ok("secrets:set", "S=2", "--no-wait")
        # The event of this is committed in the outbox of secrets before the value leaves.
        assert stocked.ok("secrets:get", "S").out == "2\n"
        assert unavailable(stocked("audit"), "The audit service is unavailable", unchanged=False)
    assert eventually(lambda: counted(stocked, app) == {"config.set": 2, "secrets.set": 2, "secrets.get": 1})


def test_without_releaser_changes_are_kept(paas: Paas, installation: Installation) -> None:
    with without(installation, "releaser"):
        kept = paas.ok("config:set", "A=1")
        assert kept.out == (
            "Set A · release pending: the releaser is unavailable and will be told as soon as it is back\n"
        )
        assert paas.ok("secrets:set", "S=1", "--json").document["release_status"] == "pending"
        assert unavailable(paas("releases"), "The releaser service is unavailable", unchanged=False)
        assert unavailable(paas("releases:create"), "The releaser service is unavailable", unchanged=True)
        info = paas.ok("apps:info")
        assert "The instances are not shown. The releaser service is unavailable" in info.err
    eventually(lambda: len(releases(paas)) == 3)
    found = settled(paas)
    assert sorted(release["description"] for release in found) == ["Create the app", "Set A", "Set S"]
    assert {(environment["A"], environment["S"]) for environment in environments(paas)} == {("1", "1")}


def test_without_the_gateway(stocked: Paas, installation: Installation) -> None:
    with without(installation, "gateway"):
        assert unavailable(stocked("config"), "can't be reached", unchanged=False)
        assert unavailable(stocked("config:set", "A=2"), "can't be reached", unchanged=True)
    assert config_of(stocked) == {"A": "1"}


def test_without_the_database(stocked: Paas, installation: Installation) -> None:
    with without(installation, "postgres"):
        run = stocked("config:set", "A=2")
        assert (run.exit_code, "is unavailable" in run.err) == (5, True)
    eventually(lambda: stocked("config").exit_code == 0)
    assert config_of(stocked) == {"A": "1"}
    stocked.ok("config:set", "A=3")


@contextmanager
def read_only(installation: Installation) -> Iterator[None]:
    """The databases of audit and releaser refuse changes, as standbys do; their sessions end at either turn."""
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('audit', 'releaser')"
    as_superuser(installation.stack, "postgres", "ALTER DATABASE audit SET default_transaction_read_only = on")
    as_superuser(installation.stack, "postgres", "ALTER DATABASE releaser SET default_transaction_read_only = on")
    as_superuser(installation.stack, "postgres", end)
    try:
        yield
    finally:
        as_superuser(installation.stack, "postgres", "ALTER DATABASE audit SET default_transaction_read_only = off")
        as_superuser(installation.stack, "postgres", "ALTER DATABASE releaser SET default_transaction_read_only = off")
        as_superuser(installation.stack, "postgres", end)


def test_while_databases_are_read_only_everything_is_kept(stocked: Paas, installation: Installation) -> None:
    app = stocked.environment["PAAS_APP"]
    with read_only(installation):
        assert "release pending" in stocked.ok("config:set", "A=2").out
        assert "release pending" in stocked.ok("secrets:set", "S=2").out
        assert stocked.ok("secrets:get", "S").out == "2\n"
        # The connections that were cut may be found out one after the other.
        assert eventually(lambda: stocked("audit", "-n", "1").exit_code == 0)
    eventually(lambda: {release["description"] for release in releases(stocked)} >= {"Set A", "Set S"})
    settled(stocked)
    assert eventually(lambda: counted(stocked, app) == {"config.set": 2, "secrets.set": 2, "secrets.get": 1})


def test_a_message_that_is_refused_is_an_alarm_with_a_way_back(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = installation.stack

    def local(*arguments: str) -> tuple[int, str]:
        code = terminal.main(["--state", str(stack.layout.root), *arguments])
        return code, capsys.readouterr().out

    def parked() -> int:
        return int(as_superuser(stack, "config", "SELECT count(parked_at) FROM outbox WHERE key = 'odd'")[0][0])

    assert local("status")[0] == 0
    as_superuser(stack, "config", "INSERT INTO outbox (destination, key, payload) VALUES ('audit', 'odd', '\\xff')")
    try:
        eventually(parked)
        code, out = local("status")
        line = next(line for line in out.splitlines() if line.startswith("config "))
        assert (code, "1 parked" in line, "`make outbox`" in out) == (1, True, True)
        assert [line for line in local("outbox")[1].splitlines() if "1 parked" in line and "UNREADABLE" in line]
        assert b'paas_outbox_failed_total{destination="audit",reason="UNREADABLE"}' in metrics_page(stack, "config")
        # Nothing was mended, so it is parked again.
        assert local("outbox", "--give-back") == (0, "config     1 given back\n")
        eventually(parked)
    finally:
        as_superuser(stack, "config", "DELETE FROM outbox WHERE key = 'odd'")
    assert local("outbox", "--give-back") == (0, "Nothing was parked.\n")


def test_a_kms_key_that_is_none(stocked: Paas, installation: Installation) -> None:
    stack = installation.stack
    key = stack.layout.kms_key.read_bytes()
    stack.layout.kms_key.write_bytes(b"not a key\n")
    try:
        stack.kill_part("secrets")
        log = stack.layout.log("secrets")
        eventually(lambda: "secrets: PAAS_KMS_KEY_FILE: " in log.read_text())
        assert unavailable(stocked("secrets:get", "S"), "The secrets service is unavailable", unchanged=False)
        assert unavailable(stocked("secrets:set", "S=2"), "The secrets service is unavailable", unchanged=True)
        assert config_of(stocked) == {"A": "1"}
    finally:
        stack.layout.kms_key.write_bytes(key)
        stack.start_part("secrets")
    assert stocked.ok("secrets:get", "S").out == "1\n"
