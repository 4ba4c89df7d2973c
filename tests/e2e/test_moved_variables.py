"""Variables that are read one by one, edited, copied between apps and made secrets, on the real services.

What is right afterwards is looked up inside the instances and in the audit log. Leaves out what the commands show and
refuse (tests/unit/cli) and what services make of names that move (tests/integration/variables).
"""

from pathlib import Path

import pytest

from tests.e2e.installation import (
    Installation,
    Paas,
    config_of,
    environments,
    events,
    instances,
    releases,
    secret_names,
    settled,
)
from tests.e2e.test_staging import started
from tests.unit.cli.terminal import Terminal


@pytest.fixture(scope="module")
def ann(installation: Installation, ada: Paas) -> Paas:
    """`paas` with an app of one instance."""
    return installation.new_app(ada, instances=1)


def inside(paas: Paas, name: str) -> str | None:
    """What the running instance has in its environment."""
    (environment,) = environments(paas)
    return environment.get(name)


def test_values_are_read_one_by_one(ann: Paas) -> None:
    secret = ann.canaries.secret()
    ann.ok("config:set", "GREETING=hello world\n", "EMPTY=")
    ann.ok("secrets:set", "READ_KEY=-", stdin=secret.encode())
    assert ann.ok("config:get", "GREETING").out == "hello world\n\n"
    assert ann.ok("config:get", "EMPTY", "GREETING").out == "EMPTY=\nGREETING='hello world\n'\n"
    assert {"GREETING", "EMPTY"} <= set(ann.ok("config", "--names").lines)
    assert "READ_KEY" in ann.ok("secrets", "--names").lines
    elsewhere = ann("config:get", "READ_KEY")
    assert (elsewhere.exit_code, elsewhere.out) == (1, "")
    assert "READ_KEY is a secret: `paas secrets:get READ_KEY -a " in elsewhere.err
    assert "GREETING is a config var: `paas config:get GREETING -a " in ann("secrets:get", "GREETING").err
    assert "did you mean GREETING?" in ann("config:get", "GREETINGS").err


def test_a_config_var_becomes_a_secret_in_one_release_with_the_same_value(ann: Paas) -> None:
    value = ann.canaries.config()
    ann.ok("config:set", f"MOVED_KEY={value}")
    app = ann.environment["PAAS_APP"]
    assert (
        f"`paas secrets:seal MOVED_KEY -a {app}` makes it a secret" in ann("secrets:set", "MOVED_KEY=-", stdin=b"x").err
    )
    before = releases(ann)[0]["number"]
    ann.ok("secrets:seal", "MOVED_KEY")
    assert releases(ann)[0]["number"] == before + 1
    assert inside(ann, "MOVED_KEY") == value
    assert ("MOVED_KEY" in config_of(ann), "MOVED_KEY" in secret_names(ann)) == (False, True)
    assert ann.ok("staged", "--json").document["staged"] == []
    ann.ok("rollback", f"v{before}", "--with-secrets")
    assert (config_of(ann)["MOVED_KEY"], inside(ann, "MOVED_KEY")) == (value, value)
    assert "MOVED_KEY" not in secret_names(ann)


def test_a_move_whose_release_fails_is_taken_back(ann: Paas) -> None:
    value = ann.canaries.config()
    ann.ok("config:set", f"BACK_KEY={value}")
    ann.ok("config:set", "FAIL_MOVE=bad", "--stage")
    refused = ann("secrets:seal", "BACK_KEY")
    assert refused.exit_code == 1
    assert "FAIL_MOVE by user:ada@example.com" in refused.err
    ann.ok("secrets:seal", "BACK_KEY", "--stage")
    assert inside(ann, "BACK_KEY") == value
    assert started(ann, "releases:create").fails().exit_code == 6
    settled(ann)
    assert (config_of(ann)["BACK_KEY"], inside(ann, "BACK_KEY")) == (value, value)
    assert "BACK_KEY" not in secret_names(ann)


def test_what_is_copied_is_one_release_and_on_record(installation: Installation, ann: Paas, idle: Paas) -> None:
    target = idle.environment["PAAS_APP"]
    source = ann.environment["PAAS_APP"]
    secret = ann.canaries.secret()
    ann.ok("config:set", "FEATURE_COPIED=on")
    ann.ok("secrets:set", "COPIED_KEY=-", stdin=secret.encode())
    difference = ann("config:diff", target)
    assert difference.exit_code == 1
    assert "- FEATURE_COPIED=on" in difference.lines
    copied = ann.ok(
        "config:copy", "FEATURE_COPIED", "COPIED_KEY", "--from", source, "--to", target, "--with-secrets", "--yes"
    )
    assert copied.lines[2] == "Copied FEATURE_COPIED, COPIED_KEY · release v2"
    assert idle.ok("config:get", "FEATURE_COPIED").out == "on\n"
    assert idle.ok("secrets:get", "COPIED_KEY", "-n").out == secret
    assert [each["number"] for each in releases(idle)] == [2, 1]
    revealed = events(ann, app=source, action="secrets.get", outcome="ok")
    assert revealed[-1]["targets"] == ["COPIED_KEY"]
    assert ann.ok("promote", source, target, "--only", "FEATURE_COPIED", "--yes").lines == ["No change"]


def test_a_copy_needs_to_be_allowed_to_reveal(installation: Installation, ann: Paas, idle: Paas) -> None:
    ann.ok("secrets:set", "KEPT_KEY=-", stdin=ann.canaries.secret().encode())
    made = ann.ok("tokens:create", "--name", "copies", "--scope", "config.read,config.write,secrets.list,secrets.write",
                  "--scope", "releases.write,apps.read")  # fmt: skip
    token = next(line.partition("=")[2] for line in made.lines if line.startswith("  PAAS_TOKEN="))
    source, target = ann.environment["PAAS_APP"], idle.environment["PAAS_APP"]
    refused = ann.as_token(token)("config:copy", "--from", source, "--to", target, "--with-secrets", "--yes")
    assert refused.exit_code == 4
    assert "secrets.reveal" in refused.err
    assert (config_of(idle), secret_names(idle)) == ({}, [])


def test_an_edit_is_one_release(ann: Paas, tmp_path: Path) -> None:
    ann.ok("config:set", "EDITED=before", "TAKEN_OUT=1")
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i "s/^EDITED=.*/EDITED=after/; /^TAKEN_OUT=/d" "$1"\n')
    editor.chmod(0o755)
    before = releases(ann)[0]["number"]
    terminal = Terminal("config:edit", environ={**ann.environment, "VISUAL": str(editor)})
    terminal.until("[y/N/e(dit again)]")
    terminal.type("y\n")
    assert terminal.end() == 0
    assert releases(ann)[0]["number"] == before + 1
    assert (inside(ann, "EDITED"), inside(ann, "TAKEN_OUT")) == ("after", None)
    assert all(each["state"] == "ready" for each in instances(ann))
