"""Tokens, who you are, and the audit log."""

import json

import pytest

from tests.fakes.gateway import Drop
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas


def test_scopes_and_apps_narrow_a_token(paas: Paas, signed_in: Platform) -> None:
    result = paas(
        "tokens:create", "--name", "ci", "--ttl", "2w", "--scope", "config.write,releases.read",
        "--scope", "config.write", "--app", "web", "--app", "shop",
    )  # fmt: skip
    assert result.exit_code == 0
    request = signed_in.gateway.calls("CreateToken")[-1]
    assert list(request.permissions) == ["config.write", "releases.read"]
    assert list(request.apps) == ["web", "shop"]
    assert request.ttl.seconds == 14 * 86400
    assert paas("tokens:list").lines == [
        "ci\tconfig.write,releases.read\tweb,shop\t2026-05-08T13:42Z\t-\t2026-05-22T13:42Z\tt1"
    ]
    listed = paas("tokens:list", "--json")
    assert json.loads(listed.out)["tokens"][0]["last_used_at"] is None
    assert "paas_pat_" not in listed.out


@pytest.mark.parametrize("ttl", ["0d", "90", "d90", "1y", "-1d", "9999999999d", "1.5h"])
def test_a_ttl_that_is_none(paas: Paas, signed_in: Platform, ttl: str) -> None:
    result = paas("tokens:create", "--name", "ci", f"--ttl={ttl}")
    assert result.exit_code == 2
    assert "90d, 12h or 2w" in result.err
    assert signed_in.tokens == {}


def test_revoke(paas: Paas, signed_in: Platform) -> None:
    paas("tokens:create", "--name", "ci")
    assert paas("tokens:revoke", "ci").out == "Revoked ci and 2 tokens made with it\n"
    assert signed_in.tokens == {}
    assert paas("tokens:revoke", "ci").exit_code == 1


def test_a_token_is_not_revoked_by_its_text(paas: Paas, signed_in: Platform) -> None:
    result = paas("tokens:revoke", "paas_pat_c4n4ry")
    assert result.exit_code == 2
    assert "c4n4ry" not in result.err
    assert signed_in.gateway.seen == []


def test_revoking_has_no_request_id_and_is_not_sent_twice(paas: Paas, signed_in: Platform) -> None:
    paas("tokens:create", "--name", "ci")
    signed_in.gateway.fail("RevokeToken", Drop())
    result = paas("tokens:revoke", "ci")
    assert len(signed_in.gateway.calls("RevokeToken")) == 1
    assert "it is not known whether the change was kept; `paas tokens:list` shows it" in result.err


def test_whoami(paas: Paas, signed_in: Platform) -> None:
    lines = paas("whoami").lines
    assert lines[0] == "subject: user:ada@example.com"
    assert "token from: PAAS_TOKEN" in lines
    document = json.loads(paas("whoami", "--json").out)
    assert document["gateway"] == signed_in.gateway.address
    assert document["permissions"] == ["apps.read"]


def test_audit_lists_the_newest_oldest_first(paas: Paas, signed_in: Platform) -> None:
    for number in range(5):
        signed_in.record("config.set", "web", f"V{number}")
    signed_in.record("secrets.get", "other", "K")
    assert [line.split("\t")[4] for line in paas("audit", "-n", "3").lines] == ["V3", "V4", "K"]
    assert [line.split("\t")[4] for line in paas("audit", "--app", "web").lines] == ["V0", "V1", "V2", "V3", "V4"]
    assert paas("audit", "--action", "secrets.get").out == (
        "2026-05-08T13:42:00Z\tsecrets.get\tuser:ada@example.com\tother\tK\tok\n"
    )
    events = json.loads(paas("audit", "--json").out)["events"]
    assert [event["sequence"] for event in events] == [1, 2, 3, 4, 5, 6]


def test_audit_says_whose_a_token_is(paas: Paas, signed_in: Platform) -> None:
    signed_in.record("tokens.revoke", "", "deploy", "old")
    event = signed_in.events[-1]
    event.actor, event.maker = "pat:github-ci", "user:ada@example.com"
    event.target_tokens.add(token_id="t3")
    event.target_tokens[0].maker = "user:bob\x1b[2J"
    assert paas("audit").lines[-1].split("\t")[1:5] == [
        "tokens.revoke", "pat:github-ci (ada@example.com)", "-", "deploy (bob\\x1b[2J),old",
    ]  # fmt: skip
    event.actor, event.on_behalf_of = "service:releaser", "pat:github-ci"
    assert paas("audit").lines[-1].split("\t")[2] == "service:releaser for pat:github-ci (ada@example.com)"
    (document,) = json.loads(paas("audit", "--json").out)["events"]
    assert (document["token_id"], document["maker"]) == ("t1", "user:ada@example.com")
    assert document["target_tokens"][1] == {"id": "t3", "maker": None}


def test_audit_says_how_often_more(paas: Paas, signed_in: Platform) -> None:
    signed_in.record("secrets.get", "web", "K")
    signed_in.record("secrets.list", "web")
    for event in signed_in.events:
        event.repeats, event.repeats_seconds = 1273, 10
    shown = [line.split("\t")[4] for line in paas("audit").lines]
    assert shown == ["K (1,273 more within 10 s)", "(1,273 more within 10 s)"]


def test_follow_takes_up_after_the_last_event_even_when_the_stream_breaks(paas: Paas, signed_in: Platform) -> None:
    for number in range(3):
        signed_in.record("config.set", "web", f"V{number}")
    signed_in.gateway.fail("FollowEvents", Drop(), times=2)
    seen: list[int] = []

    def more(_: float) -> bool:
        seen.append(len(signed_in.gateway.calls("FollowEvents")))
        if len(seen) > 2:
            signed_in.gateway.fail("FollowEvents", Drop())
        signed_in.record("secrets.get", "web", f"K{len(seen)}")
        return True

    signed_in.more_events.wait = more  # type: ignore[method-assign,assignment]
    result = paas("audit", "--follow", "-n", "1", "--json")
    documents = [json.loads(line) for line in result.lines]
    assert [document["targets"] for document in documents][:3] == [["V2"], ["K1"], ["K2"]]
    assert len({document["sequence"] for document in documents}) == len(documents)
    assert result.exit_code == 5
