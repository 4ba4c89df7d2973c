"""A leak, from the moment somebody thinks of it until all is done, as the person on call types it.

On a whole installation: a token gets out, its holder reads, makes itself another token and goes on with that one, and
plants a value. Leaves out what follows from which facts (tests/unit/cli/incident) and how events are summed up
(tests/integration/audit).
"""

from typing import Any

from paaskit.clock import random_id
from tests.e2e.installation import Paas, eventually, settled


def incident(user: Paas, *options: str, done: bool) -> Any:
    """What `paas incident --json` says, which ends with 0 once all is done and with 1 before."""
    run = user("incident", *options, "--json")
    assert run.exit_code == (0 if done else 1), run.err
    assert run.document["all_done"] is done
    return run.document


def _open(document: Any) -> list[str]:
    return [f"{step['kind']} {step['name'] or step['app']}" for step in document["steps"] if step["state"] != "done"]


def test_a_leaked_token_from_start_to_all_done(ada: Paas, idle: Paas) -> None:
    app, name = idle.environment["PAAS_APP"], f"leaked-{random_id()[:8]}"
    idle.ok("secrets:set", "STRIPE_API_KEY=c4n4ry", "OTHER=c4n4ry-2", "PLANTED=c4n4ry-3", "--no-wait")
    made = ada.ok(
        "tokens:create", "--name", name, "--ttl", "1h", "--app", app,
        "--scope", "secrets.reveal,secrets.write,secrets.list,tokens.manage,apps.read,releases.read", "--json",
    ).document  # fmt: skip
    thief = idle.as_token(made["secret"])
    thief.ok("secrets:get", "STRIPE_API_KEY")
    second = thief.ok("tokens:create", "--name", f"{name}-2", "--scope", "secrets.reveal", "--json").document
    idle.as_token(second["secret"]).ok("secrets:get", "OTHER")
    thief.ok("secrets:set", "PLANTED=theirs", "--no-wait")

    eventually(lambda: len(incident(ada, "--token", name, done=False)["did"]) == 2)
    found = incident(ada, "--token", name, done=False)
    assert [(each["app"], each["name"]) for each in found["read"]] == [(app, "OTHER"), (app, "STRIPE_API_KEY")]
    assert [each["name"] for each in found["could_have_read"]] == ["PLANTED"]
    assert {(each["action"], each["name"]) for each in found["did"]} == {
        ("secrets.set", "PLANTED"),
        ("tokens.create", f"{name}-2"),
    }
    everything = [f"revoke {name}", f"revoke {name}-2", "rotate OTHER", "rotate PLANTED", "rotate STRIPE_API_KEY"]
    assert _open(found) == [*everything, f"release {app}"]
    assert "c4n4ry" not in str(found)

    # The same by the person whose token it was, and by nobody in particular.
    person = ada.ok("whoami", "--json").document["subject"].removeprefix("user:")
    assert set(_open(incident(ada, "--user", person, "-a", app, done=False))) >= set(everything)
    by_time = incident(ada, "--since", "1h", "-a", app, done=False)
    assert {each["name"] for each in by_time["read"]} == {"OTHER", "STRIPE_API_KEY"}

    # Each step's command is what does it, the next one seen to be left meanwhile.
    while left := [step for step in found["steps"] if step["state"] != "done" and step["kind"] != "release"]:
        words = left[0]["command"].split()
        assert words[0] == "paas"
        ada.ok(*words[1:])
        settled(idle)
        found = ada("incident", "--token", name, "--json").document
    eventually(lambda: ada("incident", "--token", name).exit_code == 0)
    assert incident(ada, "--token", name, done=True)["read"] == found["read"]
    assert ada.ok("incident", "--token", made["token"]["id"]).lines[-1] == "All done: 6 of 6 steps."


def test_what_is_not_told_is_said(ada: Paas, idle: Paas) -> None:
    app, name = idle.environment["PAAS_APP"], f"reader-{random_id()[:8]}"
    idle.ok("secrets:set", "KEY=c4n4ry", "--no-wait")
    idle.ok("secrets:get", "KEY")
    reader = ada.ok("tokens:create", "--name", name, "--app", app, "--scope", "audit.read", "--json").document
    limited = ada.as_token(reader["secret"])
    eventually(lambda: limited("incident", "--since", "1h", "--json").document["read"])
    found = incident(limited, "--since", "1h", done=False)
    assert [(each["app"], each["name"]) for each in found["read"]] == [(app, "KEY")]
    assert [sentence.rpartition(": ")[2] for sentence in found["not_told"][1:]] == [
        "you lack secrets.list.",
        "you lack releases.read.",
    ]
    assert app in found["not_told"][0]
    unknown = ada("incident", "--token", name[:-1])
    assert unknown.exit_code == 1
    assert f"did you mean {name}" in unknown.err
