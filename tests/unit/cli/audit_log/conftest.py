"""A platform whose log has 300 events, so that it has a full tile and bundle and a partial one of each."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.platform import Platform
from tests.fakes.platform.audit import publish
from tests.fixtures.written_log import ORIGIN

EVENTS = 300


def record(platform: Platform, count: int) -> None:
    """So many more events, published."""
    for _ in range(count):
        platform.record("config.set", "web", "LOG_LEVEL")
    publish(platform)


def remembered(home: Path) -> dict[str, Any]:
    """What the client remembers of the log."""
    document: dict[str, Any] = json.loads(state_file(home).read_text(encoding="utf-8"))
    return document


def state_file(home: Path) -> Path:
    """Where it is remembered."""
    return home / ".config" / "paas" / "logs" / f"{ORIGIN.replace('/', '_2f')}.json"


@pytest.fixture
def logged(signed_in: Platform) -> Platform:
    """Signed in to a platform with some events."""
    record(signed_in, EVENTS)
    return signed_in
