"""Pages of shared groups and of what is due, over HTTP through the gateway, and an app's schema on its page.

Leaves out what only a browser shows (tests/browser/test_groups), and groups as the command line has them (test_groups).
"""

import re

import pytest

from paas_client import Client
from tests.e2e.at_dashboard import AtDashboard, hidden
from tests.e2e.installation import Installation, Paas, releases, settled
from tests.fixtures.waiting import PATIENCE

SCHEMA = "# @defaultRequired=false\n# ---\n# <b>how loud</b>\n# @type=enum(calm, brisk)\nMOOD=\n"


@pytest.fixture(scope="module")
def app(installation: Installation, ada: Paas) -> Paas:
    """`paas` with an app chosen that has no instances, for all tests here."""
    return installation.new_app(ada, instances=0)


@pytest.fixture(scope="module")
def visitor(ada: Paas, installation: Installation) -> AtDashboard:
    """An admin at the dashboard."""
    return AtDashboard.as_(ada, installation)


@pytest.fixture(scope="module")
def eve(installation: Installation) -> AtDashboard:
    """Somebody who may look."""
    return AtDashboard.as_(installation.person("eve@example.com", role="viewer"), installation)


def name_of(paas: Paas) -> str:
    return paas.environment["PAAS_APP"]


def group_of(ada: Paas, name: str, *config: str) -> Paas:
    """`paas` with a new group chosen that has these config vars."""
    ada.ok("groups:create", name)
    group = ada.with_(PAAS_APP=name)
    group.ok("config:set", *config)
    return group


def listed(visitor: AtDashboard, app: Paas) -> str:
    """An app's row in the list of all, and what comes after it."""
    return visitor.get(f"?q={name_of(app)}").text.partition("Last change")[2]


def test_a_group_is_made_where_groups_are_listed(visitor: AtDashboard, eve: AtDashboard, app: Paas) -> None:
    page = visitor.get("groups")
    made = visitor.post("groups", name="made-here", request_id=hidden(page, "request_id"))
    assert made.url.endswith("groups/made-here")
    assert "made-here is there. It holds nothing yet." in made.text
    assert "No app has it yet." in made.text
    assert "so there is no button for it. Whoever means it types" in visitor.get("groups/made-here/apps").text
    assert "groups:destroy" not in eve.get("groups/made-here/apps").text
    page = visitor.get("groups")
    assert "made-here 0 variables no app yet" in page.text
    taken = visitor.post("groups", name=name_of(app), request_id=hidden(page, "request_id"))
    assert taken.status == 409
    assert f'value="{name_of(app)}"' in taken.html
    wrong = visitor.post("groups", name='Sh"><b>red', request_id=hidden(taken, "request_id"))
    assert wrong.status == 422
    assert "<b>" not in wrong.html
    assert "Make a group" not in eve.get("groups").text
    assert eve.post("groups", name="of-eve", request_id="e1").status == 403
    assert "No group has <b>x in its name" in visitor.get("groups?q=%3Cb%3Ex").text


def test_a_group_is_attached_and_detached_after_a_look_at_its_names(visitor: AtDashboard, ada: Paas, app: Paas) -> None:
    group, secret = group_of(ada, "attached", "REGION=eu", "LEVEL=info"), app.canaries.secret()
    group.ok("secrets:set", "DSN=-", stdin=secret.encode())
    app.ok("config:set", "LEVEL=own")
    page = visitor.get(f"groups/attached/attach?app={name_of(app)}")
    assert "would get 2 names" in page.text
    assert "REGION added" in page.text
    assert "DSN added" in page.text
    assert "LEVEL" not in page.text
    done = visitor.post("groups/attached/attach", app=name_of(app), do="release", request_id=hidden(page, "request_id"))
    assert re.search(rf"apps/{name_of(app)}/releases/\d+$", done.url)
    settled(app)

    page = visitor.get(f"apps/{name_of(app)}")
    assert "REGION from attached eu" in page.text
    assert "LEVEL wins over attached own" in page.text
    assert "DSN from attached" in page.text
    assert 'href="/runtime/dashboard/groups/attached/secrets/DSN"' in page.html
    assert secret not in page.html
    app.ok("config:set", "DSN=of-its-own", "--stage")
    assert "Staged: of-its-own by" in visitor.get(f"apps/{name_of(app)}").text
    app.ok("staged:discard", "DSN")
    used = visitor.get("groups/attached/apps").text
    assert f"{name_of(app)} LEVEL" in used
    assert "Once no app has it, whoever means it types paas groups:destroy attached ." in used
    compared = visitor.get(f"apps/{name_of(app)}/compare?with={name_of(app)}")
    assert "nor the values of secrets, nor what comes from shared groups." in compared.text
    given = visitor.get(f"apps/{name_of(app)}/releases/{releases(app)[0]['number']}")
    assert "With attached config" in given.text

    for fields, hint in (
        ({"name": "REGION", "value": "us", "kind": "config"}, "It wins over that of attached."),
        ({"unset": "LEVEL"}, "Then it has that of attached."),
    ):
        assert hint in visitor.post(f"apps/{name_of(app)}/pending", **fields).text
    visitor.post(f"apps/{name_of(app)}/pending/discard")

    page = visitor.get(f"groups/attached/detach?app={name_of(app)}")
    assert "would lose 2 names" in page.text
    path = visitor.post(
        "groups/attached/detach", app=name_of(app), do="stage", request_id=hidden(page, "request_id")
    ).url
    assert path.endswith(f"apps/{name_of(app)}/staged")
    assert "groups: attached none" in visitor.get(f"apps/{name_of(app)}/staged").text
    visitor.post(f"apps/{name_of(app)}/staged/discard", item="spec:", request_id="groups-detach-discarded")
    app.ok("groups:detach", "attached")


