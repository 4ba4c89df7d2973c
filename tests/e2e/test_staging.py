"""The draft and what failures take back, seen from the command line and from inside the instances that run.

Rows of one table, each with config vars and with secrets: what happens on the left, what is right on the right. Leaves
out a releaser that is killed on the way and random interleavings, which have tests of their own.
"""

import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.installation import (
    Installation,
    Paas,
    Run,
    config_of,
    environments,
    eventually,
    fetch,
    instances,
    releases,
    secret_names,
    settled,
)

MASK = "•" * 16
KINDS = ("config", pytest.param("secrets", marks=pytest.mark.thorough))


@pytest.fixture(scope="module")
def ann(installation: Installation, ada: Paas) -> Paas:
    """`paas` with an app of one instance, which all tests here share; each has names of its own."""
    return installation.new_app(ada, instances=1)


@pytest.fixture(scope="module")
def bob(installation: Installation, ann: Paas) -> Paas:
    """A second operator of the same app."""
    return installation.person("bob@example.com").with_(PAAS_APP=ann.environment["PAAS_APP"])


@dataclass(frozen=True)
class Failing:
    """A change whose release runs until it is told to fail, watched by a command of its own."""

    paas: Paas
    number: int
    watching: "subprocess.Popen[str]"

    def fails(self) -> Run:
        """Have it fail now; how the command ended that watched it."""
        with suppress(OSError):  # it ends instead of answering
            fetch(self._starting()["port"], "end")
        ended = self.paas.finish(self.watching)
        # Where releaser was late once, the command did not know what to watch.
        return self.paas("releases:watch", f"v{self.number}") if ended.is_pending else ended

    def _starting(self) -> dict[str, Any]:
        return next(each for each in instances(self.paas) if each["release"] == self.number)


def started(paas: Paas, *arguments: str) -> Failing:
    """Make a change with the value `bad` in it; come back once an instance was started with it."""
    number = releases(paas)[0]["number"] + 1
    watching = paas.start(*arguments)
    eventually(lambda: any(each["release"] == number for each in instances(paas)))
    return Failing(paas, number, watching)


def live(paas: Paas, kind: str, name: str) -> str | None:
    """The live value, None where there is none."""
    if kind == "config":
        return config_of(paas).get(name)
    return paas.ok("secrets:get", name, "-n").out if name in secret_names(paas) else None


def inside(paas: Paas, name: str) -> str | None:
    """What the running instance has in its environment."""
    (environment,) = environments(paas)
    return environment.get(name)


def staged(paas: Paas) -> dict[str, dict[str, object]]:
    """What is staged, by name."""
    return {each["name"]: each for each in paas.ok("staged", "--json").document["staged"]}


@pytest.fixture(autouse=True)
def nothing_is_left(ann: Paas) -> None:
    """Each test begins with an empty draft and an app at rest."""
    settled(ann)
    ann.ok("staged:discard")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_staged_over_a_release_that_fails_is_still_staged(ann: Paas, kind: str) -> None:
    name = f"EATEN_{kind.upper()}"
    ann.ok(f"{kind}:set", f"{name}=old")
    release = started(ann, f"{kind}:set", f"{name}=new", f"FAIL_{kind.upper()}=bad")
    ann.ok(f"{kind}:set", f"{name}=newer", "--stage")
    assert release.fails().exit_code == 6
    settled(ann)
    assert (live(ann, kind, name), inside(ann, name)) == ("old", "old")
    assert live(ann, kind, f"FAIL_{kind.upper()}") is None
    assert list(staged(ann)) == [name]
    assert f"{name}={'newer' if kind == 'config' else MASK}   (staged)" in ann.ok(kind).out
    ann.ok("releases:create", "--yes")
    assert (live(ann, kind, name), inside(ann, name)) == ("newer", "newer")


def test_a_draft_that_changes_nothing_any_more_is_a_restart(ann: Paas) -> None:
    ann.ok("config:set", "SAME=1", "--stage")
    ann.ok("config:set", "SAME=1")
    assert list(staged(ann)) == ["SAME"]
    assert "SAME" not in ann.ok("releases:create", "--dry-run").out
    assert ann.ok("releases:create").lines[0].endswith("· Restart")
    assert staged(ann) == {}


