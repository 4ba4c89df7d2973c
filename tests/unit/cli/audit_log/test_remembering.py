"""What the command line remembers of a log: keys trusted at first sight, and a checkpoint that only goes forward."""

import json
import multiprocessing
import stat
from pathlib import Path

import pytest

from paas_cli.log.kept import Kept, Memory
from tests.fakes.platform import Platform
from tests.fakes.platform.audit import entry_of
from tests.fixtures.written_log import ORIGIN, WrittenLog, a_key
from tests.unit.cli.audit_log.conftest import EVENTS, record, remembered, state_file
from tests.unit.cli.audit_log.putting import goes_on, put
from tests.unit.cli.conftest import Paas

EVERYWHERE = [("audit:verify",), ("audit:checkpoint",), ("secrets:get", "S", "--proof", "p"), ("audit",)]


def forked(platform: Platform, count: int) -> None:
    """Another log in the place of this one, of the same key, that differs in its first event."""
    platform.log = WrittenLog()
    platform.events = platform.events[:count]
    platform.events[0].actor = "user:nobody@example.com"
    platform.log.grow([entry_of(event) for event in platform.events])


@pytest.mark.parametrize("arguments", EVERYWHERE, ids=" ".join)
@pytest.mark.parametrize("count", [EVENTS - 20, EVENTS, EVENTS + 20])
def test_a_log_with_another_history_is_refused(
    paas: Paas, logged: Platform, home: Path, arguments: tuple[str, ...], count: int
) -> None:
    logged.apps["web"].secrets = {"S": "c4n4ry"}
    assert paas("audit:checkpoint").exit_code == 0
    before, note = remembered(home), logged.log.files["checkpoint"]
    record(logged, 20)
    forked(logged, count)
    result = paas(*arguments)
    assert result.exit_code == 1
    assert "The audit log does not go on from the checkpoint that was seen" in result.err
    assert ("Its key has signed two histories" in result.err) == (count + (arguments[0] == "secrets:get") >= EVENTS)
    assert remembered(home) == before
    evidence = state_file(home).parent / "evidence"
    (kept,) = [file for file in evidence.iterdir() if file.suffix == ".before"]
    assert kept.read_bytes() == note
    served = kept.with_suffix(".after").read_bytes()
    assert served.decode().startswith(f"{ORIGIN}\n")
    assert served != note
    assert str(kept) in result.err
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    if arguments[0] == "secrets:get":
        assert (result.out, Path("p").exists()) == ("c4n4ry\n", False)
    assert paas(*arguments).exit_code == 1, "and again, with the evidence that there is"
    assert len(list(evidence.glob("*.before"))) == 1


def test_a_listing_remembers_and_stays_quiet(paas: Paas, logged: Platform, home: Path) -> None:
    result = paas("audit")
    assert (result.exit_code, result.err) == (0, "")
    assert remembered(home)["checkpoint"].encode() == logged.log.files["checkpoint"]
    record(logged, 1)
    logged.gateway.seen.clear()
    assert paas("audit").exit_code == 0
    assert len(logged.gateway.calls("GetLog")) == 1
    assert len(logged.gateway.calls("ReadLogFile")) <= 4, "it is beside the listing, and costs little"


def test_a_listing_is_given_whatever_keeps_the_log_from_being_looked_at(
    paas: Paas, logged: Platform, home: Path
) -> None:
    logged.gateway.fail("GetLog", ConnectionError())
    assert paas("audit").exit_code == 0
    logged.gateway.fail("GetLog", ConnectionError(), times=0)
    folder = state_file(home).parent
    folder.parent.mkdir(parents=True)
    folder.write_text("no folder", encoding="utf-8")
    assert paas("audit").exit_code == 0


def test_the_file_is_private_and_one_that_is_not_is_refused(paas: Paas, logged: Platform, home: Path) -> None:
    assert logged.log.size
    paas("audit:checkpoint")
    file = state_file(home)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    assert "others could read it or write it" in paas("audit:checkpoint").err
    file.chmod(0o600)
    good = file.read_text(encoding="utf-8")
    for bad in (
        "",
        "{}",
        "[]",
        "null",
        good.replace(ORIGIN, "other.example"),
        good.replace(f'"origin": "{ORIGIN}"', '"origin": "other.example"'),
        good.replace('"verified": 0', '"verified": "0"'),
    ):
        file.write_text(bad, encoding="utf-8")
        result = paas("audit:verify")
        assert result.exit_code == 1
        assert "is not as `paas` wrote it" in result.err
        assert file.read_text(encoding="utf-8") == bad