def test_what_can_t_be_attached_is_said_where_it_was_chosen(visitor: AtDashboard, ada: Paas, app: Paas) -> None:
    group_of(ada, "first-of-two", "COMMON=1")
    group_of(ada, "second-of-two", "COMMON=2")
    app.ok("groups:attach", "first-of-two")
    page = visitor.get(f"groups/second-of-two/attach?app={name_of(app)}")
    assert page.status == 409
    assert "COMMON" in page.text
    assert "first-of-two" in page.text
    assert visitor.get("groups/second-of-two/attach").status == 422
    assert visitor.get("groups/second-of-two/attach?app=no-such-app").status == 404
    assert visitor.get("groups/second-of-two/eat?app=x").status == 404
    in_group = visitor.get("groups/second-of-two/attach?app=first-of-two")
    assert in_group.status == 409
    assert "Not found" not in in_group.text
    app.ok("groups:detach", "first-of-two")


def test_a_change_of_a_group_says_whom_it_reaches_and_its_release_shows_them(
    visitor: AtDashboard, ada: Paas, app: Paas
) -> None:
    group = group_of(ada, "reaching", "LOUD=1", "MOOD=calm")
    app.ok("groups:attach", "reaching")
    app.ok("config:set", "LOUD=own")
    assert "LOUD=1" in group.ok("config").lines

    page = visitor.post("groups/reaching/pending", text="LOUD=2\nMOOD=brisk")
    assert page.url.endswith("groups/reaching/pending")
    assert f"1 app is released: {name_of(app)} ." in page.text
    assert f"In {name_of(app)} its own LOUD wins." in page.text
    fields = {each: hidden(page, each) for each in ("request_id", "etag")}
    done = visitor.post("groups/reaching/pending/save", do="save", **fields)
    assert re.search(r"groups/reaching/releases/\d+$", done.url)
    settled(group)
    settled(app)
    number = releases(app)[0]["number"]
    page = visitor.get("groups/reaching/releases/" + done.url.rpartition("/")[2])
    assert f"{name_of(app)} v{number} succeeded" in page.text
    row = rf"MOOD from reaching brisk config [a-z0-9 ]+ by ada@example.com v{number} in 0 instances Copy"
    assert re.search(row, visitor.get(f"apps/{name_of(app)}").text)
    of_app = visitor.get(f"apps/{name_of(app)}/releases/{number}")
    changed = "What changed in reaching Name Change By LOUD changed ada@example.com MOOD changed"
    assert changed in of_app.text
    client = Client(group.environment["PAAS_GATEWAY"], group.environment["PAAS_TOKEN"], timeout=PATIENCE)
    for more in range(60):  # more than a look at the newest has, and none of them reaches the app
        client.config.set_vars(app="reaching", vars={"LOUD": f"more{more}"})
    settled(group)
    assert changed in visitor.get(f"apps/{name_of(app)}/releases/{number}").text

    alone = visitor.post("groups/reaching/pending", name="LOUD", value="3", kind="config")
    assert "No app is released." in alone.text
    fields = {each: hidden(alone, each) for each in ("request_id", "etag")}
    staged = visitor.post("groups/reaching/pending/save", do="stage", **fields)
    assert staged.url.endswith("groups/reaching/staged")
    used = visitor.post("groups/reaching/pending", unset="MOOD")
    fields = {each: hidden(used, each) for each in ("request_id", "etag")}
    refused = visitor.post("groups/reaching/pending/save", do="save", **fields)
    assert refused.status == 409
    assert name_of(app) in refused.text
    visitor.post("groups/reaching/pending/discard")
    app.ok("groups:detach", "reaching")