@pytest.mark.thorough
@pytest.mark.parametrize("kind", KINDS)
def test_no_instance_has_what_is_staged_until_it_is_released(ann: Paas, kind: str) -> None:
    name = f"SWEPT_{kind.upper()}"
    ann.ok(f"{kind}:set", "K=1", "--no-wait") if kind == "config" else ann.ok("secrets:set", "KS=1", "--no-wait")
    ann.ok("config:set", f"QUEUED={kind}", "--no-wait")
    ann.ok(f"{kind}:set", f"{name}=yes", "--stage")
    settled(ann)
    ann.ok("config:set", f"LATER={kind}")
    assert inside(ann, name) is None
    assert name not in config_of(ann)
    before = len(releases(ann))
    created = ann.ok("releases:create")
    assert created.lines[0] == f"Release v{before + 1} · Release the draft: {name}"
    assert inside(ann, name) == "yes"


@pytest.mark.parametrize("kind", KINDS)
def test_what_others_stage_meanwhile_stays_staged_when_a_release_fails(ann: Paas, bob: Paas, kind: str) -> None:
    name, note = f"X_{kind.upper()}", f"NOTE_{kind.upper()}"
    ann.ok(f"{kind}:set", f"{name}=old")
    release = started(ann, f"{kind}:set", f"{name}=bad")
    bob.ok(f"{kind}:set", f"{note}=hi", "--stage")
    ended = release.fails()
    assert ended.exit_code == 6
    assert f"Release v{release.number} failed" in ended.err
    assert f"was reverted: {name} is as in v{release.number - 1} again (release v{release.number + 1})" in ended.err
    settled(ann)
    assert (live(ann, kind, name), inside(ann, name)) == ("old", "old")
    assert inside(ann, note) is None
    assert [(each["name"], each["staged_by"]) for each in staged(ann).values()] == [(note, "user:bob@example.com")]


@pytest.mark.thorough
@pytest.mark.parametrize("kind", KINDS)
def test_a_queued_change_of_another_name_runs_with_the_failed_one_taken_back(ann: Paas, bob: Paas, kind: str) -> None:
    name, other = f"BACK_{kind.upper()}", f"Y_{kind.upper()}"
    ann.ok(f"{kind}:set", f"{name}=old")
    release = started(ann, f"{kind}:set", f"{name}=bad")
    bob.ok(f"{kind}:set", f"{other}=1", "--no-wait")
    assert releases(bob)[0]["number"] == release.number + 1
    assert release.fails().exit_code == 6
    queued, failed = settled(ann)[:2]
    assert (queued["state"], failed["revert_release"]) == ("succeeded", release.number + 1)
    assert (inside(ann, name), inside(ann, other)) == ("old", "1")
    assert live(ann, kind, name) == "old"


@pytest.mark.thorough
@pytest.mark.parametrize("kind", KINDS)
def test_a_newer_value_of_the_same_name_is_released(ann: Paas, bob: Paas, kind: str) -> None:
    name = f"GOOD_{kind.upper()}"
    ann.ok(f"{kind}:set", f"{name}=old")
    release = started(ann, f"{kind}:set", f"{name}=bad")
    bob.ok(f"{kind}:set", f"{name}=good", "--no-wait")
    ended = release.fails()
    assert ended.exit_code == 1
    what = name if kind == "config" else "a secret"
    assert f"A newer change of {what} stands, so nothing was reverted" in ended.err
    newest, failed = settled(ann)[:2]
    assert (newest["number"], newest["state"]) == (release.number + 1, "succeeded")
    assert (failed["reverted_to"], failed["revert_release"], failed["reverted_names"]) == (None, None, [])
    assert (live(ann, kind, name), inside(ann, name)) == ("good", "good")


