"""What makes a request the same one again: its id, and a digest of all that changes its effect."""

from collections.abc import Sequence

import pytest

from paaskit.clock import random_id
from paaskit.requests import check_request_id, fingerprint


def test_a_fingerprint_tells_requests_apart() -> None:
    asked: Sequence[tuple[object, ...]] = [
        (),
        ("a",),
        ("a", "b"),
        (["a", "b"],),
        ("ab",),
        ("a", None),
        ("a", ""),
        ("a", False),
        ("a", 0),
        ("a", "0"),
        ([("a", "b")],),
        ([("a",), ("b",)],),
    ]
    assert len({fingerprint(*parts) for parts in asked}) == len(asked)
    assert fingerprint("a", ["b"]) == fingerprint("a", ("b",))


@pytest.mark.parametrize("wrong", ["", "short", "x" * 65, "with space1", "new\nline-1", "dot.dot.dot", "ümlaut-ümlaut"])
def test_a_request_id_that_is_none_is_told(wrong: str) -> None:
    assert check_request_id(wrong) is not None
    assert check_request_id(random_id()) is None
