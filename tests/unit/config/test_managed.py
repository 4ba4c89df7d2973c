"""Managed variables: the two halves of attaching, breaking off, detaching; one decision at a time.

Both halves with secrets in between are tested in tests/integration/config/test_managed.py.
"""

import pytest

from paaskit.audit import Actor
from paaskit.changes import Action
from paaskit.errors import InvalidInput, LimitExceeded, Refused, Unavailable
from paaskit.redact import Plaintext
from paaskit.variables import MAX_NAMES
from services.config.domain import Decision, Kind, Snapshot
from services.config.neighbours import DELETE
from services.config.rules.managed import (
    ATTACHMENT,
    BUSY,
    DETACHED,
    Managed,
    check_managed,
    decide_begin,
    decide_break_off,
    decide_complete,
    decide_detach,
    deletions,
)
from tests.unit.config.builders import NOW, attaching, doing, draft, entry, snapshot

URL = Managed(name="URL", addon="pg", value=Plaintext("canary"), display="pg://...")
ATTACHED = entry("URL", "pg://...", kind=Kind.MANAGED, size=URL.size, claims=("a0",))
ADDON = Actor(tenant="acme", name="service:provisioner", credential="t1")


def _begin(found: Snapshot, *, request_id: str = "request-1") -> Decision:
    return decide_begin(doing("addons.attach", actor=ADDON, request_id=request_id), found, URL, attachment_id="a1")


def _complete(found: Snapshot, *, differs: bool = True, wanted: Managed = URL) -> Decision:
    return decide_complete(
        doing("addons.attach", actor=ADDON), found, wanted, attachment_id="a1", differs=differs, secrets_version=7
    )


def test_the_first_half_reserves_a_new_name_and_writes_down_what_is_under_way() -> None:
    decision = _begin(snapshot(version=5))
    assert (decision.answer, decision.remember, decision.order, list(decision.events)) == (
        {ATTACHMENT: "a1"},
        False,
        None,
        [],
    )
    assert decision.rows is not None
    assert [(each.name, each.kind, each.value, each.claims) for each in decision.rows.open] == [
        ("URL", Kind.MANAGED, "pg://...", ("a1",))
    ]
    assert decision.rows.begin == attaching("URL")
    assert decision.rows.version == 6


def test_the_first_half_leaves_an_attached_variable_as_it_is() -> None:
    decision = _begin(snapshot(ATTACHED, version=5))
    assert decision.rows is not None
    assert (decision.rows.open, decision.rows.version) == ((), 5)
    assert decision.rows.begin == attaching("URL", adds=False)


def test_an_equal_request_joins_and_another_has_to_wait() -> None:
    found = snapshot(ATTACHED, attaching=attaching("URL", "a9"))
    joined = _begin(found)
    assert joined.answer == {ATTACHMENT: "a9"}
    assert joined.rows is not None
    assert joined.rows.begin == attaching("URL", "a9", shared=True, touched_at=NOW)
    other = _begin(found, request_id="request-2")
    assert (other.answer, other.rows, other.remember) == ({BUSY: True}, None, False)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (snapshot(entry("URL")), "NAME_IS_CONFIG"),
        (snapshot(entry("URL", kind=Kind.SECRET)), "NAME_IS_SECRET"),
        (snapshot(entry("URL", kind=Kind.MANAGED, addon="other")), "NAME_IS_MANAGED"),
        (snapshot(drafts=(draft("URL", "1"),)), "NAME_IS_CONFIG"),
    ],
    ids=["config", "secret", "another add-on's", "staged"],
)
def test_a_name_that_belongs_to_somebody_else_is_refused(found: Snapshot, reason: str) -> None:
    with pytest.raises(Refused, match="URL") as caught:
        _begin(found)
    assert caught.value.reason == reason


def test_limits_hold_for_a_new_name() -> None:
    with pytest.raises(LimitExceeded):
        _begin(snapshot(*(entry(f"N{index}", "") for index in range(MAX_NAMES))))


def test_the_second_half_makes_the_change_with_both_versions() -> None:
    found = snapshot(entry("URL", "pg://...", kind=Kind.MANAGED, size=URL.size, claims=("a1",)), version=5)
    decision = _complete(_with(found, adds=True))
    assert decision.order is not None
    assert (decision.order.config_version, decision.order.secrets_version) == (6, 7)
    assert [(each.name, each.action) for each in decision.order.changes] == [("URL", Action.ADDED)]
    assert decision.rows is not None
    assert (decision.rows.version, decision.rows.end) == (6, "URL")
    (event,) = decision.events
    assert (event.action, event.actor, list(event.targets)) == ("addons.attach", "service:provisioner", ["URL"])
    assert "canary" not in f"{decision}"