def test_what_two_people_staged_is_one_rollout_that_says_so(ann: Paas, bob: Paas) -> None:
    ann.ok("config:set", "BOTH=1", "--stage")
    bob.ok("secrets:set", "BOTH_SECRET=2", "--stage")
    before, pid = len(releases(ann)), instances(ann)[0]["started_at"]
    lines = [line.split("\t") for line in ann.ok("staged").lines]
    assert [(who, kind, change) for _, who, kind, _, change in lines] == [
        ("user:ada@example.com", "config", "BOTH=1"),
        ("user:bob@example.com", "secret", f"BOTH_SECRET={MASK}"),
    ]
    dry = ann.ok("releases:create", "--dry-run")
    assert dry.lines[0].startswith("Would add BOTH=1   (by user:ada@example.com, 2")
    assert dry.lines[1].startswith(f"Would add BOTH_SECRET={MASK}   (by user:bob@example.com, 2")
    assert dry.lines[2] == "A release would follow"
    assert (len(releases(ann)), instances(ann)[0]["started_at"]) == (before, pid)
    created = ann.ok("releases:create")
    assert created.lines[0] == f"Release v{before + 1} · Release the draft: BOTH, BOTH_SECRET"
    assert created.lines[-1] == f"v{before + 1} succeeded"
    assert len(settled(ann)) == before + 1
    assert (inside(ann, "BOTH"), inside(ann, "BOTH_SECRET")) == ("1", "2")
    shown = releases(ann)[0]
    assert [(each["name"], each["kind"], each["actor"]) for each in shown["changes"]] == [
        ("BOTH", "config", "user:ada@example.com"),
        ("BOTH_SECRET", "secret", "user:bob@example.com"),
    ]
    assert all(each["staged_at"] for each in shown["changes"])
    told = ann.ok("releases:info", f"v{before + 1}").lines
    assert [line for line in told if line.startswith("change: added BOTH_SECRET (secret), staged by user:bob@")]
    assert ann.ok("releases:create").lines[0] == f"Release v{before + 2} · Restart"


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_staged_and_set_live_meanwhile(ann: Paas, bob: Paas, kind: str) -> None:
    name = f"TWO_{kind.upper()}"
    shown = (
        {"old": "old", "staged": "staged", "live": "live"}
        if kind == "config"
        else dict.fromkeys(("old", "staged", "live"), MASK)
    )
    ann.ok(f"{kind}:set", f"{name}=old", "--no-wait")
    ann.ok(f"{kind}:set", f"{name}=staged", "--stage")
    bob.ok(f"{kind}:set", f"{name}=live")
    assert (live(ann, kind, name), inside(ann, name)) == ("live", "live")
    lines = ann.ok(kind).lines
    at = lines.index(f"{name}={shown['live']}")
    assert lines[at + 1] == f"# {name}={shown['staged']}   (staged)"
    assert staged(ann)[name]["replaces_newer"] is True
    assert f"Would replace the newer {name}={shown['live']}" in ann.ok("releases:create", "--dry-run").lines
    before = len(releases(ann))
    refused = ann("releases:create")
    assert refused.exit_code == 1
    assert f"{name} changed since it was staged" in refused.err
    assert "`paas releases:create --yes -a " in refused.err
    assert (len(releases(ann)), inside(ann, name)) == (before, "live")
    ann.ok("releases:create", "--yes")
    assert (live(ann, kind, name), inside(ann, name)) == ("staged", "staged")
    assert releases(ann)[0]["changes"][0]["replaces_newer"] is True


@pytest.mark.thorough
@pytest.mark.parametrize("kind", KINDS)
def test_unset_is_staged_like_anything_else(ann: Paas, kind: str) -> None:
    gone, new = f"GONE_{kind.upper()}", f"NEVER_{kind.upper()}"
    ann.ok(f"{kind}:set", f"{gone}=1")
    ann.ok(f"{kind}:set", f"{new}=1", "--stage")
    ann.ok(f"{kind}:unset", gone, new, "--stage")
    assert f"# {gone} (unset)   (staged)" in ann.ok(kind).lines
    assert list(staged(ann)) == [gone]
    ann.ok("config:set", f"ANOTHER={kind}")
    assert inside(ann, gone) == "1"
    ann.ok("releases:create")
    assert (inside(ann, gone), live(ann, kind, gone)) == (None, None)


@pytest.mark.thorough
def test_an_unset_whose_release_fails_is_taken_back(ann: Paas, bob: Paas) -> None:
    ann.ok("config:set", "KEPT=1", "--no-wait")
    ann.ok("secrets:set", "KEPT_SECRET=1")
    release = started(ann, "config:set", "LATE=bad")
    for kind, name in (("config", "KEPT"), ("secrets", "KEPT_SECRET")):
        bob.ok(f"{kind}:unset", name, "--stage")
    assert release.fails().exit_code == 6
    settled(ann)
    bob.ok("config:set", "LATER_STILL=bad", "--stage")
    failed = started(ann, "releases:create").fails()
    assert failed.exit_code == 6
    assert "KEPT, LATER_STILL, KEPT_SECRET are as in" in failed.err
    settled(ann)
    assert (inside(ann, "KEPT"), inside(ann, "KEPT_SECRET"), inside(ann, "LATER_STILL")) == ("1", "1", None)
    assert staged(ann) == {}


