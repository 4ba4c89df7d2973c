"""The books against the platform: what was acknowledged is there once, released or staged, with one event; no more."""

from collections import Counter
from dataclasses import dataclass
from typing import LiteralString

from local.stack import Stack
from tests.crash.writers import Books
from tests.e2e.installation import Paas, as_superuser, config_of, eventually, secret_names

_EVENTS: LiteralString = "SELECT action, request_id, outcome FROM events WHERE app = %s OR (app = '' AND action = %s)"
_TELLING = ("config", "secrets", "tokens", "releaser")
_WAITING: LiteralString = "SELECT count(*) FROM outbox"
# Not as `paas` lists them: there may be thousands.
_RELEASES: LiteralString = """
    SELECT r.number, r.state, r.finished_at IS NOT NULL AND NOT r.undo_due,
           ARRAY(SELECT change ->> 'name' FROM releases AS part, jsonb_array_elements(part.changes) AS change
                 WHERE (part.tenant, part.app_id, part.change_id) = (r.tenant, r.app_id, r.change_id))
    FROM releases r JOIN apps a ON a.tenant = r.tenant AND a.app_id = r.app_id
    WHERE a.name = %s ORDER BY r.number DESC"""


def balance(stack: Stack, live_app: Paas, draft_app: Paas, books: Books) -> None:
    """Compare. Raises AssertionError."""
    assert books.unexpected == []
    drained(stack)
    _live(stack, live_app, books)
    _drafts(stack, draft_app, books)
    _told(stack, live_app, books)
    _tokens(stack, books)


def drained(stack: Stack) -> None:
    """Everything that services have to tell each other arrives, and nothing is parked."""

    def nothing_waits() -> bool:
        return all(as_superuser(stack, service, _WAITING) == [(0,)] for service in _TELLING)

    # What a service is told may be what it has to tell another, one that was looked at before.
    eventually(lambda: nothing_waits() and nothing_waits())


@dataclass(frozen=True)
class _Release:
    number: int
    state: str
    ended: bool
    names: frozenset[str]
    """What it makes live, with the other part of its change where the halves came apart when services died."""


def _releases(stack: Stack, paas: Paas, *, at_least: int) -> list[_Release]:
    """The releases of an app, newest first, once there are so many and all of them have ended."""
    found: list[_Release] = []

    def ended() -> bool:
        rows = as_superuser(stack, "releaser", _RELEASES, paas.environment["PAAS_APP"])
        found[:] = [_Release(number, state, done, frozenset(names)) for number, state, done, names in rows]
        return len(found) >= at_least and all(each.ended for each in found)

    eventually(ended)
    return found


def _live(stack: Stack, paas: Paas, books: Books) -> None:
    done = books.of("set") + books.of("seal")
    last = {entry.name: entry.value for entry in done}
    assert set(last) == {"C1", "C2", "S1"}
    # The app's first release, the one of SEED, and one for each change.
    found = _releases(stack, paas, at_least=2 + len(done))
    assert len(found) == 2 + len(done)
    assert found[0].state == "succeeded"
    numbered = [entry.release for entry in done if entry.release]
    assert len(set(numbered)) == len(numbered)
    assert config_of(paas) == {"C1": last["C1"], "C2": last["C2"]}
    assert sorted(secret_names(paas)) == ["S1", "SEED"]
    assert paas.ok("secrets:get", "S1").out == f"{last['S1']}\n"


def _drafts(stack: Stack, paas: Paas, books: Books) -> None:
    """What was staged is live once its release was acknowledged; what was staged after the last one is staged."""
    staged, sealed = books.of("stage"), books.of("stage-sealed")
    released = books.of("release")
    live = released[-1].value
    assert config_of(paas) == {"CD": live}
    assert paas.ok("secrets:get", "SD").out == f"{live}\n"
    left = paas.ok("staged", "--json").document["staged"]
    expected = [entry.name for entry in (staged[-1], sealed[-1]) if entry.value != live]
    assert sorted(item["name"] for item in left) == sorted(expected)
    numbers = [entry.release for entry in released]
    assert len(set(numbers)) == len(numbers)
    found = {release.number: release for release in _releases(stack, paas, at_least=len(numbers))}
    assert set(numbers) <= set(found)
    assert {number: found[number].names for number in numbers if found[number].names != {"CD", "SD"}} == {}
    app = paas.environment["PAAS_APP"]
    made = Counter(action for action, *_ in as_superuser(stack, "audit", _EVENTS, app, ""))
    assert (made["config.stage"], made["secrets.stage"]) == (len(staged), len(sealed))
    assert (made["config.release"], made["secrets.release"]) == (len(released), len(released))


def _told(stack: Stack, paas: Paas, books: Books) -> None:
    drained(stack)  # the look of this test at S1 is to be on record too
    app, told = paas.environment["PAAS_APP"], Counter[str]()
    for action, request_id, _ in as_superuser(stack, "audit", _EVENTS, app, ""):
        told[f"{action} {request_id}"] += 1
    for kind, action in (("set", "config.set"), ("seal", "secrets.set")):
        for entry in books.of(kind):
            assert told[f"{action} {entry.request_id}"] == 1
    changes = sum(count for each, count in told.items() if each.startswith(("config.set ", "secrets.set ")))
    assert changes == len(books.of("set")) + len(books.of("seal")) + 1  # SEED
    read = sum(count for each, count in told.items() if each.startswith("secrets.get "))
    # One more is the look of this test at S1. A try that was cut off may have been recorded all the same.
    assert len(books.of("reveal")) + 1 <= read <= books.reveals_tried + 1


def _tokens(stack: Stack, books: Books) -> None:
    made = [entry.name for entry in books.of("token")]
    prefix = f"{made[0].rsplit('-', 1)[0]}-%"
    found = as_superuser(stack, "tokens", "SELECT name FROM tokens WHERE name LIKE %s", prefix)
    assert sorted(name for (name,) in found) == sorted(made)
    events = as_superuser(stack, "audit", _EVENTS, "", "tokens.create")
    counted = Counter(request_id for _, request_id, _ in events)
    assert [counted[entry.request_id] for entry in books.of("token")] == [1] * len(made)
