"""What documents say shows something is there. Leaves out whether it does show that, which people review."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
_TEST: Final = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def test_tests_that_assurance_names_are_there() -> None:
    named = set(_TEST.findall((ROOT / "docs" / "assurance.md").read_text(encoding="utf-8")))
    assert len(named) > 30
    for path, name in sorted(named):
        text = (ROOT / "tests" / path).read_text(encoding="utf-8")
        assert f"def {name}(" in text, f"{path} has no {name}"