@pytest.mark.parametrize(
    ("differs", "shared", "display", "changes"),
    [
        (False, False, "pg://...", False),
        (True, False, "pg://...", True),
        (False, True, "pg://...", True),
        (False, False, "other", True),
    ],
    ids=["nothing", "the value", "joined, so that can't be told", "the display form"],
)
def test_what_is_a_change_of_an_attached_variable(differs: bool, shared: bool, display: str, changes: bool) -> None:
    wanted = Managed(name="URL", addon="pg", value=Plaintext("canary"), display=display)
    decision = _complete(_with(snapshot(ATTACHED, version=5), shared=shared), differs=differs, wanted=wanted)
    assert (decision.order is not None, bool(decision.events)) == (changes, changes)
    assert decision.rows is not None
    assert (decision.rows.version, decision.rows.end) == (6 if changes else 5, "URL")
    written = [*decision.rows.open, *decision.rows.hold]
    assert [(each.name, each.claims) for each in written] == [("URL", ("a1",))]
    assert decision.answer[ATTACHMENT] == "a1"


@pytest.mark.parametrize("under_way", [None, attaching("URL", "a2")])
def test_a_second_half_that_comes_too_late_has_its_value_deleted(under_way: object) -> None:
    decision = _complete(snapshot(ATTACHED, attaching=under_way))
    assert isinstance(decision.refusal, Unavailable)
    assert (decision.rows, decision.order, list(decision.events)) == (None, None, [])
    assert [message.destination for message in decision.messages] == [DELETE]


def test_a_limit_reached_in_between_keeps_nothing_from_completing() -> None:
    others = [entry(f"N{index}", "x" * 1040) for index in range(500)]
    grown = Managed(name="URL", addon="pg", value=Plaintext("x" * 60_000), display="pg://...")
    assert _complete(_with(snapshot(ATTACHED, *others)), wanted=grown).order is not None


def test_a_refused_attaching_leaves_the_name_free() -> None:
    reserved = entry("URL", kind=Kind.MANAGED, claims=("a1",))
    decision = _break_off(_with(snapshot(reserved, version=5), adds=True), refused=True)
    assert decision.rows is not None
    assert (decision.rows.close, decision.rows.version, decision.rows.end) == (("URL",), 6, "URL")
    assert len(decision.messages) == 1
    assert list(decision.events) == []


def test_a_refused_new_value_leaves_the_former() -> None:
    decision = _break_off(_with(snapshot(ATTACHED, version=5)), refused=True)
    assert decision.rows is not None
    assert (decision.rows.close, decision.rows.hold, decision.rows.version) == ((), (), 5)
    assert list(decision.messages) == []


def test_a_left_new_value_may_be_stored_and_is_kept_in_mind() -> None:
    decision = _break_off(_with(snapshot(ATTACHED, version=5)), refused=False)
    assert decision.rows is not None
    assert [each.claims for each in decision.rows.hold] == [("a0", "a1")]
    assert list(decision.messages) == []
    (event,) = decision.events
    assert event.outcome == 3


def test_what_is_settled_already_is_left_alone() -> None:
    decision = _break_off(snapshot(ATTACHED), refused=False)
    assert (decision.rows, list(decision.messages), list(decision.events)) == (None, [], [])


def test_an_add_on_detaches_its_own_and_no_other() -> None:
    found = snapshot(entry("URL", kind=Kind.MANAGED, claims=("a0", "a1")), version=5)
    with pytest.raises(Refused, match="another add-on"):
        decide_detach(doing("addons.detach"), found, "URL", addon="mysql")
    decision = decide_detach(doing("addons.detach"), found, "URL", addon="pg")
    assert decision.answer[DETACHED] == ["a0", "a1"]
    assert decision.rows is not None
    assert (decision.rows.close, decision.rows.version) == (("URL",), 6)
    assert decision.order is not None
    assert (decision.order.config_version, decision.order.secrets_version) == (6, None)
    assert decision.messages == deletions("acme", found.app, "URL", decision.answer)
    assert len({message.key for message in decision.messages}) == 2


def test_detaching_ends_what_is_under_way_and_names_values_without_an_id() -> None:
    former = _with(snapshot(entry("URL", kind=Kind.MANAGED)))
    decision = decide_detach(doing("addons.detach"), former, "URL", addon="pg")
    assert decision.answer[DETACHED] == ["", "a1"]
    assert decision.rows is not None
    assert decision.rows.end == "URL"


def test_detaching_what_is_not_there_changes_nothing_and_others_are_refused() -> None:
    decision = decide_detach(doing("addons.detach"), snapshot(version=5), "URL", addon="pg")
    assert (decision.answer, decision.rows) == ({"version": 5}, None)
    with pytest.raises(Refused):
        decide_detach(doing("addons.detach"), snapshot(entry("URL")), "URL", addon="pg")


def test_the_display_form_is_not_the_value() -> None:
    shown = Managed(name="URL", addon="pg", value=Plaintext("canary"), display="canary")
    with pytest.raises(InvalidInput) as caught:
        check_managed(shown)
    assert "canary" not in caught.value.message
    assert "canary" not in repr(shown.value)


def _break_off(found: Snapshot, *, refused: bool) -> Decision:
    return decide_break_off(doing("addons.attach"), found, "URL", attachment_id="a1", refused=refused)


def _with(found: Snapshot, *, adds: bool = False, shared: bool = False) -> Snapshot:
    return Snapshot(
        app=found.app, history=found.history, spec=found.spec, attaching=attaching("URL", adds=adds, shared=shared)
    )
