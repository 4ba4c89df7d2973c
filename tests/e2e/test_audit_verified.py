"""A person verifies the audit log, proves what they did, and is told of what somebody changed, through the gateway.

Leaves out every way to change a log (tests/unit/transparency), and what is remembered (tests/unit/cli/audit_log).
"""

import json
import os
import subprocess
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from paaskit.ed25519 import Ed25519
from tests.e2e.installation import PAAS, Installation, Paas, eventually
from tests.fixtures.waiting import PATIENCE
from transparency import receipts
from transparency.encoding import base64_of
from transparency.failures import NotServed
from transparency.merkle.proofs import consistency_proof
from transparency.notes import checkpoints, signed
from transparency.notes.keys import parsed_key
from transparency.tiles.bundles import decoded, encoded
from transparency.tiles.growth import bundle_at
from transparency.tiles.paths import WIDTH
from transparency.tiles.reader import Fetch, TileReader


def apart(paas: Paas, tmp_path: Path) -> Paas:
    """The same person at another machine, which remembers nothing yet."""
    tmp_path.mkdir(exist_ok=True)
    return paas.with_(HOME=str(tmp_path)).at(tmp_path)


def published(paas: Paas, installation: Installation) -> Path:
    """The folder in which the tenant's log is published."""
    origin = str(paas.ok("audit:checkpoint", "--json").document["origin"])
    return installation.stack.layout.published_logs / origin.rpartition("/")[2]


