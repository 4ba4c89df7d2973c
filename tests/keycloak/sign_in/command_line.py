"""`paas login` and a person: the command shows an address, and somebody opens it in a browser."""

import subprocess
import urllib.request
from collections.abc import Iterator

from tests.fixtures.waiting import PATIENCE
from tests.keycloak.sign_in.device import approve
from tests.keycloak.sign_in.visitor import Visitor

_WITH_CODE = "This address has the code in it:"
_WITHOUT = "To sign in, open this address in a browser on this machine:"


def enter_code(process: "subprocess.Popen[str]", visitor: Visitor, name: str, password: str) -> str:
    """Be the person that `paas login` waits for, with a browser anywhere; the address that it showed.

    Raises SignInRefused where Keycloak does not let them in, and AssertionError where no address is shown.
    """
    page = _address_after(_WITH_CODE, process)
    approve(page, visitor, name, password)
    return page


def come_back(process: "subprocess.Popen[str]", visitor: Visitor, name: str, password: str) -> None:
    """Be the person that `paas login --web` waits for, with a browser on this machine."""
    there = visitor.sign_in(visitor.open(_address_after(_WITHOUT, process)), name, password)
    assert isinstance(there, str)
    assert there.startswith("http://127.0.0.1:")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(there, timeout=PATIENCE) as shown:
        assert shown.status == 200


def _address_after(words: str, process: "subprocess.Popen[str]") -> str:
    lines = _lines(process)
    for line in lines:
        if line.strip() == words:
            return next(lines).strip()
    raise AssertionError("paas login ended without showing an address.")


def _lines(process: "subprocess.Popen[str]") -> Iterator[str]:
    assert process.stderr is not None
    while line := process.stderr.readline():
        yield line
