"""Pages of apps over HTTP, through the gateway: one secret, staged changes, rollbacks, instances, two apps compared.

Leaves out what only a browser shows (tests/browser), the sign-in and the table of variables (test_dashboard.py), and
what belongs to no app (test_dashboard_account.py).
"""

import re

import pytest

from tests.e2e.at_dashboard import AtDashboard, hidden, told
from tests.e2e.installation import Installation, Paas, as_superuser, config_of, eventually, releases, settled


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


def test_a_secret_says_its_age_and_who_read_it(visitor: AtDashboard, app: Paas) -> None:
    name, secret = app.environment["PAAS_APP"], app.canaries.secret()
    app.ok("secrets:set", "READ_KEY=-", stdin=secret.encode())
    page = visitor.get(f"apps/{name}/secrets/READ_KEY")
    assert page.status == 200
    assert "Nobody has." in page.text
    revealed = visitor.ask(f"apps/{name}/secrets/READ_KEY/reveal", reason=" Ticket <b>4711</b> ")
    assert told(revealed) == {"value": secret}
    refused = visitor.ask(f"apps/{name}/secrets/READ_KEY/reveal", reason=f"it was {secret}")
    assert refused.status == 422
    assert secret not in refused.html
    for reason in ("x" * 201, "two\nlines", "a\u202eb"):
        assert visitor.ask(f"apps/{name}/secrets/READ_KEY/reveal", reason=reason).status == 422

    def read_and_set() -> bool:
        words = visitor.get(f"apps/{name}/secrets/READ_KEY").text
        return all(each in words for each in ("Who read it ada@example.com refused", "set by ada@example.com"))

    assert eventually(read_and_set)
    page = visitor.get(f"apps/{name}/secrets/READ_KEY")
    assert f"account/audit?app={name}&amp;name=READ_KEY&amp;action=secrets.get" in page.html
    assert "Ticket &lt;b&gt;4711&lt;/b&gt;" in page.html
    events = app.ok("audit", "-a", name, "--name", "READ_KEY", "--action", "secrets.get", "--json").document["events"]
    assert [(event["outcome"], event["reason"]) for event in events] == [
        ("failed", None),
        ("ok", "Ticket <b>4711</b>"),
    ]
    event = visitor.get(f"account/audit/events/{events[1]['sequence']}")
    assert "Reason given Ticket <b>4711</b>" in event.text
    assert secret not in page.html


def test_a_secret_is_rotated_at_random_and_by_hand(visitor: AtDashboard, app: Paas) -> None:
    name, before, after = app.environment["PAAS_APP"], app.canaries.secret(), app.canaries.secret()
    app.ok("secrets:set", "TURNED=-", stdin=before.encode())
    path = f"apps/{name}/secrets/TURNED"
    request_id = hidden(visitor.get(path), "request_id")
    done = visitor.post(
        f"{path}/rotate", source="random", length="16", format="hex", overlap="1h", do="release", request_id=request_id
    )
    assert re.search(r"/releases/\d+$", done.url)
    settled(app)
    assert re.fullmatch("[0-9a-f]{32}", app.ok("secrets:get", "TURNED").out.strip())
    assert re.search(r"there as TURNED_PREVIOUS ; that ends in (1 hour|5\d minutes)", visitor.get(path).text)

    request_id = hidden(visitor.get(path), "request_id")
    staged = visitor.post(f"{path}/rotate", source="given", value=after, overlap="0", do="stage", request_id=request_id)
    assert "A new value of TURNED is staged." in staged.text
    assert after not in staged.html + staged.url
    assert after not in visitor.get(f"apps/{name}/staged").html
    visitor.post(f"apps/{name}/staged/discard", item="secret:TURNED", request_id=f"{request_id}d")


def test_what_ends_soon_is_on_the_first_page_and_a_rotation_says_the_next_end(visitor: AtDashboard, app: Paas) -> None:
    name = app.environment["PAAS_APP"]
    app.ok("secrets:set", "ENDING=-", "--expires", "1d", "--rotate-every", "90d", stdin=b"x")
    assert f"ENDING of {name} ends in" in visitor.get("").text
    assert "Expires in" in visitor.get(f"apps/{name}").text
    path = f"apps/{name}/secrets/ENDING"
    page = visitor.get(path)
    assert "Expires in" in page.text
    assert "every 90d, next in 90 days" in page.text
    request_id = hidden(page, "request_id")
    fields = {"source": "given", "value": "y", "overlap": "0", "do": "release", "request_id": request_id}
    refused = visitor.post(f"{path}/rotate", **fields, expires="soon")
    assert refused.status == 422
    visitor.post(f"{path}/rotate", **fields, expires="365d")
    settled(app)
    assert f"ENDING of {name}" not in visitor.get("").text
    assert "Expires in 1" in visitor.get(path).text


