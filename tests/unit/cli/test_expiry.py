"""Ends of secrets on the command line: how they are typed, what is asked of the platform, and what people are told.

What a platform makes of them is in tests/integration/secrets/test_expiry.py.
"""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from paas_cli.errors import Misuse
from paas_cli.typed import ends
from paas_cli.typed.ends import End
from tests.fakes.platform import App, Platform
from tests.fakes.platform.state import NOW
from tests.unit.cli.conftest import Paas
from tests.unit.cli.terminal import Terminal

DAY = 86_400
MIDDAY = datetime(2026, 5, 4, 12, tzinfo=UTC).timestamp()
IN_90_DAYS = "2026-08-06T13:42:00Z"


@pytest.mark.parametrize(
    ("typed", "end"),
    [
        ("90d", End(span=90 * DAY)),
        (" 12h ", End(span=DAY // 2)),
        ("2w", End(span=14 * DAY)),
        ("1m", End(span=60)),
        ("3660d", End(span=3660 * DAY)),
        ("2026-05-05", End(at=int(MIDDAY) + DAY // 2)),
        ("2026-05-04T12:01Z", End(at=int(MIDDAY) + 60)),
        ("2026-05-04T14:01+02:00", End(at=int(MIDDAY) + 60)),
        ("never", End()),
        ("Never", End()),
    ],
)
def test_an_end_is_for_how_long_a_moment_or_never(typed: str, end: End) -> None:
    assert ends.end(typed, option="--expires", now=MIDDAY) == end


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("0d", "--expires is zero"),
        ("59s", "--expires is too short"),
        ("3661d", "--expires is too long"),
        ("999999999w", "--expires is too long"),
        ("90", "--expires has no unit"),
        ("-5d", "--expires is no length of time"),
        ("c4n4ry", "--expires is no length of time"),
        ("2026-05-04", "--expires is past"),
        ("2026-05-04T12:00Z", "--expires is past"),
        ("1999-01-01", "--expires is past"),
        ("2036-06-01", "--expires is too far"),
        ("2026-02-30", "--expires is no day that there is"),
        ("2026-13-01", "--expires is no day that there is"),
    ],
)
def test_what_is_none_is_refused_without_being_repeated(typed: str, words: str) -> None:
    with pytest.raises(Misuse) as refused:
        ends.end(typed, option="--expires", now=MIDDAY)
    assert words in str(refused.value)
    assert "c4n4ry" not in str(refused.value)


@pytest.mark.parametrize(("typed", "seconds"), [("90d", 90 * DAY), ("1h", 3600), ("never", 0)])
def test_an_interval_is_for_how_long_or_never(typed: str, seconds: int) -> None:
    assert ends.interval(typed, option="--rotate-every") == seconds


@pytest.mark.parametrize("typed", ["59m", "3661d", "2027-01-01", "0h", ""])
def test_what_is_no_interval_is_refused(typed: str) -> None:
    with pytest.raises(Misuse):
        ends.interval(typed, option="--rotate-every")


def test_a_set_says_its_end(paas: Paas, signed_in: Platform) -> None:
    result = paas("secrets:set", "K=-", "--expires", "90d", "--rotate-every", "30d", stdin=b"value")
    assert (result.exit_code, result.lines[0], result.lines[-1]) == (0, "Set K · release v1", f"Expires {IN_90_DAYS}")
    (request,) = signed_in.gateway.calls("SetSecrets")
    assert (request.expiry.span.seconds, request.rotate_every.seconds) == (90 * DAY, 30 * DAY)
    again = paas("secrets:set", "K=-", "--expires", "90d", stdin=b"value")
    assert again.lines == ["No change", f"K: the value is the same and expires {IN_90_DAYS} now; no release is needed"]


def test_without_one_nothing_is_said(paas: Paas, signed_in: Platform) -> None:
    assert "xpires" not in paas("secrets:set", "K=-", stdin=b"value").out
    (request,) = signed_in.gateway.calls("SetSecrets")
    assert not (request.HasField("expiry"))
    assert not (request.HasField("rotate_every"))


def test_a_day_and_json(paas: Paas, signed_in: Platform) -> None:
    year = datetime.now(UTC).year + 1
    result = paas("secrets:set", "K=-", "--expires", f"{year}-01-31", "--json", stdin=b"value")
    document = json.loads(result.out)
    assert (document["expires_at"], document["kept"]) == (f"{year}-01-31T00:00:00Z", [])
    assert result.err == ""
    assert signed_in.apps["web"].secrets == {"K": "value"}


def test_a_staged_end_counts_from_its_release(paas: Paas, signed_in: Platform) -> None:
    result = paas("secrets:set", "K=-", "--expires", "90d", "--stage", stdin=b"value")
    assert result.lines[-1] == "Expires 90d after its release"
    assert signed_in.apps["web"].secrets == {}


def test_an_import_gives_all_of_a_file_one_end(paas: Paas, signed_in: Platform) -> None:
    Path("f.env").write_text("A=1\nB=2\n", encoding="utf-8")
    assert paas("secrets:import", "f.env", "--expires", "2w").lines[-1].startswith("Expires 2026-05-22T")
    assert signed_in.apps["web"].terms.keys() == {"A", "B"}


def test_a_rotation_tells_of_the_end_it_has(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].secrets["K"] = "old"
    assert paas("secrets:rotate", "K", "--expires", "90d").lines[-1] == f"Expires {IN_90_DAYS}"
    assert "Expires" not in paas("secrets:rotate", "K", "--expires", "never").out
    assert signed_in.gateway.calls("RotateSecret")[-1].expiry.never


def test_an_end_is_moved_without_a_release(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].secrets["K"] = "value"
    moved = paas("secrets:expire", "K", "90d", "--rotate-every", "2w")
    assert moved.lines == [f"K expires {IN_90_DAYS}, to be rotated every 2w; nothing was released"]
    assert paas("secrets:expire", "K", "90d").lines == ["No change"]
    document = json.loads(paas("secrets:expire", "K", "--never", "--json").out)
    assert document == {"app": "web", "name": "K", "changed": True, "expires_at": None, "rotate_every": "2w"}
    assert paas("secrets:expire", "K", "--rotate-every", "never").lines == ["K has no end; nothing was released"]
    assert signed_in.apps["web"].releases == {}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("K",), "Say when it ends"),
        (("K", "90d", "--never"), "use either"),
        (("K", "yesterday"), "WHEN is no length of time"),
        (("K", "2020-01-01"), "WHEN is past"),
        (("1K", "90d"), "not the name of a secret"),
    ],
)
def test_a_wrong_end_is_misuse_and_nothing_is_asked(
    paas: Paas, signed_in: Platform, arguments: tuple[str, ...], words: str
) -> None:
    result = paas("secrets:expire", *arguments)
    assert result.exit_code in {1, 2}
    assert words in result.err
    assert signed_in.gateway.seen == []