def last_bundle(folder: Path) -> Path:
    """The entries at the end of the log as it is published now."""
    size = checkpoints.parsed(signed.parsed((folder / "checkpoint").read_bytes()).text).size
    return folder / bundle_at((size - 1) // WIDTH, size).path


def test_the_log_is_verified_and_goes_on(idle: Paas, tmp_path: Path) -> None:
    me = apart(idle, tmp_path)
    first = me.ok("audit:verify")
    assert "seen for the first time. All of them are what it committed to." in first.out
    size = me.ok("audit:checkpoint", "--json").document["size"]
    idle.ok("config:set", "COLOUR=green")
    eventually(lambda: me.ok("audit:checkpoint", "--json").document["size"] > size)
    document = me.ok("audit:verify", "--json").document
    assert document["events_verified"] > 0
    assert not document["hashes_alone"]
    assert me.ok("audit").exit_code == 0


def test_a_reveal_and_a_token_are_proven_offline(idle: Paas, installation: Installation, tmp_path: Path) -> None:
    me = apart(idle, tmp_path)
    value = installation.canaries.secret()
    me.ok("secrets:set", "KEY=-", stdin=value.encode())
    revealed = me.ok("secrets:get", "KEY", "--proof", "reveal.tlog-proof")
    assert revealed.out == f"{value}\n"
    me.ok("tokens:create", "--name", f"proven-{os.getpid()}", "--proof", "token.tlog-proof")
    nobody = {name: value for name, value in me.environment.items() if not name.startswith("PAAS_")}
    for file, action in (("reveal.tlog-proof", "secrets.get"), ("token.tlog-proof", "tokens.create")):
        content = (tmp_path / file).read_bytes()
        assert value.encode() not in receipts.parsed(content).extra
        done = subprocess.run(
            [PAAS, "audit:verify-proof", file, "--json"],
            env=nobody,
            cwd=tmp_path,
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        )
        assert json.loads(done.stdout)["event"]["action"] == action


def test_who_does_not_read_the_log_proves_what_they_did(idle: Paas, tmp_path: Path) -> None:
    me = apart(idle, tmp_path)
    me.ok("secrets:set", "KEY=-", stdin=b"1")
    made = me.ok("tokens:create", "--name", f"reveals-{os.getpid()}", "--scope", "secrets.reveal,apps.read")
    machine = me.as_token(made.lines[1].partition("=")[2])
    assert machine("audit:verify").exit_code == 4
    run = machine.ok("secrets:get", "KEY", "--proof", "own.tlog-proof")
    assert "was not verified" in run.err
    me.ok("audit:checkpoint")
    assert "secrets.get" in me.ok("audit:verify-proof", "own.tlog-proof").out


def test_who_is_limited_to_an_app_verifies_hashes(idle: Paas, tmp_path: Path) -> None:
    me = apart(idle, tmp_path)
    name = idle.environment["PAAS_APP"]
    made = me.ok("tokens:create", "--name", f"limited-{os.getpid()}", "--scope", "audit.read,apps.read", "-a", name)
    limited = me.as_token(made.lines[1].partition("=")[2])
    assert "Hashes alone were verified, and no event" in limited.ok("audit:verify").out


def test_a_file_that_somebody_changed_is_told_with_its_event(
    idle: Paas, installation: Installation, tmp_path: Path
) -> None:
    """It is changed again where the log has grown meanwhile, which writes it anew from the events."""
    me = apart(idle, tmp_path)
    folder = published(me, installation)

    def changed() -> str:
        bundle = last_bundle(folder)
        good = bundle.read_bytes()
        entries = decoded(good)
        entries[-1] = entries[-1].replace(b"user:", b"USER:", 1)
        bundle.write_bytes(encoded([*entries[:-1], entries[-1] + b" "]))
        run = me("audit:verify", "--all")
        bundle.write_bytes(good)
        return run.err if run.exit_code == 1 else ""

    told = eventually(changed)
    assert "of the audit log does not fit: entry " in told
    assert "tile/entries/" in told


def test_a_log_that_was_rolled_back_is_told(idle: Paas, installation: Installation, tmp_path: Path) -> None:
    me = apart(idle, tmp_path)
    folder = published(me, installation)
    old = (folder / "checkpoint").read_bytes()
    size = checkpoints.parsed(signed.parsed(old).text).size
    idle.ok("config:set", "COLOUR=red")
    eventually(lambda: me.ok("audit:checkpoint", "--json").document["size"] > size)

    def rolled_back() -> str:
        newer = (folder / "checkpoint").read_bytes()
        (folder / "checkpoint").write_bytes(old)
        run = me("audit:checkpoint")
        (folder / "checkpoint").write_bytes(newer)
        return run.err if run.exit_code == 1 else ""

    told = eventually(rolled_back)
    assert "it was rolled back, or an old copy was served" in told
    evidence = sorted((tmp_path / ".config" / "paas" / "logs" / "evidence").iterdir())
    assert [file.suffix for file in evidence if file.suffix != ".lock"] == [".after", ".before"]
    idle.ok("config:set", "COLOUR=blue")  # what is published then is all there is
    eventually(lambda: me("audit:verify").exit_code == 0)


def test_a_witness_cosigns_the_log_as_it_goes_on(idle: Paas, installation: Installation, tmp_path: Path) -> None:
    """Anybody's witness could; this one is asked as c2sp.org/tlog-witness has it."""
    me = apart(idle, tmp_path)
    key = me.ok("witness", "--key", "w.key", "--make-key", "witness.example/w1").out.strip()
    (log_key,) = me.ok("audit:checkpoint", "--json").document["keys"]
    witness = me.start("witness", "--key", "w.key", "--listen", "127.0.0.1:0", "--state", "kept", "--log", log_key)
    try:
        assert witness.stdout is not None
        shown, _, address = witness.stdout.readline().strip().partition(" listens on http://")
        assert shown == key
        before = me.ok("audit:checkpoint", "--raw").out
        assert cosigned(address, before, key, proof=[], old=0)
        old = checkpoints.parsed(signed.parsed(before.encode()).text)
        idle.ok("config:set", "COLOUR=white")
        eventually(lambda: me.ok("audit:checkpoint", "--json").document["size"] > old.size)
        now = me.ok("audit:checkpoint", "--raw").out
        checkpoint = checkpoints.parsed(signed.parsed(now.encode()).text)
        reader = TileReader(folder_fetch(published(me, installation)), size=checkpoint.size, root=checkpoint.root)
        proof = consistency_proof(old.size, checkpoint.size, reader.hashes)
        assert cosigned(address, now, key, proof=proof, old=old.size)
    finally:
        witness.kill()
        witness.communicate(timeout=PATIENCE)


def folder_fetch(folder: Path) -> Fetch:
    """What is published, as whoever runs the log has it."""

    def fetch(path: str) -> bytes:
        try:
            return (folder / path).read_bytes()
        except FileNotFoundError:
            raise NotServed(path) from None

    return fetch


def cosigned(address: str, note: str, key: str, *, proof: Sequence[bytes], old: int) -> bool:
    """Whether a witness cosigns a checkpoint that goes on from the one of size `old`."""
    body = "\n".join([f"old {old}", *map(base64_of, proof), "", ""]) + note
    with urllib.request.urlopen(f"http://{address}/add-checkpoint", body.encode(), timeout=PATIENCE) as answer:
        line = answer.read().decode().rstrip("\n")
    whole = signed.parsed(note.encode()).with_signatures([signed.parsed_signature(line)])
    return bool(signed.verified(whole, [parsed_key(key)], Ed25519()))
