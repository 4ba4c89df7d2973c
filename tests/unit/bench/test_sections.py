"""What a benchmark writes is a section of its own, and leaves everything else on the page as it was."""

from bench.sections import with_section

HEADING = "## Beside another"

_PAGE = "# Results\n\nThe latest run.\n\n| a |\n| --- |\n\n## What is behind it\n\nNotes.\n"


def test_the_first_run_adds_a_section_at_the_end() -> None:
    assert with_section(_PAGE, HEADING, "Figures.") == f"{_PAGE}\n{HEADING}\n\nFigures.\n"


def test_the_next_run_replaces_its_own_section_alone() -> None:
    once = with_section(_PAGE, HEADING, "Figures.\n\n| b |") + "\n## And more\n\nOf a person.\n"
    again = with_section(once, HEADING, "Others.")
    assert again == f"{_PAGE}\n{HEADING}\n\nOthers.\n\n## And more\n\nOf a person.\n"
    assert with_section(again, HEADING, "Others.") == again
