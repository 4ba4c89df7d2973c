"""`docs/dotenv.md` is what the readers do today, and says what is written here of our own import."""

import pytest

from paas_cli.dotenv import reading
from paas_cli.errors import Failure
from tests.foreign_readers import document, readings
from tests.foreign_readers.programs import Programs
from tests.foreign_readers.spellings import SPELLINGS, as_file

# What readers take for different things that people mean, or what is no name here.
REFUSED = {
    "A: x", "set A=x", "A", "A.b=x\nA=y", 'A="x" y', "A='x'y", "A='a' 'b'", "A='x", 'A="""x"""', "A='''x'''",
    "A='Let\\'s go'", "A=x\rB=y\nC=z", "B=y\n\ufeffA=x",
}  # fmt: skip


def test_the_page_is_up_to_date(programs: Programs) -> None:
    """`make readers` writes it anew."""
    assert document.FILE.read_text(encoding="utf-8") == document.text(programs)


def test_what_is_not_refused_is_read_as_most_do_or_literally(programs: Programs) -> None:
    """Save for what some fill in, which we never do, and for what node and shells alone have."""
    for about, spellings in SPELLINGS.items():
        texts = list(map(as_file, spellings))
        ours, others = readings.of_ours(texts), readings.of_others(programs, texts)
        for at, spelling in enumerate(spellings):
            assert (ours[at] is None) == (spelling in REFUSED), spelling
            if ours[at] is None or about == "What some fill in" or spelling in ("A=`x`", "A='Let'\\''s go'"):
                continue
            agreeing = sum(read[at] == ours[at] for read in others.values())
            against = {found for read in others.values() if (found := read[at]) != ours[at]}
            most = max((sum(read[at] == other for read in others.values()) for other in against), default=0)
            assert agreeing >= most, spelling


@pytest.mark.parametrize("spelling", sorted(REFUSED))
def test_what_is_refused_is_refused_with_its_line(spelling: str) -> None:
    with pytest.raises(Failure, match=r"^Nothing was imported from f: line [12] "):
        reading.read(as_file(spelling), source="f")
