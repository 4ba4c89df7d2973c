"""Releases as users see them: instances replaced one at a time, failures taken back, rollbacks, Ctrl-C.

Leaves out crashes of the releaser in the middle (`test_killing`) and neighbours that are away (`test_outages`).
"""

import os
import signal
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from paas.releaser.v1 import releaser_pb2

from paas_cli import address
from paas_cli.grpcweb import Channel
from tests.e2e.installation import (
    Installation,
    Paas,
    config_of,
    environments,
    eventually,
    fetch,
    instances,
    releases,
    secret_names,
    settled,
)


@dataclass
class Service:
    """What a user of the app sees while its instances are replaced."""

    answers: int = 0
    gaps: int = 0
    most: int = 0
    pids: set[int] = field(default_factory=set)


@contextmanager
def served(paas: Paas) -> Iterator[Service]:
    """Ask the app all the time, as a router would that knows which instances are ready."""
    seen, stop = Service(), threading.Event()
    channel = Channel(
        address.parse(paas.environment["PAAS_GATEWAY"], source="test"),
        token=paas.environment["PAAS_TOKEN"],
        user_agent="test",
    )
    asking = threading.Thread(target=_ask, args=(channel, paas.environment["PAAS_APP"], seen, stop))
    asking.start()
    try:
        yield seen
    finally:
        stop.set()
        asking.join()


def _ask(channel: Channel, app: str, seen: Service, stop: threading.Event) -> None:
    path = "/paas.releaser.v1.ReleaserService/ListInstances"
    while not stop.is_set():
        # A list is old when it arrives: only twice without an answer is a gap.
        for attempt in range(2):
            answer = channel.unary(
                path,
                releaser_pb2.ListInstancesRequest(app=app),
                answer=releaser_pb2.ListInstancesResponse,
                repeatable=True,
            )
            pids = {pid for one in answer.instances if one.state == "ready" and (pid := _pid(one.port))}
            if pids:
                seen.answers += 1
                seen.pids |= pids
                seen.most = max(seen.most, len(pids))
                break
            seen.gaps += attempt
        time.sleep(0.01)


def _pid(port: int) -> int | None:
    try:
        return int(fetch(port)["pid"])
    except (urllib.error.URLError, OSError, ValueError):
        return None


def test_a_rolling_restart_never_leaves_nobody(paas: Paas) -> None:
    before = {fetch(instance["port"])["pid"] for instance in instances(paas)}
    with served(paas) as seen:
        run = paas.ok("config:set", "ROUND=1")
        after = {fetch(instance["port"])["pid"] for instance in instances(paas)}
    assert run.lines[0] == "Set ROUND · release v2"
    assert run.lines[-1] == "v2 succeeded"
    assert {line.split()[1] for line in run.lines[1:-1]} <= {"queued", "running"}
    assert before.isdisjoint(after)
    assert {environment["ROUND"] for environment in environments(paas)} == {"1"}
    assert seen.answers > 5
    assert seen.gaps == 0
    assert seen.pids == before | after


def test_a_release_that_fails_is_taken_back(paas: Paas) -> None:
    paas.ok("config:set", "GOOD=1", "--no-wait")
    paas.ok("secrets:set", "S=old")
    before = {fetch(instance["port"])["pid"] for instance in instances(paas)}
    with served(paas) as seen:
        failed = paas("config:set", "CRASH=1", "GOOD=2")
    assert failed.exit_code == 6
    number = int(failed.lines[0].rpartition("v")[2])
    assert failed.err.count("\n") == 1
    assert f"Release v{number} failed" in failed.err
    assert f"GOOD, CRASH are as in v{number - 1} again (release v{number + 1})" in failed.err
    assert len([line for line in failed.lines if "failed" in line]) == 1
    assert seen.gaps == 0
    # The old instances were never touched.
    assert before <= seen.pids
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


def test_ctrl_c_stops_the_watch_and_not_the_release(paas: Paas) -> None:
    paas.ok("config:set", "A=0", "--no-wait")  # the next one has to wait its turn
    watching = paas.start("config:set", "A=1")
    assert watching.stdout is not None
    first = watching.stdout.readline()
    interrupted = paas.finish(watching, number=signal.SIGINT)
    assert first == "Set A · release v3\n"
    assert interrupted.exit_code == 130
    assert interrupted.err.startswith("Stopped watching; release v3 goes on. `paas releases:info v3 -a ")
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
    (first, _) = instances(paas)
    os.kill(fetch(first["port"])["pid"], signal.SIGKILL)
    eventually(lambda: [one for one in instances(paas) if one["state"] == "ready"][1:], seconds=10)
    assert [environment["S"] for environment in environments(paas)] == ["1", "1"]
    assert len(releases(paas)) == 2
