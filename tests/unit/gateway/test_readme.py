"""The gateway's README has every route by the name that the access log has, and no other."""

import re
from itertools import chain

import pytest

from gateway.methods import public_methods
from gateway.routes.table import route_configuration
from tests.architecture.sources import ROOT

_METHOD = re.compile(r"paas\.\w+\.v1\.\w+Service/\w+$")
_WRITTEN = "paas.….v1.…Service/…"


def _names(*, takes_leaks: bool) -> list[str]:
    configuration = route_configuration(public_methods(), takes_leaks=takes_leaks, has_pages=True)
    (host,) = configuration["virtual_hosts"]
    return [_METHOD.sub(_WRITTEN, route["name"]) for route in host["routes"]]


@pytest.mark.parametrize("takes_leaks", [True, False])
def test_routes_are_listed_in_their_order(*, takes_leaks: bool) -> None:
    text = (ROOT / "gateway" / "README.md").read_text(encoding="utf-8").partition("## Routes\n")[2]
    rows = [re.findall(r"`([^`]+)`", line.split("|")[1]) for line in text.splitlines() if line.startswith("| `")]
    listed = list(chain.from_iterable(rows))
    assert len(listed) == len(set(listed))
    absent = "no-leaked-tokens" if takes_leaks else "leaked-tokens"
    found = [name for name in dict.fromkeys(_names(takes_leaks=takes_leaks)) if not name.startswith("json/")]
    assert [name for name in listed if not name.startswith("json/") and name != absent] == found
    assert {name for name in listed if name.startswith("json/")} == {
        name for name in _names(takes_leaks=takes_leaks) if name.startswith("json/")
    }
