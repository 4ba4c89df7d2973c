"""What the API refuses, by kind; its texts, which can quote a Secret, are nowhere."""

import json
from typing import Any

import pytest

from services.releaser.cluster_errors import (
    Away,
    ClusterError,
    Conflict,
    Denied,
    Invalid,
    QuotaExceeded,
    Stale,
    Unknown,
    refusal_of,
)
from services.releaser.manifests import Place
from services.releaser.runtimes.kubernetes.refusals import sentence_of

PLACE = Place(namespace="tenant-acme", name="web", container="web")


def body(reason: str = "", message: str = "quotes hunter2", **details: Any) -> str:
    return json.dumps({"kind": "Status", "reason": reason, "message": message, "details": details})


CONFLICT = body(
    "Conflict",
    causes=[
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "kubectl-set" using apps/v1',
            "field": '.spec.template.spec.containers[name="web"].env[name="FOO"].valueFrom',
        }
    ],
)


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (0, "", Away),
        (408, "", Away),
        (429, body("TooManyRequests"), Away),
        (500, body("InternalError"), Away),
        (503, "no json at all: hunter2", Away),
        (409, body("Conflict"), Stale),
        (409, CONFLICT, Conflict),
        (409, body("AlreadyExists"), Unknown),
        (403, body("Forbidden", 'exceeded quota: q, requested: "hunter2"'), QuotaExceeded),
        (403, body("Forbidden"), Denied),
        (401, body("Unauthorized"), Denied),
        (422, body("Invalid", causes=[{"field": "spec.template", "message": "hunter2"}]), Invalid),
        (413, body("RequestEntityTooLarge"), Invalid),
        (404, body("NotFound"), Unknown),
        (418, "[]", Unknown),
    ],
)
def test_kinds(code: int, text: str, kind: type[ClusterError]) -> None:
    error = refusal_of(code, text, {})
    assert type(error) is kind
    assert error.code == code or kind is Conflict
    for shown in (str(error), repr(error), repr(vars(error)), sentence_of(error, PLACE)):
        assert "hunter2" not in shown


def test_a_conflict_names_managers_and_fields() -> None:
    error = refusal_of(409, CONFLICT, {})
    assert isinstance(error, Conflict)
    assert error.managers == ("kubectl-set",)
    sentence = sentence_of(error, PLACE)
    assert "kubectl-set has set" in sentence
    assert 'env[name="FOO"]' in sentence
    assert "`paas releases:create`" in sentence


@pytest.mark.parametrize(
    ("headers", "details", "seconds"),
    [
        ({"Retry-After": "7"}, {}, 7),
        ({}, {"retryAfterSeconds": 3}, 3),
        ({"Retry-After": "900"}, {}, 30),
        ({"Retry-After": "-4"}, {}, 0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, {}, 0),
        ({}, {}, 0),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], details: dict[str, Any], seconds: float) -> None:
    error = refusal_of(429, body("TooManyRequests", **details), headers)
    assert isinstance(error, Away)
    assert error.retry_after == seconds