def test_a_given_value_that_is_refused_is_not_shown_again(visitor: AtDashboard, app: Paas) -> None:
    name, value = app.environment["PAAS_APP"], app.canaries.secret()
    app.ok("secrets:set", "REFUSED=-", stdin=b"x")
    refused = visitor.post(
        f"apps/{name}/secrets/REFUSED/rotate",
        source="given",
        value=f"{value}\0",
        overlap="0",
        request_id="refused-value",
    )
    assert refused.status == 422
    assert "NUL" in refused.text
    assert value not in refused.html


def test_a_secret_that_is_not_there(visitor: AtDashboard, eve: AtDashboard, app: Paas) -> None:
    name = app.environment["PAAS_APP"]
    assert visitor.get(f"apps/{name}/secrets/ABSENT").status == 404
    assert visitor.get("apps/no-such-app/secrets/ABSENT").status == 404
    app.ok("config:set", "PLAIN=1")
    assert visitor.get(f"apps/{name}/secrets/PLAIN").status == 404
    app.ok("secrets:set", "SEEN=-", stdin=b"x")
    # Who may only look is shown that it is there, and offered nothing that they may not do.
    page = eve.get(f"apps/{name}/secrets/SEEN")
    assert (page.status, "data-reveal" in page.html, "/rotate" in page.html) == (200, False, False)
    assert eve.ask(f"apps/{name}/secrets/SEEN/reveal").status == 403
    asked = eve.post(
        f"apps/{name}/secrets/SEEN/rotate", source="random", length="32", format="hex", request_id="eve-tries"
    )
    assert asked.status == 403
    assert "secrets.write" in asked.text


def test_staged_changes_are_looked_at_dropped_and_released(visitor: AtDashboard, app: Paas) -> None:
    name = app.environment["PAAS_APP"]
    app.ok("config:set", "ONE=1", "TWO=2", "--stage")
    app.ok("secrets:set", "THREE=-", "--stage", stdin=b"3")
    page = visitor.get(f"apps/{name}/staged")
    assert "by ada@example.com" in page.text
    assert all(each in page.text for each in ("ONE added 1", "TWO added 2", "THREE secret added ••••"))
    dropped = visitor.post(f"apps/{name}/staged/discard", item="config:TWO", request_id="drop-two-of-them")
    assert "Staged no more: TWO." in dropped.text
    assert "ONE added 1" in dropped.text
    released = visitor.post(f"apps/{name}/staged/release", request_id=hidden(dropped, "request_id"))
    assert re.search(r"/releases/\d+$", released.url)
    settled(app)
    assert "ONE" in config_of(app)
    assert "TWO" not in config_of(app)
    assert "Nothing is staged" in visitor.get(f"apps/{name}/staged").text
    assert visitor.post(f"apps/{name}/staged/discard").status == 422


def test_what_is_newer_is_replaced_only_when_asked(visitor: AtDashboard, app: Paas) -> None:
    name = app.environment["PAAS_APP"]
    app.ok("config:set", "NEWER=staged", "--stage")
    app.ok("config:set", "NEWER=live")
    page = visitor.get(f"apps/{name}/staged")
    assert "It replaces what was changed after it was staged." in page.text
    refused = visitor.post(f"apps/{name}/staged/release", request_id=hidden(page, "request_id"))
    assert refused.status == 409
    settled(app)
    assert config_of(app)["NEWER"] == "live"
    visitor.post(f"apps/{name}/staged/release", replace_newer="1", request_id=hidden(refused, "request_id"))
    settled(app)
    assert config_of(app)["NEWER"] == "staged"


def test_a_staged_spec_takes_no_config_var_along(visitor: AtDashboard, app: Paas) -> None:
    name = app.environment["PAAS_APP"]
    app.ok("config:set", "STAYS=staged", "--stage")
    app.ok("apps:update", "--health-path", "/other", "--stage")
    assert "health path" in visitor.get(f"apps/{name}/staged").text
    refused = visitor.post(f"apps/{name}/staged/discard", item="spec:", request_id="the-spec-alone")
    assert refused.status == 409
    assert "STAYS added" in refused.text
    items = (("item", "spec:"), ("item", "config:STAYS"))
    done = visitor.post(f"apps/{name}/staged/discard", *items, request_id="all-that-is-staged")
    assert "Nothing is staged" in done.text


