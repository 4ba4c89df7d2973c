"""Sums say of every event what it was done to and who did it, each once, however the log is cut into parts.

On a real PostgreSQL, against the events counted one by one; and through the server, whose readers see no more in sums
than in lists. Leaves out which index answers (tests/integration/plans) and how far a part reaches (tests/unit/audit).
"""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

import grpc
import pytest
from paas.audit.v1 import audit_pb2

from paaskit.db import Database
from paaskit.identity import Identity
from services.audit.event import Outcome, Report
from services.audit.rpc import known_actions
from services.audit.selection import Selection
from services.audit.store import Store
from services.audit.summaries import counting, summaries
from services.audit.summaries.asked import Place, Question, Sum
from services.audit.summaries.counting import Counting
from services.audit.summaries.summaries import Summaries
from tests.fakes.audit_log import report_of
from tests.fakes.identities import identity_of
from tests.integration.audit.conftest import Served

_START: Final = datetime(2026, 5, 4, tzinfo=UTC)
_ACTIONS: Final = ("secrets.get", "secrets.set", "tokens.create")
_APPS: Final = (("web", "a1"), ("web", "a9"), ("api", "a2"), ("", ""))
_EVENTS: Final = 120

QUESTIONS: Final = {
    "everything": Question(selection=Selection(), actions=_ACTIONS),
    "one action": Question(selection=Selection(), actions=("secrets.get",)),
    "a token": Question(selection=Selection(), actions=_ACTIONS, token_id="t1"),
    "a token in an app": Question(selection=Selection(app="web"), actions=("secrets.get",), token_id="t2"),
    "a person": Question(selection=Selection(actor="user:ada"), actions=_ACTIONS),
    "an app": Question(selection=Selection(app="web", outcome=Outcome.DENIED), actions=_ACTIONS),
    "a time": Question(
        selection=Selection(since=_START + timedelta(seconds=20), until=_START + timedelta(seconds=91)),
        actions=_ACTIONS,
    ),
    "a reader of some apps": Question(selection=Selection(app_ids=frozenset({"a1", "a2", ""})), actions=_ACTIONS),
    "a reader of none": Question(selection=Selection(app_ids=frozenset()), actions=_ACTIONS),
    "nobody": Question(selection=Selection(actor="user:nobody"), actions=_ACTIONS),
}


def _reports() -> list[Report]:
    chance = random.Random(4)
    return [
        report_of(
            event_id=f"e{number}",
            tenant=chance.choice(("acme", "acme", "rival")),
            action=chance.choice((*_ACTIONS, "config.set")),
            actor=chance.choice(("user:ada", "pat:ci", "service:releaser")),
            on_behalf_of=chance.choice(("", "", "user:ada")),
            maker=chance.choice(("", "user:ada")),
            token_id=chance.choice(("", "t1", "t2")),
            app=app,
            app_id=app_id,
            targets=tuple(chance.choices(("A", "B", "C"), k=chance.randrange(4))),
            outcome=chance.choice(tuple(Outcome)),
            client_address=chance.choice(("", "203.0.113.1", "203.0.113.2")),
            occurred_at=_START + timedelta(seconds=chance.randrange(1000)),
            repeats=chance.choice((0, 0, 4)),
        )
        for number in range(_EVENTS)
        for app, app_id in [chance.choice(_APPS)]
    ]


@pytest.fixture
async def reports(store: Store) -> list[Report]:
    """A log of two tenants, an event a second."""
    every = _reports()
    for second, report in enumerate(every):
        await store.append([report], service="config", now=_START + timedelta(seconds=second))
    return every


def _meant(question: Question, report: Report, second: int) -> bool:
    selection, moment = question.selection, _START + timedelta(seconds=second)
    return (
        report.tenant == "acme"
        and report.action in question.actions
        and question.token_id in {"", report.token_id}
        and selection.app in {"", report.app}
        and selection.actor in {"", report.actor, report.on_behalf_of, report.maker}
        and selection.outcome in {0, report.outcome}
        and (selection.since is None or moment >= selection.since)
        and (selection.until is None or moment < selection.until)
        and (selection.app_ids is None or report.app_id in selection.app_ids - {""})
    )


async def _parts(database: Database, question: Question) -> list[list[Sum]]:
    asked = Summaries(Store(database), Counting(database), actions=known_actions())
    parts: list[list[Sum]] = []
    place: Place | None = None
    while place is not None or not parts:
        sums, place = await asked.page("acme", question, place)
        parts.append(list(sums))
    return parts