def test_a_staged_rotation_begins_its_overlap_when_it_is_released(ann: Paas) -> None:
    ann.ok("secrets:set", "TURNED=one")
    ann.ok("secrets:rotate", "TURNED", "--value-file", "-", "--overlap", "1h", "--stage", stdin=b"two\n")
    ann.ok("config:set", "ROTATED=1")
    assert (inside(ann, "TURNED"), inside(ann, "TURNED_PREVIOUS")) == ("one", None)
    assert ann.ok("secrets:get", "TURNED").out == "one\n"
    ann.ok("releases:create")
    assert (inside(ann, "TURNED"), inside(ann, "TURNED_PREVIOUS")) == ("two", "one")
    assert "(the value before until 2" in ann.ok("secrets").out


@pytest.mark.thorough
def test_an_import_is_staged_and_released(ann: Paas) -> None:
    ann.ok("config:set", "IMPORTED=0")
    ann.ok("config:import", "-", "--stage", stdin=b"IMPORTED=1\nIMPORTED_TOO='two words'\n")
    assert (inside(ann, "IMPORTED"), inside(ann, "IMPORTED_TOO")) == ("0", None)
    assert "IMPORTED=0\n" in ann.ok("config:export").out
    assert "IMPORTED_TOO" not in ann.ok("config:export").out
    ann.ok("releases:create")
    assert (inside(ann, "IMPORTED"), inside(ann, "IMPORTED_TOO")) == ("1", "two words")


@pytest.mark.thorough
def test_what_is_discarded_is_never_released(ann: Paas, bob: Paas) -> None:
    ann.ok("config:set", "DROPPED=1", "STAYS=1", "--stage")
    bob.ok("secrets:set", "DROPPED_SECRET=1", "--stage")
    bob.ok("apps:update", "--instances", "2", "--stage")
    refused = ann("staged:discard", "DROPPED", "NOT_STAGED")
    assert (refused.exit_code, "NOT_STAGED" in refused.err) == (1, True)
    assert ann.ok("staged:discard", "DROPPED", "DROPPED_SECRET").out == (
        "Discarded from the draft: DROPPED, DROPPED_SECRET\n"
    )
    assert [(each["name"], each["kind"]) for each in ann.ok("staged", "--json").document["staged"]] == [
        ("STAYS", "config"),
        (None, "spec"),
    ]
    assert "what the app runs: instances 2" in ann.ok("staged").out
    assert ann.ok("staged:discard").out == "Discarded from the draft: STAYS, what the app runs\n"
    ann.ok("releases:create")
    assert [inside(ann, name) for name in ("DROPPED", "STAYS", "DROPPED_SECRET")] == [None, None, None]
    # Names that were only staged are free again.
    ann.ok("secrets:set", "DROPPED=secret", "--no-wait")
    ann.ok("config:set", "DROPPED_SECRET=config", "--no-wait")


@pytest.mark.thorough
def test_a_spec_is_staged_and_released_with_the_rest(ann: Paas, bob: Paas) -> None:
    bob.ok("apps:update", "--instances", "2", "--stage")
    ann.ok("config:set", "WITH_SPEC=1", "--stage")
    assert len(instances(ann)) == 1
    dry = ann.ok("releases:create", "--dry-run").out
    assert "Would change what the app runs   (by user:bob@example.com, 2" in dry
    ann.ok("releases:create")
    assert [environment["WITH_SPEC"] for environment in environments(ann)] == ["1", "1"]
    ann.ok("apps:update", "--instances", "1")


def test_who_may_see_one_half_sees_and_releases_no_more_than_names_allow(ann: Paas) -> None:
    ann.ok("config:set", "SEEN=1", "--stage")
    ann.ok("secrets:set", "UNSEEN=1", "--stage")
    scopes = ("config.read", "releases.read", "releases.write")
    made = ann.ok("tokens:create", "--name", "half", *(word for scope in scopes for word in ("--scope", scope)))
    half = ann.as_token(made.lines[1].partition("=")[2])
    seen = half.ok("staged", "--json")
    assert [each["name"] for each in seen.document["staged"]] == ["SEEN"]
    assert seen.document["not_shown"] == ["secret", "spec"]
    dry = half.ok("releases:create", "--dry-run")
    assert "Would change a secret you may not list" in dry.lines
    created = half.ok("releases:create")
    assert created.lines[0].endswith(" · Release the draft")
    assert "change: and a secret you may not list" in half.ok("releases:info", created.lines[0].split()[1]).lines
    assert "UNSEEN" not in seen.out + dry.out + created.out + half.ok("releases", "--json").out
    assert (inside(ann, "SEEN"), inside(ann, "UNSEEN")) == ("1", "1")