def test_a_rollback_is_looked_at_first(visitor: AtDashboard, eve: AtDashboard, app: Paas) -> None:
    name = app.environment["PAAS_APP"]
    app.ok("config:set", "BACK=1")
    app.ok("secrets:set", "BACK_KEY=-", stdin=b"one")
    number = settled(app)[0]["number"]
    app.ok("config:set", "BACK=2")
    app.ok("secrets:set", "BACK_KEY=-", stdin=b"two")
    settled(app)
    assert f"Roll back to v{number}" in visitor.get(f"apps/{name}/releases").text
    path = f"apps/{name}/releases/{number}/rollback"
    without, whole = visitor.get(path), visitor.get(f"{path}?secrets=1")
    assert "BACK changed" in without.text
    assert "BACK_KEY" not in without.text
    assert "BACK_KEY secret changed" in whole.text
    # Looking has changed nothing.
    assert config_of(app)["BACK"] == "2"
    done = visitor.post(path, request_id=hidden(without, "request_id"))
    assert re.search(r"/releases/\d+$", done.url)
    assert releases(app)[0]["description"].startswith(f"Rollback to v{number}")
    settled(app)
    assert config_of(app)["BACK"] == "1"
    assert app.ok("secrets:get", "BACK_KEY").out == "two\n"
    assert "Roll back" not in eve.get(f"apps/{name}/releases").text
    assert eve.get(path).status == 403
    for number in ("0", "100000", "9" * 30):
        assert visitor.get(f"apps/{name}/releases/{number}/rollback").status == 404
        assert visitor.get(f"apps/{name}/releases/{number}").status == 404


def test_the_first_page_says_what_waits_and_what_ends(
    visitor: AtDashboard, eve: AtDashboard, installation: Installation, ada: Paas
) -> None:
    waiting = installation.new_app(ada, instances=0)
    name = waiting.environment["PAAS_APP"]
    waiting.ok("config:set", "A=1", "--stage")
    waiting.ok("secrets:set", "B=-", "--stage", stdin=b"b")
    waiting.ok("secrets:set", "OVERLAP=-", stdin=b"one")
    waiting.ok("secrets:rotate", "OVERLAP", "--overlap", "1h")
    settled(waiting)
    ada.ok("tokens:create", "--name", "ends-soon", "--ttl", "1h")
    statement = "UPDATE tokens SET created_at = created_at - interval '2 hours' WHERE name = 'ends-soon'"
    as_superuser(installation.stack, "tokens", statement)
    # Others' apps fill a page by now: by its name it is found on whichever it is.
    page = visitor.get(f"?q={name}")
    assert re.search(rf"{name} 2 staged OVERLAP_PREVIOUS ends in (1 hour|5\d minutes)", page.text)
    assert "ends-soon in" in page.text
    # Who may not manage tokens is told of none.
    assert "ends-soon" not in eve.get("").text


def test_what_an_app_runs_and_a_restart(visitor: AtDashboard, eve: AtDashboard, app: Paas) -> None:
    name, before = app.environment["PAAS_APP"], settled(app)[0]["number"]
    page = visitor.get(f"apps/{name}/runs")
    assert "Nothing runs" in page.text
    assert "Instances 0" in page.text
    done = visitor.post(f"apps/{name}/staged/release", request_id=hidden(page, "request_id"))
    assert done.url.endswith(f"/releases/{before + 1}")
    settled(app)
    assert "Restart" not in eve.get(f"apps/{name}/runs").text
    app.ok("config:set", "WAITS=1", "--stage")
    assert "A release takes along what is staged" in visitor.get(f"apps/{name}/runs").text
    app.ok("staged:discard", "WAITS")


def test_two_apps_are_compared_and_rows_taken_over(
    visitor: AtDashboard, eve: AtDashboard, installation: Installation, ada: Paas
) -> None:
    here, there = installation.new_app(ada, instances=0), installation.new_app(ada, instances=0)
    name, other = here.environment["PAAS_APP"], there.environment["PAAS_APP"]
    here.ok("config:set", "DIFFERS=here", "SAME=1")
    there.ok("config:set", "DIFFERS=there", "SAME=1", "THEIRS=2")
    secret = there.canaries.secret()
    there.ok("secrets:set", "THEIR_KEY=-", stdin=secret.encode())
    page = visitor.get(f"apps/{name}/compare?with={other}")
    assert "DIFFERS differs here there" in page.text
    assert f"THEIRS only in {other} — 2" in page.text
    assert f"THEIR_KEY secret only in {other}" in page.text
    assert "1 name is the same in both" in page.text
    review = visitor.post(
        f"apps/{name}/compare", *(("take", each) for each in ("THEIRS", "THEIR_KEY")), **{"with": other}
    )
    assert review.url.endswith(f"apps/{name}/pending")
    assert "1 change, one release" in review.text
    assert secret not in page.html + review.html
    assert config_of(here) == {"DIFFERS": "here", "SAME": "1"}
    assert visitor.post(f"apps/{name}/compare", take="THEIR_KEY", **{"with": other}).status == 422
    assert visitor.get(f"apps/{name}/compare?with=no-such-app").status == 404
    assert 'name="take"' not in eve.get(f"apps/{name}/compare?with={other}").html
