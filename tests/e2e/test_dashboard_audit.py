"""The audit log's pages and those of incidents over HTTP, through the gateway.

An event with its proof, the checkpoint, the export, and a token in the wrong hands from the question to "all done".
Leaves out the table and what follows it live (tests/browser), what was dropped (tests/integration/audit) and the rules
(tests/unit).
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.at_dashboard import AtDashboard, hidden
from tests.e2e.installation import Installation, Paas, eventually
from tests.fixtures.visitor import Shown
from tests.fixtures.waiting import soon


@pytest.fixture(scope="module")
def app(installation: Installation, ada: Paas) -> Paas:
    """`paas` with an app chosen that has no instances, for all tests here."""
    return installation.new_app(ada, instances=0)


@pytest.fixture(scope="module")
def visitor(ada: Paas, installation: Installation) -> AtDashboard:
    """An admin at the dashboard."""
    return AtDashboard.as_(ada, installation)


@pytest.fixture(scope="module")
def rotated(app: Paas) -> int:
    """The sequence of an event of a secret of the app, whose version is known."""
    app.ok("secrets:set", "SEEN=-", stdin=app.canaries.secret().encode())
    return int(event_of(app)["sequence"])


def event_of(app: Paas) -> dict[str, Any]:
    """That event, as the command line has it."""
    asked = ("--name", "SEEN", "--action", "secrets.set", "-a", name_of(app))
    [event] = app.ok("audit", *asked, "--json").document["events"]
    return dict(event)


def name_of(app: Paas) -> str:
    """The app's name."""
    return str(app.environment["PAAS_APP"])


def test_the_first_event_of_a_tenant_is_one(installation: Installation) -> None:
    newcomer = AtDashboard.as_(installation.person("first@example.com", tenant="firsts"), installation)
    eventually(lambda: "1 event is in the signed checkpoint" in newcomer.get("account/audit").text)


def test_an_event_has_a_page_with_all_that_is_known_of_it(visitor: AtDashboard, app: Paas, rotated: int) -> None:
    listed = visitor.get(f"account/audit?app={name_of(app)}&name=SEEN")
    assert f'account/audit/events/{rotated}"' in listed.html
    page = visitor.get(f"account/audit/events/{rotated}")
    event = event_of(app)
    for field in ("id", "request_id", "client_address", "token_id", "actor", "app"):
        assert str(event[field]) in page.text, field
    assert re.search(r"Happened \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", page.text)
    for no_event in (rotated + 1_000_000, 0, 2**63 - 1, 2**63):
        assert visitor.get(f"account/audit/events/{no_event}").status == 404


def test_an_events_proof_is_a_file_that_is_verified_without_asking(
    visitor: AtDashboard, app: Paas, rotated: int, tmp_path: Path
) -> None:
    app.ok("audit:checkpoint")

    path = f"account/audit/events/{rotated}/proof"
    # It is published some moments after it was recorded; until then there is a sentence.
    soon(lambda: "in no checkpoint yet" not in visitor.get(path).text)
    answer = visitor.get(path)
    assert answer.status == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="event-{rotated}.tlog-proof"'
    file = tmp_path / "event.tlog-proof"
    file.write_bytes(answer.body)
    proven = app.ok("audit:verify-proof", str(file), "--json").document
    assert (proven["event"]["sequence"], proven["event"]["targets"]) == (str(rotated), ["SEEN"])
    assert visitor.get("account/audit/events/999999999/proof").status == 404


def test_the_checkpoint_is_the_one_that_the_command_line_verifies(visitor: AtDashboard, app: Paas) -> None:
    def is_same() -> bool:
        page = visitor.get("account/audit/checkpoint")
        seen = app.ok("audit:checkpoint", "--json").document
        wanted = (seen["origin"], seen["root"], *seen["keys"], "signature verified", "Dropped nothing")
        return page.status == 200 and all(each in page.text for each in wanted)

    soon(is_same)
    assert "signed checkpoint" in visitor.get("account/audit").text


