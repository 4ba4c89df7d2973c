"""The whole service with sinks: what is appended goes out, and one that is away holds up nothing else."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.audit.settings import Settings
from tests.fakes.event_receiver import OK, EventReceiver, Reply
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.integration.audit.conftest import Served
from tests.integration.audit.test_server import event_of


def _lines(settings: Settings) -> list[dict[str, str]]:
    path = Path(settings.sink_file)
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def _is_published(settings: Settings, line: dict[str, str]) -> bool:
    return (Path(settings.log_folder) / line["log"].split("/")[1] / "checkpoint").exists()


@pytest.fixture
def receiver() -> EventReceiver:
    """One that takes nothing for now."""
    return EventReceiver(always=Reply(500))


@pytest.fixture
def settings(settings: Settings, receiver: EventReceiver, tmp_path: Path) -> Iterator[Settings]:
    """The settings of an `audit` with a file and with a collector that fails."""
    with receiver.serving():
        yield replace(
            settings,
            sinks="file,otlp",
            sink_file=str(tmp_path / "audit.jsonl"),
            sink_otlp_url=receiver.url,
        )


async def test_events_go_out_whatever_becomes_of_one_sink(
    served: Served, receiver: EventReceiver, settings: Settings, databases: Databases
) -> None:
    first, second = event_of(), event_of(tenant="globex")
    await served.append(first)
    await served.append(second)
    await until(lambda: len(_lines(settings)) == 2)
    lines = _lines(settings)
    assert {(line["event_id"], line["tenant"]) for line in lines} == {
        (first.event_id, "acme"),
        (second.event_id, "globex"),
    }
    await until(lambda: all(_is_published(settings, line) for line in lines))
    await until(lambda: receiver.seen)
    assert receiver.taken == []
    receiver.always = OK
    await until(lambda: len(receiver.taken) >= 2)
    await until(
        lambda: (
            databases.look("audit", "SELECT sink, sum(sequence) FROM deliveries GROUP BY sink ORDER BY sink")
            == [("file", 2), ("otlp", 2)]
        )
    )
