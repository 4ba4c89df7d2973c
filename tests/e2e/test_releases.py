"""Releases as users see them: instances replaced one at a time, failures taken back, rollbacks, Ctrl-C.

Leaves out crashes of the releaser in the middle (`test_killing`) and neighbours that are away (`test_outages`).
"""

import os
import signal

from tests.e2e.installation import (
    Installation,
    Paas,
    config_of,
    environments,
    eventually,
    pids,
    releases,
    secret_names,
    settled,
)
from tests.e2e.router import served


def test_a_rolling_restart_never_leaves_nobody(paas: Paas) -> None:
    before = pids(paas)
    with served(paas) as seen:
        eventually(lambda: before <= seen.pids)
        run = paas.ok("config:set", "ROUND=1")
        after = pids(paas)
        eventually(lambda: after <= seen.pids)
    assert run.lines == ["Set ROUND · release v2", "v2 succeeded"]
    assert {line.split()[1] for line in run.err.splitlines()} <= {"queued", "running"}
    assert len(before) == len(after) == 2
    assert before.isdisjoint(after)
    assert {environment["ROUND"] for environment in environments(paas)} == {"1"}
    assert seen.gaps == 0
    assert seen.pids == before | after


def test_a_release_that_fails_is_taken_back(paas: Paas) -> None:
    paas.ok("config:set", "GOOD=1", "--no-wait")
    paas.ok("secrets:set", "S=old")
    before = pids(paas)
    with served(paas) as seen:
        failed = paas("config:set", "CRASH=1", "GOOD=2")
        eventually(lambda: before <= seen.pids)
    assert failed.exit_code == 6
    number = int(failed.lines[0].rpartition("v")[2])
    assert failed.err.splitlines()[-1].startswith(f"error: Release v{number} failed")
    assert failed.err.count("failed") == 1
    assert f"GOOD, CRASH are as in v{number - 1} again (release v{number + 1})" in failed.err
    assert len([line for line in failed.lines if "failed" in line]) == 1
    assert seen.gaps == 0
    # The old instances were never touched.
    assert len(before) == 2
    found = {release["number"]: release for release in settled(paas)}
    assert found[number]["reverted_to"] == number - 1
    assert sorted(found[number]["reverted_names"]) == ["CRASH", "GOOD"]
    assert found[number + 1]["state"] == "succeeded"
    assert config_of(paas) == {"GOOD": "1"}
    for environment in environments(paas):
        assert (environment["GOOD"], environment["S"]) == ("1", "old")
        assert "CRASH" not in environment


def test_a_secret_whose_release_fails_is_taken_back(paas: Paas, installation: Installation) -> None:
    old = installation.canaries.secret()
    paas.ok("secrets:set", f"S={old}")
    failed = paas("secrets:set", f"S={installation.canaries.secret()}", "CRASH=1")
    assert failed.exit_code == 6
    settled(paas)
    assert paas.ok("secrets:get", "S").out == f"{old}\n"
    assert secret_names(paas) == ["S"]
    assert {environment["S"] for environment in environments(paas)} == {old}


def test_a_rollback_keeps_the_newest_secrets(paas: Paas) -> None:
    for value, secret in (("1", "leaked"), ("2", "fresh")):
        paas.ok("config:set", f"C={value}", "--stage")
        paas.ok("secrets:set", f"S={secret}", "--stage")
        paas.ok("releases:create")
    assert paas.ok("rollback", "v2", "--dry-run").out == "Would change C\nA release would follow\n"
    assert paas.ok("rollback", "v2").lines[0] == "Release v4 · Rollback to v2"
    assert config_of(paas) == {"C": "1"}
    for environment in environments(paas):
        assert (environment["C"], environment["S"]) == ("1", "fresh")
    paas.ok("rollback", "2", "--with-secrets")
    assert {environment["S"] for environment in environments(paas)} == {"leaked"}
    assert paas("rollback", "v99").exit_code == 1


def test_an_overlap_has_both_values(paas: Paas) -> None:
    paas.ok("secrets:set", "S=one", "--no-wait")
    paas.ok("secrets:rotate", "S", "--value-file", "-", "--overlap", "1h", stdin=b"two\n")
    for environment in environments(paas):
        assert (environment["S"], environment["S_PREVIOUS"]) == ("two", "one")


def test_ctrl_c_stops_the_watch_and_not_the_release(paas: Paas, installation: Installation) -> None:
    paas.ok("secrets:set", "S=1", "--stage")
    # So that the release can't end before the watch is interrupted.
    installation.stack.stop_part("secrets")
    try:
        watching = paas.start("config:set", "A=1")
        assert watching.stdout is not None
        assert watching.stdout.readline() == "Set A · release v2\n"
        interrupted = paas.finish(watching, number=signal.SIGINT)
    finally:
        installation.stack.start_part("secrets")
    assert interrupted.exit_code == 130
    assert "Stopped watching; release v2 goes on. `paas releases:info v2 -a " in interrupted.err
    assert settled(paas)[0]["state"] == "succeeded"
    assert {environment["A"] for environment in environments(paas)} == {"1"}


def test_releases_that_pile_up_collapse(paas: Paas) -> None:
    for number in range(5):
        paas.ok("config:set", f"PILE={number}", "--no-wait")
    found = settled(paas)
    assert [release["number"] for release in found] == [6, 5, 4, 3, 2, 1]
    assert {release["state"] for release in found} <= {"succeeded", "superseded"}
    assert found[0]["state"] == "succeeded"
    assert all(release["superseded_by"] for release in found if release["state"] == "superseded")
    assert {environment["PILE"] for environment in environments(paas)} == {"4"}


def test_a_program_that_dies_is_started_again(paas: Paas) -> None:
    paas.ok("secrets:set", "S=1")
    killed, left = sorted(pids(paas))
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: left in (now := pids(paas)) and killed not in now and len(now) == 2)
    assert [environment["S"] for environment in environments(paas)] == ["1", "1"]
    assert len(releases(paas)) == 2
