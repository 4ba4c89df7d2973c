"""Shared groups as their users meet them, from an empty one to its end: real apps, their environments and releases.

Leaves out what is refused by itself (tests/integration/config), kills in the middle of a fan-out
(tests/integration/releaser), and what each command says of groups (tests/unit/cli/groups).
"""

import re
from collections.abc import Sequence

import pytest

from tests.e2e.installation import Installation, Paas, environments, events, eventually, pids, settled

SCHEMA = b"# @defaultRequired=false @defaultSensitive=false\n# ---\n# @type=enum(calm, brisk)\nMOOD=\n"


@pytest.fixture(scope="module")
def two(installation: Installation, ada: Paas) -> tuple[Paas, Paas]:
    """`paas` with each of two apps chosen, in the order of their names; each test has names of variables of its own."""
    made = [installation.new_app(ada) for _ in range(2)]
    one, other = sorted(made, key=name_of)
    return one, other


def name_of(paas: Paas) -> str:
    return paas.environment["PAAS_APP"]


def given(paas: Paas, *names: str) -> list[str | None]:
    """What the app's one instance has under names."""
    (environment,) = environments(paas)
    return [environment.get(name) for name in names]


def group_of(ada: Paas, two: Sequence[Paas], name: str, *config: str) -> Paas:
    """`paas` with a new group chosen that both apps have."""
    ada.ok("groups:create", name)
    ada.ok("config:set", *config, "-a", name)
    for app in two:
        app.ok("groups:attach", name, "--no-wait")
    for app in two:
        settled(app)
    return ada.with_(PAAS_APP=name)


def order_of(words: Sequence[str], *patterns: str) -> list[int]:
    """At which line each pattern is first."""
    return [next(at for at, line in enumerate(words) if re.search(pattern, line)) for pattern in patterns]


def test_two_apps_have_what_the_group_has_and_own_values_win(
    ada: Paas, two: tuple[Paas, Paas], installation: Installation
) -> None:
    one, other = two
    secret = installation.canaries.secret()
    assert ada.ok("groups:create", "shared").out == "Created the group shared\n"
    ada.ok("config:set", "MODE=calm", "REGION=eu", "-a", "shared")
    ada.ok("secrets:set", f"DSN={secret}", "-a", "shared")
    foreseen = one.ok("groups:attach", "shared", "--dry-run")
    assert foreseen.lines[-1] == "A release would follow"
    assert {f"Would add {name}" for name in ("MODE", "REGION", "DSN")} <= set(foreseen.lines)
    assert given(one, "MODE") == [None]
    for app in two:
        attached = app.ok("groups:attach", "shared")
        assert re.fullmatch(rf"Attached shared to {name_of(app)} · release (v\d+)\n\1 succeeded\n", attached.out)
        assert given(app, "MODE", "REGION", "DSN") == ["calm", "eu", secret]
    other.ok("config:set", "REGION=us")
    assert given(other, "MODE", "REGION") == ["calm", "us"]
    assert given(one, "REGION") == ["eu"]
    listed = other.ok("config").lines
    assert [line for line in listed if "REGION" in line] == ["REGION=us", "# REGION wins over shared"]
    assert listed[listed.index("# from shared") + 1] == "MODE=calm"
    assert f"used by: {name_of(other)} (its own REGION wins)" in ada.ok("groups:info", "shared").lines
    assert one.ok("config:get", "MODE").out == "calm\n"
    there = one("secrets:get", "DSN")
    assert there.exit_code == 1
    assert "`paas secrets:get DSN -a shared` reads it." in there.err
    assert ada.ok("secrets:get", "DSN", "-a", "shared").out == f"{secret}\n"
    assert one.ok("run", "--", "printenv", "MODE", "REGION").lines == ["calm", "eu"]
    opened = eventually(lambda: events(ada, app="shared", action="secrets.run"))
    assert [each["targets"] for each in opened] == [["DSN"]]


