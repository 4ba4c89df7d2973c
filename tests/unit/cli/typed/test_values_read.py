"""A value that is read, from standard input or a file: what is taken off its end, and that nothing at all is none."""

from pathlib import Path

import pytest

from tests.fakes.gateway import TOKEN
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

KEPT = [
    (b"v", "v"),
    (b"v\n", "v"),
    (b"v\r\n", "v"),
    (b"v\n\n", "v\n"),
    (b"v\r\n\r\n", "v\r\n"),
    (b"v\n\r\n", "v\n"),
    (b"v\r", "v\r"),
    (b"v\n ", "v\n "),
    (b" v \n", " v "),
    ("-----BEGIN\r\nübung\r\n".encode(), "-----BEGIN\r\nübung"),
]
WAYS = [("secrets:set", "K=-"), ("secrets:set", "K=@f"), ("secrets:rotate", "K", "--value-file", "-"),
        ("secrets:rotate", "K", "--value-file", "f")]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_one_line_ending_is_taken_off(paas: Paas, signed_in: Platform, way: tuple[str, ...]) -> None:
    signed_in.apps["web"].secrets["K"] = "old"
    for given, kept in KEPT:
        Path("f").write_bytes(given)
        assert paas(*way, "--no-wait", stdin=given).exit_code == 0
        assert signed_in.apps["web"].secrets["K"] == kept


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_nothing_is_refused_with_the_way_to_mean_it(paas: Paas, signed_in: Platform, way: tuple[str, ...]) -> None:
    signed_in.apps["web"].secrets["K"] = "old"
    source = "on standard input" if "-" in way or "K=-" in way else "from the file"
    for given in (b"", b"\n", b"\r\n"):
        Path("f").write_bytes(given)
        result = paas(*way, "--stage", stdin=given)
        assert (result.exit_code, result.out) == (1, "")
        assert result.err == (
            f"error: Nothing was changed: nothing came {source} for K; to seal an empty value, type "
            "`paas secrets:set K= --stage -a web`.\n"
        )
    assert signed_in.apps["web"].secrets == {"K": "old"}
    assert signed_in.gateway.seen == []


def test_an_empty_value_that_is_meant_is_kept(paas: Paas, signed_in: Platform) -> None:
    assert paas("secrets:set", "K=").exit_code == 0
    assert signed_in.apps["web"].secrets == {"K": ""}


def test_one_source_that_gives_nothing_stops_all(paas: Paas, signed_in: Platform) -> None:
    Path("f").write_text("fine")
    assert paas("secrets:set", "A=@f", "B=x", "C=-").exit_code == 1
    assert signed_in.apps["web"].secrets == {}


def test_what_get_prints_is_read_back_as_it_was(paas: Paas, signed_in: Platform) -> None:
    held = signed_in.apps["web"].secrets
    for value in ("v", "two\nlines", "end\n", "\n\n", "crlf\r\n"):
        held["K"] = value
        printed = paas("secrets:get", "K").out
        assert paas("secrets:set", "COPY=-", stdin=printed.encode()).exit_code == 0
        assert held["COPY"] == value


@pytest.mark.parametrize(
    "stdin", [f"{TOKEN}\nsecond line\n", f"{TOKEN}\n{TOKEN}\n", f"{TOKEN[:20]}\n{TOKEN[20:]}", "\xff"]
)
def test_a_token_that_is_not_one_line_is_not_used_by_half(paas: Paas, platform: Platform, stdin: str) -> None:
    result = paas("login", "--gateway", platform.gateway.address, "--with-token", stdin=stdin.encode("latin-1"))
    assert result.exit_code == 3
    assert "copy it again, whole and alone" in result.err
    assert platform.gateway.seen == []


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_token_is_read_with_any_line_ending(paas: Paas, platform: Platform, ending: str) -> None:
    stdin = f"{TOKEN}{ending}".encode()
    assert paas("login", "--gateway", platform.gateway.address, "--with-token", stdin=stdin).exit_code == 0
