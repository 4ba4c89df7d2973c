"""The supervisor with stand-in programs: restarts, stopping, orphans, its own death.

Leaves out what the parts are: that is `test_stack.py`, with the real ones.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import leftovers
from local.layout import Layout
from local.record import read_record
from local.supervisor import RECORD
from machine.processes import identify, is_alive
from tests.fixtures.waiting import PATIENCE
from tests.unit.local.stand_ins import SLEEPER, STARTER, STUBBORN, Supervised, supervised, until


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "state with a space")
    layout.run.mkdir(parents=True)
    return layout


@pytest.fixture
def supervisor(layout: Layout) -> Iterator[Supervised]:
    with supervised(layout.run) as running:
        yield running


def _gone(pid: int) -> bool:
    return identify(pid) is None


def test_a_part_that_dies_is_started_again_with_a_growing_pause(supervisor: Supervised) -> None:
    supervisor.run("brief", "print('here', flush=True)")
    supervisor.starter.request({"do": "keep"})
    supervisor.run("brief", "print('here', flush=True)")
    until(lambda: supervisor.part("brief")["restarts"] >= 3)
    said = supervisor.log("supervisor")
    assert "brief ended by itself, status 0" in said
    assert [pause for pause in ("0.2 s", "0.4 s", "0.8 s") if f"again in {pause}" in said] == [
        "0.2 s",
        "0.4 s",
        "0.8 s",
    ]


def test_a_killed_part_comes_back_as_another_process(supervisor: Supervised) -> None:
    supervisor.run("sleeper", SLEEPER)
    supervisor.starter.request({"do": "keep"})
    before = supervisor.pid("sleeper")
    assert supervisor.ask("kill", name="sleeper", signal=int(signal.SIGKILL)) == {}
    until(lambda: supervisor.part("sleeper")["pid"] not in (before, None))
    assert _gone(before)


def test_a_part_that_dies_during_the_start_is_reported_and_not_restarted(supervisor: Supervised) -> None:
    supervisor.run("broken", "raise SystemExit(3)")
    until(lambda: supervisor.part("broken")["pid"] is None)
    assert supervisor.starter.take_exit() == {"exited": "broken", "code": 3}
    assert supervisor.part("broken")["restarts"] == 0


def test_a_starter_that_vanishes_leaves_nothing_running(supervisor: Supervised) -> None:
    supervisor.run("sleeper", SLEEPER)
    pid = supervisor.pid("sleeper")
    supervisor.starter.close()
    supervisor.process.wait(PATIENCE)
    assert _gone(pid)


def test_stopping_one_part_leaves_it_stopped_and_the_others_running(supervisor: Supervised) -> None:
    supervisor.run("one", SLEEPER)
    supervisor.run("two", SLEEPER)
    supervisor.starter.request({"do": "keep"})
    assert supervisor.ask("stop", name="one") == {}
    assert supervisor.part("one")["state"] == "stopped"
    assert supervisor.part("two")["state"] == "running"
    assert supervisor.ask("start", name="one") == {}
    assert supervisor.part("one")["state"] == "running"


def test_an_unknown_part_is_an_error(supervisor: Supervised) -> None:
    assert supervisor.ask("stop", name="nobody") == {"error": "unknown part or request"}


def test_a_part_that_ignores_sigterm_is_killed_after_its_grace_time(supervisor: Supervised) -> None:
    supervisor.run("stubborn", STUBBORN, grace=0.3)
    until(lambda: "up" in supervisor.log("stubborn"))
    pid = supervisor.pid("stubborn")
    assert supervisor.ask("stop", name="stubborn") == {}
    assert _gone(pid)


def test_down_ends_what_a_killed_part_had_started(supervisor: Supervised) -> None:
    supervisor.run("releaser", STARTER)
    supervisor.starter.request({"do": "keep"})
    until(lambda: supervisor.log("releaser"))
    instance = int(supervisor.log("releaser").split()[0])
    supervisor.ask("kill", name="releaser", signal=int(signal.SIGKILL))
    until(lambda: supervisor.part("releaser")["restarts"] == 1)
    assert not _gone(instance), "an app goes on while the releaser is away"
    assert supervisor.ask("down") == {}
    assert _gone(instance)
    supervisor.process.wait(PATIENCE)
    assert not (supervisor.folder / RECORD).exists()


def test_after_a_kill_of_the_supervisor_everything_can_still_be_ended(layout: Layout) -> None:
    with supervised(layout.run) as supervisor:
        supervisor.run("releaser", STARTER, grace=0.3)
        supervisor.run("stubborn", STUBBORN, grace=0.3)
        supervisor.starter.request({"do": "keep"})
        until(lambda: supervisor.log("releaser") and "up" in supervisor.log("stubborn"))
        instance = identify(int(supervisor.log("releaser").split()[0]))
        stubborn = supervisor.pid("stubborn")
        assert instance is not None
        until(lambda: instance in _recorded(layout))
        supervisor.process.kill()
        supervisor.process.wait()
        assert is_alive(instance)
        assert leftovers.clean(layout)
        assert not is_alive(instance)
        assert _gone(stubborn)
        assert not leftovers.clean(layout)


def test_what_has_a_recorded_pid_but_another_start_time_is_not_touched(layout: Layout) -> None:
    bystander = os.getpid()
    with supervised(layout.run) as supervisor:
        supervisor.run("sleeper", SLEEPER)
        supervisor.starter.request({"do": "keep"})
        record = (layout.run / RECORD).read_text()
        supervisor.ask("down")
        supervisor.process.wait(PATIENCE)
    entry = read_record_text(layout, record)
    assert entry is not None
    forged = record.replace(f'"pid": {entry}', f'"pid": {bystander}')
    assert forged != record
    (layout.run / RECORD).write_text(forged)
    assert not leftovers.clean(layout)
    assert identify(bystander) is not None


def read_record_text(layout: Layout, text: str) -> int | None:
    """The pid of the only part in a record's text."""
    (layout.run / RECORD).write_text(text)
    record = read_record(layout.run / RECORD)
    return record.parts[0].process.pid if record else None


def _recorded(layout: Layout) -> tuple[object, ...]:
    record = read_record(layout.run / RECORD)
    return record.others if record else ()
