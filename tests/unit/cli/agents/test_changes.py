"""What an agent may change: the draft, by values and references; and what is live or run, where it is allowed.

Programs are real. Leaves out how releases go on (tests/e2e) and the mask by itself (test_masking).
"""

import asyncio
import shlex
import sys
from pathlib import Path

import psutil
import pytest

from paas_cli.agents import bounded_run
from tests.fakes.gateway import TOKEN
from tests.fakes.platform import Platform
from tests.fixtures.waiting import PATIENCE, soon
from tests.unit.cli.agents.conftest import Agents

MASK = "•" * 16
CANARY = "c4n4ry-value"


def is_over(pid: int) -> bool:
    """Whether a process runs no more; one that nobody took note of is over as well."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_changes_are_staged_and_taken_out_again(agent: Agents, platform: Platform, tmp_path: Path) -> None:
    web = platform.apps["web"]
    web.vars |= {"OLD": "1"}
    (tmp_path / "work" / "server.key").write_text(f"{CANARY}-key\n")
    environ = {"PAAS_GATEWAY": platform.gateway.address, "PAAS_TOKEN": "paas_pat_x", "PAAS_APP": "web"}
    environ |= {"PAAS_TOKEN": next(iter(platform.gateway.tokens)), "MINE": CANARY}
    async with agent(environ=environ, secret_env=["MINE"], secret_files=["server.key"]) as call:
        assert "MINE" in (call.tools["stage"].description or "")
        staged = await call(
            "stage",
            set_config={"LOG_LEVEL": "debug"},
            unset_config=["OLD"],
            set_secrets={"S": {"env": "MINE"}, "KEY": {"file": "server.key"}, "R": {"random_bytes": 32}},
        )
        assert [(each["name"], each["kind"], each["action"]) for each in staged["changes"]] == [
            ("LOG_LEVEL", "config", "added"),
            ("OLD", "config", "removed"),
            ("S", "secret", "added"),
            ("KEY", "secret", "added"),
            ("R", "secret", "added"),
        ]
        sealed = {name: each.value for name, each in web.sealed_draft.items()}
        assert (sealed["S"], sealed["KEY"], len(sealed["R"] or "")) == (CANARY, f"{CANARY}-key", 43)
        assert (web.vars, web.releases) == ({"OLD": "1"}, {})
        await call("discard_staged", names=["S", "OLD"])
        assert (set(web.draft), set(web.sealed_draft)) == ({"LOG_LEVEL"}, {"KEY", "R"})
        await call("discard_staged", everything=True)
        assert not web.draft
        assert not any(CANARY in each or str(sealed["R"]) in each for each in call.heard)


async def test_a_release_is_of_exactly_what_was_named(agent: Agents, platform: Platform) -> None:
    web = platform.apps["web"]
    web.config.stage("A", "1")
    web.sealed.stage("S", CANARY)
    async with agent(release=True) as call:
        refused = await call.refused("release", names=["A"])
        assert refused.startswith("Nothing was released: staged is A, S, which is not what names says.")
        released = await call("release", names=["S", "A"])
        assert released["release"]["number"] == 1
        assert (web.vars, web.secrets, web.draft) == ({"A": "1"}, {"S": CANARY}, {})
        assert "staged is nothing" in await call.refused("release", names=["A"])


async def test_a_program_has_the_variables_and_its_output_is_masked(agent: Agents, platform: Platform) -> None:
    web = platform.apps["web"]
    web.vars, web.secrets, web.managed["DATABASE_URL"] = {"PLAIN": "plain-value"}, {"S": CANARY}, "postgres://..."
    web.managed_values["DATABASE_URL"] = "postgres://u:p4ssw0rd@db/app"
    script = 'echo "$S $PLAIN $DATABASE_URL"; printenv S | base64 >&2; echo "[$PAAS_TOKEN]"; exit 3'
    async with agent(run=True) as call:
        ended = await call("run", command=["sh", "-c", script])
        assert (ended["exit_code"], ended["stopped"]) == (3, "")
        assert ended["stdout"] == f"{MASK} {MASK} {MASK}\n[]\n"
        assert ended["stderr"].startswith(MASK)
        assert platform.events[-1].action == "secrets.run"
        only = await call("run", command=["sh", "-c", "echo ${S:-none} ${DATABASE_URL:+there}"], only=["DATABASE_URL"])
        assert only["stdout"] == "none there\n"


async def test_a_program_finds_nobody_signed_in(agent: Agents, platform: Platform) -> None:
    environ = {"PAAS_GATEWAY": platform.gateway.address, "PAAS_TOKEN": TOKEN, "PAAS_APP": "web"}
    platform.apps["web"].secrets["S"] = CANARY
    get = f"{shlex.quote(sys.executable)} -m paas_cli secrets:get S -a web"
    async with agent(run=True) as call:
        # As if the person's sign-in were in a file, which the program can read as they can.
        given = " ".join(f"{name}={value}" for name, value in environ.items())
        ended = await call("run", command=["sh", "-c", f"{given} {get}"], config_only=True)
        assert (ended["exit_code"], ended["stdout"]) == (4, "")
        assert "there `paas` signs nobody in" in ended["stderr"]
        control = await call("run", command=["sh", "-c", f"unset PAAS_RUN_FOR_AGENT; {given} {get}"], config_only=True)
        assert control["stdout"] == f"{CANARY}\n", "the control: what is made to print a value does"


@pytest.mark.parametrize(
    ("script", "stopped", "code"),
    [
        ("trap '' TERM; touch on; exec sleep 60", "it ran for more than 1 seconds", 137),
        ("exec yes", "it wrote more than 8 MiB", 143),
    ],
)
async def test_a_program_is_ended_with_all_it_started(
    agent: Agents,
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    script: str,
    stopped: str,
    code: int,
) -> None:
    """One that does not end when it is asked to, once it has said so; and one that does, however long that takes."""
    assert platform.apps
    timeout = 1 if "ran" in stopped else 100
    monkeypatch.setattr(bounded_run, "GRACE", 0.2 if timeout == 1 else PATIENCE)
    wait = bounded_run._Running.wait

    def wait_once_it_is_on(running: bounded_run._Running, seconds: float) -> bounded_run.Ended:
        soon((tmp_path / "work" / "on").exists)
        return wait(running, seconds)

    if timeout == 1:
        monkeypatch.setattr(bounded_run._Running, "wait", wait_once_it_is_on)
    async with agent(run=True) as call:
        ended = await call("run", command=["sh", "-c", f"echo $$; {script}"], timeout_seconds=timeout)
        assert (ended["stopped"], ended["exit_code"]) == (stopped, code)
        assert len(ended["stdout"]) <= 24 * 1024
        if timeout == 1:
            assert is_over(int(ended["stdout"]))


async def test_what_holds_the_output_open_is_not_waited_for(agent: Agents, platform: Platform) -> None:
    """What a killed process holds is closed before the process counts as over, so that has to be waited for."""
    assert platform.apps
    async with agent(run=True) as call:
        ended = await call("run", command=["sh", "-c", "sleep 1000 & echo $!"], timeout_seconds=900)
    assert (ended["exit_code"], ended["stopped"]) == (0, "")
    while not is_over(int(ended["stdout"])):
        await asyncio.sleep(0.02)


async def test_a_program_ends_with_the_agent(agent: Agents, platform: Platform, tmp_path: Path) -> None:
    assert platform.apps
    note = tmp_path / "pid"
    write = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid()) + '.'); time.sleep(1000)"
    async with agent(run=True) as call:
        waiting = asyncio.ensure_future(call("run", command=[sys.executable, "-c", write], timeout_seconds=900))
        while not (note.exists() and note.read_text().endswith(".")):
            await asyncio.sleep(0.02)
        waiting.cancel()
    pid = int(note.read_text()[:-1])
    while not is_over(pid):
        await asyncio.sleep(0.02)
