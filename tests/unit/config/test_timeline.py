"""Any app, any changes in any order: limits are counted right, and what is said is what is done.

An app is made by decisions alone, as the service does; `Timeline` applies what the store would write. Each rule's own
cases are in the file named after it.
"""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from paaskit.changes import Action
from paaskit.errors import PaasError
from paaskit.redact import Plaintext
from services.config.domain import ById, Decision, Kind, Rows
from services.config.rules.drafts import discard, stage_set, stage_unset
from services.config.rules.managed import Managed, plan_attach
from services.config.rules.mutations import decide_draft, decide_live
from services.config.rules.names import Claim, Held, decide_claim, decide_give_up
from services.config.rules.plan import compare
from services.config.rules.restore import Restore, decide_restore, plan_revert
from services.config.rules.staged import ReleaseOfDraft, decide_release
from services.config.rules.vars import plan_set, plan_unset
from tests.unit.config.builders import RELEASER, STAMP, Timeline, doing

NAMES = ["A", "B", "C", "DATABASE_URL", "E"]
VALUES = ["", "1", "two", "é" * 10]
Step = tuple[str, Sequence[str], str]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["set", "unset", "claim", "give_up", "attach", "stage", "stage_unset", "discard", "release"]),
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True),
        st.sampled_from(VALUES),
    ),
    max_size=12,
)


def decided(app: Timeline, step: Step) -> Decision:
    """What a step comes to. Raises PaasError where it is refused."""
    what, names, value = step
    found = app.snapshot()
    wanted = [(name, value) for name in names]
    if what in {"claim", "give_up", "release"}:
        return decided_by_others(app, what, wanted)
    if what in {"set", "unset", "attach"}:
        if what == "set":
            plan = plan_set(found.current, found.app.totals, wanted)
        elif what == "unset":
            plan = plan_unset(found.current, found.app.totals, names, ignore_missing=True)
        else:
            managed = Managed(name=names[0], addon="pg", value=Plaintext(value), display="...")
            plan = plan_attach(found, managed, attachment_id="a")
        return decide_live(doing(), found.app, plan, verb="Set")
    if what == "stage":
        drafted = stage_set(found, wanted, STAMP)
    elif what == "stage_unset":
        drafted = stage_unset(found, names, STAMP, ignore_missing=True)
    else:
        drafted = discard(found, names, spec=False)
    return decide_draft(doing(), found.app, drafted)


def decided_by_others(app: Timeline, what: str, wanted: Sequence[tuple[str, str]]) -> Decision:
    """What secrets or releaser ask for."""
    found = app.snapshot()
    if what == "claim":
        return decide_claim(found, [Claim(name, len(value)) for name, value in wanted], claim_id="c", skip_taken=False)
    if what == "give_up":
        return decide_give_up(found, [Held(name, "c") for name, _ in wanted])
    return decide_release(RELEASER, release_of(app.draft_revision), found)


def release_of(revision: int) -> ReleaseOfDraft:
    """An order to release a draft that may replace newer values."""
    return ReleaseOfDraft(
        where=ById(tenant="acme", app_id="app1"),
        request_id="request-1",
        change_id="change-1",
        revision=revision,
        replace_newer=True,
        actor="user:zoe",
        description="Release the draft",
    )


def rows_of(app: Timeline, step: Step) -> Rows | None:
    """Take one step; what it wrote, None where it is refused or changes nothing."""
    try:
        rows = decided(app, step).rows
    except PaasError:
        return None
    app.write(rows)
    return rows


def after(steps: Sequence[Step]) -> Timeline:
    """An app after some steps."""
    app = Timeline()
    for step in steps:
        rows_of(app, step)
    return app


@given(STEPS)
def test_what_was_done_makes_no_version_the_second_time(steps: list[Step]) -> None:
    app = after(steps[:-1])
    for step in steps[-1:]:
        if rows_of(app, step) is not None:
            version, drafts = app.version, dict(app.drafts)
            rows_of(app, step)
            assert (app.version, app.drafts) == (version, drafts)


