"""Apps as a whole: who may have a name, what is answered to making one, what ending one leaves behind."""

import pytest

from paaskit.access import AppRef
from paaskit.errors import AlreadyExists, NotFound, Unavailable
from services.config.domain import AppSpec
from services.config.neighbours import PURGE, REMOVE
from services.config.rules.apps import as_made, decide_create, decide_destroy
from services.config.store.apps import NameHolder, NewApp
from tests.unit.config.builders import ADA, NOW, doing, snapshot

WEB = AppRef(tenant="acme", name="web")


def _new(spec: AppSpec) -> NewApp:
    return NewApp(app_id="app1", name="web", spec=spec, created_at=NOW)


def test_an_app_that_runs_is_released_with_its_first_version() -> None:
    decision = decide_create(doing("apps.create"), _new(AppSpec(image="web:1")), NameHolder())
    assert decision.order is not None
    assert (decision.order.app_id, decision.order.config_version) == ("app1", 1)
    (event,) = decision.events
    assert (event.action, event.app, event.app_id) == ("apps.create", "web", "app1")
    made = as_made("web", decision.answer)
    assert (made.app_id, made.version, made.etag, made.created_at) == ("app1", 1, "app1.1.0", NOW)


def test_an_app_that_runs_nothing_is_not_released() -> None:
    decision = decide_create(doing("apps.create"), _new(AppSpec()), NameHolder())
    assert (decision.order, decision.answer["change_id"]) == (None, "")


def test_a_name_is_one_apps_until_it_is_forgotten_everywhere() -> None:
    with pytest.raises(AlreadyExists, match="web"):
        decide_create(doing("apps.create"), _new(AppSpec()), NameHolder(living_id="app0"))
    with pytest.raises(Unavailable, match="cleaned up"):
        decide_create(doing("apps.create"), _new(AppSpec()), NameHolder(remains_id="app0"))


def test_the_end_of_an_app_is_told_to_those_who_hold_something_of_it() -> None:
    app = snapshot(version=5).app
    decision = decide_destroy(ADA, WEB, NameHolder(app=app), request_id="request-1")
    assert (decision.answer, decision.rows) == ({"app_id": "app1"}, app)
    assert {(message.destination, message.key) for message in decision.messages} == {
        (PURGE, "app1"),
        (REMOVE, "app1"),
    }
    (event,) = decision.events
    assert (event.action, event.app, event.app_id, event.version) == ("apps.destroy", "web", "app1", 5)


def test_an_end_that_others_have_not_heard_of_yet_can_be_finished_by_anybody() -> None:
    decision = decide_destroy(ADA, WEB, NameHolder(remains_id="app0"), request_id="request-1")
    assert (decision.answer, decision.rows, list(decision.events), list(decision.messages)) == (
        {"app_id": "app0"},
        None,
        [],
        [],
    )
    with pytest.raises(NotFound):
        decide_destroy(ADA, WEB, NameHolder(), request_id="request-1")


def test_a_living_app_is_meant_before_a_former_one() -> None:
    app = snapshot().app
    assert decide_destroy(ADA, WEB, NameHolder(app=app, remains_id="app0"), request_id="r").answer == {"app_id": "app1"}