def test_a_secret_that_is_not_there_is_said_so(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].secrets["STRIPE_KEY"] = "1"
    result = paas("secrets:expire", "STRIPE_KEX", "90d")
    assert result.exit_code == 1
    assert "STRIPE_KEY" in result.err, "what may be meant"


def _in_days(days: float) -> Timestamp:
    """So many days from now, and an hour, however long it takes until somebody looks."""
    return Timestamp(seconds=int(time.time() + days * DAY) + 3600)


def _with_ends(platform: Platform, **days: float) -> None:
    web = platform.apps["web"]
    for name, away in days.items():
        web.secrets[name] = "value"
        web.terms[name] = {"expires_at": _in_days(away)}


def test_a_list_has_ends_for_programs_too(paas: Paas, signed_in: Platform) -> None:
    _with_ends(signed_in, SOON=6)
    signed_in.apps["web"].secrets["PLAIN"] = "value"
    soon, plain = paas("secrets").lines
    assert soon.startswith("SOON=••••••••••••••••   (expires 20")
    assert plain == "PLAIN=••••••••••••••••"
    listed = json.loads(paas("secrets", "--json").out)["secrets"]
    assert [(each["expires_at"] is None, each["rotate_every"]) for each in listed] == [(False, None), (True, None)]
    assert paas("secrets").err == "", "a note is for people"


