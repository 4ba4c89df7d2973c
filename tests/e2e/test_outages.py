"""Each part stopped in turn while the others run: what still works, what `paas` says, and what happens on return.

Leaves out parts that are killed while they work (`test_killing`).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.installation import (
    Installation,
    Paas,
    Run,
    config_of,
    environments,
    events,
    eventually,
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
        assert waiting.stdout.readline() == "Set A · release v3\n"
        line = ""
        while "Waiting for the secrets service." not in line:
            line = waiting.stdout.readline()
            assert line
    ended = stocked.finish(waiting)
    assert (ended.exit_code, ended.lines[-1]) == (0, "v3 succeeded"), ended.err
    assert stocked.ok("secrets:get", "S").out == "1\n"


def test_without_tokens_nobody_gets_in(stocked: Paas, installation: Installation) -> None:
    away = "The tokens service is unavailable"
    with without(installation, "tokens"):
        assert unavailable(stocked("config"), away, unchanged=False)
        assert unavailable(stocked("secrets:set", "S=2"), away, unchanged=True)
    assert stocked.ok("secrets:get", "S").out == "1\n"


def test_without_audit_everything_is_kept_for_it(stocked: Paas, installation: Installation) -> None:
    app = stocked.environment["PAAS_APP"]
    with without(installation, "audit"):
        stocked.ok("config:set", "A=2", "--no-wait")
        stocked.ok("secrets:set", "S=2", "--no-wait")
        # The event of this is committed in the outbox of secrets before the value leaves.
        assert stocked.ok("secrets:get", "S").out == "2\n"
        assert unavailable(stocked("audit"), "The audit service is unavailable", unchanged=False)
    wanted = {"config.set": 2, "secrets.set": 2, "secrets.get": 1}

    def counted() -> dict[str, int]:
        found = [event["action"] for event in events(stocked, app=app, actor="user:ada@example.com")]
        return {action: found.count(action) for action in wanted}

    assert eventually(lambda: counted() == wanted)


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
