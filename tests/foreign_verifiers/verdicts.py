"""What each program says of a log. A program that says nothing, or ends otherwise than it says, fails the test."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.foreign_verifiers.programs import FOLDER, Programs
from transparency.notes.keys import VerifierKey

# Seconds, for what hangs: thousands of logs are read in one go.
_PATIENCE: Final = 600
FSCK_GIVES_UP: Final = 20
"""Seconds. With tampered tiles it may wait for ever, which is no acceptance either."""
_FSCK_ACCEPTS: Final = "Successfully fsck'd log with size"


@dataclass(frozen=True)
class Verdict:
    """`text` is the program's own words."""

    accepted: bool
    text: str


@dataclass(frozen=True)
class Log:
    """Where a log is served, with a slash at the end, and the file of a checkpoint of it that was seen before."""

    prefix: str
    earlier: Path | None = None

    @property
    def line(self) -> str:
        """As the programs take it."""
        return f"{self.prefix}\t{self.earlier or ''}\n"


def of_go(
    programs: Programs, key: VerifierKey, logs: Sequence[Log], *, witness: VerifierKey | None = None
) -> list[Verdict]:
    """What golang.org/x/mod and transparency-dev's libraries say."""
    return _of_lines([str(programs.verifier), "logs", *_keys(key, witness)], logs)


def of_aics(
    programs: Programs, key: VerifierKey, logs: Sequence[Log], *, witness: VerifierKey | None = None
) -> list[Verdict]:
    """What aics-tlog says."""
    script = str(FOLDER / "aics_audit.py")
    return _of_lines([str(programs.aics_python), "-I", script, *_keys(key, witness)], logs)


def of_fsck(programs: Programs, key_file: Path, log: Log, *, patience: float = _PATIENCE) -> Verdict:
    """What tessera's fsck says. Its exit status is 0 anyway, so its words count; it takes no earlier checkpoint."""
    options = ["--N", "8", "--ui=false", "--logtostderr", "--public_key", str(key_file), "--storage_url", log.prefix]
    try:
        done = subprocess.run(
            [str(programs.fsck), *options], capture_output=True, text=True, timeout=patience, check=False
        )
    except subprocess.TimeoutExpired:
        return Verdict(accepted=False, text="it did not end")
    accepted = done.returncode == 0 and _FSCK_ACCEPTS in done.stderr and "fsck failed" not in done.stderr
    return Verdict(accepted=accepted, text=done.stderr[-500:])


def of_receipt(programs: Programs, key: VerifierKey, receipt: Path, entry: Path) -> Verdict:
    """What transparency-dev's formats and merkle say of a receipt."""
    command = [str(programs.verifier), "receipt", key.text, str(receipt), str(entry)]
    return _verdicts(subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False), 1)[0]


def _keys(key: VerifierKey, witness: VerifierKey | None) -> list[str]:
    return [key.text] if witness is None else [key.text, witness.text]


def _of_lines(command: list[str], logs: Sequence[Log]) -> list[Verdict]:
    text = "".join(log.line for log in logs)
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    return _verdicts(done, len(logs))


def _verdicts(done: "subprocess.CompletedProcess[str]", count: int) -> list[Verdict]:
    lines = done.stdout.splitlines()
    verdicts = [Verdict(accepted=line.startswith("ok "), text=line) for line in lines]
    assert len(lines) == count, done.stderr[-2000:]
    assert all(line.startswith(("ok ", "refused ")) for line in lines)
    assert done.returncode == (0 if all(each.accepted for each in verdicts) else 1), done.stderr[-2000:]
    return verdicts