def test_a_change_goes_to_one_app_first_and_then_the_other(ada: Paas, two: tuple[Paas, Paas]) -> None:
    one, other = two
    group = group_of(ada, two, "paced", "PACE=calm", "ZONE=eu")
    other.ok("config:set", "ZONE=us")
    before = pids(one), pids(other)
    foreseen = group.ok("config:set", "ZONE=ap", "--dry-run").lines
    assert foreseen[1:3] == [
        f"Would release {name_of(one)}",
        f"Would leave {name_of(other)} as it is: its own ZONE wins",
    ]
    group.ok("config:set", "ZONE=ap")
    assert (given(one, "ZONE"), given(other, "ZONE")) == (["ap"], ["us"])
    assert pids(other) == before[1], "an app whose own value wins is not restarted"
    changed = group.ok("config:set", "PACE=brisk")
    assert re.fullmatch(r"Set PACE · release v(\d+)\nv\1 succeeded\n", changed.out)
    first, second = f" {name_of(one)} v\\d+", f" {name_of(other)} v\\d+"
    if order_of(changed.err.splitlines(), first) > order_of(changed.err.splitlines(), second):
        first, second = second, first
    ended, began = order_of(changed.err.splitlines(), f"{first} succeeded", second)
    assert ended < began, changed.err
    assert (given(one, "PACE"), given(other, "PACE")) == (["brisk"], ["brisk"])
    assert before[0].isdisjoint(pids(one))
    (newest, *_) = settled(one)
    assert newest["description"] == f"paced {changed.lines[1].split()[0]}: Set PACE"
    assert "paced" in {each["group"] for each in newest["groups"]}


def test_a_change_that_breaks_one_is_taken_back_everywhere(ada: Paas, two: tuple[Paas, Paas]) -> None:
    one, other = two
    group = group_of(ada, two, "fragile", "MOOD=calm")
    other.ok("schema:set", "-", stdin=SCHEMA)  # so that it is the second that can't have it
    untouched = pids(other)
    failed = group("config:set", "MOOD=wild")
    assert failed.exit_code == 6, failed.err
    said = failed.err.splitlines()[-1]
    assert re.search(
        r"Release v\d+ failed \(.* MOOD is not one of calm, brisk\) and was reverted: MOOD is as in v", said
    )
    assert re.search(rf"\bv\d+ of {name_of(other)} failed", said)
    settled(group)
    settled(one)
    assert (given(one, "MOOD"), given(other, "MOOD")) == (["calm"], ["calm"])
    assert pids(other) == untouched
    assert group.ok("config:get", "MOOD").out == "calm\n"
    assert group.ok("config:set", "MOOD=brisk").lines[-1].endswith("succeeded")
    assert (given(one, "MOOD"), given(other, "MOOD")) == (["brisk"], ["brisk"])


def test_what_apps_have_is_not_taken_away_before_they_are_let_go(ada: Paas, two: tuple[Paas, Paas]) -> None:
    one, other = two
    group = group_of(ada, two, "parting", "LEVEL=calm", "SPARE=1")
    refused = group("config:unset", "LEVEL")
    assert refused.exit_code == 1
    assert name_of(one) in refused.err
    assert name_of(other) in refused.err
    assert ada("groups:destroy", "parting", "--confirm", "parting").exit_code == 1
    one.ok("groups:detach", "parting")
    assert given(one, "LEVEL", "SPARE") == [None, None]
    other.ok("config:set", "LEVEL=brisk")
    group.ok("config:unset", "LEVEL")
    assert given(other, "LEVEL", "SPARE") == ["brisk", "1"]
    other.ok("groups:detach", "parting", "--stage")
    assert given(other, "SPARE") == ["1"]
    other.ok("releases:create")
    assert given(other, "LEVEL", "SPARE") == ["brisk", None]
    assert ada.ok("groups:destroy", "parting", "--confirm", "parting").out == "Destroyed the group parting\n"
    gone = ada("config", "-a", "parting")
    assert gone.exit_code == 1
    assert "parting" not in ada.ok("groups").out
