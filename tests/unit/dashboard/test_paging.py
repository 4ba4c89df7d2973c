"""Which of a long list a page shows: each entry is on one page, and an address that asks for no page has the first."""

import pytest

from dashboard.pages.paging import part_of


@pytest.mark.parametrize(("entries", "pages"), [(0, 1), (1, 1), (10, 1), (11, 2), (30, 3), (31, 4)])
def test_every_entry_is_on_one_page(entries: int, pages: int) -> None:
    parts = [part_of(range(entries), asked=str(number), size=10) for number in range(1, pages + 1)]
    assert [entry for part in parts for entry in part.shown] == list(range(entries))
    assert {(part.pages, part.total) for part in parts} == {(pages, entries)}
    assert [part.first for part in parts] == list(range(1, 10 * pages, 10))


@pytest.mark.parametrize("asked", ["", "0", "4", "-1", "1.0", "x", "²", "٣", "9" * 5000])
def test_what_is_no_page_is_the_first(asked: str) -> None:
    assert part_of(range(30), asked=asked, size=10).number == 1
