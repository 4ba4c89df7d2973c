"""Rows whose HTML is made once for all that are alike: each is what the template would have made of it alone.

Leaves out what a browser makes of hostile names and values (tests/browser).
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from jinja2 import Environment
from markupsafe import Markup

from dashboard.variables.carried import Carried
from dashboard.variables.table import CONFIG, SECRET, Row, Staged
from dashboard.web.alike import all_of

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "100 % %(name)s %s {{ 7 * 7 }} {% raw %}",
    "&amp; & &#39;",
    "\0name\0",
    "\0",
    "two\nlines ● ••••",
    "",
]
MACRO = (
    Environment(autoescape=True)
    .from_string(
        "{% macro row(each) %}<b title='{{ each.name }}'>{{ each.name }}</b> 5 % <i>{{ each.value }}</i>"
        "{% if not each.value %}empty{% endif %}{{ each.kind }} {{ each.updated_by }} {{ each.updated_at }}"
        "{{ each.carried }}{{ each.addon }}{{ each.staged }}{{ each.expires_at }}{% endmacro %}"
    )
    .module.row  # type: ignore[attr-defined]  # the macro above
)


def row(name: str = "N", value: str = "v", **more: Any) -> Row:
    """A config var, as a test bends it."""
    return Row(name=name, kind=CONFIG, value=value, updated_at=AT, updated_by="user:a")._replace(**more)


def one_by_one(rows: list[Row]) -> str:
    """What the macro makes of each, without what is to be tested."""
    return "".join(MACRO(each) for each in rows)


@pytest.mark.parametrize("text", HOSTILE)
def test_names_and_values_are_escaped_as_by_a_template(text: str) -> None:
    rows = [row("A", text), row(text, "v"), row(text, text), row("B", "plain")]
    assert all_of(rows, MACRO) == one_by_one(rows)


def test_rows_that_differ_in_more_are_made_apart() -> None:
    rows = [
        row("A"),
        row("B", ""),
        row("C", updated_by="user:b"),
        row("D", updated_at=AT.replace(year=2025)),
        row("E", carried=Carried(release=3, instances=2)),
        row("F", carried=Carried(release=3, instances=1)),
        row("G", kind="managed", addon="postgres"),
        row("H", "", kind=SECRET),
        row("I", staged=Staged(action="changed", by="user:a", at=AT, value="<i>")),
        row("J", previous_until=AT),
        row("K"),
        row("L", "", kind=SECRET, expires_at=AT),
    ]
    assert all_of(rows, MACRO) == one_by_one(rows)


def test_what_is_alike_is_made_once() -> None:
    made = []

    def count(each: Row) -> Markup:
        made.append(each)
        return Markup(MACRO(each))  # noqa: S704  # it is one already

    rows = [row(f"NAME_{number}", f"value {number}") for number in range(500)]
    assert all_of(rows, count) == one_by_one(rows)
    assert len(made) == 1


def test_without_a_row_there_is_nothing() -> None:
    assert all_of([], MACRO) == ""