def test_the_page_of_an_app_leads_to_the_group_of_that_name(visitor: AtDashboard, ada: Paas, app: Paas) -> None:
    group_of(ada, "not-an-app", "A=1").ok("secrets:set", "KEY=-", stdin=b"x")
    for page in ("", "/releases", "/releases/1", "/staged", "/secrets/KEY", "/releases?page=2"):
        led = visitor.get(f"apps/not-an-app{page}")
        assert led.status == 200, page
        assert led.url.endswith(f"groups/not-an-app{page}")
    for page in ("runs", "compare"):
        assert visitor.get(f"apps/not-an-app/{page}").url.endswith("groups/not-an-app")
    assert visitor.get(f"groups/{name_of(app)}").url.endswith(f"apps/{name_of(app)}")
    assert visitor.get("groups/nobody-s-group").status == 404
    assert "Instances" not in visitor.get("groups/not-an-app").text


def test_a_group_out_of_sight_is_named_and_nothing_of_it_is_shown(
    installation: Installation, ada: Paas, app: Paas
) -> None:
    value = app.canaries.config()
    group = group_of(ada, "out-of-sight", f"UNSEEN_NAME={value}")
    app.ok("groups:attach", "out-of-sight")
    group.ok("config:set", "ANOTHER_UNSEEN=1")
    settled(group)
    settled(app)
    made = ada.ok("tokens:create", "--name", "of-one-app", "--ttl", "1h", "--app", name_of(app), "--json").document
    ada.canaries.tokens.append(made["secret"])
    visitor = AtDashboard.as_(ada.as_token(made["secret"]), installation)
    page = visitor.get(f"apps/{name_of(app)}")
    assert "the group out-of-sight, which you may not see" in page.text
    assert "UNSEEN_NAME" not in page.html
    released = visitor.get(f"apps/{name_of(app)}/releases/{releases(app)[0]['number']}")
    assert released.status == 200
    assert "What changed in" not in released.text
    assert value not in page.html
    app.ok("groups:detach", "out-of-sight")


def test_going_back_says_which_groups_do_not_come_back(visitor: AtDashboard, ada: Paas, app: Paas) -> None:
    group_of(ada, "short-lived", "A=1")
    app.ok("groups:attach", "short-lived")
    number = releases(app)[0]["number"]
    app.ok("groups:detach", "short-lived")
    ada.ok("groups:destroy", "short-lived", "--confirm", "short-lived")
    page = visitor.get(f"apps/{name_of(app)}/releases/{number}/rollback")
    assert "The group short-lived, which it had then, is destroyed: it does not come back." in page.text


def test_all_that_is_due_is_on_one_page(visitor: AtDashboard, eve: AtDashboard, ada: Paas, app: Paas) -> None:
    app.ok("secrets:set", "DUE_SOON=-", "--expires", "2d", stdin=b"x")
    group_of(ada, "due-in-group", "A=1").ok("secrets:set", "DUE_OF_GROUP=-", "--expires", "1d", stdin=b"x")
    page = visitor.get("due")
    for head in ("Ends soon, or has ended", "Rotation is due", "Not delivered for 90 days"):
        assert head in page.text
    assert re.search(rf"DUE_OF_GROUP of due-in-group in .* DUE_SOON of {name_of(app)} in 2 days", page.text)
    assert "All that is due" in visitor.get("").text
    assert "DUE_SOON ends in 2 days" in visitor.get(f"?q={name_of(app)}").text
    assert "of due-in-group" not in listed(visitor, app)
    app.ok("groups:attach", "due-in-group")
    assert re.search("DUE_OF_GROUP of due-in-group ends in .* DUE_SOON ends in 2 days", listed(visitor, app))
    assert 'groups/due-in-group/secrets/DUE_OF_GROUP"' in visitor.get(f"?q={name_of(app)}").html
    app.ok("secrets:set", "DUE_OF_GROUP=-", stdin=b"own")
    assert "of due-in-group" not in listed(visitor, app), "its own value wins, and has no end"
    app.ok("secrets:unset", "DUE_OF_GROUP")
    app.ok("groups:detach", "due-in-group")
    alone = visitor.get("due?list=ends")
    assert "DUE_SOON" in alone.text
    assert "Rotation is due" not in alone.text
    assert visitor.get("due?list=no-such").status == 404
    assert visitor.get("due?list=ends&page=forged").status == 422
    of_group = visitor.get("apps/due-in-group/secrets/DUE_OF_GROUP")
    assert of_group.url.endswith("groups/due-in-group/secrets/DUE_OF_GROUP")
    assert eve.get("due").status == 200
    assert ">Rotate<" not in eve.get("due").html


def test_the_schema_of_an_app_is_on_its_page_as_it_was_written(visitor: AtDashboard, app: Paas) -> None:
    assert "It has no .env.schema" in visitor.get(f"apps/{name_of(app)}/runs").text
    app.ok("schema:set", "-", stdin=SCHEMA.encode())
    page = visitor.get(f"apps/{name_of(app)}/runs")
    assert "&lt;b&gt;how loud&lt;/b&gt;" in page.html
    assert "# @type=enum(calm, brisk)\nMOOD=" in page.html
    assert f"paas schema:set -a {name_of(app)}" in page.text
    app.ok("schema:unset")
