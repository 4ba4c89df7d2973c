"""Config vars and secrets changed together: one release or none, and nothing of others goes along unsaid.

Leaves out what the commands that use it ask and show, and what the services make of a draft (the end-to-end tests).
"""

import io
import os
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from paas_cli import errors
from paas_cli.choice import Flags
from paas_cli.errors import Failure
from paas_cli.releases import together
from paas_cli.releases.changes import ReleaseOptions, Report
from paas_cli.releases.together import Wanted
from paas_cli.session import Session, Surroundings
from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform

CANARY = "c4n4ry-value"
BOTH = Wanted(set_config={"LOG_LEVEL": "debug"}, set_secrets={"API_KEY": CANARY})
Save = Callable[..., str]


@pytest.fixture
def web(signed_in: Platform) -> Platform:
    """An app with a config var and a secret."""
    signed_in.apps["web"].vars |= {"LOG_LEVEL": "info", "OLD": "1"}
    signed_in.apps["web"].secrets["SESSION"] = "s"
    return signed_in


@pytest.fixture
def save(web: Platform) -> Save:
    """`save(wanted, stage=True)` makes a change and returns all that was written."""
    assert web.apps
    ids = count()

    def run(wanted: Wanted, *, as_json: bool = False, **options: bool) -> str:
        written = io.StringIO()
        surroundings = Surroundings(
            environ=os.environ, folder=".", stdin=io.StringIO(), stdout=written, stderr=written, done=lambda: None,
            new_id=lambda: f"id{next(ids)}", sleep=lambda _: None, now=lambda: 0.0,
        )  # fmt: skip
        session = Session(surroundings, Flags(), as_json=as_json)
        together.save(session, wanted, Report(verb="Set", options=ReleaseOptions(**options), shown=wanted.set_config))
        return written.getvalue()

    return run


def test_both_kinds_are_one_release_and_leave_no_draft(save: Save, web: Platform) -> None:
    written = save(BOTH)
    app = web.apps["web"]
    assert written.startswith("Set LOG_LEVEL, API_KEY · release v1\n")
    assert written.endswith("v1 succeeded\n")
    assert CANARY not in written
    assert (app.vars["LOG_LEVEL"], app.secrets["API_KEY"]) == ("debug", CANARY)
    assert list(app.releases) == [1]
    assert (app.draft, app.sealed_draft) == ({}, {})


def test_set_and_unset_of_one_kind_are_one_release_as_well(save: Save, web: Platform) -> None:
    etag = web.apps["web"].etag
    save(Wanted(set_config={"NEW": "1"}, unset_config=["OLD"], etag=etag))
    assert web.apps["web"].vars == {"LOG_LEVEL": "info", "NEW": "1"}
    assert list(web.apps["web"].releases) == [1]


def test_one_call_needs_no_draft(save: Save, web: Platform) -> None:
    web.apps["web"].config.stage("OTHER", "of bob")
    written = save(
        Wanted(set_config={"LOG_LEVEL": "info"}, set_secrets={"API_KEY": CANARY}, unset_secrets=[]), stage=True
    )
    assert "staged" in written
    web.apps["web"].sealed_draft.clear()
    save(Wanted(set_secrets={"API_KEY": CANARY}))
    assert web.gateway.calls("CreateRelease") == []
    assert list(web.apps["web"].draft) == ["OTHER"]


def test_what_changes_nothing_is_left_out_and_takes_no_draft(save: Save, web: Platform) -> None:
    save(Wanted(set_config={"LOG_LEVEL": "info"}, set_secrets={"API_KEY": CANARY}))
    assert [request.stage for request in web.gateway.calls("SetSecrets")] == [False, False]
    assert list(web.apps["web"].releases) == [1]


def test_nothing_at_all_is_no_change(save: Save, web: Platform) -> None:
    assert save(Wanted(set_config={"LOG_LEVEL": "info", "OLD": "1"})) == "No change\n"
    assert web.apps["web"].releases == {}


def test_what_others_staged_is_refused_by_name_and_stays(save: Save, web: Platform) -> None:
    web.apps["web"].config.stage("FLAG", "on")
    with pytest.raises(Failure) as refused:
        save(BOTH)
    assert "FLAG by user:bob@example.com" in refused.value.sentence
    assert "paas releases:create -a web" in refused.value.sentence
    app = web.apps["web"]
    assert (app.vars["LOG_LEVEL"], list(app.secrets), list(app.draft)) == ("info", ["SESSION"], ["FLAG"])


def test_what_others_stage_at_the_last_moment_is_told(save: Save, web: Platform) -> None:
    path = "/paas.secrets.v1.SecretsService/SetSecrets"
    request, before = web.gateway.routes[path]

    def and_bob(message: Any) -> Any:
        answer = before(message)
        if message.stage:
            web.apps["web"].config.stage("FLAG", "on")
        return answer

    web.gateway.routes[path] = (request, and_bob)
    assert "v1 also has what was staged at the same moment: FLAG by user:bob@example.com." in save(BOTH)