def test_an_export_has_what_the_command_line_writes(visitor: AtDashboard, app: Paas, rotated: int) -> None:
    assert rotated
    query = f"app={name_of(app)}&action=secrets.set"
    answer = visitor.get(f"account/audit/export?{query}")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/jsonl")
    assert re.fullmatch(r'attachment; filename="audit-\d{8}T\d{6}Z\.jsonl"', answer.headers["content-disposition"])
    written = app.ok("audit:export", "-a", name_of(app), "--action", "secrets.set").out
    assert answer.body.decode() == written
    assert [json.loads(line)["targets"] for line in written.splitlines()] == [["SEEN"]]
    assert visitor.get("account/audit/export?app=no-such-app-here").body == b""
    refused = visitor.get("account/audit/export?since=never")
    assert (refused.status, "Since is no moment" in refused.text) == (422, True)


def test_who_may_not_read_the_log_gets_nothing_of_it(
    visitor: AtDashboard, app: Paas, installation: Installation
) -> None:
    made = app.ok("tokens:create", "--name", "blind", "--scope", "apps.read,config.read", "--json").document
    app.canaries.tokens.append(made["secret"])
    blind = AtDashboard.as_(app.as_token(made["secret"]), installation)
    assert "account/incident" not in blind.get("").html
    paths = ("audit", "audit/checkpoint", "audit/export", "audit/events/1", "audit/events/1/proof", "incident?since=1h")
    for path in paths:
        refused = blind.get(f"account/{path}")
        assert (refused.status, "audit.read" in refused.text) == (403, True), path


def test_a_token_in_the_wrong_hands_from_the_question_to_all_done(visitor: AtDashboard, app: Paas) -> None:
    made = app.ok("tokens:create", "--name", "leaked", "--scope", "secrets.reveal,apps.read", "--json").document
    app.canaries.tokens.append(made["secret"])
    app.ok("secrets:set", "GOT_OUT=-", stdin=app.canaries.secret().encode())
    app.as_token(made["secret"]).ok("secrets:get", "GOT_OUT", "-a", name_of(app))
    token = made["token"]["id"]
    assert f"account/incident?token={token}" in visitor.get(f"account/tokens/{token}").html

    soon(lambda: "GOT_OUT" in asked(visitor, token=token).text)
    page = asked(visitor, token=token)
    assert "Incident: token leaked not all done" in page.text
    assert "Not all done: 3 of 3 steps are left." in page.text
    assert f'account/tokens/{token}#revoke"' in page.html
    rotation = f"apps/{name_of(app)}/secrets/GOT_OUT"
    assert f'{rotation}#rotate"' in page.html

    visitor.get(f"account/tokens/{token}")
    assert "leaked is revoked" in visitor.post(f"account/tokens/{token}/revoke").text
    form = visitor.get(rotation)
    kept = {"source": "random", "length": "32", "format": "hex", "overlap": "0", "do": "release"}
    assert visitor.post(f"{rotation}/rotate", request_id=hidden(form, "request_id"), **kept).status == 200
    soon(lambda: "All done" in asked(visitor, token=token).text)
    page = asked(visitor, token=token)
    assert "Incident: token leaked all done" in page.text
    assert "All done: 3 of 3 steps." in page.text


def test_what_makes_no_incident_is_said(visitor: AtDashboard, app: Paas) -> None:
    assert "Say what it is about" in asked(visitor).text
    unknown = asked(visitor, token="no-such-token")
    assert (unknown.status, "There is no token no-such-token" in unknown.text) == (404, True)
    text = app.canaries.tokens[-1]
    refused = asked(visitor, token=text)
    assert (refused.status, text in refused.html, text in refused.url) == (422, False, False)
    assert "not by its text" in refused.text
    # Without a token or a person it is about whoever read.
    assert "By" in asked(visitor, since="1h", app=name_of(app)).text


def asked(visitor: AtDashboard, **about: str) -> Shown:
    """What is answered to a question that is filled in."""
    visitor.get("account/incident")
    return visitor.post("account/incident", **about)
