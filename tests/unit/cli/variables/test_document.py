"""Config vars as a text to be edited: what is only looked at is no change, whatever it holds.

Leaves out the editor and what is asked (test_edit), and the dialect (test_round_trip).
"""

from hypothesis import given
from hypothesis import strategies as st

from paas_cli.editing import document

NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,20}", fullmatch=True)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(config=st.dictionaries(NAMES, VALUES), secrets=st.lists(NAMES, max_size=3))
def test_what_is_only_looked_at_is_no_change(config: dict[str, str], secrets: list[str]) -> None:
    text = document.written("web", config, managed=["DATABASE_URL"], secrets=secrets)
    assert document.read(text, config, taken={}).is_empty


@given(value=VALUES)
def test_a_value_alone_is_no_change_either(value: str) -> None:
    assert document.read_value(document.written_value(value), "BANNER", value).is_empty


def test_a_line_ending_of_either_kind_is_taken_off() -> None:
    for text in ("new", "new\n", "new\r\n"):
        assert document.read_value(text, "BANNER", "old").values == {"BANNER": "new"}
    assert document.read_value("", "BANNER", "old").values == {"BANNER": ""}
    assert document.read_value("", "BANNER", None).is_empty


def test_what_is_taken_out_is_unset_and_what_is_new_is_set() -> None:
    edit = document.read("A=1\nNEW=2\n", {"A": "1", "OLD": "3"}, taken={})
    assert (edit.values, edit.gone) == ({"NEW": "2"}, ("OLD",))
