"""What was begun by hand as it is kept: read back as it was, also what was kept before makers were."""

import json

from paaskit.audit import Actor
from paaskit.requests import RequestKey
from services.releaser.by_hand.intents import DraftPlan, Intent, intent_of, intent_to
from services.releaser.domain import AppKey, Kind

KEY = AppKey(tenant="acme", app_id="a1")
INTENT = Intent(
    key=KEY,
    app="web",
    change_id="c1",
    kind=Kind.CHANGE,
    description="Release what is staged",
    actor=Actor(
        tenant="acme",
        name="pat:ci",
        credential="t1",
        client_address="203.0.113.9",
        token_id="t1",
        maker="user:ada@example.com",
    ),
    request=RequestKey(request_id="r1", subject="t1", method="CreateRelease", fingerprint="f"),
    plan=DraftPlan(config_revision=1, secrets_revision=2, replace_newer=False),
)


def test_it_is_read_back_with_the_token_and_its_maker() -> None:
    assert intent_of(KEY, "c1", json.loads(json.dumps(intent_to(INTENT)))) == INTENT


def test_one_of_before_has_no_maker() -> None:
    kept = intent_to(INTENT)
    del kept["maker"]
    actor = intent_of(KEY, "c1", kept).actor
    assert (actor.name, actor.token_id, actor.maker) == ("pat:ci", "t1", "")
