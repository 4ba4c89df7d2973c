"""What a real app of the local runtime can't get at, where the stack runs as root: no file of the stack's, nothing of
another app, no process but its own.

Leaves out what apps of one machine do share, which the README says: the network, and that they see each other's
command lines.
"""

import os
import resource
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from local.layout import CLONE
from machine.trees import descendants
from tests.e2e.installation import Installation, Paas, fetch, health, instances, pid_of

SPY = (sys.executable, "-I", "-S", str(Path(__file__).with_name("spy.py")))
CLOSED = ("EACCES", "EPERM", "ENOENT")
"""Where a folder on the way is covered, there is nothing."""


@pytest.fixture(scope="module", autouse=True)
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("where the stack is not root, apps run as its user")


@pytest.fixture(scope="module")
def spy(ada: Paas) -> Paas:
    """An app that tries what it is asked to."""
    ada.ok("apps:create", "spy", "--instances", "1", *health(1), "--", *SPY)
    return ada.with_(PAAS_APP="spy")


def outcome(paas: Paas, what: str, subject: object = "") -> object:
    """What came of one try of the app's."""
    return fetch(instances(paas)[0]["port"], f"{what}?{quote(str(subject))}")


def outcomes(paas: Paas, what: str, subjects: list[object]) -> dict[object, object]:
    """What came of many."""
    port = instances(paas)[0]["port"]
    return {subject: fetch(port, f"{what}?{quote(str(subject))}") for subject in subjects}


def test_an_app_has_a_user_of_its_own_and_no_privilege(spy: Paas, paas: Paas) -> None:
    told = outcome(spy, "self")
    assert isinstance(told, dict)
    (user,) = set(told["Uid"])
    assert int(user) > 60_000
    assert set(told["Gid"]) == {user}
    assert told["Groups"] in ([], [user])
    assert told["NoNewPrivs"] == ["1"]
    assert {told[name][0].strip("0") for name in ("CapEff", "CapPrm", "CapAmb")} == {""}
    assert told["core"] == list(resource.getrlimit(resource.RLIMIT_CORE)), "as the stack was started"
    (other, *_) = [Path(f"/proc/{fetch(each['port'])['pid']}").stat().st_uid for each in instances(paas)]
    assert other not in (0, int(user))


def test_an_app_reaches_its_home_and_the_working_folder(installation: Installation, spy: Paas) -> None:
    home = installation.stack.layout.apps / "acme" / "spy" / "instance-1"
    wanted: list[object] = [home, CLONE, CLONE / "README.md", "/proc/self/environ", "/proc/self/fd/1", sys.prefix]
    assert outcomes(spy, "read", wanted) == dict.fromkeys(wanted, "ok")


def test_no_file_of_the_stack_and_of_another_app_can_be_read(installation: Installation, spy: Paas, paas: Paas) -> None:
    paas.ok("secrets:set", "STRIPE_API_KEY=x")
    layout = installation.stack.layout
    own = layout.apps / "acme" / "spy" / "instance-1"
    files: list[object] = [
        path
        for path in layout.root.rglob("*")
        if not path.is_relative_to(layout.pg / "data") and path != own and not path.is_relative_to(own)
    ]
    files += [layout.pg / "data", layout.pg / "data" / "PG_VERSION", layout.root]
    for needed in (layout.kms_key, layout.signing_key, layout.tls / "ca.key", layout.passwords / "secrets"):
        assert needed in files
    # Folders on the way can be passed, and where a covered one is, only the way is to be seen.
    way = {layout.root, *own.parents}
    found = outcomes(spy, "read", [path for path in files if path not in way])
    assert {path: what for path, what in found.items() if what not in CLOSED} == {}


def test_no_process_but_its_own_can_be_looked_into_or_ended(installation: Installation, spy: Paas, paas: Paas) -> None:
    told = outcome(spy, "self")
    assert isinstance(told, dict)
    service = Path(f"/proc/{pid_of(installation.stack, 'config')}")
    assert service.stat().st_uid == 0
    parent = int((service / "stat").read_text().rpartition(")")[2].split()[1])
    others = [parent, *(each.pid for each in descendants(parent) if each.pid != told["pid"])]
    assert {fetch(each["port"])["pid"] for each in instances(paas)} < set(others), "another app's instances"
    looks: list[object] = [f"/proc/{pid}/{name}" for pid in others for name in ("environ", "mem", "maps", "fd")]
    found = outcomes(spy, "read", looks) | outcomes(spy, "signal", list(others))
    # What ended meanwhile, such as a connection's process of PostgreSQL, is ESRCH.
    assert {look: what for look, what in found.items() if what not in (*CLOSED, "ESRCH")} == {}
    assert outcome(spy, "read", f"/proc/{told['pid']}/environ") == "ok"
