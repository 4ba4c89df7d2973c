"""What documents point to is there: tests that show something, other documents, headings in them.

Leaves out whether a test shows what is said of it, which people review, and addresses elsewhere.
"""

import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.sources import ROOT, kept_files

_TEST: Final = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_FENCED: Final = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_SPELLED: Final = re.compile(r"(?<![\w/.-])docs/[\w/-]+\.md\b")


def _documents() -> list[Path]:
    return [path for path in kept_files() if path.suffix == ".md"]


@cache
def _text(path: Path) -> str:
    """Return a document without what it shows as code in blocks."""
    return _FENCED.sub("", path.read_text(encoding="utf-8"))


def _anchors(path: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in _HEADING.findall(_text(path))}


def test_tests_that_assurance_names_are_there() -> None:
    named = set(_TEST.findall((ROOT / "docs" / "assurance.md").read_text(encoding="utf-8")))
    assert len(named) > 30
    for path, name in sorted(named):
        text = (ROOT / "tests" / path).read_text(encoding="utf-8")
        assert f"def {name}(" in text, f"{path} has no {name}"


@pytest.mark.parametrize("path", _documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_link_leads_to_a_file_and_to_a_heading_of_it(path: Path) -> None:
    for link in _LINK.findall(_text(path)):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        leads_to = path.parent / file if file else path
        assert leads_to.exists(), f"there is no {link}"
        if anchor:
            assert anchor in _anchors(leads_to), f"{file or path.name} has no heading for #{anchor}"


def test_documents_that_code_names_are_there() -> None:
    named = set()
    for path in kept_files():
        if path.suffix in {".py", ".toml", ".proto", ".yaml", ".env", ".md", ""}:
            named |= {(each, path) for each in _SPELLED.findall(path.read_text(encoding="utf-8"))}
    assert len(named) > 100
    for name, path in sorted(named):
        assert (ROOT / name).is_file(), f"{path.relative_to(ROOT)} names {name}"


def test_the_search_finds_links_and_headings(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("## It's `paas`, what else?\n[a](b.md#c)\n```\n# no heading\n[no](link)\n```\n", encoding="utf-8")
    assert _anchors(page) == {"its-paas-what-else"}
    assert _LINK.findall(_text(page)) == ["b.md#c"]