def test_another_key_is_refused_until_it_is_trusted(paas: Paas, logged: Platform, home: Path) -> None:
    paas("audit:checkpoint")
    logged.log.signers = ["new"]
    logged.log.publish()
    (new,) = logged.log.keys
    result = paas("audit:verify")
    assert result.exit_code == 1
    assert "signed by another key than the one remembered since" in result.err
    assert "`paas audit:checkpoint --trust-key KEY`" in result.err
    assert new.text in result.err
    assert remembered(home)["keys"] == [a_key().text]
    assert paas("audit:checkpoint", "--trust-key", a_key().text).exit_code == 1, "it is the one that does not sign"
    assert paas("audit:checkpoint", "--trust-key", new.text).exit_code == 0
    assert remembered(home)["keys"] == [new.text]
    assert paas("audit:verify").exit_code == 0


def test_a_key_that_is_trusted_does_not_make_another_history_so(paas: Paas, logged: Platform) -> None:
    paas("audit:checkpoint")
    forked(logged, EVENTS)
    result = paas("audit:verify", "--trust-key", a_key().text)
    assert "does not go on" in result.err
    assert paas("audit:verify", "--trust-key", a_key("other.example/log").text).exit_code == 1
    for wrong in ("x", a_key().text[:-4] + "AAA=", "a+b+c"):
        assert paas("audit:verify", "--trust-key", wrong).exit_code == 2


def test_a_key_that_signs_beside_the_known_one_is_learnt(paas: Paas, logged: Platform, home: Path) -> None:
    paas("audit:checkpoint")
    logged.log.signers = ["new", ORIGIN]
    logged.log.publish()
    assert paas("audit:checkpoint").exit_code == 0
    assert set(remembered(home)["keys"]) == {key.text for key in logged.log.keys}
    logged.log.signers = ["new"]
    record(logged, 1)
    assert paas("audit:verify").exit_code == 0
    assert remembered(home)["keys"] == [logged.log.keys[0].text], "one that signs no more is trusted no more"
    logged.log.signers = [ORIGIN]
    record(logged, 1)
    assert paas("audit:verify").exit_code == 1


def test_a_key_that_only_is_told_is_not_learnt(paas: Paas, logged: Platform, home: Path) -> None:
    paas("audit:checkpoint")
    note = logged.log.files["checkpoint"]
    logged.log.signers = [ORIGIN, "new"]
    logged.log.files["checkpoint"] = note
    assert paas("audit:checkpoint").exit_code == 0
    assert remembered(home)["keys"] == [a_key().text]


def test_a_checkpoint_that_nobody_signed_is_refused_at_first_sight(paas: Paas, logged: Platform, home: Path) -> None:
    logged.log.files["checkpoint"] = logged.log.files["checkpoint"].replace(b"\n300\n", b"\n299\n")
    result = paas("audit:checkpoint")
    assert result.exit_code == 1
    assert "can't be believed" in result.err
    assert not state_file(home).exists()


def test_many_processes_only_ever_go_forward(home: Path) -> None:
    environ = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    context = multiprocessing.get_context("spawn")
    shares = [tuple(range(start, 41, 4)) for start in range(1, 5)]
    processes = [context.Process(target=put, args=(environ, share)) for share in shares]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    kept = Memory(environ).read(ORIGIN)
    assert kept is not None
    assert kept.checkpoint.size == 40
    assert not [file for file in state_file(home).parent.iterdir() if file.suffix == ".new"]


def test_what_others_got_further_with_stays(home: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(home / ".config")}
    memory, log = Memory(environ), WrittenLog()
    notes = [log.grow([f"{size}".encode()]).encoded() for size in range(3)]
    first, second, third = (Kept(ORIGIN, (log.key,), note, 1, 0) for note in notes)
    memory.put(first, known=None, check_goes_on=goes_on)
    memory.put(third, known=first, check_goes_on=goes_on)
    memory.put_verified(ORIGIN, 3)
    compared = []
    now = memory.put(second, known=first, check_goes_on=lambda older, newer: compared.append((older.size, newer.size)))
    assert (now.checkpoint.size, compared) == (3, [(2, 3)])
    memory.put_verified(ORIGIN, 2)
    assert json.loads(state_file(home).read_text(encoding="utf-8"))["verified"] == 3
