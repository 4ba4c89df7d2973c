"""Changes of one app through three processes at once: none is lost, none is made twice, and equal ones are one.

Leaves out the rules of drafts themselves (tests/integration/staging), and processes that die (test_killed.py).
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from typing import Any

import grpc
import pytest
from paas.audit.v1 import audit_pb2
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2
from paas.secrets.v1 import secrets_pb2
from paas.tokens.v1 import tokens_pb2

from paaskit.clock import random_id
from tests.e2e.installation import Installation, Paas, config_of, events, eventually, releases, secret_names, settled
from tests.e2e.replicas.processes import WORKERS, Processes
from tests.e2e.replicas.processes import settled as answered

pytestmark = pytest.mark.thorough
# Of each process and kind. They are made one after the other in a process, beside those of the other processes.
_CHANGES = 6


def _set(app: str, name: str, *, stage: bool = False, **more: Any) -> config_pb2.SetVarsRequest:
    assignment = config_pb2.Assignment(name=name, value=random_id())
    return config_pb2.SetVarsRequest(request_id=random_id(), app=app, stage=stage, vars=[assignment], **more)


def _seal(app: str, name: str, *, stage: bool = False) -> secrets_pb2.SetSecretsRequest:
    assignment = secrets_pb2.SecretAssignment(name=name, value=random_id())
    return secrets_pb2.SetSecretsRequest(request_id=random_id(), app=app, stage=stage, secrets=[assignment])


async def _numbered(processes: Processes, method: Any, request: Any) -> int:
    """Make a change, and ask again under its id until its release has a number; that."""
    made = await answered(lambda: processes.ask(method, request), lambda answer: bool(answer.change.release))
    return int(made.change.release)


async def test_drafts_and_changes_through_three_processes_lose_nothing(idle: Paas, processes: Processes) -> None:
    app, before = idle.environment["PAAS_APP"], len(releases(idle))

    async def stage(worker: int) -> list[str]:
        names = [f"D{worker}_{number}" for number in range(_CHANGES)]
        for name in names:
            await processes.ask(processes.config[worker].SetVars, _set(app, name, stage=True))
            await processes.ask(processes.secrets[worker].SetSecrets, _seal(app, f"{name}S", stage=True))
        return [*names, *(f"{name}S" for name in names)]

    async def change(worker: int) -> list[int]:
        return [
            await _numbered(processes, processes.config[worker].SetVars, _set(app, f"L{worker}_{number}"))
            for number in range(_CHANGES)
        ]

    workers = range(WORKERS)
    names, numbers = await asyncio.gather(asyncio.gather(*map(stage, workers)), asyncio.gather(*map(change, workers)))
    staged, numbered = sorted(chain(*names)), sorted(chain(*numbers))
    assert numbered == list(range(before + 1, before + 1 + WORKERS * _CHANGES))
    assert sorted(config_of(idle)) == sorted(f"L{worker}_{number}" for worker in workers for number in range(_CHANGES))
    draft = idle.ok("staged", "--json").document["staged"]
    assert sorted(item["name"] for item in draft) == staged

    # The whole draft goes with whichever of three releases comes first. Who read it as well is told that it has gone,
    # and who came later restarts the app.
    made = await asyncio.gather(
        *(
            processes.ask(stub.CreateRelease, releaser_pb2.CreateReleaseRequest(request_id=random_id(), app=app))
            for stub in processes.releaser
        ),
        return_exceptions=True,
    )
    assert set(map(_ended, made)) <= {"OK", "FAILED_PRECONDITION"}
    released = [each for each in made if not isinstance(each, BaseException)]
    assert sorted(change.name for each in released for change in each.changes) == staged
    assert sum(bool(each.changes) for each in released) == 1
    assert len({each.release.number for each in released}) == len(released)
    await asyncio.to_thread(settled, idle)
    live = {name for name in staged if name.endswith("S")}
    assert set(secret_names(idle)) == live
    assert set(staged) - live <= set(config_of(idle))
    assert idle.ok("staged", "--json").document["staged"] == []


async def test_one_etag_is_good_for_one_change(idle: Paas, processes: Processes) -> None:
    app = idle.environment["PAAS_APP"]
    for name in ("FIRST", "SECOND"):
        listed = await processes.each([stub.ListVars for stub in processes.config], config_pb2.ListVarsRequest(app=app))
        (etag,) = {each.etag for each in listed}
        made = await asyncio.gather(
            *(
                processes.ask(stub.SetVars, _set(app, f"{name}_{worker}", etag=etag))
                for worker, stub in enumerate(processes.config)
            ),
            return_exceptions=True,
        )
        assert sorted(map(_ended, made)) == ["ABORTED", "ABORTED", "OK"]
    assert len(config_of(idle)) == 2


def _ended(outcome: Any) -> str:
    if isinstance(outcome, grpc.aio.AioRpcError):
        return outcome.code().name
    assert not isinstance(outcome, BaseException), outcome
    return "OK"


Methods = Callable[[Processes], Sequence[Any]]
_EQUAL: dict[str, tuple[Methods, Callable[[str], Any], str]] = {
    "set": (lambda all_: [stub.SetVars for stub in all_.config], lambda app: _set(app, "A"), "config.set"),
    "stage": (
        lambda all_: [stub.SetVars for stub in all_.config],
        lambda app: _set(app, "B", stage=True),
        "config.stage",
    ),
    "seal": (lambda all_: [stub.SetSecrets for stub in all_.secrets], lambda app: _seal(app, "C"), "secrets.set"),
    "rotate": (
        lambda all_: [stub.RotateSecret for stub in all_.secrets],
        lambda app: secrets_pb2.RotateSecretRequest(
            request_id=random_id(), app=app, name="SEED", random=secrets_pb2.RandomValue()
        ),
        "secrets.rotate",
    ),
    "update": (
        lambda all_: [stub.UpdateApp for stub in all_.config],
        lambda app: config_pb2.UpdateAppRequest(
            request_id=random_id(), app=app, spec=config_pb2.AppSpec(command=["true"])
        ),
        "apps.update",
    ),
}


@pytest.mark.parametrize("kind", _EQUAL)
async def test_equal_requests_at_once_get_equal_answers_and_have_one_effect(
    idle: Paas, processes: Processes, kind: str
) -> None:
    methods, make, action = _EQUAL[kind]
    app = idle.environment["PAAS_APP"]
    idle.ok("secrets:set", "SEED=1")
    await asyncio.to_thread(settled, idle)
    before, request = len(releases(idle)), make(app)

    async def ask(method: Any) -> Any:
        """Until the release has its number, which the answer of a moment may lack."""
        pending = config_pb2.RELEASE_STATUS_PENDING
        return await answered(
            lambda: processes.ask(method, request), lambda answer: answer.change.release_status != pending
        )

    answers = await asyncio.gather(*(ask(method) for method in [*methods(processes)] * 2))
    assert {each.SerializeToString(deterministic=True) for each in answers} == {
        answers[0].SerializeToString(deterministic=True)
    }
    assert answers[0].change.change_id
    assert len(releases(idle)) == before + (kind != "stage")
    wanted = {"app": app, "action": action, "request_id": request.request_id}
    eventually(lambda: events(idle, **wanted))
    assert len(events(idle, **wanted)) == 1


async def test_one_release_is_made_of_equal_requests_at_once(idle: Paas, processes: Processes) -> None:
    app = idle.environment["PAAS_APP"]
    idle.ok("config:set", "A=1", "--stage")
    before = len(releases(idle))
    request = releaser_pb2.CreateReleaseRequest(request_id=random_id(), app=app)
    made = await processes.each([stub.CreateRelease for stub in processes.releaser] * 2, request)
    assert [(each.release.number, [change.name for change in each.changes]) for each in made] == [
        (before + 1, ["A"])
    ] * (2 * WORKERS)
    assert len(releases(idle)) == before + 1


async def test_one_process_alone_gives_a_tokens_text_to_equal_requests_at_once(ada: Paas, processes: Processes) -> None:
    """Within a process they are one request; the others say that it is made (decision 15)."""
    name = f"ci-{random_id()[:12]}"
    request = tokens_pb2.CreateTokenRequest(request_id=random_id(), name=name, permissions=["apps.read"])
    made = await asyncio.gather(*(processes.each([stub.CreateToken] * 2, request) for stub in processes.tokens))
    assert sorted([_ended(each) for each in pair] for pair in made) == [
        ["ALREADY_EXISTS", "ALREADY_EXISTS"],
        ["ALREADY_EXISTS", "ALREADY_EXISTS"],
        ["OK", "OK"],
    ]
    (secret,) = {each.secret for pair in made for each in pair if not isinstance(each, BaseException)}
    assert ada.as_token(secret).ok("whoami", "--json").document["subject"] == f"pat:{name}"


async def test_a_page_that_one_process_begins_another_goes_on_with(three: Installation) -> None:
    """In a tenant of its own: when a token was used is noted some seconds later, and would come between two pages."""
    reader = await asyncio.to_thread(three.person, tenant="pages")
    idle = await asyncio.to_thread(partial(three.new_app, reader, instances=0))
    for _ in range(3):
        await asyncio.to_thread(partial(three.new_app, reader, instances=0))
        idle.ok("tokens:create", "--name", f"page-{random_id()[:12]}")
    idle.ok("config:set", *(f"N{number}=1" for number in range(4)))
    idle.ok("secrets:set", *(f"S{number}=1" for number in range(4)))
    await asyncio.to_thread(settled, idle)
    await asyncio.to_thread(_quiet, idle)
    async with Processes.connected(three.stack, reader.environment["PAAS_TOKEN"]) as processes:
        await _pages_are_the_whole(processes, idle.environment["PAAS_APP"])


async def _pages_are_the_whole(processes: Processes, app: str) -> None:
    """Whoever is asked for which page, together they are what one process lists at once."""
    for methods, request, field in (
        ([stub.ListApps for stub in processes.config], config_pb2.ListAppsRequest(), "apps"),
        ([stub.ListVars for stub in processes.config], config_pb2.ListVarsRequest(app=app), "vars"),
        ([stub.ListSecrets for stub in processes.secrets], secrets_pb2.ListSecretsRequest(app=app), "secrets"),
        ([stub.ListTokens for stub in processes.tokens], tokens_pb2.ListTokensRequest(), "tokens"),
        ([stub.ListReleases for stub in processes.releaser], releaser_pb2.ListReleasesRequest(app=app), "releases"),
        ([stub.ListEvents for stub in processes.audit], audit_pb2.ListEventsRequest(app=app), "events"),
    ):
        whole = list(getattr(await processes.ask(methods[0], request), field))
        request.page_size, paged, worker = 1, [], 0
        while True:
            page = await processes.ask(methods[worker % WORKERS], request)
            paged += getattr(page, field)
            worker += 1
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        assert worker >= WORKERS, field
        assert paged == whole, field


def _quiet(paas: Paas) -> None:
    """Wait until the app's releases are all in its log, so that no event comes between two pages."""
    app, count = paas.environment["PAAS_APP"], len(releases(paas))
    eventually(lambda: len(events(paas, app=app, action="releases.finish")) == count)
