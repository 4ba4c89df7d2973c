"""The rules for names and values, at their limits, and that a refusal never quotes a value."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paaskit.errors import InvalidInput, LimitExceeded
from paaskit.variables import (
    MAX_NAMES,
    MAX_TOTAL_BYTES,
    MAX_VALUE_BYTES,
    check_app_name,
    check_group_name,
    check_name,
    check_totals,
    check_value,
    listing,
    refuse,
    shown,
    violations_of,
)

CANARY = "canary-0c77"


@pytest.mark.parametrize(
    "name", ["A", "_", "a1", "NODE_ENV", "lower", "A" * 128, "PAAS", "PATHS", "HOMES", "LD", "XPATH"]
)
def test_names_that_are_right(name: str) -> None:
    assert check_name(name) is None


@pytest.mark.parametrize(
    "name",
    [
        *("", "1A", "A-B", "A B", "A.B", "A\n", "\nA", "A\0", "é", "É" * 128, "A" * 129, "A=B", "$A", "\uff21"),
        *("PATH", "HOME", "PORT", "PAAS_X", "PAAS_", "KUBERNETES_PORT", "LD_PRELOAD", "\ud800"),
    ],
    ids=repr,
)
def test_names_that_are_refused(name: str) -> None:
    assert check_name(name)


@given(st.text(max_size=140))
def test_a_name_is_right_where_the_published_rule_says_so(name: str) -> None:
    right = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,127}", name) and not re.match(
        r"(PAAS_|KUBERNETES_|LD_)|(PATH|HOME|PORT)$", name
    )
    assert (check_name(name) is None) == bool(right and "\n" not in name)


@pytest.mark.parametrize("value", ["", "x" * MAX_VALUE_BYTES, "é" * (MAX_VALUE_BYTES // 2), "a\nb", "\x01", "=", "😀"])
def test_values_that_are_right(value: str) -> None:
    assert check_value(value) is None


@pytest.mark.parametrize(
    "value",
    ["\0", "a\0", "x" * (MAX_VALUE_BYTES + 1), "é" * (MAX_VALUE_BYTES // 2) + "x", "😀" * (MAX_VALUE_BYTES // 4) + "x"],
    ids=range(5),
)
def test_values_that_are_refused(value: str) -> None:
    assert check_value(value)


@pytest.mark.parametrize("app", ["ab", "web", "a1", "a-b", "a" * 40, "x0-9"])
def test_app_names_that_are_right(app: str) -> None:
    assert check_app_name(app) is None
    assert check_group_name(app) is None


@pytest.mark.parametrize(
    "app", ["", "a", "1a", "-ab", "ab-", "Web", "a_b", "a.b", "a" * 41, "ab\n", "é1", "a b", "../a"]
)
def test_app_names_that_are_refused(app: str) -> None:
    refused = check_app_name(app)
    assert refused is not None
    assert refused.startswith("an app's name has 2 to 40 ")
    assert check_group_name(app) == refused.replace("an app's", "a group's")


def test_every_bad_item_is_named_and_no_value_quoted() -> None:
    names = ["GOOD", "1BAD", "GOOD", "NUL", "PATH"]
    values = [CANARY, CANARY, CANARY, f"{CANARY}\0", CANARY]
    found = violations_of(names, values, field="vars")
    assert [each.field for each in found] == ["vars[1]", "vars[2]", "vars[3]", "vars[4]"]
    with pytest.raises(InvalidInput) as caught:
        refuse(found)
    for name in ("1BAD", "GOOD", "NUL", "PATH"):
        assert name in caught.value.message
    assert CANARY not in caught.value.message + str(caught.value.fields)


@given(st.lists(st.text(max_size=20, alphabet=st.characters(codec="ascii")), max_size=8), st.text("ΩΨΞ", min_size=1))
def test_no_violation_holds_a_value(names: list[str], value: str) -> None:
    found = violations_of(names, [value + "\0"] * len(names), field="vars")
    assert value not in str(found)


@given(st.text(max_size=300))
def test_a_name_that_is_none_is_shown_harmlessly(name: str) -> None:
    """Somebody may have put the value where the name belongs."""
    text = shown(name)
    assert text == name or (len(text) <= 23 and text.isprintable())


def test_nothing_and_too_much_are_refused() -> None:
    assert violations_of([], field="vars")
    assert violations_of([f"A{number}" for number in range(MAX_NAMES)], field="vars") == []
    assert len(violations_of([f"A{number}" for number in range(MAX_NAMES + 1)], field="vars")) == 1


def test_totals() -> None:
    check_totals(names=MAX_NAMES, size=MAX_TOTAL_BYTES)
    for names, size in ((MAX_NAMES + 1, 0), (0, MAX_TOTAL_BYTES + 1)):
        with pytest.raises(LimitExceeded):
            check_totals(names=names, size=size)


def test_nothing_wrong_is_not_refused() -> None:
    refuse([None, None])


def test_a_description_names_a_few() -> None:
    assert listing("Set", ["A", "B"]) == "Set A, B"
    assert listing("Set", [f"N{number}" for number in range(11)]).endswith("N7 and 3 more")