def _on_a_terminal(*arguments: str, columns: int = 120) -> str:
    terminal = Terminal(*arguments, environ={"NO_COLOR": "1", "COLUMNS": str(columns)})
    assert terminal.end() == 0
    return terminal.screen.replace("\r\n", "\n")


def test_people_are_told_in_one_line_what_ends_soon(signed_in: Platform) -> None:
    _with_ends(signed_in, LATER=60)
    assert "note:" not in _on_a_terminal("secrets")
    _with_ends(signed_in, STRIPE_KEY=6)
    assert "note: STRIPE_KEY expires in 6 d; `paas secrets:rotate STRIPE_KEY -a web`.\n" in _on_a_terminal("secrets")
    _with_ends(signed_in, OTHER=-2, THIRD=20, FOURTH=29)
    words = "note: OTHER expired 1 d ago, STRIPE_KEY expires in 6 d and 2 more; `paas secrets:due` lists them.\n"
    assert words in _on_a_terminal("secrets")


def test_a_column_that_has_no_room_is_left_out_the_less_important_first(signed_in: Platform) -> None:
    _with_ends(signed_in, STRIPE_KEY=6.5, K=40)
    web = signed_in.apps["web"]
    web.terms["K"] |= {"rotate_every": Duration(seconds=90 * DAY), "rotate_at": _in_days(10)}
    mask = "•" * 16
    wide = _on_a_terminal("secrets").splitlines()
    assert wide[0] == f"STRIPE_KEY={mask}   expires in 6 d"
    assert wide[1] == f"K={mask}            expires in 40 d   rotate every 90d, next in 10 d"
    narrow = _on_a_terminal("secrets", columns=50).splitlines()
    assert narrow[:2] == [f"STRIPE_KEY={mask}   expires in 6 d", f"K={mask}            expires in 40 d"]
    assert _on_a_terminal("secrets", columns=40).splitlines()[:2] == [f"STRIPE_KEY={mask}", f"K={mask}"]


def _due(platform: Platform) -> None:
    _with_ends(platform, SOON=6)
    shop: Any = App(platform.apps["web"].spec)
    shop.secrets["OLD"] = "1"
    shop.terms["OLD"] = {"rotate_every": Duration(seconds=DAY), "rotate_at": NOW}
    platform.apps["shop"] = shop


def test_what_is_due_is_three_lists(paas: Paas, signed_in: Platform) -> None:
    _due(signed_in)
    lines = [line.split("\t") for line in paas("secrets:due").lines]
    assert [line[:3] for line in lines] == [
        ["expiry", "web", "SOON"],
        ["rotation", "shop", "OLD"],
        ["undelivered", "web", "SOON"],
        ["undelivered", "shop", "OLD"],
    ]
    assert [line[3] for line in lines[1:]] == ["2026-05-08T13:42:00Z", "-", "-"]
    document = json.loads(paas("secrets:due", "--json").out)
    assert [(each["app"], each["name"]) for each in document["expiry"]] == [("web", "SOON")]
    assert document["rotation"][0]["rotate_every"] == "1d"
    assert len(document["undelivered"]) == 2
    shown = _on_a_terminal("secrets:due")
    headings = ["Ends soon, or has ended", "Rotation is due", "Not delivered for 90d"]
    assert [line for line in shown.splitlines() if line in headings] == headings


def test_what_is_asked_of_each_list(paas: Paas, signed_in: Platform) -> None:
    assert paas("secrets:due", "--within", "7d", "--older-than", "365d", "--undelivered", "10d").exit_code == 0
    asked = [(each.kind, each.within.seconds // DAY) for each in signed_in.gateway.calls("ListDueSecrets")]
    assert asked == [(1, 7), (2, 365), (3, 10)]


def test_what_can_not_be_told_yet_is_said(paas: Paas, signed_in: Platform) -> None:
    signed_in.delivered_days = int((NOW.seconds - time.time()) // DAY) + 10
    result = paas("secrets:due")
    assert result.out == ""
    assert "note: Deliveries are recorded since " in result.err
    assert " had none for 90d is known from " in result.err