@given(STEPS)
def test_an_answer_says_what_is_done(steps: list[Step]) -> None:
    app = after(steps[:-1])
    for step in steps[-1:]:
        before = dict(app.live)
        try:
            answer = decided(app, step).answer
        except PaasError:
            return
        rows_of(app, step)
        if step[0] not in {"set", "unset"}:
            return
        said = dict(answer.get("changes", ()))
        for name in NAMES:
            was, now = before.get(name), app.live.get(name)
            action = Action.ADDED if was is None else Action.REMOVED if now is None else Action.CHANGED
            assert said.get(name) == (None if was == now else action.value)


@given(STEPS, st.lists(st.sampled_from(NAMES), min_size=1, unique=True), st.sampled_from(VALUES))
def test_staging_changes_nothing_live_and_releasing_brings_what_was_staged(
    steps: list[Step], names: list[str], value: str
) -> None:
    app = after(steps)
    live, version = dict(app.live), app.version
    for step in (("stage", names, value), ("stage_unset", names[1:] or names, "")):
        rows_of(app, step)
    assert (app.live, app.version) == (live, version)
    wanted = {name: draft.value for name, draft in app.drafts.items()}
    if rows_of(app, ("release", names, "")) is None:
        return
    assert app.drafts == {}
    for name, staged in wanted.items():
        assert app.live.get(name) == staged


@given(STEPS, STEPS)
def test_restoring_brings_config_back_and_leaves_the_rest(steps: list[Step], more: list[Step]) -> None:
    app = after(steps)
    then, version = dict(app.live), app.version
    for step in more:
        rows_of(app, step)
    others = [row for row in app.rows if row.valid_to is None and row.kind is not Kind.CONFIG]
    drafts = dict(app.drafts)
    order = Restore(
        where=ById(tenant="acme", app_id="app1"),
        version=version,
        request_id="request-1",
        change_id="change-1",
        actor="user:zoe",
        description="Roll back",
        skip_taken=True,
        validate_only=False,
    )
    decision = decide_restore(RELEASER, order, app.snapshot(version))
    app.write(decision.rows)
    taken = set(decision.answer["taken"])
    assert taken == {row.name for row in others} & then.keys()
    assert app.live == {name: value for name, value in then.items() if name not in taken}
    assert [row for row in app.rows if row.valid_to is None and row.kind is not Kind.CONFIG] == others
    assert app.drafts == drafts


@given(STEPS, STEPS, STEPS)
def test_taking_back_touches_no_name_that_was_changed_since(
    steps: list[Step], failed: list[Step], newer: list[Step]
) -> None:
    app = after(steps)
    good, before = app.version, dict(app.live)
    for step in failed:
        rows_of(app, step)
    bad, broken = app.version, dict(app.live)
    for step in newer:
        rows_of(app, step)
    rows = {row.name: row for row in app.rows if row.valid_to is None}
    now = dict(app.live)
    found = app.snapshot(good, bad)
    plan, taken = plan_revert(found, from_version=good, to_version=bad)
    app.write(None if plan.is_empty else plan.rows(found.app))
    for name in NAMES:
        began_since = name in rows and rows[name].valid_from > bad
        if began_since or before.get(name) == broken.get(name):
            assert app.live.get(name) == now.get(name)
        elif app.live.get(name) != now.get(name):
            assert app.live.get(name) == before.get(name)
        elif name in taken:
            assert rows[name].kind is not Kind.CONFIG


def test_a_name_keeps_its_place_and_a_new_one_is_last() -> None:
    app = after([("set", ["A", "B"], "1"), ("set", ["A"], "two"), ("unset", ["B"], ""), ("set", ["B"], "1")])
    assert {row.name: row.position for row in app.rows if row.valid_to is None} == {"A": 1, "B": 3}


def test_nothing_compared_with_nothing_is_no_change() -> None:
    found = Timeline().snapshot()
    assert compare({}, found.app.totals).is_empty
