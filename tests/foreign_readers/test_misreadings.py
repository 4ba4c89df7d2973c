"""The rules of who reads an export differently, held against the readers themselves over 256 values.

Not the readers' own faults: what each reads of other tools' files is in `docs/dotenv.md`, and nobody's promise.
"""

from collections.abc import Mapping, Sequence

import pytest

from paas_cli.dotenv import writing
from paas_cli.dotenv.misreadings import READERS
from paas_cli.dotenv.quoting import Form, possible, written
from tests.foreign_readers import readings
from tests.foreign_readers.programs import Programs
from tests.foreign_readers.readings import Reading
from tests.foreign_readers.values import ALL


@pytest.fixture(scope="module")
def tried(programs: Programs) -> Sequence[tuple[Form, str, Mapping[str, Reading]]]:
    """Every value in every form it can have, and what each reader makes of that."""
    cases = [(form, value) for value in ALL for form in possible(value)]
    texts = [f"A={written(form, value)}\n" for form, value in cases]
    found = readings.of_others(programs, texts)
    assert set(found) == set(READERS)
    return [(form, value, {reader: found[reader][at] for reader in found}) for at, (form, value) in enumerate(cases)]


@pytest.mark.parametrize("reader", READERS)
def test_a_rule_knows_every_value_that_its_reader_misreads(
    tried: Sequence[tuple[Form, str, Mapping[str, Reading]]], reader: str
) -> None:
    rule = READERS[reader]
    unforeseen = [(form, value, read) for form, value, read in tried if read[reader] != value and not rule(form, value)]
    assert unforeseen == []


@pytest.mark.parametrize("reader", READERS)
def test_what_is_exported_is_misread_as_foreseen_and_not_otherwise(programs: Programs, reader: str) -> None:
    """Of the form that is written, the rule is exact: nobody is warned for nothing."""
    texts = [writing.dotenv({"A": value}) for value in ALL]
    read = readings.of_others(programs, texts)[reader]
    misread = [value for value, found in zip(ALL, read, strict=True) if found != value]
    assert misread == [value for value in ALL if READERS[reader](writing.form_of(value), value)]
    assert misread, "a rule that is never right would be seen nowhere else"


def test_no_other_form_is_misread_by_fewer(tried: Sequence[tuple[Form, str, Mapping[str, Reading]]]) -> None:
    wrong = {(form, value): sum(found != value for found in read.values()) for form, value, read in tried}
    better = [(value, form) for form, value in wrong if wrong[form, value] < wrong[writing.form_of(value), value]]
    assert better == []


def test_all_that_is_exported_is_read_right_by_our_own_import() -> None:
    assert readings.of_ours([writing.dotenv({"A": value}) for value in ALL]) == ALL


def test_a_file_of_all_is_read_as_one_of_each(programs: Programs) -> None:
    """A value that a reader gets wrong must not spoil those after it."""
    names = [f"V{at}" for at in range(len(ALL))]
    text = writing.dotenv(dict(zip(names, ALL, strict=True)))
    texts = [f"{text}A=last\n"]
    found = readings.of_others(programs, texts)
    # godotenv misses the end of what ends in a backslash, and npm's dotenv tells quotes apart by the nearest.
    assert {reader for reader, read in found.items() if read == ["last"]} >= {"python-dotenv", "Docker Compose", "sh"}