def test_stage_puts_both_beside_what_is_there(save: Save, web: Platform) -> None:
    web.apps["web"].config.stage("FLAG", "on")
    assert "staged" in save(BOTH, stage=True)
    app = web.apps["web"]
    assert (sorted(app.draft), list(app.sealed_draft), app.releases) == (["FLAG", "LOG_LEVEL"], ["API_KEY"], {})


def test_a_dry_run_shows_values_of_config_alone_and_changes_nothing(save: Save, web: Platform) -> None:
    web.apps["web"].config.stage("FLAG", "on")
    assert save(BOTH, dry_run=True) == (
        f"Would change LOG_LEVEL=debug\nWould add API_KEY={'•' * 16}\nA release would follow\n"
    )
    assert list(web.apps["web"].draft) == ["FLAG"]
    assert web.apps["web"].releases == {}


def test_json_says_of_each_change_what_it_is_of(save: Save) -> None:
    written = save(BOTH, as_json=True)
    assert '"kind": "config"' in written
    assert '"kind": "secret"' in written
    assert '"version": null' in written
    assert CANARY not in written


def test_a_config_var_becomes_a_secret(save: Save, web: Platform) -> None:
    save(Wanted(unset_config=["OLD"], set_secrets={"OLD": "1"}))
    app = web.apps["web"]
    assert (app.vars, app.secrets["OLD"], list(app.releases)) == ({"LOG_LEVEL": "info"}, "1", [1])
    assert (app.draft, app.sealed_draft) == ({}, {})


def fail_once_it_counts(web: Platform, method: str, fault: Fault) -> None:
    """Have a method fail, but not where it is only tried."""
    path = next(each for each in web.gateway.routes if each.endswith(f"/{method}"))
    request, before = web.gateway.routes[path]

    def failing(message: Any) -> Any:
        if message.validate_only:
            return before(message)
        raise fault

    web.gateway.routes[path] = (request, failing)


@pytest.mark.parametrize("method", ["SetSecrets", "CreateRelease"])
def test_what_is_refused_half_way_is_out_of_the_draft_again(save: Save, web: Platform, method: str) -> None:
    fail_once_it_counts(web, method, Fault(9, "Not now."))
    with pytest.raises(Failure) as failure:
        save(BOTH)
    assert failure.value.sentence == "Not now. Nothing of it is staged any more."
    app = web.apps["web"]
    assert (app.draft, app.sealed_draft, app.releases) == ({}, {}, {})
    assert app.vars["LOG_LEVEL"] == "info"


def test_what_was_to_be_staged_alone_stays(save: Save, web: Platform) -> None:
    web.apps["web"].config.stage("LOG_LEVEL", "acknowledged before")
    fail_once_it_counts(web, "SetSecrets", Fault(9, "Not now."))
    with pytest.raises(Failure) as failure:
        save(BOTH, stage=True)
    assert failure.value.sentence == "Not now. What was staged of it until then stays; `paas staged -a web` shows it."
    assert (list(web.apps["web"].draft), web.apps["web"].sealed_draft) == (["LOG_LEVEL"], {})


def test_what_can_not_be_taken_out_is_named(save: Save, web: Platform) -> None:
    fail_once_it_counts(web, "CreateRelease", Fault(9, "Not now."))
    web.gateway.fail("SecretsService/DiscardStaged", Fault(14, "Gone."))
    with pytest.raises(Failure) as failure:
        save(BOTH)
    assert "`paas staged:discard API_KEY -a web`" in failure.value.sentence
    assert (list(web.apps["web"].draft), list(web.apps["web"].sealed_draft)) == ([], ["API_KEY"])


def test_where_it_is_not_known_whether_it_was_released_nothing_is_taken_out(save: Save, web: Platform) -> None:
    fail_once_it_counts(web, "CreateRelease", Fault(14, "Gone."))
    with pytest.raises(Failure) as failure:
        save(BOTH)
    assert "it is not known whether this was done" in failure.value.sentence
    assert "`paas staged -a web`" in failure.value.sentence
    assert list(web.apps["web"].sealed_draft) == ["API_KEY"]


def test_a_stale_etag_is_refused_before_anything_is_staged(save: Save, web: Platform) -> None:
    etag = web.apps["web"].etag
    web.apps["web"].vars["LOG_LEVEL"] = "warning"
    with pytest.raises(Failure) as failure:
        save(Wanted(set_config={"LOG_LEVEL": "debug"}, unset_config=["OLD"], etag=etag))
    assert (failure.value.exit_code, failure.value.details["code"]) == (errors.FAILED, "ABORTED")
    assert web.apps["web"].draft == {}