@pytest.mark.parametrize("limits", [(50_000, 100_000, 8_000), (7, 100_000, 8_000), (50, 10, 8_000), (50, 100_000, 9)])
async def test_each_event_counts_once_however_small_the_parts(
    database: Database, reports: list[Report], limits: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in zip(("MOST_EVENTS", "MOST_NAMES", "MOST_SUMS"), limits, strict=True):
        monkeypatch.setattr(counting, name, value)
    # So that parts stay as small as they are made here.
    monkeypatch.setattr(summaries, "FIRST_REACH", 60)
    monkeypatch.setattr(summaries, "_FEW_EVENTS", 0)
    for name, question in QUESTIONS.items():
        parts = await _parts(database, question)
        names: Counter[tuple[object, ...]] = Counter()
        actors: Counter[tuple[object, ...]] = Counter()
        for each in (each for part in parts for each in part):
            if each.actor:
                actors[each.action, each.outcome, each.actor, each.on_behalf_of, each.maker, each.token_id] += (
                    each.events
                )
            else:
                names[each.action, each.outcome, each.app, each.app_id, each.name] += each.events
        meant = [report for at, report in enumerate(reports) if _meant(question, report, at)]
        assert sum(actors.values()) == sum(1 + report.repeats for report in meant), name
        for report in meant:
            actors[report.action, report.outcome, report.actor, report.on_behalf_of, report.maker, report.token_id] -= (
                1 + report.repeats
            )
            for target in report.targets or ("",):
                names[report.action, report.outcome, report.app, report.app_id, target] -= 1 + report.repeats
        assert not +names, name
        assert not -names, name
        assert not +actors, name
        assert not -actors, name
        assert limits[2] > 9 or all(len(part) <= 9 for part in parts)


async def test_a_sum_has_when_where_and_which_token(database: Database, store: Store) -> None:
    for number, (address, target) in enumerate([("203.0.113.1", "t7"), ("203.0.113.2", "t7"), ("", "t8")]):
        report = report_of(
            action="tokens.create", targets=("evil",), target_tokens=((target, "user:ada"),), version=number,
            occurred_at=_START - timedelta(hours=number), client_address=address,
        )  # fmt: skip
        await store.append([report], service="tokens", now=_START)
    question = Question(selection=Selection(), actions=["tokens.create"])
    (part,) = await _parts(database, question)
    first, second = sorted((each for each in part if not each.actor), key=lambda each: each.target_token_id)
    assert (first.target_token_id, first.events, first.version) == ("t7", 2, 1)
    assert (first.first_at, first.last_at) == (_micros(_START - timedelta(hours=1)), _micros(_START))
    assert set(first.addresses) == {"203.0.113.1", "203.0.113.2"}
    assert first.address_count == 2
    assert (second.target_token_id, second.addresses, second.address_count) == ("t8", (), 0)


def _micros(time: datetime) -> int:
    return int(time.timestamp() * 1_000_000)


async def test_readers_get_sums_of_their_tenant_and_their_apps(served: Served) -> None:
    def read(app: str, app_id: str, tenant: str = "acme") -> audit_pb2.Event:
        event = audit_pb2.Event(
            event_id=f"{tenant}-{app_id}", tenant=tenant, action="secrets.get", actor="pat:ci", app=app, app_id=app_id,
            targets=["KEY"], outcome=audit_pb2.OUTCOME_OK, token_id="t1",
        )  # fmt: skip
        event.occurred_at.FromDatetime(_START)
        return event

    await served.append(read("web", "a1"), read("api", "a2"), read("web", "a9"), read("web", "r1", "rival"))

    async def apps_of(request: audit_pb2.SummarizeEventsRequest, who: Identity) -> list[str]:
        answer = await served.users.SummarizeEvents(request, metadata=served.tokens.metadata(who))
        return sorted(each.app_id for each in answer.sums if not each.actor)

    every, of_token = (
        audit_pb2.SummarizeEventsRequest(actions=["secrets.get"]),
        audit_pb2.SummarizeEventsRequest(actions=["secrets.get"], token_id="t1"),
    )
    for request in (every, of_token):
        assert await apps_of(request, identity_of()) == ["a1", "a2", "a9"]
        assert await apps_of(request, identity_of(apps=frozenset({("web", "a1")}))) == ["a1"]
        assert await apps_of(request, identity_of(apps=frozenset())) == []
        assert await apps_of(request, identity_of(tenant="rival")) == ["r1"]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await apps_of(audit_pb2.SummarizeEventsRequest(actions=["secrets.peek"]), identity_of())
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
